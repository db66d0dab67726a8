//! The `.skiff` file: a safetensors file whose tensors are the model's arrays, and the object graph.
//!
//! `docs/format.md` is the specification. `header` is safetensors itself, `list` has the location of each array, `encode`
//! narrows columns and `decode` widens them again, `trees` derives what follows from the leaves of trees, `packed` are arrays that are decoded on first use, `coding` compresses tensors,
//! `paths` names them, `heat` selects those that predictions read, `layout` orders them, `digest` detects each
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
mod trees;
mod vocabularies;
mod write;

pub(crate) use digest::is_skiff;
pub(crate) use packed::{Coded, Packed, TreeValues};
pub(crate) use read::verify;
pub use read::{Contents, read};
pub(crate) use write::write;

/// The newest version of the format that is read; it is written only where a file needs it.
pub(crate) const VERSION: u32 = 2;

/// The version of files without columns that are derived from trees.
const VERSION_WITHOUT_TREES: u32 = 1;

/// The tensor that holds the object graph: a pickle of protocol 5 with its buffers out of band.
const GRAPH: &str = "skiff.graph";

/// The tensor with the location of each buffer: JSON.
const ARRAYS: &str = "skiff.arrays";

/// The metadata with the uncompressed size of [`ARRAYS`], if it is compressed.
const ARRAYS_SIZE: &str = "skiff.arrays_size";

/// The tensor of the passport: JSON.
const PASSPORT: &str = "skiff.passport";

/// The tensor of recorded rows and results: a pickle like [`GRAPH`], whose buffers continue its numbering.
const SAMPLES: &str = "skiff.samples";

/// The prefix of the names of the samples' arrays.
const SAMPLE: &str = "skiff.sample";

/// The tensor of the digests of the pieces after the head.
const DIGESTS: &str = "skiff.digests";

/// The tensor that pads up to the beginning of a part of the file.
const PADDING: &str = "skiff.padding";
