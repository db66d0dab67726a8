//! Opcodes that create and change values: from text, by calls, items of containers.

use super::steps::Machine;
use super::{Host, Rest};
use crate::decode::BytesAt;
use crate::error::Error;
use crate::graph::{Change, Global, Node, NodeId};
use crate::text;

impl Machine<'_> {
    pub(super) fn integer(&mut self, digits: &[u8]) -> Result<(), Error> {
        if digits.len() > text::MOST_DIGITS.saturating_add(3) {
            return Err(self.exceeded("digits", 4_300));
        }
        match text::integer(digits, text::Base::AsInSource) {
            Some(text::Integer::Small(value)) => self.push(Node::Int(value)),
            Some(text::Integer::Big(bytes)) => {
                let span = self.keep(&bytes)?;
                self.push(Node::BigInt(span))
            }
            None => Err(self.bad_text("an integer")),
        }
    }

    pub(super) fn long(&mut self, part: BytesAt<'_>) -> Result<(), Error> {
        let length = text::shortest(part.bytes);
        let bytes = part.bytes.get(..length).unwrap_or_default();
        match text::small(bytes) {
            Some(value) => self.push(Node::Int(value)),
            None => self.push(Node::BigInt(self.span(BytesAt { start: part.start, bytes }))),
        }
    }

    pub(super) fn string(&mut self, line: BytesAt<'_>) -> Result<(), Error> {
        let inside = text::unquoted(line.bytes).ok_or_else(|| self.bad_text("a text in quotes"))?;
        let span = if inside.contains(&b'\\') {
            self.budget.decoded(inside.len(), self.offset)?;
            let decoded = text::unescape(inside).ok_or_else(|| self.bad_text("the escapes of a Python string"))?;
            self.graph.keep(&decoded)
        } else {
            self.span(BytesAt { start: line.start.saturating_add(1), bytes: inside })
        };
        self.push(Node::ByteStr(span))
    }

    pub(super) fn unicode(&mut self, line: BytesAt<'_>) -> Result<(), Error> {
        let span = if line.bytes.is_ascii() && !line.bytes.contains(&b'\\') {
            self.span(line)
        } else {
            self.budget.decoded(line.bytes.len().saturating_mul(2), self.offset)?;
            let decoded = text::raw_unicode_escape(line.bytes).ok_or_else(|| self.bad_text("raw unicode escapes"))?;
            self.graph.keep(&decoded)
        };
        self.push(Node::Str(span))
    }

    pub(super) fn named(&self, module: BytesAt<'_>, name: BytesAt<'_>) -> Result<Node, Error> {
        if std::str::from_utf8(module.bytes).is_err() || std::str::from_utf8(name.bytes).is_err() {
            return Err(self.bad_text("a module and a name in UTF-8"));
        }
        Ok(Node::Global(Global { module: self.span(module), name: self.span(name) }))
    }

    // Changes of values on the stack.

    /// `BUILD`, and the content that may follow it.
    pub(super) fn build(&mut self, host: &mut dyn Host) -> Result<(), Error> {
        self.expect_values(2)?;
        let state = self.pop()?;
        let object = self.top()?;
        self.used.changed(self.graph, object);
        self.used.by_state(self.graph, state);
        self.graph.change(object, Change::Build(state));
        let mut rest = Rest {
            graph: self.graph,
            budget: self.budget,
            buffer: self.buffer,
            len: self.decoder.len(),
            offset: self.decoder.offset(),
            frame_end: self.decoder.frame_end(),
        };
        if let Some(content) = host.built(&mut rest, object)? {
            let offset = rest.offset;
            self.decoder.go_on_at(offset);
            self.pop()?;
            self.push(Node::Payload { object, content })?;
        }
        Ok(())
    }

    pub(super) fn readonly_buffer(&mut self) -> Result<(), Error> {
        let top = self.top()?;
        match self.graph.node(top) {
            // Another view of the same buffer: the memo keeps the writable one.
            &Node::Buffer { index, readonly: false } => {
                self.pop()?;
                self.push(Node::Buffer { index, readonly: true })
            }
            Node::Buffer { .. } | Node::Bytes(_) | Node::ByteStr(_) => Ok(()),
            node => Err(self.bad_operand("a buffer", node)),
        }
    }

    /// `APPENDS` to the top value. Python calls `extend` of a list, and of any other object that has it.
    pub(super) fn extend(&mut self, mut items: Vec<NodeId>) -> Result<(), Error> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        self.used.changed(self.graph, target);
        let changed = !self.graph.changes(target).is_empty();
        match self.graph.node_mut(target) {
            Node::List(list) if !changed => list.append(&mut items),
            Node::Object(object) => match object.changes.last_mut() {
                Some(Change::Append(list)) => list.append(&mut items),
                _ => object.changes.push(Change::Append(items)),
            },
            Node::List(_) | Node::ByteArray(_) | Node::Buffer { .. } => {
                self.graph.change(target, Change::Append(items));
            }
            node if unknown_type(node) => self.graph.change(target, Change::Append(items)),
            _ => return Err(self.bad_operand("a list", self.graph.node(target))),
        }
        Ok(())
    }

    /// `SETITEMS` to the top value: `target[key] = value`.
    pub(super) fn set_items(&mut self, mut items: Vec<(NodeId, NodeId)>) -> Result<(), Error> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        self.used.changed(self.graph, target);
        let changed = !self.graph.changes(target).is_empty();
        match self.graph.node_mut(target) {
            Node::Dict(dict) if !changed => dict.append(&mut items),
            Node::Object(object) => match object.changes.last_mut() {
                Some(Change::SetItems(dict)) => dict.append(&mut items),
                _ => object.changes.push(Change::SetItems(items)),
            },
            // A list supports `list[0] = value` too, if the keys are in range.
            Node::Dict(_) | Node::List(_) | Node::ByteArray(_) | Node::Buffer { .. } => {
                self.graph.change(target, Change::SetItems(items));
            }
            node if unknown_type(node) => self.graph.change(target, Change::SetItems(items)),
            _ => return Err(self.bad_operand("a dict", self.graph.node(target))),
        }
        Ok(())
    }

    /// `ADDITEMS` to the top value.
    pub(super) fn add(&mut self, mut items: Vec<NodeId>) -> Result<(), Error> {
        let target = self.top()?;
        if items.is_empty() {
            return Ok(());
        }
        self.used.changed(self.graph, target);
        let changed = !self.graph.changes(target).is_empty();
        match self.graph.node_mut(target) {
            Node::Set(set) if !changed => set.append(&mut items),
            Node::Object(object) => match object.changes.last_mut() {
                Some(Change::Add(set)) => set.append(&mut items),
                _ => object.changes.push(Change::Add(items)),
            },
            Node::Set(_) => self.graph.change(target, Change::Add(items)),
            node if unknown_type(node) => self.graph.change(target, Change::Add(items)),
            _ => return Err(self.bad_operand("a set", self.graph.node(target))),
        }
        Ok(())
    }

    // Calls that are not made.
}

/// Only Python knows what is on the stack here: it may have the required method.
fn unknown_type(node: &Node) -> bool {
    matches!(node, Node::Global(_) | Node::Extension(_) | Node::Persistent(_) | Node::Object(_) | Node::Payload { .. })
}
