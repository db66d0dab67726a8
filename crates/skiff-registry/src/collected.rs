//! What a garbage collection did.

/// What a collection removed, or would remove.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Blobs, as they are named in the registry.
    pub blobs: Vec<String>,
    /// Their bytes in all.
    pub bytes: u64,
    /// What killed writers left of objects that they had begun, in a folder on this machine.
    pub unfinished: usize,
    /// Blobs that no version has, but that are too young.
    pub young: usize,
}
