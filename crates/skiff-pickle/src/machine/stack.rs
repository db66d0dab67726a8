//! The stack, the marks and the memo.

use super::steps::{Machine, Singles};
use crate::decode::BytesAt;
use crate::error::{Error, ErrorKind};
use crate::graph::{Make, Node, NodeId, Object, Span};
use crate::limits::exceeded;

/// So many places in the memo are no trouble to anybody.
const MOST_PLACES: u64 = 1 << 16;

impl Machine<'_> {
    pub(super) fn call(&mut self, make: Make) -> Result<(), Error> {
        self.expect_values(2)?;
        let arguments = self.pop()?;
        let callable = self.pop()?;
        self.object(make, callable, arguments, None)
    }

    pub(super) fn object(
        &mut self,
        make: Make,
        callable: NodeId,
        arguments: NodeId,
        keywords: Option<NodeId>,
    ) -> Result<(), Error> {
        self.used.by_call(self.graph, arguments);
        keywords.into_iter().for_each(|keywords| self.used.by_call(self.graph, keywords));
        self.push(Node::Object(Box::new(Object { make, callable, arguments, keywords, changes: Vec::new() })))
    }

    // Memo and stack.

    pub(super) fn get(&mut self, key: u64) -> Result<(), Error> {
        let id = self.memo.get(key).ok_or_else(|| Error::new(self.offset, ErrorKind::NotInMemo(key)))?;
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn put(&mut self, key: u64) -> Result<(), Error> {
        let top = self.top()?;
        // Each place takes a byte at least, and picklers take them in order.
        if key > u64::try_from(self.offset).unwrap_or(u64::MAX).max(MOST_PLACES) {
            return Err(Error::new(self.offset, ErrorKind::FarInMemo(key)));
        }
        self.memo.put(key, top);
        self.budget.memo(self.memo.len(), self.offset)
    }

    /// A singleton of Python: `None`, the bools, the empty tuple.
    pub(super) fn single(
        &mut self,
        place: impl Fn(&mut Singles) -> &mut Option<NodeId>,
        node: Node,
    ) -> Result<(), Error> {
        let id = match *place(&mut self.singles) {
            Some(id) => id,
            None => {
                let id = self.node(node)?;
                *place(&mut self.singles) = Some(id);
                id
            }
        };
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn empty_tuple(&mut self) -> Result<(), Error> {
        self.single(|singles| &mut singles.empty, Node::Tuple(Box::default()))
    }

    pub(super) fn tuple(&mut self, length: usize) -> Result<(), Error> {
        self.expect_values(length)?;
        let start = self.stack.len().saturating_sub(length);
        let items = self.stack.drain(start..).collect();
        self.push(Node::Tuple(items))
    }

    /// Everything after the last mark, which is removed too.
    pub(super) fn slice(&mut self) -> Result<Vec<NodeId>, Error> {
        let mark = self.pop_mark()?;
        Ok(self.stack.drain(mark..).collect())
    }

    /// Keys and values after the last mark, which is removed too.
    pub(super) fn pairs(&mut self) -> Result<Vec<(NodeId, NodeId)>, Error> {
        let mark = self.pop_mark()?;
        let (pairs, odd) = self.stack.get(mark..).unwrap_or_default().as_chunks::<2>();
        if !odd.is_empty() {
            return Err(Error::new(self.offset, ErrorKind::OddItems(self.opcode)));
        }
        let pairs = pairs.iter().map(|&[key, value]| (key, value)).collect();
        self.stack.truncate(mark);
        Ok(pairs)
    }

    pub(super) fn pop_mark(&mut self) -> Result<usize, Error> {
        self.marks.pop().ok_or_else(|| Error::new(self.offset, ErrorKind::NoMark(self.opcode)))
    }

    /// Opcodes cannot access values below the last mark, except those that remove it.
    pub(super) fn fence(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn expect_values(&self, count: usize) -> Result<(), Error> {
        match self.stack.len().checked_sub(self.fence()) {
            Some(found) if found >= count => Ok(()),
            _ => Err(self.underflow()),
        }
    }

    pub(super) fn top(&self) -> Result<NodeId, Error> {
        match self.stack.last() {
            Some(&top) if self.stack.len() > self.fence() => Ok(top),
            _ => Err(self.underflow()),
        }
    }

    pub(super) fn pop(&mut self) -> Result<NodeId, Error> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// A module or a name. Python 3 reads a Python 2 `str` that is ASCII as `str`.
    pub(super) fn pop_text(&mut self) -> Result<Span, Error> {
        let id = self.pop()?;
        match *self.graph.node(id) {
            Node::Str(span) | Node::ByteStr(span) if self.graph.str_of(id).is_some() => Ok(span),
            ref node => Err(self.bad_operand("a text", node)),
        }
    }

    pub(super) fn push(&mut self, node: Node) -> Result<(), Error> {
        let id = self.node(node)?;
        self.stack.push(id);
        Ok(())
    }

    pub(super) fn node(&mut self, node: Node) -> Result<NodeId, Error> {
        self.budget.nodes(1, self.offset)?;
        Ok(self.graph.push(node))
    }

    pub(super) fn keep(&mut self, bytes: &[u8]) -> Result<Span, Error> {
        self.budget.decoded(bytes.len(), self.offset)?;
        Ok(self.graph.keep(bytes))
    }

    pub(super) fn span(&self, part: BytesAt<'_>) -> Span {
        Span { buffer: self.buffer, start: part.start, len: part.bytes.len() }
    }

    // Errors.

    pub(super) fn underflow(&self) -> Error {
        Error::new(self.offset, ErrorKind::StackUnderflow(self.opcode))
    }

    pub(super) fn bad_text(&self, expected: &'static str) -> Error {
        Error::new(self.offset, ErrorKind::BadText { opcode: self.opcode, expected })
    }

    pub(super) fn bad_operand(&self, expected: &'static str, found: &Node) -> Error {
        Error::new(self.offset, ErrorKind::BadOperand { opcode: self.opcode, expected, found: found.kind() })
    }

    pub(super) fn exceeded(&self, name: &'static str, most: u64) -> Error {
        exceeded(self.offset, name, most)
    }
}
