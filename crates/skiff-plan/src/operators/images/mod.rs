//! Images, each a row of its pixels.

mod extract_patches;

pub use extract_patches::{ExtractPatches, MostPatches};
