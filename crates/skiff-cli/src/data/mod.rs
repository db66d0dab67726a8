//! Tables on disk and in pipes: read in batches, written as they are predicted, so that a table may be larger than memory.

#[cfg(feature = "arrow")]
pub mod arrow;
pub mod blame;
pub mod read;
pub mod remote;
pub mod select;
pub mod write;
