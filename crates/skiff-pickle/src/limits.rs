//! How much a file may cost. Spent *before* anything is allocated or done.

/// The budget of one reading. Each field is a promise to whoever reads a stranger's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that decompression may bring forth, over all streams of the file. 16 GiB: larger forests exist, but
    /// whoever loads one knows it.
    pub decompressed: u64,
    /// Bytes that decompression may bring forth for each byte read. 2,000: zlib reaches 1,032 at most, xz about 7,000
    /// on zeros alone, and models stay below 100.
    pub ratio: u64,
    /// Nodes of the object graph. 64 Mi: a vectoriser with ten million words stays below.
    pub nodes: u64,
    /// How deep values may nest. 10,000: Python's own limit for pickling is 1,000 frames.
    pub depth: u32,
    /// Bytes that decoded text and numbers may take in the graph, over what lies in the file itself. 4 GiB.
    pub decoded: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decompressed: 16 << 30, ratio: 2_000, nodes: 64 << 20, depth: 10_000, decoded: 4 << 30 }
    }
}
