//! A [`Graph`] to a pickle that Python reads back as the same objects: sharing and cycles stay, nothing recurses.
//!
//! What Python would tell apart is kept; how it is spelled is ours: the newest opcodes that the protocol allows, a
//! place in the memo only for what is referred to again, frames of CPython's size.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;

use crate::graph::{Change, Global, Graph, Make, Node, NodeId, Object, Payload};
use crate::isomorphic::has_identity;
use crate::limits::MOST_NESTED_PICKLES;
use crate::names::python3_name;
use crate::opcode::Opcode;

/// The pickle of the graph's root, in `protocol` (2 to 5).
///
/// # Errors
/// As [`write`]; content that stands beside the opcodes is refused.
pub fn to_bytes(graph: &Graph, protocol: u8) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    write(graph, graph.root(), protocol, &mut Out::new(&mut bytes), &mut ())?;
    Ok(bytes)
}

/// Writes the pickle of what lies at `root`, in `protocol` (2 to 5).
///
/// From protocol 3 on, names that only Python 2 has (`__builtin__`, `copy_reg`) are written as Python 3's; below
/// protocol 4, what has no opcode there becomes the call that CPython writes for it. What comes back are the
/// out-of-band buffers to give along, in this order; `0, 1, 2, …` for a graph whose buffers are all in use.
///
/// # Errors
/// What the protocol cannot say, what `payloads` refuses, and what `out` reports.
pub fn write(
    graph: &Graph,
    root: NodeId,
    protocol: u8,
    out: &mut Out<'_>,
    payloads: &mut dyn Payloads,
) -> Result<Vec<u32>, WriteError> {
    if !(2..=5).contains(&protocol) {
        return Err(WriteError::Protocol(protocol));
    }
    if out.nested >= MOST_NESTED_PICKLES {
        return Err(WriteError::Nested);
    }
    out.nested += 1;
    let (places, edges) = count_references(graph, root);
    let writer = Writer {
        graph,
        protocol,
        out,
        frame: Vec::new(),
        places,
        memo: 0,
        modules: HashMap::new(),
        buffers: Vec::new(),
        // Values that hold each other through a tuple are written once more for each way around (as CPython does).
        // Honest graphs have few such ways; a graph of nothing else would grow with its square.
        visits: edges.saturating_mul(8).saturating_add(1_024),
        open: 0,
        todo: Vec::new(),
    };
    let buffers = writer.run(root, payloads);
    out.nested -= 1;
    buffers
}

/// Where a pickle is written to, with its position.
pub struct Out<'a> {
    to: &'a mut dyn io::Write,
    position: u64,
    /// How many pickles are being written, one within the content of the other.
    nested: u32,
}

impl<'a> Out<'a> {
    /// Writes to `to`; positions count from here.
    pub fn new(to: &'a mut dyn io::Write) -> Self {
        Self { to, position: 0, nested: 0 }
    }

    /// How many bytes were written.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// What the writer below reports.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.to.write_all(bytes).map_err(WriteError::Io)?;
        self.position = self.position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

impl fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Out({} bytes)", self.position)
    }
}

/// Knows how to write the content of a [`Node::Payload`]. `()` refuses it.
pub trait Payloads {
    /// Called after the `BUILD` of `object`: writes the content to `out`, between the frames, with whatever padding
    /// its position asks for. A pickle of its own is written by calling [`write`] on the same `out`.
    ///
    /// # Errors
    /// Whatever stands against it.
    fn payload(&mut self, out: &mut Out<'_>, graph: &Graph, object: NodeId, content: Payload)
    -> Result<(), WriteError>;
}

impl Payloads for () {
    fn payload(&mut self, _: &mut Out<'_>, _: &Graph, object: NodeId, _: Payload) -> Result<(), WriteError> {
        Err(WriteError::Payload(object))
    }
}

/// Why a graph could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteError {
    /// A protocol that is not written.
    Protocol(u8),
    /// A plain pickle has no room for the content of this object.
    Payload(NodeId),
    /// The object whose content is to follow is written elsewhere, or is not made by a `BUILD`: its content would not
    /// be found.
    PayloadOutOfPlace(NodeId),
    /// The protocol has no word for this node.
    NotInProtocol {
        /// The node.
        node: NodeId,
        /// The protocol that was asked for.
        protocol: u8,
        /// What the node is.
        found: &'static str,
    },
    /// Longer than the protocol can say.
    TooLong(NodeId),
    /// The positional arguments of an instance are no tuple.
    NotATuple(NodeId),
    /// A name that the protocol cannot write: it holds a newline, say.
    BadName(NodeId),
    /// Values that hold each other in too many ways, or in a way that Python could not build: an object that the
    /// arguments of its own call lead back to.
    Entangled,
    /// Pickles lie too deep in each other's content.
    Nested,
    /// The writer below failed.
    Io(io::Error),
    /// What [`Payloads`] said.
    Host(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(protocol) => write!(f, "expected a protocol from `2` to `5`, found `{protocol}`"),
            Self::Payload(_) => write!(f, "a plain pickle has no room for content beside its opcodes"),
            Self::PayloadOutOfPlace(_) => write!(f, "content has to follow the only `BUILD` of its object"),
            Self::NotInProtocol { protocol, found, .. } => write!(f, "protocol {protocol} has no word for {found}"),
            Self::TooLong(_) => write!(f, "a value is longer than the protocol can say"),
            Self::NotATuple(_) => write!(f, "expected the arguments of an instance to be a tuple"),
            Self::BadName(_) => write!(f, "a name cannot be written in this protocol"),
            Self::Entangled => write!(f, "values hold each other in ways that Python could not build"),
            Self::Nested => write!(f, "pickles lie more than {MOST_NESTED_PICKLES} deep in each other's content"),
            Self::Io(error) => write!(f, "{error}"),
            Self::Host(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Host(error) => Some(&**error),
            _ => None,
        }
    }
}

