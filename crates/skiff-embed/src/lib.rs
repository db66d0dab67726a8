//! What skiff's libraries for C, Node.js and Java share: they open models, ask them about rows, and return answers as
//! named arrays. Each of them only converts its language's values to these and back.
#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod failure;
mod model;
mod rows;

pub use answer::dtype;
pub use arguments::arguments;
pub use failure::{Failure, guarded};
pub use model::{EmbeddedModel, Opening};
pub use rows::{Cell, column_of, columns, dense, sparse, texts};
