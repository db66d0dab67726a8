//! The writer's loop: which node comes next, and how it is assembled from its parts. A list of tasks replaces
//! recursion.

use std::collections::HashMap;

use super::places::{Places, changes_of};
use super::{Out, Payloads, WriteError};
use crate::comment;
use crate::graph::{Change, Graph, Make, Node, NodeId, Object};
use crate::isomorphic::has_identity;
use crate::opcode::Opcode;

/// CPython's `_FRAME_SIZE_TARGET`.
pub(super) const FRAME_SIZE: usize = 64 * 1024;

/// CPython's `_FRAME_SIZE_MIN`: shorter pickles have no frame.
pub(super) const LEAST_FRAME: usize = 4;

/// CPython's `_BATCHSIZE`: how many items are pushed before they are appended.
const BATCH: usize = 1_000;

pub(super) struct Writer<'a, 'b> {
    pub(super) graph: &'a Graph,
    pub(super) protocol: u8,
    pub(super) out: &'a mut Out<'b>,
    /// Opcodes that are not yet written.
    pub(super) frame: Vec<u8>,
    pub(super) places: Places,
    /// The number of memo entries.
    pub(super) memo: u32,
    /// Modules in the memo, for `STACK_GLOBAL`.
    pub(super) modules: HashMap<&'a str, u32>,
    pub(super) buffers: Vec<u32>,
    pub(super) visits: u64,
    /// How many nodes that are referred to again have parts on the stack and are not yet created. A path around a cycle may
    /// lead back to such a node, and ends only at values in the memo: all of them are memoized.
    pub(super) open: u64,
    pub(super) todo: Vec<Task>,
}

/// The remaining tasks, the last one first.
pub(super) enum Task {
    /// Write a node.
    Node(NodeId),
    /// Write an opcode without an argument.
    Op(Opcode),
    /// Assemble a node from its parts on the stack.
    Finish(NodeId),
    /// Write the changes to the node on the stack, from the given change on.
    Changes(NodeId, usize),
    /// Add items to the container on the stack, from the given index on.
    Items(NodeId, Items, usize),
    /// Write the content of a payload.
    Content(NodeId),
}

/// The items of a node.
#[derive(Clone, Copy)]
pub(super) enum Items {
    /// Those of the node itself.
    Own,
    /// Those of one of its changes.
    Change(usize),
}

