//! The `.skiff` file: a safetensors file whose tensors are the model's arrays, and the object graph beside them.
//!
//! `docs/format.md` is the specification. `header` is safetensors itself, `list` says where each array is, `encode`
//! narrows columns and `decode` widens them again, `packed` are arrays that wait for that, `coding` compresses tensors,
//! `paths` names them, `heat` tells which lie together, `layout` puts them in their order, `digest` is what finds each
//! flipped bit.

mod coding;
mod columns;
mod decode;
mod digest;
mod encode;
mod header;
mod heat;
mod kind;
mod layout;
mod list;
mod packed;
mod paths;
mod read;
mod taken;
mod vocabularies;
mod write;

pub(crate) use digest::is_skiff;
pub(crate) use packed::{Coded, Packed};
pub(crate) use read::{Contents, read, verify};
pub(crate) use write::write;

/// The version of the format that is written, and the newest that is read.
pub(crate) const VERSION: u32 = 1;

/// The tensor that holds the object graph: a pickle of protocol 5 with its buffers out of band.
const GRAPH: &str = "skiff.graph";

/// The tensor that says where each buffer is: JSON.
const ARRAYS: &str = "skiff.arrays";

/// The metadata that say how many bytes [`ARRAYS`] has when it is not compressed, if it is.
const ARRAYS_SIZE: &str = "skiff.arrays_size";

/// The tensor that says where the model comes from: JSON.
const PASSPORT: &str = "skiff.passport";

/// The tensor that holds recorded rows and answers: a pickle as [`GRAPH`], whose buffers are numbered on.
const SAMPLES: &str = "skiff.samples";

/// What the names of the samples' arrays begin with.
const SAMPLE: &str = "skiff.sample";

/// The tensor of the digests of what lies behind the head.
const DIGESTS: &str = "skiff.digests";

/// Fills the space up to where a part of the file begins.
const PADDING: &str = "skiff.padding";
