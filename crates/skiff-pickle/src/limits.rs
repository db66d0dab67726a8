//! Limits of memory and time for a file and its model. They are charged *before* anything is allocated or done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};

/// The limits for reading one file. Each field is a promise to callers who read untrusted files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Decompressed bytes, over all streams of the file. 16 GiB: larger forests exist, but
    /// their users can raise the limit.
    pub decompressed: u64,
    /// Decompressed bytes per byte read. 2,000: zlib reaches 1,032 at most, xz about 7,000
    /// on zeros alone, and models stay below 100. A quarter of it holds for bzip2, xz and LZMA, which take four times as
    /// long for a byte; a 32nd of it, 62, for the bytes that are kept because they are not long runs of zeros; a
    /// thousandth of it, 2, for the nodes of a graph above a million, of which models have less than 1 for each byte.
    pub ratio: u64,
    /// Nodes of the object graph. 64 Mi: a vectorizer with ten million words stays below.
    pub nodes: u64,
    /// Nesting of values. 10,000: Python's own limit for pickling is 1,000 frames. The graph itself may be nested as
    /// deep as memory allows, since nothing here recurses; this limit is for code that recurses.
    pub depth: u32,
    /// Bytes of decoded text and numbers in the graph, in addition to the file itself. 4 GiB.
    pub decoded: u64,
    /// Values in the memo of one pickle. 64 Mi: the same as for nodes.
    pub memo: u64,
    /// Bytes of one array, or of one byte string. 16 GiB: the same as for all decompressed bytes.
    pub array: u64,
    /// Bytes of one result of the model. 16 GiB, as for arrays: a small file can have a model that makes millions of
    /// columns of each row.
    pub answer: u64,
    /// Time for reading and for judging or checking what was read. Unlimited by default: regular files of any
    /// size are read at the speed of the disk, and the other limits bound malicious ones. Checked every few thousand
    /// steps, so that it is exceeded by milliseconds.
    pub time: Option<Duration>,
    /// The end of that time: [`Limits::started`] sets it, once for all work on one file.
    pub deadline: Option<Instant>,
    /// Cancels the work from another thread, as if the time were over.
    pub interrupt: Option<Interrupt>,
}

/// A flag that one thread sets and others check when they check the clock; they also report their progress in it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_raised: AtomicBool,
    reached: AtomicUsize,
}

impl Interrupt {
    /// Cancels the work of everybody who has a clone of it.
    pub fn raise(&self) {
        self.0.is_raised.store(true, Ordering::Relaxed);
    }

    /// Whether it was set.
    pub fn is_raised(&self) -> bool {
        self.0.is_raised.load(Ordering::Relaxed)
    }

    /// How many bytes were decompressed, or read, when the clock was last checked.
    pub fn reached(&self) -> usize {
        self.0.reached.load(Ordering::Relaxed)
    }
}

/// Two flags are equal if they are clones of each other.
impl PartialEq for Interrupt {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Interrupt {}

impl Limits {
    /// The same limits, with the time starting now, unless it has started already.
    #[must_use]
    pub fn started(&self) -> Self {
        let deadline = self.deadline.or_else(|| Instant::now().checked_add(self.time?));
        Self { deadline, ..self.clone() }
    }

    /// Whether the time is over, or [`Limits::interrupt`] was set.
    pub fn is_late(&self) -> bool {
        self.interrupt.as_ref().is_some_and(Interrupt::is_raised)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Reports to [`Limits::interrupt`] how many bytes were decompressed or read.
    pub fn reach(&self, bytes: usize) {
        if let Some(Interrupt(shared)) = &self.interrupt {
            shared.reached.store(bytes, Ordering::Relaxed);
        }
    }

    /// The time in milliseconds, as in error messages.
    pub fn milliseconds(&self) -> u64 {
        self.time.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            decompressed: 16 << 30,
            ratio: 2_000,
            nodes: 64 << 20,
            depth: 10_000,
            decoded: 4 << 30,
            memo: 64 << 20,
            array: 16 << 30,
            answer: 16 << 30,
            time: None,
            deadline: None,
            interrupt: None,
        }
    }
}

/// The part of the ratio that bounds the nodes: a node takes a hundred bytes of memory, and more to read.
const RATIO_OF_NODES: u64 = 1_000;

/// The nodes that a file of any size may have, since a ratio is meaningless for small files.
const FREE_NODES: u64 = 1 << 20;

/// The nesting of pickles in each other's content (joblib's object arrays), each with its own machine.
pub(crate) const MOST_NESTED_PICKLES: u32 = 64;

/// What is left of [`Limits`] while a graph is read, possibly from several pickles.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    nodes: u64,
    /// The limit that bounds the nodes, and its value.
    bound: (&'static str, u64),
    decoded: u64,
    pub(crate) nested: u32,
}

impl Budget {
    /// All of `limits`, unspent, their time running.
    pub fn new(limits: &Limits) -> Self {
        let mut limits = limits.started();
        // Node ids have 32 bits, and some ids are reserved for nodes that are added without a budget.
        limits.nodes = limits.nodes.min(u64::from(u32::MAX) / 2);
        Self { nodes: limits.nodes, bound: ("nodes", limits.nodes), decoded: limits.decoded, nested: 0, limits }
    }

    /// Like [`Budget::new`], for a file of `size` bytes, which may be compressed: a few bytes may decompress to
    /// millions of lists.
    pub fn of_file(limits: &Limits, size: u64) -> Self {
        let mut budget = Self::new(limits);
        let most = size.saturating_mul(limits.ratio / RATIO_OF_NODES).max(FREE_NODES);
        if most < budget.nodes {
            (budget.nodes, budget.bound) = (most, ("ratio", limits.ratio));
        }
        budget
    }

    /// The original limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Charges `count` nodes; `offset` is for the error.
    ///
    /// # Errors
    /// When fewer are left.
    #[inline]
    pub fn nodes(&mut self, count: u64, offset: usize) -> Result<(), Error> {
        match self.nodes.checked_sub(count) {
            Some(left) => self.nodes = left,
            None => return Err(exceeded(offset, self.bound.0, self.bound.1)),
        }
        Ok(())
    }

    /// Charges `count` bytes of decoded text; `offset` is for the error.
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

impl Budget {
    /// Checks the size of an array or byte string; `offset` is for the error.
    ///
    /// # Errors
    /// When it is too large.
    pub fn array(&self, bytes: u64, offset: usize) -> Result<(), Error> {
        if bytes > self.limits.array { Err(exceeded(offset, "array", self.limits.array)) } else { Ok(()) }
    }

    /// Checks the number of values in a memo; `offset` is for the error.
    pub(crate) fn memo(&self, values: u64, offset: usize) -> Result<(), Error> {
        if values > self.limits.memo { Err(exceeded(offset, "memo", self.limits.memo)) } else { Ok(()) }
    }

    /// Checks the time; `offset` is for the error.
    ///
    /// # Errors
    /// When it is over.
    pub fn time(&self, offset: usize) -> Result<(), Error> {
        self.limits.reach(offset);
        if self.limits.is_late() { Err(exceeded(offset, "time", self.limits.milliseconds())) } else { Ok(()) }
    }
}

pub(crate) fn exceeded(offset: usize, name: &'static str, most: u64) -> Error {
    Error::new(offset, ErrorKind::Limit { name, most })
}
