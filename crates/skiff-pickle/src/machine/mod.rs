//! Opcodes to a [`Graph`]: the pickle machine, exact in its handling of stack, marks and memo, and inert in what it
//! builds. Nothing is imported, called, opened or fetched.
//!
//! Time is linear in the bytes read; memory stays within 256 bytes for each byte read, and within
//! [`crate::Limits`]. A declared length is never allocated, a value is never copied from the memo, and nothing
//! recurses, however deep the values are nested. (Content that a [`Host`] finds to be a pickle of its own runs a machine
//! within the machine, 64 deep at most.)

mod stack;
mod steps;
mod used;
mod values;

use self::steps::{Machine, Singles};
use self::used::Used;
use crate::decode::Decoder;
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, NodeId, Payload, Span};
use crate::limits::{Budget, MOST_NESTED_PICKLES, exceeded};
use crate::memo::Memo;
use crate::opcode::Opcode;
use crate::{Bytes, Limits};

/// Reads the pickle at the beginning of `bytes`, as `pickle.loads` would: bytes after its `STOP` are not
/// read. Buffer 1 of the graph is `bytes`.
///
/// # Errors
/// Bytes that are not a pickle, a pickle that CPython would reject while reading, or one that exceeds `limits`.
pub fn read(bytes: &Bytes, limits: &Limits) -> Result<Graph, Error> {
    read_first(bytes, limits).map(|(graph, _)| graph)
}

/// Reads the first pickle, and returns where it ends, so that a scanner can continue with [`read_into`].
///
/// # Errors
/// As [`read`].
pub fn read_first(bytes: &Bytes, limits: &Limits) -> Result<(Graph, End), Error> {
    let mut graph = Graph::new();
    let buffer = graph.add_buffer(bytes.clone());
    let end = read_into(&mut graph, buffer, 0, &mut Budget::new(limits), &mut ())?;
    graph.set_root(end.root);
    Ok((graph, end))
}

/// Reads the pickle at `offset` of one of the graph's buffers into the graph, which keeps its root. The memo begins
/// empty.
///
/// # Errors
/// As [`read`], and errors of `host`.
pub fn read_into(
    graph: &mut Graph,
    buffer: u32,
    offset: usize,
    budget: &mut Budget,
    host: &mut dyn Host,
) -> Result<End, Error> {
    if budget.nested >= MOST_NESTED_PICKLES {
        return Err(exceeded(offset, "nested pickles", MOST_NESTED_PICKLES.into()));
    }
    let bytes = graph.shared_buffer(buffer).unwrap_or_default();
    budget.nested += 1;
    let first = graph.len();
    let machine = Machine {
        graph,
        budget,
        buffer,
        decoder: Decoder::new(&bytes, offset),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Memo::default(),
        used: Used::from(first),
        buffers: 0,
        singles: Singles::default(),
        offset,
        opcode: Opcode::Stop,
    };
    let end = machine.run(host);
    // After an error too: the caller may continue with the same budget.
    budget.nested -= 1;
    end
}

/// The end of a pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The value at `STOP`.
    pub root: NodeId,
    /// The offset after `STOP`.
    pub offset: usize,
    /// How many bytes of the last frame follow `STOP`. Python's unpicklers disagree on whether the next
    /// reader sees them, and regular writers leave none.
    pub frame_left: usize,
}

/// Reads content between the opcodes. `()` reads none.
pub trait Host {
    /// Called after each `BUILD`, with the object that it changed. If it returns `Some`, a [`Node::Payload`] replaces
    /// the object on the stack, while the memo keeps the object itself, as in joblib; opcodes continue where
    /// `rest` was left.
    ///
    /// # Errors
    /// Errors in the content; [`Rest::error`] creates one with the right offset.
    fn built(&mut self, rest: &mut Rest<'_>, object: NodeId) -> Result<Option<Payload>, Error>;
}

impl Host for () {
    fn built(&mut self, _: &mut Rest<'_>, _: NodeId) -> Result<Option<Payload>, Error> {
        Ok(None)
    }
}

/// The bytes after a `BUILD`, with the graph so far.
#[derive(Debug)]
pub struct Rest<'a> {
    /// The graph so far: to read the object, and to add other buffers.
    pub graph: &'a mut Graph,
    /// The remaining budget.
    pub budget: &'a mut Budget,
    buffer: u32,
    len: usize,
    offset: usize,
    frame_end: Option<usize>,
}

impl Rest<'_> {
    /// The offset of the bytes in the buffer being read.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The number of the buffer being read.
    pub fn buffer(&self) -> u32 {
        self.buffer
    }

    /// The number of bytes left in the buffer.
    pub fn left(&self) -> usize {
        self.len.saturating_sub(self.offset)
    }

    /// Takes `length` bytes, without copying them.
    ///
    /// # Errors
    /// Fewer bytes are left, or the frame has not ended: content must be between frames.
    pub fn take(&mut self, length: u64) -> Result<Span, Error> {
        self.outside_frames()?;
        let span = usize::try_from(length).ok().and_then(|len| self.graph.span(self.buffer, self.offset, len));
        let Some(span) = span else {
            let found = u64::try_from(self.left()).unwrap_or(u64::MAX);
            return Err(self.error_kind(ErrorKind::Truncated { expected: length, found }));
        };
        self.offset = self.offset.saturating_add(span.len);
        Ok(span)
    }

    /// Reads a nested pickle with its own memo, which may have content too.
    ///
    /// # Errors
    /// As [`read_into`].
    pub fn pickle(&mut self, host: &mut dyn Host) -> Result<NodeId, Error> {
        self.outside_frames()?;
        let end = read_into(self.graph, self.buffer, self.offset, self.budget, host)?;
        self.offset = end.offset;
        match end.frame_left {
            0 => Ok(end.root),
            // Python's unpicklers disagree on where the content ends.
            left => Err(self.error_kind(ErrorKind::FrameNotEnded { end: end.offset.saturating_add(left) })),
        }
    }

    /// An error at this offset.
    pub fn error(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.error_kind(ErrorKind::Host(error.into()))
    }

    fn error_kind(&self, kind: ErrorKind) -> Error {
        Error::new(self.offset, kind)
    }

    fn outside_frames(&self) -> Result<(), Error> {
        match self.frame_end {
            Some(end) if self.offset < end => Err(self.error_kind(ErrorKind::FrameNotEnded { end })),
            _ => Ok(()),
        }
    }
}
