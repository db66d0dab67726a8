//! The `.skiff` file: a safetensors file whose tensors are the model's arrays, and the object graph beside them.
//!
//! `docs/format.md` is the specification. `header` is safetensors itself, `columns` narrows arrays and widens them
//! again, `paths` names tensors, `digest` is what finds each flipped bit.

mod columns;
mod digest;
mod header;
mod kind;
mod paths;
mod read;
mod write;

pub(crate) use digest::is_skiff;
pub(crate) use read::{Contents, read, verify};
pub(crate) use write::write;

/// The version of the format that is written, and the newest that is read.
pub(crate) const VERSION: u32 = 1;

/// The tensor that holds the object graph: a pickle of protocol 5 with its buffers out of band.
const GRAPH: &str = "skiff.graph";

/// The tensor that says where each buffer is: JSON.
const ARRAYS: &str = "skiff.arrays";

/// The tensor that says where the model comes from: JSON.
const PASSPORT: &str = "skiff.passport";

/// The tensor that holds recorded rows and answers: a pickle as [`GRAPH`], whose buffers are numbered on.
const SAMPLES: &str = "skiff.samples";

/// What the names of the samples' arrays begin with.
const SAMPLE: &str = "skiff.sample";

/// Fills the space up to where mapped tensors begin.
const PADDING: &str = "skiff.padding";