/// How an item is added to its container.
#[derive(Clone, Copy)]
pub(super) enum Batch<'a> {
    Append(&'a [NodeId]),
    Set(&'a [(NodeId, NodeId)]),
    Add(&'a [NodeId]),
}

impl<'a> Writer<'a, '_> {
    pub(super) fn run(mut self, root: NodeId, payloads: &mut dyn Payloads) -> Result<Vec<u32>, WriteError> {
        self.out.write(&[Opcode::Proto.byte(), self.protocol])?;
        if let Some(comment) = self.out.comment.take() {
            self.out.write(&comment::opcodes(comment).ok_or(WriteError::TooLong(root))?)?;
        }
        self.todo.push(Task::Node(root));
        while let Some(task) = self.todo.pop() {
            match task {
                Task::Node(id) => self.node(id)?,
                Task::Op(opcode) => self.op(opcode),
                Task::Finish(id) => self.finish(id)?,
                Task::Changes(id, from) => self.changes(id, from),
                Task::Items(id, items, from) => self.items(id, items, from),
                Task::Content(id) => {
                    if let &Node::Payload { object, content } = self.graph.node(id) {
                        self.end_frame()?;
                        payloads.payload(self.out, self.graph, object, content)?;
                        self.made(id)?;
                    }
                }
            }
            if self.frame.len() >= FRAME_SIZE {
                self.end_frame()?;
            }
        }
        self.op(Opcode::Stop);
        self.end_frame()?;
        Ok(self.buffers)
    }

    /// Writes a node, or a reference to the memo.
    pub(super) fn node(&mut self, id: NodeId) -> Result<(), WriteError> {
        self.visits = self.visits.checked_sub(1).ok_or(WriteError::Entangled)?;
        if let Some(place) = self.places.get(id).and_then(|place| place.memo) {
            self.get(place);
            return Ok(());
        }
        let graph = self.graph;
        match graph.node(id) {
            Node::None => self.op(Opcode::None),
            Node::Bool(true) => self.op(Opcode::NewTrue),
            Node::Bool(false) => self.op(Opcode::NewFalse),
            Node::Int(value) => self.int(*value),
            Node::BigInt(span) => self.long(id, graph.bytes(*span))?,
            Node::Float(value) => {
                self.op(Opcode::BinFloat);
                self.frame.extend(value.to_be_bytes());
            }
            Node::Bytes(span) => self.bytes(id, &graph.bytes_once(*span).ok_or(WriteError::Damaged(id))?)?,
            Node::ByteArray(span) => self.bytearray(id, &graph.bytes_once(*span).ok_or(WriteError::Damaged(id))?)?,
            Node::Str(span) => self.text(id, graph.bytes(*span))?,
            Node::ByteStr(span) => self.byte_str(id, graph.bytes(*span))?,
            Node::Global(global) => self.global(id, *global)?,
            Node::Extension(code) => self.extension(id, *code)?,
            Node::Buffer { index, readonly } => {
                if self.protocol < 5 {
                    return Err(self.not_in_protocol(id));
                }
                self.buffers.push(*index);
                self.op(Opcode::NextBuffer);
                if *readonly {
                    self.op(Opcode::ReadonlyBuffer);
                }
            }
            Node::List(_) => {
                self.op(Opcode::EmptyList);
                self.made(id)?;
                self.todo.push(Task::Items(id, Items::Own, 0));
                return Ok(());
            }
            Node::Dict(_) => {
                self.op(Opcode::EmptyDict);
                self.made(id)?;
                self.todo.push(Task::Items(id, Items::Own, 0));
                return Ok(());
            }
            Node::Set(_) if self.protocol >= 4 => {
                self.op(Opcode::EmptySet);
                self.made(id)?;
                self.todo.push(Task::Items(id, Items::Own, 0));
                return Ok(());
            }
            // `set([…])`, `frozenset([…])`.
            Node::Set(_) => return self.call_with_list(id, "set"),
            Node::FrozenSet(_) if self.protocol < 4 => return self.call_with_list(id, "frozenset"),
            Node::FrozenSet(items) => {
                self.op(Opcode::Mark);
                self.finish_later(id);
                self.later(items);
                return Ok(());
            }
            Node::Tuple(items) if items.is_empty() => self.op(Opcode::EmptyTuple),
            Node::Tuple(items) => {
                if items.len() > 3 {
                    self.op(Opcode::Mark);
                }
                self.finish_later(id);
                self.later(items);
                return Ok(());
            }
            Node::Persistent(name) => {
                self.finish_later(id);
                self.todo.push(Task::Node(*name));
                return Ok(());
            }
            Node::Object(object) => return self.object(id, object),
            Node::Payload { object, .. } => {
                let again = self.is_again(*object);
                // A reader looks for content after each `BUILD`: there has to be one, and nothing after it.
                let build = |change: &&Change| matches!(change, Change::Build(_));
                let built = graph.object(*object).is_some_and(|made| {
                    made.changes.last().as_ref().is_some_and(build) && made.changes.iter().filter(build).count() == 1
                });
                if again || !built {
                    return Err(WriteError::PayloadOutOfPlace(*object));
                }
                self.todo.push(Task::Content(id));
                self.todo.push(Task::Node(*object));
                return Ok(());
            }
        }
        self.made(id)
    }

    /// Writes the parts of an object; [`Writer::finish`] writes the call.
    ///
    /// An object that its own arguments refer to is an error: the call may copy a list that is not yet complete, and
    /// the graph does not record the order in which the original was built.
    pub(super) fn object(&mut self, id: NodeId, object: &'a Object) -> Result<(), WriteError> {
        let (place, _) = self.places.place(id);
        if std::mem::replace(&mut place.begun, true) {
            return Err(WriteError::Entangled);
        }
        self.finish_later(id);
        match object.make {
            Make::Reduce | Make::NewObj => self.later(&[object.callable, object.arguments]),
            Make::NewObjEx => {
                if self.protocol < 4 {
                    self.python2_global("copy_reg", "copyreg", "__newobj_ex__");
                }
                let keywords = object.keywords.ok_or_else(|| self.not_in_protocol(id))?;
                self.later(&[object.callable, object.arguments, keywords]);
            }
            Make::Inst | Make::Obj => {
                let Node::Tuple(arguments) = self.graph.node(object.arguments) else {
                    return Err(WriteError::NotATuple(object.arguments));
                };
                self.op(Opcode::Mark);
                self.later(arguments);
                self.todo.push(Task::Node(object.callable));
            }
        }
        Ok(())
    }

    /// Assembles a node from the values on the stack, unless these have created it already, around a cycle: then
    /// the parts are dropped for the one in the memo.
    pub(super) fn finish(&mut self, id: NodeId) -> Result<(), WriteError> {
        let (parts, opcodes): (Option<usize>, &[Opcode]) = match self.graph.node(id) {
            Node::Tuple(items) => match items.len() {
                1 => (Some(1), &[Opcode::Tuple1]),
                2 => (Some(2), &[Opcode::Tuple2]),
                3 => (Some(3), &[Opcode::Tuple3]),
                _ => (None, &[Opcode::Tuple]),
            },
            Node::FrozenSet(_) if self.protocol >= 4 => (None, &[Opcode::FrozenSet]),
            Node::Set(_) | Node::FrozenSet(_) => (Some(2), &[Opcode::Tuple1, Opcode::Reduce]),
            Node::Persistent(_) => (Some(1), &[Opcode::BinPersId]),
            Node::Object(object) => match object.make {
                Make::Reduce => (Some(2), &[Opcode::Reduce]),
                Make::NewObj => (Some(2), &[Opcode::NewObj]),
                Make::NewObjEx if self.protocol < 4 => (Some(4), &[Opcode::Tuple3, Opcode::Reduce]),
                Make::NewObjEx => (Some(3), &[Opcode::NewObjEx]),
                Make::Inst | Make::Obj => (None, &[Opcode::Obj]),
            },
            _ => (Some(0), &[]),
        };
        self.open = self.open.saturating_sub(u64::from(self.is_again(id)));
        if let Some(place) = self.places.get(id).and_then(|place| place.memo) {
            match parts {
                Some(parts) => (0..parts).for_each(|_| self.op(Opcode::Pop)),
                None => self.op(Opcode::PopMark),
            }
            self.get(place);
            return Ok(());
        }
        opcodes.iter().for_each(|&opcode| self.op(opcode));
        self.made(id)
    }

    /// A node is on the stack for the first time: it is memoized, and the changes to it follow.
    pub(super) fn made(&mut self, id: NodeId) -> Result<(), WriteError> {
        let graph = self.graph;
        if (self.open > 0 || self.is_again(id)) && has_identity(graph, id) {
            let memo = self.put()?;
            self.places.place(id).0.memo = Some(memo);
        }
        if !changes_of(graph, id).is_empty() {
            self.todo.push(Task::Changes(id, 0));
        }
        Ok(())
    }

    pub(super) fn changes(&mut self, id: NodeId, from: usize) {
        let changes = changes_of(self.graph, id);
        let Some(change) = changes.get(from) else { return };
        self.todo.push(Task::Changes(id, from.saturating_add(1)));
        match change {
            Change::Build(state) => self.todo.extend([Task::Op(Opcode::Build), Task::Node(*state)]),
            Change::Append(_) | Change::SetItems(_) | Change::Add(_) => {
                self.todo.push(Task::Items(id, Items::Change(from), 0));
            }
        }
    }

    /// Adds a batch of items to the container on the stack; the next batch is left for later.
    pub(super) fn items(&mut self, id: NodeId, items: Items, from: usize) {
        let graph = self.graph;
        let batch = match items {
            Items::Own => match graph.node(id) {
                Node::List(items) => Batch::Append(items),
                Node::FrozenSet(items) => Batch::Append(items),
                // Below protocol 4 the items are put into a list, from which the set is created.
                Node::Set(items) if self.protocol < 4 => Batch::Append(items),
                Node::Set(items) => Batch::Add(items),
                Node::Dict(items) => Batch::Set(items),
                _ => return,
            },
            Items::Change(index) => match changes_of(graph, id).get(index) {
                Some(Change::Append(items)) => Batch::Append(items),
                Some(Change::SetItems(items)) => Batch::Set(items),
                Some(Change::Add(items)) => Batch::Add(items),
                _ => return,
            },
        };
        let (len, one, many) = match batch {
            Batch::Append(items) => (items.len(), Some(Opcode::Append), Opcode::Appends),
            Batch::Set(items) => (items.len(), Some(Opcode::SetItem), Opcode::SetItems),
            Batch::Add(items) => (items.len(), None, Opcode::AddItems),
        };
        let until = from.saturating_add(BATCH).min(len);
        let count = until.saturating_sub(from);
        if until < len {
            self.todo.push(Task::Items(id, items, until));
        }
        match (count, one) {
            (0, _) => return,
            (1, Some(one)) => self.todo.push(Task::Op(one)),
            _ => {
                self.op(Opcode::Mark);
                self.todo.push(Task::Op(many));
            }
        }
        match batch {
            Batch::Append(items) | Batch::Add(items) => self.later(items.get(from..until).unwrap_or_default()),
            Batch::Set(items) => {
                for &(key, value) in items.get(from..until).unwrap_or_default().iter().rev() {
                    self.todo.extend([Task::Node(value), Task::Node(key)]);
                }
            }
        }
    }

    /// `set` or `frozenset` of a list of the node's items, as CPython writes it below protocol 4.
    pub(super) fn call_with_list(&mut self, id: NodeId, name: &str) -> Result<(), WriteError> {
        self.python2_global("__builtin__", "builtins", name);
        self.op(Opcode::EmptyList);
        self.finish_later(id);
        self.todo.push(Task::Items(id, Items::Own, 0));
        Ok(())
    }

    pub(super) fn finish_later(&mut self, id: NodeId) {
        self.todo.push(Task::Finish(id));
        self.open = self.open.saturating_add(u64::from(self.is_again(id)));
    }

    pub(super) fn is_again(&self, id: NodeId) -> bool {
        self.places.get(id).is_some_and(|place| place.again)
    }

    pub(super) fn later(&mut self, nodes: &[NodeId]) {
        self.todo.extend(nodes.iter().rev().map(|&id| Task::Node(id)));
    }

    // Values.
}
