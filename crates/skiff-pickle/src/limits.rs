//! How much a file may cost. Spent *before* anything is allocated or done.

use crate::error::{Error, ErrorKind};

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
    /// How deep values may nest. 10,000: Python's own limit for pickling is 1,000 frames. The graph itself nests as
    /// deep as it likes, since nothing here recurses; whoever walks one in depth obeys this.
    pub depth: u32,
    /// Bytes that decoded text and numbers may take in the graph, over what lies in the file itself. 4 GiB.
    pub decoded: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { decompressed: 16 << 30, ratio: 2_000, nodes: 64 << 20, depth: 10_000, decoded: 4 << 30 }
    }
}

/// How deep pickles may lie in each other's content (joblib's object arrays), each with a machine of its own.
pub(crate) const MOST_NESTED_PICKLES: u32 = 64;

/// What is left of [`Limits`] while a graph is read, perhaps from several pickles.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    nodes: u64,
    decoded: u64,
    pub(crate) nested: u32,
}

impl Budget {
    /// All of `limits`, unspent.
    pub fn new(limits: &Limits) -> Self {
        let mut limits = limits.clone();
        // Node ids have 32 bits, and some ids are left to whoever adds nodes without a budget.
        limits.nodes = limits.nodes.min(u64::from(u32::MAX) / 2);
        Self { nodes: limits.nodes, decoded: limits.decoded, nested: 0, limits }
    }

    /// What this began with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Spends `count` nodes; `offset` is for the error.
    ///
    /// # Errors
    /// When fewer are left.
    #[inline]
    pub fn nodes(&mut self, count: u64, offset: usize) -> Result<(), Error> {
        match self.nodes.checked_sub(count) {
            Some(left) => self.nodes = left,
            None => return Err(exceeded(offset, "nodes", self.limits.nodes)),
        }
        Ok(())
    }

    /// Spends `count` bytes of decoded text; `offset` is for the error.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn decoded(&mut self, count: usize, offset: usize) -> Result<(), Error> {
        match u64::try_from(count).ok().and_then(|count| self.decoded.checked_sub(count)) {
            Some(left) => self.decoded = left,
            None => return Err(exceeded(offset, "decoded", self.limits.decoded)),
        }
        Ok(())
    }
}

pub(crate) fn exceeded(offset: usize, name: &'static str, most: u64) -> Error {
    Error::new(offset, ErrorKind::Limit { name, most })
}