/// CPython's `_FRAME_SIZE_TARGET`.
const FRAME_SIZE: usize = 64 * 1024;

/// CPython's `_FRAME_SIZE_MIN`: shorter runs go without a frame.
const LEAST_FRAME: usize = 4;

/// CPython's `_BATCHSIZE`: how many items go to the stack before they are appended.
const BATCH: usize = 1_000;

struct Writer<'a, 'b> {
    graph: &'a Graph,
    protocol: u8,
    out: &'a mut Out<'b>,
    /// Opcodes that are not yet written.
    frame: Vec<u8>,
    places: Places,
    /// How many places of the memo are taken.
    memo: u32,
    /// Modules in the memo, for `STACK_GLOBAL`.
    modules: HashMap<&'a str, u32>,
    buffers: Vec<u32>,
    visits: u64,
    /// How many nodes that are referred to again have parts on the stack and are not yet made. A way around a cycle may
    /// lead back to such a node, and ends only where the memo knows what it passes: all of that is kept.
    open: u64,
    todo: Vec<Task>,
}

/// What the writer knows of a node.
#[derive(Clone, Copy, Default)]
struct Place {
    /// It is referred to more than once.
    again: bool,
    /// It is an object, and its parts were begun.
    begun: bool,
    memo: Option<u32>,
}

type Places = HashMap<NodeId, Place, BuildHasherDefault<IdHasher>>;

/// What is left to do, the last one first.
enum Task {
    /// Write a node.
    Node(NodeId),
    /// Write an opcode without an argument.
    Op(Opcode),
    /// The parts of a node lie on the stack: put it together.
    Finish(NodeId),
    /// Do to the node on the stack what was done to it, from the given change on.
    Changes(NodeId, usize),
    /// Add items to the container on the stack, from the given place on.
    Items(NodeId, Items, usize),
    /// Write the content of a payload.
    Content(NodeId),
}

/// Which items of a node.
#[derive(Clone, Copy)]
enum Items {
    /// Those of the node itself.
    Own,
    /// Those of one of its changes.
    Change(usize),
}

