//! The object graph: the lossless and inert content of a pickle.
//!
//! Nodes live in one arena and refer to each other by [`NodeId`], so sharing and cycles need no special handling, nothing recurses,
//! and dropping a malicious graph drops a few vectors. Nothing here was imported or called: a `REDUCE` is an
//! [`Object`] that records what Python *would* have called.

use std::any::Any;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::Bytes;
use crate::remembered::Remembered;

/// The index of a node in its [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// A range of bytes in one of a graph's buffers: nothing is copied from the file until it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The buffer's number.
    pub buffer: u32,
    /// The number of bytes.
    pub len: usize,
    /// The offset of the first byte.
    pub start: usize,
}

/// One value of a pickle.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `None`.
    None,
    /// `True`, `False`.
    Bool(bool),
    /// An integer that fits in 64 bits.
    Int(i64),
    /// A longer integer: two's complement, little-endian, as in `LONG1`.
    BigInt(Span),
    /// A `float`.
    Float(f64),
    /// `bytes` (Python 3).
    Bytes(Span),
    /// `bytearray`: protocol 5 writes it for writable buffers.
    ByteArray(Span),
    /// `str` (Python 3), `unicode` (Python 2). UTF-8, but with lone surrogates (Python's `surrogatepass`).
    Str(Span),
    /// Python 2's `str`, as `STRING`, `BINSTRING` and `SHORT_BINSTRING` write it: bytes that may be text.
    ByteStr(Span),
    /// A tuple.
    Tuple(Box<[NodeId]>),
    /// A list, with the items of `APPEND` and `APPENDS`.
    List(Vec<NodeId>),
    /// A dict, in order of insertion; if a key occurs twice, the last one counts.
    Dict(Vec<(NodeId, NodeId)>),
    /// A set made by `EMPTY_SET`.
    Set(Vec<NodeId>),
    /// A frozenset made by `FROZENSET`.
    FrozenSet(Box<[NodeId]>),
    /// A name in a module. Never imported.
    Global(Global),
    /// `EXT1`, `EXT2`, `EXT4`: a code of the `copyreg` extension registry.
    Extension(u32),
    /// `PERSID`, `BINPERSID`: a persistent id, which only the application can resolve.
    Persistent(NodeId),
    /// `NEXT_BUFFER`: an out-of-band buffer, by its number.
    Buffer {
        /// Its index in the list of buffers of the pickle.
        index: u32,
        /// `READONLY_BUFFER` followed.
        readonly: bool,
    },
    /// The result of a call that Python would have made. Never called.
    Object(Box<Object>),
    /// An object with content between the pickle's opcodes, as joblib writes arrays.
    Payload {
        /// The object that announced the content (joblib's `NumpyArrayWrapper`).
        object: NodeId,
        /// The content.
        content: Payload,
    },
}

/// Content of an object outside of the opcodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Payload {
    /// Raw bytes: the elements of an array.
    Raw(Span),
    /// The root of a nested pickle with its own memo: the elements of an object array.
    Pickle(NodeId),
}

/// `module` and `name`, as written: `__builtin__` stays `__builtin__`; `name` may be dotted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Global {
    /// The module, including dots.
    pub module: Span,
    /// The qualified name within it.
    pub name: Span,
}

/// A call that was not made, and the changes to its result.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The opcode of the call.
    pub make: Make,
    /// The class or function: any node, a [`Node::Global`] in regular files.
    pub callable: NodeId,
    /// The positional arguments: a [`Node::Tuple`] in regular files. For `INST` and `OBJ` a tuple is created.
    pub arguments: NodeId,
    /// `NEWOBJ_EX`'s keyword arguments.
    pub keywords: Option<NodeId>,
    /// The changes that followed, in order.
    pub changes: Vec<Change>,
}

/// The opcode that creates an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// `callable(*arguments)`.
    Reduce,
    /// `callable.__new__(callable, *arguments)`.
    NewObj,
    /// `callable.__new__(callable, *arguments, **keywords)`.
    NewObjEx,
    /// Protocol 0's `INST`: a Python 2 instance.
    Inst,
    /// Protocol 1's `OBJ`: a Python 2 instance.
    Obj,
}

