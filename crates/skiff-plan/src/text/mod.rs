//! Text as scikit-learn's vectorisers see it: from documents to terms, from terms to columns.

mod analyzer;
mod decoding;
mod stop_words;
mod terms;

pub use analyzer::{Accents, Analyzer, Pattern, Row, Scratch, TextFunction, Tokens};
pub use decoding::{DecodeError, Decoding};
pub use terms::Terms;

pub use stop_words::ENGLISH;
