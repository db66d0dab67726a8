//! How much a file may cost, and the model in it. Spent *before* anything is allocated or done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};

/// The budget of one reading. Each field is a promise to whoever reads a stranger's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that decompression may bring forth, over all streams of the file. 16 GiB: larger forests exist, but
    /// whoever loads one knows it.
    pub decompressed: u64,
    /// Bytes that decompression may bring forth for each byte read. 2,000: zlib reaches 1,032 at most, xz about 7,000
    /// on zeros alone, and models stay below 100. A quarter of it holds for bzip2, xz and LZMA, which take four times as
    /// long for a byte; a 32nd of it, 62, for the bytes that are kept because they are not long runs of zeros; a
    /// thousandth of it, 2, for the nodes of a graph above a million, of which models have less than 1 for each byte.
    pub ratio: u64,
    /// Nodes of the object graph. 64 Mi: a vectoriser with ten million words stays below.
    pub nodes: u64,
    /// How deep values may nest. 10,000: Python's own limit for pickling is 1,000 frames. The graph itself nests as
    /// deep as it likes, since nothing here recurses; whoever walks one in depth obeys this.
    pub depth: u32,
    /// Bytes that decoded text and numbers may take in the graph, over what lies in the file itself. 4 GiB.
    pub decoded: u64,
    /// Values that one pickle may keep in its memo. 64 Mi: as many as there may be nodes.
    pub memo: u64,
    /// Bytes of one array, or of one byte string. 16 GiB: what may be decompressed in all.
    pub array: u64,
    /// Bytes of one answer of the model. 16 GiB, as for arrays: a small file can name a model that makes millions of
    /// columns of each row.
    pub answer: u64,
    /// How long reading, and judging or checking what was read, may take. Without end by default: honest files of any
    /// size are read at the speed of the disk, and the other limits bound hostile ones. Looked at every few thousand
    /// steps, so that it is exceeded by milliseconds.
    pub time: Option<Duration>,
    /// When that time is over: [`Limits::started`] sets it, once for all that is done with one file.
    pub deadline: Option<Instant>,
    /// What ends the work from another thread, as if the time were over.
    pub interrupt: Option<Interrupt>,
}

/// A flag that one thread raises and others look at where they look at the clock; they tell there how far they have come.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_raised: AtomicBool,
    reached: AtomicUsize,
}

impl Interrupt {
    /// Has whoever holds a clone of it stop.
    pub fn raise(&self) {
        self.0.is_raised.store(true, Ordering::Relaxed);
    }

    /// Whether it was raised.
    pub fn is_raised(&self) -> bool {
        self.0.is_raised.load(Ordering::Relaxed)
    }

    /// How many bytes were decompressed, or read, when the clock was last looked at.
    pub fn reached(&self) -> usize {
        self.0.reached.load(Ordering::Relaxed)
    }
}

/// One flag is another where raising it raises the other.
impl PartialEq for Interrupt {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Interrupt {}

impl Limits {
    /// The same limits, their time running from now; from before, if it was running already.
    #[must_use]
    pub fn started(&self) -> Self {
        let deadline = self.deadline.or_else(|| Instant::now().checked_add(self.time?));
        Self { deadline, ..self.clone() }
    }

    /// Whether the time is over, or somebody raised [`Limits::interrupt`].
    pub fn is_late(&self) -> bool {
        self.interrupt.as_ref().is_some_and(Interrupt::is_raised)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Tells [`Limits::interrupt`] how many bytes were decompressed or read.
    pub fn reach(&self, bytes: usize) {
        if let Some(Interrupt(shared)) = &self.interrupt {
            shared.reached.store(bytes, Ordering::Relaxed);
        }
    }

    /// The time in milliseconds, for errors: the limit `time` is told in them.
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

/// A ratio says nothing about small files: so many nodes any of them may have.
const FREE_NODES: u64 = 1 << 20;

/// How deep pickles may lie in each other's content (joblib's object arrays), each with a machine of its own.
pub(crate) const MOST_NESTED_PICKLES: u32 = 64;

/// What is left of [`Limits`] while a graph is read, perhaps from several pickles.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    nodes: u64,
    /// The limit that bounds the nodes, and what it is.
    bound: (&'static str, u64),
    decoded: u64,
    pub(crate) nested: u32,
}

impl Budget {
    /// All of `limits`, unspent, their time running.
    pub fn new(limits: &Limits) -> Self {
        let mut limits = limits.started();
        // Node ids have 32 bits, and some ids are left to whoever adds nodes without a budget.
        limits.nodes = limits.nodes.min(u64::from(u32::MAX) / 2);
        Self { nodes: limits.nodes, bound: ("nodes", limits.nodes), decoded: limits.decoded, nested: 0, limits }
    }

    /// As [`Budget::new`], for a file of `size` bytes, whose content may be compressed: a few bytes may say that there are
    /// millions of lists.
    pub fn of_file(limits: &Limits, size: u64) -> Self {
        let mut budget = Self::new(limits);
        let most = size.saturating_mul(limits.ratio / RATIO_OF_NODES).max(FREE_NODES);
        if most < budget.nodes {
            (budget.nodes, budget.bound) = (most, ("ratio", limits.ratio));
        }
        budget
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
            None => return Err(exceeded(offset, self.bound.0, self.bound.1)),
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

impl Budget {
    /// Whether an array, or a byte string, may have so many bytes; `offset` is for the error.
    ///
    /// # Errors
    /// When it may not.
    pub fn array(&self, bytes: u64, offset: usize) -> Result<(), Error> {
        if bytes > self.limits.array { Err(exceeded(offset, "array", self.limits.array)) } else { Ok(()) }
    }

    /// Whether a memo may hold so many values; `offset` is for the error.
    pub(crate) fn memo(&self, values: u64, offset: usize) -> Result<(), Error> {
        if values > self.limits.memo { Err(exceeded(offset, "memo", self.limits.memo)) } else { Ok(()) }
    }

    /// Whether there is time left; `offset` is for the error.
    ///
    /// # Errors
    /// When there is none.
    pub fn time(&self, offset: usize) -> Result<(), Error> {
        self.limits.reach(offset);
        if self.limits.is_late() { Err(exceeded(offset, "time", self.limits.milliseconds())) } else { Ok(()) }
    }
}

pub(crate) fn exceeded(offset: usize, name: &'static str, most: u64) -> Error {
    Error::new(offset, ErrorKind::Limit { name, most })
}