/// A change to an existing object.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// `BUILD`: `__setstate__(state)`, or an update of `__dict__`.
    Build(NodeId),
    /// `APPEND`, `APPENDS`: `extend` or `append` (subclasses of list, deques).
    Append(Vec<NodeId>),
    /// `SETITEM`, `SETITEMS`: `__setitem__` (subclasses of dict).
    SetItems(Vec<(NodeId, NodeId)>),
    /// `ADDITEMS`: `add` (subclasses of set).
    Add(Vec<NodeId>),
}

/// An arena of [`Node`]s with a root, and the buffers of their spans.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Buffer 0 has what had to be decoded (escaped text, …); the others come from outside.
    decoded: Vec<u8>,
    buffers: Vec<Bytes>,
    root: NodeId,
    /// Changes to nodes that are not objects: such as `BUILD` on a class. Valid pickle, but always suspicious.
    changes: BTreeMap<NodeId, Vec<Change>>,
    /// Nodes that were changed after a call had used them.
    changed_late: BTreeSet<NodeId>,
    /// What readers made of nodes, until one changes.
    remembered: Remembered,
}

/// The longest name in bytes. The longest known one has two hundred.
const LONGEST_NAME: usize = 4_096;

impl Default for Graph {
    fn default() -> Self {
        Self::new()
    }
}

impl Graph {
    /// A graph with only `None`, its root until [`Graph::set_root`].
    pub fn new() -> Self {
        Self {
            nodes: vec![Node::None],
            decoded: Vec::new(),
            buffers: Vec::new(),
            root: NodeId(0),
            changes: BTreeMap::new(),
            changed_late: BTreeSet::new(),
            remembered: Remembered::default(),
        }
    }

    /// A copy with capacity for some more nodes, so that adding the first does not move all others.
    #[must_use]
    pub fn clone_with_room(&self) -> Self {
        let mut nodes = Vec::with_capacity(self.nodes.len().saturating_add(self.nodes.len() / 8).saturating_add(64));
        nodes.extend_from_slice(&self.nodes);
        let Self { decoded, buffers, root, changes, changed_late, .. } = self;
        Self {
            nodes,
            decoded: decoded.clone(),
            buffers: buffers.clone(),
            root: *root,
            changes: changes.clone(),
            changed_late: changed_late.clone(),
            remembered: Remembered::default(),
        }
    }

    /// How often the other nodes refer to each node.
    pub fn references(&self) -> Vec<u32> {
        let mut references = vec![0_u32; self.len()];
        for id in self.ids() {
            self.each_child(id, |child| {
                if let Some(count) = references.get_mut(child.index()) {
                    *count = count.saturating_add(1);
                }
            });
        }
        references
    }

    /// The value at the pickle's `STOP`.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// Sets the root.
    pub fn set_root(&mut self, root: NodeId) {
        self.root = root;
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Its approximate size in bytes: its buffers, which are the file, and some for each node.
    pub fn size(&self) -> usize {
        let buffers = self.buffers.iter().fold(self.decoded.len(), |sum, buffer| sum.saturating_add(buffer.held()));
        buffers.saturating_add(self.nodes.len().saturating_mul(16))
    }

    /// Never true: a graph has a root.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Every node, in the order of the file.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// The nodes of a range, in the order of the file.
    pub fn ids_in(&self, places: std::ops::Range<usize>) -> impl Iterator<Item = NodeId> + use<> {
        let place = |place: usize| u32::try_from(place.min(self.nodes.len())).unwrap_or(u32::MAX);
        (place(places.start)..place(places.end)).map(NodeId)
    }

    /// The node at `id`.
    ///
    /// # Panics
    /// When `id` is from another graph: a bug of the caller, never caused by the file.
    #[expect(clippy::indexing_slicing, reason = "ids are made by the graph alone, and nodes are never removed")]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The node at `id`, mutable.
    ///
    /// # Panics
    /// As [`Graph::node`].
    #[expect(clippy::indexing_slicing, reason = "ids are made by the graph alone, and nodes are never removed")]
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.remembered.clear();
        &mut self.nodes[id.index()]
    }

    /// What [`Graph::remember`] was given for a node, as long as nothing in the graph has changed.
    pub fn remembered<T: Any + Clone>(&self, id: NodeId) -> Option<T> {
        self.remembered.get(id)
    }

    /// Caches the value built from a node, for nodes that are shared.
    pub fn remember<T: Any + Send>(&self, id: NodeId, value: T) {
        self.remembered.insert(id, value);
    }