/// How an item joins its container.
#[derive(Clone, Copy)]
enum Batch<'a> {
    Append(&'a [NodeId]),
    Set(&'a [(NodeId, NodeId)]),
    Add(&'a [NodeId]),
}

impl<'a> Writer<'a, '_> {
    fn run(mut self, root: NodeId, payloads: &mut dyn Payloads) -> Result<Vec<u32>, WriteError> {
        self.out.write(&[Opcode::Proto.byte(), self.protocol])?;
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

    /// Writes a node, or its place in the memo.
    fn node(&mut self, id: NodeId) -> Result<(), WriteError> {
        self.visits = self.visits.checked_sub(1).ok_or(WriteError::Entangled)?;
        if let Some(place) = self.places.get(&id).and_then(|place| place.memo) {
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
            Node::Bytes(span) => self.bytes(id, graph.bytes(*span))?,
            Node::ByteArray(span) => self.bytearray(id, graph.bytes(*span))?,
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

    /// Writes the parts of an object; [`Writer::finish`] makes the call.
    ///
    /// An object that its own arguments lead back to is refused: the call may copy a list that is not yet full, and
    /// the order in which the original was built cannot be seen in the graph.
    fn object(&mut self, id: NodeId, object: &'a Object) -> Result<(), WriteError> {
        let place = self.places.entry(id).or_default();
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

    /// Puts a node together out of what lies on the stack, unless that brought it forth already, around a cycle: then
    /// the parts are dropped for the one in the memo.
    fn finish(&mut self, id: NodeId) -> Result<(), WriteError> {
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
        if let Some(place) = self.places.get(&id).and_then(|place| place.memo) {
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

    /// A node lies on the stack, for the first time: it gets its place in the memo, and what was done to it follows.
    fn made(&mut self, id: NodeId) -> Result<(), WriteError> {
        let graph = self.graph;
        if (self.open > 0 || self.is_again(id)) && has_identity(graph, id) {
            let memo = self.put()?;
            self.places.entry(id).or_default().memo = Some(memo);
        }
        if !changes_of(graph, id).is_empty() {
            self.todo.push(Task::Changes(id, 0));
        }
        Ok(())
    }

    fn changes(&mut self, id: NodeId, from: usize) {
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

    /// Adds a batch of items to what lies on the stack; the next batch is left for later.
    fn items(&mut self, id: NodeId, items: Items, from: usize) {
        let graph = self.graph;
        let batch = match items {
            Items::Own => match graph.node(id) {
                Node::List(items) => Batch::Append(items),
                Node::FrozenSet(items) => Batch::Append(items),
                // Below protocol 4 the items go to a list, out of which the set is made.
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
    fn call_with_list(&mut self, id: NodeId, name: &str) -> Result<(), WriteError> {
        self.python2_global("__builtin__", "builtins", name);
        self.op(Opcode::EmptyList);
        self.finish_later(id);
        self.todo.push(Task::Items(id, Items::Own, 0));
        Ok(())
    }

    fn finish_later(&mut self, id: NodeId) {
        self.todo.push(Task::Finish(id));
        self.open = self.open.saturating_add(u64::from(self.is_again(id)));
    }

    fn is_again(&self, id: NodeId) -> bool {
        self.places.get(&id).is_some_and(|place| place.again)
    }

    fn later(&mut self, nodes: &[NodeId]) {
        self.todo.extend(nodes.iter().rev().map(|&id| Task::Node(id)));
    }

    // Values.

    fn int(&mut self, value: i64) {
        if let Ok(value) = u8::try_from(value) {
            self.op(Opcode::BinInt1);
            self.frame.push(value);
        } else if let Ok(value) = u16::try_from(value) {
            self.op(Opcode::BinInt2);
            self.frame.extend(value.to_le_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.op(Opcode::BinInt);
            self.frame.extend(value.to_le_bytes());
        } else {
            let bytes = value.to_le_bytes();
            let length = crate::text::shortest(&bytes);
            self.op(Opcode::Long1);
            self.frame.extend(u8::try_from(length));
            self.frame.extend_from_slice(bytes.get(..length).unwrap_or_default());
        }
    }

    fn long(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if let Ok(length) = u8::try_from(bytes.len()) {
            return self.large(Opcode::Long1, &[length], bytes);
        }
        let length = i32::try_from(bytes.len()).map_err(|_| WriteError::TooLong(id))?;
        self.large(Opcode::Long4, &length.to_le_bytes(), bytes)
    }

    fn bytes(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if self.protocol < 3 {
            return self.bytes_as_text(id, bytes);
        }
        self.counted(id, bytes, [Some(Opcode::ShortBinBytes), Some(Opcode::BinBytes), Some(Opcode::BinBytes8)])
    }

    /// `_codecs.encode(text, 'latin1')`: Python 2 and 3 both make bytes of it.
    fn bytes_as_text(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.is_empty() {
            self.python2_global("__builtin__", "builtins", "bytes");
            self.op(Opcode::EmptyTuple);
        } else {
            self.python2_global("_codecs", "_codecs", "encode");
            let text: String = bytes.iter().copied().map(char::from).collect();
            self.text(id, text.as_bytes())?;
            self.text(id, b"latin1")?;
            self.op(Opcode::Tuple2);
        }
        self.op(Opcode::Reduce);
        Ok(())
    }

    fn bytearray(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if self.protocol >= 5 {
            return self.counted(id, bytes, [None, None, Some(Opcode::ByteArray8)]);
        }
        if self.protocol == 4 {
            self.stack_global("builtins", "bytearray")?;
        } else {
            self.python2_global("__builtin__", "builtins", "bytearray");
        }
        if bytes.is_empty() {
            self.op(Opcode::EmptyTuple);
        } else {
            self.bytes(id, bytes)?;
            self.op(Opcode::Tuple1);
        }
        self.op(Opcode::Reduce);
        Ok(())
    }

    fn text(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        let short = (self.protocol >= 4).then_some(Opcode::ShortBinUnicode);
        self.counted(id, bytes, [short, Some(Opcode::BinUnicode), Some(Opcode::BinUnicode8)])
    }

    fn byte_str(&mut self, id: NodeId, bytes: &[u8]) -> Result<(), WriteError> {
        if let Ok(length) = u8::try_from(bytes.len()) {
            return self.large(Opcode::ShortBinString, &[length], bytes);
        }
        let length = i32::try_from(bytes.len()).map_err(|_| WriteError::TooLong(id))?;
        self.large(Opcode::BinString, &length.to_le_bytes(), bytes)
    }

    /// Writes bytes under the shortest of the opcodes with lengths of one, four and eight bytes.
    fn counted(&mut self, id: NodeId, bytes: &[u8], opcodes: [Option<Opcode>; 3]) -> Result<(), WriteError> {
        let [one, four, eight] = opcodes;
        if let (Some(opcode), Ok(length)) = (one, u8::try_from(bytes.len())) {
            return self.large(opcode, &[length], bytes);
        }
        if let (Some(opcode), Ok(length)) = (four, u32::try_from(bytes.len())) {
            return self.large(opcode, &length.to_le_bytes(), bytes);
        }
        match (eight, u64::try_from(bytes.len())) {
            (Some(opcode), Ok(length)) if opcode.protocol() <= self.protocol => {
                self.large(opcode, &length.to_le_bytes(), bytes)
            }
            _ => Err(WriteError::TooLong(id)),
        }
    }

    /// Writes an opcode, a length and bytes; many bytes go past the frame, uncopied.
    fn large(&mut self, opcode: Opcode, length: &[u8], bytes: &[u8]) -> Result<(), WriteError> {
        if bytes.len() >= FRAME_SIZE {
            self.end_frame()?;
            self.out.write(&[opcode.byte()])?;
            self.out.write(length)?;
            return self.out.write(bytes);
        }
        self.op(opcode);
        self.frame.extend_from_slice(length);
        self.frame.extend_from_slice(bytes);
        Ok(())
    }

    fn extension(&mut self, id: NodeId, code: u32) -> Result<(), WriteError> {
        let code = i32::try_from(code).ok().filter(|&code| code > 0).ok_or(WriteError::TooLong(id))?;
        if let Ok(code) = u8::try_from(code) {
            self.op(Opcode::Ext1);
            self.frame.push(code);
        } else if let Ok(code) = u16::try_from(code) {
            self.op(Opcode::Ext2);
            self.frame.extend(code.to_le_bytes());
        } else {
            self.op(Opcode::Ext4);
            self.frame.extend(code.to_le_bytes());
        }
        Ok(())
    }

    // Names.

    fn global(&mut self, id: NodeId, global: Global) -> Result<(), WriteError> {
        let graph = self.graph;
        let module = graph.text(global.module).ok_or(WriteError::BadName(id))?;
        let name = graph.text(global.name).ok_or(WriteError::BadName(id))?;
        if self.protocol >= 4 {
            let (module, name) = python3_name(module, name);
            return self.stack_global(module, name);
        }
        if module.contains('\n') || name.contains('\n') {
            return Err(WriteError::BadName(id));
        }
        // Python 2 wants ASCII; Python 3 writes ASCII too in its protocols.
        if self.protocol < 3 && !(module.is_ascii() && name.is_ascii()) {
            return Err(WriteError::BadName(id));
        }
        let (module, name) = if self.protocol == 3 { python3_name(module, name) } else { (module, name) };
        // Below protocol 4 only `getattr` walks dots.
        let dots = name.bytes().filter(|&byte| byte == b'.').count();
        for _ in 0..dots {
            self.python2_global("__builtin__", "builtins", "getattr");
        }
        let mut parts = name.split('.');
        self.lines(module, parts.next().unwrap_or_default());
        for part in parts {
            self.text(id, part.as_bytes())?;
            self.op(Opcode::Tuple2);
            self.op(Opcode::Reduce);
        }
        Ok(())
    }

    fn stack_global(&mut self, module: &'a str, name: &str) -> Result<(), WriteError> {
        let long = || WriteError::Host("a name is longer than a pickle can say".into());
        match self.modules.get(module) {
            Some(&place) => self.get(place),
            None => {
                self.name(module).ok_or_else(long)?;
                let place = self.put()?;
                self.modules.insert(module, place);
            }
        }
        self.name(name).ok_or_else(long)?;
        self.op(Opcode::StackGlobal);
        Ok(())
    }

    fn name(&mut self, name: &str) -> Option<()> {
        match u8::try_from(name.len()) {
            Ok(length) => self.frame.extend([Opcode::ShortBinUnicode.byte(), length]),
            Err(_) => {
                let length = u32::try_from(name.len()).ok()?;
                self.op(Opcode::BinUnicode);
                self.frame.extend(length.to_le_bytes());
            }
        }
        self.frame.extend_from_slice(name.as_bytes());
        Some(())
    }

    /// A name of ours below protocol 4: protocol 2 is for Python 2, whose modules have other names.
    fn python2_global(&mut self, python2: &str, python3: &str, name: &str) {
        self.lines(if self.protocol < 3 { python2 } else { python3 }, name);
    }

    fn lines(&mut self, module: &str, name: &str) {
        self.op(Opcode::Global);
        self.frame.extend_from_slice(module.as_bytes());
        self.frame.push(b'\n');
        self.frame.extend_from_slice(name.as_bytes());
        self.frame.push(b'\n');
    }

    // Memo, opcodes, frames.

    /// Gives what lies on the stack the next place in the memo.
    fn put(&mut self) -> Result<u32, WriteError> {
        let place = self.memo;
        self.memo = place.checked_add(1).ok_or(WriteError::Entangled)?;
        if self.protocol >= 4 {
            self.op(Opcode::Memoize);
        } else if let Ok(short) = u8::try_from(place) {
            self.op(Opcode::BinPut);
            self.frame.push(short);
        } else {
            self.op(Opcode::LongBinPut);
            self.frame.extend(place.to_le_bytes());
        }
        Ok(place)
    }

    fn get(&mut self, place: u32) {
        if let Ok(short) = u8::try_from(place) {
            self.op(Opcode::BinGet);
            self.frame.push(short);
        } else {
            self.op(Opcode::LongBinGet);
            self.frame.extend(place.to_le_bytes());
        }
    }

    fn op(&mut self, opcode: Opcode) {
        self.frame.push(opcode.byte());
    }

    fn end_frame(&mut self) -> Result<(), WriteError> {
        if self.protocol >= 4 && self.frame.len() >= LEAST_FRAME {
            let length = u64::try_from(self.frame.len()).unwrap_or(u64::MAX);
            self.out.write(&[Opcode::Frame.byte()])?;
            self.out.write(&length.to_le_bytes())?;
        }
        self.out.write(&self.frame)?;
        self.frame.clear();
        Ok(())
    }

    fn not_in_protocol(&self, node: NodeId) -> WriteError {
        WriteError::NotInProtocol { node, protocol: self.protocol, found: self.graph.node(node).kind() }
    }
}

/// Which nodes are referred to more than once from `root`, and how many references there are.
fn count_references(graph: &Graph, root: NodeId) -> (Places, u64) {
    let mut places = Places::default();
    let mut edges = 1;
    let mut todo = vec![root];
    places.insert(root, Place::default());
    while let Some(id) = todo.pop() {
        let mut visit = |child: NodeId| {
            edges += 1;
            match places.get_mut(&child) {
                Some(place) => place.again = true,
                None => {
                    places.insert(child, Place::default());
                    todo.push(child);
                }
            }
        };
        match graph.node(id) {
            // `OBJ` takes the arguments themselves, without the tuple that was made for them.
            Node::Object(object) if matches!(object.make, Make::Inst | Make::Obj) => {
                visit(object.callable);
                match graph.node(object.arguments) {
                    Node::Tuple(arguments) => arguments.iter().copied().for_each(&mut visit),
                    _ => visit(object.arguments),
                }
                let mut child_of_changes = 0;
                graph.each_child(id, |child| {
                    // The callable and the arguments come first.
                    child_of_changes += 1;
                    if child_of_changes > 2 {
                        visit(child);
                    }
                });
            }
            // The content is written by its own hand, with a memo of its own.
            Node::Payload { content: Payload::Pickle(_), .. } => {
                let mut index = 0;
                graph.each_child(id, |child| {
                    index += 1;
                    if index != 2 {
                        visit(child);
                    }
                });
            }
            _ => graph.each_child(id, visit),
        }
    }
    (places, edges)
}

/// What was done to a node, be it an object or not.
fn changes_of(graph: &Graph, id: NodeId) -> &[Change] {
    match graph.node(id) {
        Node::Object(object) => &object.changes,
        _ => graph.changes(id),
    }
}

/// Ids are counted up by the reader: one multiplication spreads them well enough, and nobody chooses them.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u32(byte.into());
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0.rotate_left(32) ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 32;
    }
}