    /// Adds a node.
    ///
    /// # Panics
    /// Beyond 2³² nodes; [`crate::Limits`] are lower.
    pub fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).expect("limits bound the number of nodes"));
        self.nodes.push(node);
        id
    }

    /// Adds `bytes` to the graph's buffers; [`Graph::span`] creates spans of it.
    pub fn add_buffer(&mut self, bytes: Bytes) -> u32 {
        self.buffers.push(bytes);
        u32::try_from(self.buffers.len()).expect("fewer buffers than nodes")
    }

    /// A span of `buffer`, if it is in range.
    pub fn span(&self, buffer: u32, start: usize, len: usize) -> Option<Span> {
        let all = match usize::try_from(buffer).ok()?.checked_sub(1) {
            None => self.decoded.len(),
            Some(index) => self.buffers.get(index)?.len(),
        };
        (start.checked_add(len)? <= all).then_some(Span { buffer, len, start })
    }

    /// Stores decoded bytes and returns their span.
    pub fn keep(&mut self, bytes: &[u8]) -> Span {
        let start = self.decoded.len();
        self.decoded.extend_from_slice(bytes);
        Span { buffer: 0, len: bytes.len(), start }
    }

    /// A buffer from outside, shared.
    pub fn shared_buffer(&self, buffer: u32) -> Option<Bytes> {
        self.buffers.get(usize::try_from(buffer).ok()?.checked_sub(1)?).cloned()
    }

    /// The bytes of a span. Empty for a span of another graph.
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.buffer(span.buffer)
            .and_then(|all| all.get(span.start..span.start.checked_add(span.len)?))
            .unwrap_or_default()
    }

    /// The bytes of a span for a single read, which are not kept if they had to be assembled; `None`
    /// if the file is damaged.
    pub fn bytes_once(&self, span: Span) -> Option<Cow<'_, [u8]>> {
        let index = usize::try_from(span.buffer).ok()?.checked_sub(1);
        let bytes = match index.and_then(|index| self.buffers.get(index)).and_then(Bytes::assembled) {
            Some(all) if (span.start, span.len) == (0, all.len()) => Cow::Owned(all),
            Some(all) => Cow::Owned(all.get(span.start..span.start.checked_add(span.len)?)?.to_vec()),
            None => Cow::Borrowed(self.bytes(span)),
        };
        (bytes.len() == span.len).then_some(bytes)
    }

    /// The bytes of a span, independent of the graph: not copied if they are in a file.
    pub fn shared_bytes(&self, span: Span) -> Bytes {
        let index = usize::try_from(span.buffer).unwrap_or(usize::MAX);
        match index.checked_sub(1).and_then(|index| self.buffers.get(index)) {
            Some(buffer) => buffer.slice(span.start, span.len).unwrap_or_default(),
            None => Bytes::from(self.bytes(span).to_vec()),
        }
    }

    /// The text of a span, unless it has lone surrogates or is not UTF-8.
    pub fn text(&self, span: Span) -> Option<&str> {
        std::str::from_utf8(self.bytes(span)).ok()
    }

    /// The text of a `Str`, or of a Python 2 `str` that is ASCII.
    pub fn str_of(&self, id: NodeId) -> Option<&str> {
        match *self.node(id) {
            Node::Str(span) => self.text(span),
            Node::ByteStr(span) => self.text(span).filter(|text| text.is_ascii()),
            _ => None,
        }
    }

    /// The text of a `Str`, or of a Python 2 `str` that is UTF-8.
    pub fn text_of(&self, id: NodeId) -> Option<&str> {
        match *self.node(id) {
            Node::Str(span) | Node::ByteStr(span) => self.text(span),
            _ => None,
        }
    }

    /// Like [`Graph::str_of`], for names: `None` if the text is longer than any name. (A file can refer to one text as
    /// often as it likes; each time its bytes are read again.)
    pub fn name_of(&self, id: NodeId) -> Option<&str> {
        match *self.node(id) {
            Node::Str(span) | Node::ByteStr(span) if span.len > LONGEST_NAME => None,
            _ => self.str_of(id),
        }
    }

    /// `module` and `name` of a [`Node::Global`], unless they are longer than any name.
    pub fn global(&self, id: NodeId) -> Option<(&str, &str)> {
        match self.node(id) {
            Node::Global(global) if global.module.len.max(global.name.len) <= LONGEST_NAME => {
                Some((self.text(global.module)?, self.text(global.name)?))
            }
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn items(&self, id: NodeId) -> Option<&[NodeId]> {
        match self.node(id) {
            Node::List(items) => Some(items),
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The object at `id`, if a call would have made it.
    pub fn object(&self, id: NodeId) -> Option<&Object> {
        match self.node(id) {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Changes to a node that is not an object (a class, a tuple, …): empty in regular files.
    pub fn changes(&self, id: NodeId) -> &[Change] {
        self.changes.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Every node with [`Graph::changes`].
    pub fn changed(&self) -> impl Iterator<Item = NodeId> {
        self.changes.keys().copied()
    }

    /// Whether the node was changed after a call or a `BUILD` had read it, or a container with it: the call saw
    /// less than the graph shows.
    pub fn is_changed_late(&self, id: NodeId) -> bool {
        self.changed_late.contains(&id)
    }

    pub(crate) fn note_late_change(&mut self, id: NodeId) {
        self.changed_late.insert(id);
    }

    /// Calls `visit` with each node that the one at `id` refers to, in the order of a pickle:
    /// its parts first, then the changes to it. A repeated reference is visited repeatedly.
    pub fn each_child(&self, id: NodeId, mut visit: impl FnMut(NodeId)) {
        fn each_change(changes: &[Change], visit: &mut impl FnMut(NodeId)) {
            for change in changes {
                match change {
                    Change::Build(state) => visit(*state),
                    Change::Append(items) | Change::Add(items) => items.iter().copied().for_each(&mut *visit),
                    Change::SetItems(items) => {
                        items.iter().flat_map(|&(key, value)| [key, value]).for_each(&mut *visit);
                    }
                }
            }
        }
        match self.node(id) {
            Node::None | Node::Bool(_) | Node::Int(_) | Node::BigInt(_) | Node::Float(_) => {}
            Node::Bytes(_) | Node::ByteArray(_) | Node::Str(_) | Node::ByteStr(_) => {}
            Node::Global(_) | Node::Extension(_) | Node::Buffer { .. } => {}
            Node::Tuple(items) | Node::FrozenSet(items) => items.iter().copied().for_each(&mut visit),
            Node::List(items) | Node::Set(items) => items.iter().copied().for_each(&mut visit),
            Node::Dict(items) => items.iter().flat_map(|&(key, value)| [key, value]).for_each(&mut visit),
            Node::Persistent(child) => visit(*child),
            Node::Object(object) => {
                visit(object.callable);
                visit(object.arguments);
                object.keywords.into_iter().for_each(&mut visit);
                each_change(&object.changes, &mut visit);
            }
            Node::Payload { object, content } => {
                visit(*object);
                if let Payload::Pickle(root) = content {
                    visit(*root);
                }
            }
        }
        each_change(self.changes(id), &mut visit);
    }

    /// Records a change to a node: in the object itself, or separately if the node is not an object.
    pub fn change(&mut self, id: NodeId, change: Change) {
        match self.node_mut(id) {
            Node::Object(object) => object.changes.push(change),
            // `node_mut` has forgotten what was made of the node as it was.
            _ => self.changes.entry(id).or_default().push(change),
        }
    }

    fn buffer(&self, buffer: u32) -> Option<&[u8]> {
        match usize::try_from(buffer).ok()?.checked_sub(1) {
            None => Some(&self.decoded),
            Some(index) => self.buffers.get(index).map(Bytes::as_slice),
        }
    }
}

impl Node {
    /// Its type, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::BigInt(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "a bytearray",
            Self::Str(_) => "a text",
            Self::ByteStr(_) => "a byte string",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Dict(_) => "a dict",
            Self::Set(_) => "a set",
            Self::FrozenSet(_) => "a frozenset",
            Self::Global(_) => "a name",
            Self::Extension(_) => "an extension",
            Self::Persistent(_) => "a persistent id",
            Self::Buffer { .. } => "a buffer",
            Self::Object(_) => "an object",
            Self::Payload { .. } => "an object with content",
        }
    }
}

impl NodeId {
    /// Its index in the arena.
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Object {
    /// The state of the last `BUILD`.
    pub fn state(&self) -> Option<NodeId> {
        self.changes.iter().rev().find_map(|change| match change {
            Change::Build(state) => Some(*state),
            _ => None,
        })
    }
}
