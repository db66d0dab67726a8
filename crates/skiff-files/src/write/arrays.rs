//! Re-encodes arrays: in the opcodes as by numpy's `__reduce__`, or between them as in joblib.
//!
//! Only `numpy.ndarray` itself is re-encoded, and only if the new encoding is lossless. Unchanged
//! are: arrays of objects and of subclasses, read-only ones, two over one buffer, axes in another order than
//! C or Fortran, elements without bytes (by whose size joblib divides), and big-endian ones: `_frombuffer` leaves their
//! order as it is, while `_reconstruct` and joblib turn them round. For an unpickler, those of them that are calls of
//! `_reconstruct` get a new call: only their class, dtype and elements are from the file.

use std::collections::{HashMap, HashSet};

use skiff_pickle::{Change, Global, Graph, Make, Node, NodeId, Object, Payload, Span};

use super::WriteError;
use super::joblib::ALIGNMENT;
use crate::call::{Call, is_numpy_module};
use crate::joblib::wrapper_class;
use crate::numpy::{Order, nodes, read_shape};
use crate::{ArrayData, DType, Endian, Instance, NdArray};

/// The encoding of arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `_reconstruct(ndarray, (0,), b'b')` and a state with the elements as bytes: before protocol 5.
    Reconstruct,
    /// As [`Spelling::Reconstruct`], independent of numpy's version: for comparison.
    Alike,
    /// `_frombuffer(elements, dtype, shape, order)`: protocol 5.
    FromBuffer,
    /// As [`Spelling::FromBuffer`], for an unpickler that knows numpy's functions by the newest names wherever they are.
    Loaded,
    /// joblib's `NumpyArrayWrapper`, with the elements after it.
    Wrapped {
        /// Whether the file may be mapped: it is not compressed.
        mapped: bool,
        /// Whether the elements are aligned, as joblib has them since 1.2.
        aligned: bool,
    },
}

/// The graph with its arrays in another encoding, and everything else unchanged. Ids stay valid.
pub(crate) fn respell(mut graph: Graph, spelling: Spelling) -> Result<Graph, WriteError> {
    let numpy = match spelling {
        Spelling::Alike => None,
        Spelling::Loaded => Some("numpy._core"),
        _ => numpy_core(&graph),
    };
    // numpy 2 supports `numpy.core.numeric` too, but warns: it is used only if the graph names it already.
    let buffers = numpy == Some("numpy._core") || graph.ids().any(|id| graph.global(id).is_some_and(is_old_buffer));
    let mut writer = Writer { numpy, buffers, references: Vec::new(), globals: HashMap::new(), graph: &mut graph };
    let ids: Vec<NodeId> = writer.graph.ids().collect();
    for &id in &ids {
        writer.flatten(id)?;
    }
    writer.no_wrappers()?;
    writer.references = writer.graph.references();
    // The nodes that flattening added are parts of arrays, not arrays.
    for &id in &ids {
        if let Some(parts) = writer.parts(id) {
            writer.spell(id, &parts, spelling);
        } else if spelling == Spelling::Loaded {
            writer.call_anew(id);
        }
    }
    Ok(graph)
}

/// An array's parts as nodes.
pub(crate) struct Parts {
    dtype: NodeId,
    shape: NodeId,
    order: Order,
    elements: Elements,
    /// The array.
    pub array: NdArray,
}

/// The location of an array's elements.
enum Elements {
    /// In one of the graph's buffers.
    Span(Span),
    /// Decoded from text.
    Decoded(skiff_pickle::Bytes),
}

impl Parts {
    /// The location of the elements, if they are in the graph unencoded.
    pub fn span(&self) -> Option<Span> {
        match self.elements {
            Elements::Span(span) => Some(span),
            Elements::Decoded(_) => None,
        }
    }
}

struct Writer<'g> {
    graph: &'g mut Graph,
    /// `numpy._core` or `numpy.core`, if the graph names one.
    numpy: Option<&'static str>,
    /// Whether `_frombuffer` can be used.
    buffers: bool,
    /// The number of references to each node.
    references: Vec<u32>,
    /// The names that were added: one function is one object, however often it is called.
    globals: HashMap<(String, String), NodeId>,
}

impl Writer<'_> {
    /// Replaces content between the opcodes by an ordinary array.
    fn flatten(&mut self, id: NodeId) -> Result<(), WriteError> {
        let &Node::Payload { object, content } = self.graph.node(id) else { return Ok(()) };
        if !self.graph.changes(id).is_empty() {
            return Err(WriteError::Content);
        }
        let node = match content {
            // The object that the content's own pickle makes: its parts are shared with nothing but what is written
            // no more.
            Payload::Pickle(root) => match self.graph.node(root) {
                Node::Object(object) => Node::Object(object.clone()),
                _ => return Err(WriteError::Content),
            },
            Payload::Raw(elements) => {
                let array = NdArray::read(self.graph, id)?.ok_or(WriteError::Content)?;
                let wrapper = Instance::read(self.graph, object).ok_or(WriteError::Content)?;
                let (class, dtype, shape) = match wrapper.attribute("state").and_then(|state| self.graph.items(state)) {
                    Some(&[_, shape, dtype, _]) => (None, dtype, shape),
                    _ => {
                        let attribute = |name| wrapper.attribute(name).ok_or(WriteError::Content);
                        (wrapper.attribute("subclass"), attribute("dtype")?, attribute("shape")?)
                    }
                };
                // joblib gives plain arrays back for memory maps.
                let class = class.filter(|&class| !matches!(self.graph.global(class), Some((_, "ndarray" | "memmap"))));
                let parts = Parts { dtype, shape, order: array.order, elements: Elements::Span(elements), array };
                self.reconstruct(class, &parts)
            }
        };
        *self.graph.node_mut(id) = node;
        Ok(())
    }

    /// Rejects wrappers that announce content and have none: a pickle can take them from the memo, and readers of
    /// the output would expect the content.
    fn no_wrappers(&self) -> Result<(), WriteError> {
        let is_wrapper = |id: NodeId| self.graph.object(id).is_some() && wrapper_class(self.graph, id).is_some();
        let wrappers: HashSet<NodeId> = self.graph.ids().filter(|&id| is_wrapper(id)).collect();
        if wrappers.is_empty() {
            return Ok(());
        }
        let (mut seen, mut todo) = (vec![false; self.graph.len()], vec![self.graph.root()]);
        while let Some(id) = todo.pop() {
            if wrappers.contains(&id) {
                return Err(WriteError::Content);
            }
            if seen.get_mut(id.index()).is_some_and(|seen| !std::mem::replace(seen, true)) {
                self.graph.each_child(id, |child| todo.push(child));
            }
        }
        Ok(())
    }

    /// The parts of an array that can be re-encoded.
    fn parts(&self, id: NodeId) -> Option<Parts> {
        let parts = parts(self.graph, id)?;
        let is_shared = |id: NodeId| self.references.get(id.index()).is_some_and(|&count| count > 1);
        if !is_little(&parts.0.array.dtype) || parts.0.array.dtype.itemsize() == Some(0) {
            return None;
        }
        match parts.1 {
            Holder::Buffer { node, readonly } if readonly || is_shared(node) => None,
            _ => Some(parts.0),
        }
    }

    /// Replaces the file's call of `_reconstruct` by skiff's own: for arrays of objects, of subclasses, and in
    /// big-endian order.
    fn call_anew(&mut self, id: NodeId) {
        let Some(Reconstructed { class, shape, dtype, order, elements }) = reconstructed(self.graph, id) else {
            return;
        };
        let elements = match self.graph.node(elements) {
            // Thousands of arrays may share one list, or the bytes.
            Node::Bytes(_) | Node::List(_) if self.graph.changes(elements).is_empty() => elements,
            Node::ByteArray(span) | Node::ByteStr(span) => {
                let span = *span;
                self.graph.push(Node::Bytes(span))
            }
            _ => return,
        };
        let shape = nodes::lengths(self.graph, &shape);
        let node = self.call_reconstruct(class, shape, dtype, order, elements);
        *self.graph.node_mut(id) = node;
    }

    fn spell(&mut self, id: NodeId, parts: &Parts, spelling: Spelling) {
        let size = parts.array.size().unwrap_or(0);
        let node = match (spelling, self.numpy) {
            (Spelling::Wrapped { mapped, aligned }, _) => self.wrap(parts, mapped, aligned),
            (Spelling::FromBuffer | Spelling::Loaded, Some(numpy)) if size > 0 && self.buffers => {
                self.over_buffer(numpy, parts)
            }
            _ => self.reconstruct(None, parts),
        };
        *self.graph.node_mut(id) = node;
    }

    fn reconstruct(&mut self, class: Option<NodeId>, parts: &Parts) -> Node {
        let class = match class {
            Some(class) => class,
            None => self.global("numpy", "ndarray"),
        };
        let shape = self.shape(parts);
        let elements = self.elements(parts);
        let elements = self.graph.push(Node::Bytes(elements));
        self.call_reconstruct(class, shape, parts.dtype, parts.order, elements)
    }

    fn call_reconstruct(
        &mut self,
        class: NodeId,
        shape: NodeId,
        dtype: NodeId,
        order: Order,
        elements: NodeId,
    ) -> Node {
        let zero = self.graph.push(Node::Int(0));
        let empty = self.tuple(vec![zero]);
        let code = self.graph.keep(b"b");
        let code = self.graph.push(Node::Bytes(code));
        let arguments = self.tuple(vec![class, empty, code]);
        let version = self.graph.push(Node::Int(1));
        let is_fortran = self.graph.push(Node::Bool(order == Order::F));
        let state = self.tuple(vec![version, shape, dtype, is_fortran, elements]);
        let module = format!("{}.multiarray", self.numpy.unwrap_or("numpy.core"));
        let callable = self.global(&module, "_reconstruct");
        call(callable, arguments, vec![Change::Build(state)])
    }

    fn over_buffer(&mut self, numpy: &str, parts: &Parts) -> Node {
        let elements = self.elements(parts);
        let elements = self.graph.push(Node::ByteArray(elements));
        let shape = self.shape(parts);
        let order = self.order(parts);
        let arguments = self.tuple(vec![elements, parts.dtype, shape, order]);
        let callable = self.global(&format!("{numpy}.numeric"), "_frombuffer");
        call(callable, arguments, Vec::new())
    }

    fn wrap(&mut self, parts: &Parts, mapped: bool, aligned: bool) -> Node {
        let subclass = self.global("numpy", "ndarray");
        let shape = self.shape(parts);
        let order = self.order(parts);
        let mapped = self.graph.push(Node::Bool(mapped));
        let mut attributes = vec![
            ("subclass", subclass),
            ("shape", shape),
            ("order", order),
            ("dtype", parts.dtype),
            ("allow_mmap", mapped),
        ];
        if aligned {
            let alignment = self.graph.push(Node::Int(i64::try_from(ALIGNMENT).unwrap_or_default()));
            attributes.push(("numpy_array_alignment_bytes", alignment));
        }
        let attributes = attributes.into_iter().map(|(name, value)| (self.text(name), value)).collect();
        let state = self.graph.push(Node::Dict(attributes));
        let callable = self.global("joblib.numpy_pickle", "NumpyArrayWrapper");
        let arguments = self.tuple(Vec::new());
        let Node::Object(mut object) = call(callable, arguments, vec![Change::Build(state)]) else {
            unreachable!("a call is an object");
        };
        object.make = Make::NewObj;
        let object = self.graph.push(Node::Object(object));
        Node::Payload { object, content: Payload::Raw(self.elements(parts)) }
    }

    fn elements(&mut self, parts: &Parts) -> Span {
        match &parts.elements {
            Elements::Span(span) => *span,
            Elements::Decoded(bytes) => {
                let len = bytes.len();
                let buffer = self.graph.add_buffer(bytes.clone());
                self.graph.span(buffer, 0, len).expect("a buffer holds all of itself")
            }
        }
    }

    /// The shape's node; a tuple where the array was written with a length alone.
    fn shape(&mut self, parts: &Parts) -> NodeId {
        if matches!(self.graph.node(parts.shape), Node::Tuple(_)) {
            return parts.shape;
        }
        let lengths = parts.array.shape.iter().map(|&length| i64::try_from(length).unwrap_or(i64::MAX));
        let lengths: Vec<NodeId> = lengths.map(|length| self.graph.push(Node::Int(length))).collect();
        self.tuple(lengths)
    }

    fn order(&mut self, parts: &Parts) -> NodeId {
        self.text(if parts.order == Order::F { "F" } else { "C" })
    }

    fn text(&mut self, text: &str) -> NodeId {
        let span = self.graph.keep(text.as_bytes());
        self.graph.push(Node::Str(span))
    }

    fn tuple(&mut self, items: Vec<NodeId>) -> NodeId {
        self.graph.push(Node::Tuple(items.into()))
    }

    fn global(&mut self, module: &str, name: &str) -> NodeId {
        let graph = &mut *self.graph;
        *self.globals.entry((module.to_owned(), name.to_owned())).or_insert_with(|| {
            let module = graph.keep(module.as_bytes());
            let name = graph.keep(name.as_bytes());
            graph.push(Node::Global(Global { module, name }))
        })
    }
}

fn call(callable: NodeId, arguments: NodeId, changes: Vec<Change>) -> Node {
    Node::Object(Box::new(Object { make: Make::Reduce, callable, arguments, keywords: None, changes }))
}

/// The node with an array's elements in the opcodes.
pub(crate) enum Holder {
    /// The state of `_reconstruct`, which copies them.
    State {
        /// The bytes.
        node: NodeId,
    },
    /// The buffer of `_frombuffer`, which is the array's own memory.
    Buffer {
        /// The bytes.
        node: NodeId,
        /// Whether the array is read-only.
        readonly: bool,
    },
}

impl Holder {
    /// The node of the bytes.
    pub fn node(&self) -> NodeId {
        let (Self::State { node } | Self::Buffer { node, .. }) = self;
        *node
    }
}

/// The parts of a plain array of numbers in the opcodes.
pub(crate) fn parts(graph: &Graph, id: NodeId) -> Option<(Parts, Holder)> {
    let call = Call::read(graph, id)?;
    let (dtype, shape, holder) = if call.is_numpy("multiarray", "_reconstruct") {
        let (module, name) = graph.global(call.argument(0)?)?;
        if name != "ndarray" || !(module == "numpy" || is_numpy_module(module, "multiarray")) {
            return None;
        }
        let [Change::Build(state)] = call.object.changes.as_slice() else { return None };
        match *graph.items(*state)? {
            [_, shape, dtype, _, node] | [shape, dtype, _, node] => (dtype, shape, Holder::State { node }),
            _ => return None,
        }
    } else if call.is_numpy("numeric", "_frombuffer") && call.object.changes.is_empty() {
        let (&[node, dtype, shape, order], axes) = call
            .arguments
            .split_at_checked(4)
            .and_then(|(four, axes)| <&[NodeId; 4]>::try_from(four).ok().map(|four| (four, axes)))?;
        let no_axes = axes.iter().all(|&axes| *graph.node(axes) == Node::None);
        if !no_axes || !matches!(graph.str_of(order), Some("C" | "F")) {
            return None;
        }
        let readonly = match graph.node(node) {
            Node::ByteArray(_) => false,
            Node::Object(_) => graph.global(graph.object(node)?.callable).is_none_or(|(_, name)| name != "bytearray"),
            _ => true,
        };
        (dtype, shape, Holder::Buffer { node, readonly })
    } else {
        return None;
    };
    let array = NdArray::read(graph, id).ok()??;
    let ArrayData::Raw(bytes) = &array.data else { return None };
    read_shape(graph, shape)?;
    let elements = match graph.node(holder.node()) {
        Node::Bytes(span) | Node::ByteArray(span) | Node::ByteStr(span) => Elements::Span(*span),
        _ => Elements::Decoded(bytes.clone()),
    };
    Some((Parts { dtype, shape, order: array.order, elements, array }, holder))
}

/// The result of a call of `_reconstruct`, of any class.
struct Reconstructed {
    class: NodeId,
    shape: Vec<usize>,
    dtype: NodeId,
    order: Order,
    /// Bytes, or a list of objects.
    elements: NodeId,
}

fn reconstructed(graph: &Graph, id: NodeId) -> Option<Reconstructed> {
    let call = Call::read(graph, id).filter(|call| call.is_numpy("multiarray", "_reconstruct"))?;
    let class = call.argument(0)?;
    let [Change::Build(state)] = call.object.changes.as_slice() else { return None };
    let (_, &[shape, dtype, is_fortran, elements]) = graph.items(*state)?.split_last_chunk()?;
    let order = match *graph.node(is_fortran) {
        Node::Bool(false) | Node::Int(0) => Order::C,
        Node::Bool(true) | Node::Int(_) => Order::F,
        _ => return None,
    };
    Some(Reconstructed { class, shape: read_shape(graph, shape)?, dtype, order, elements })
}

/// Whether no part of an element is in big-endian order.
fn is_little(dtype: &DType) -> bool {
    match dtype {
        DType::Int { size, endian } | DType::UInt { size, endian } => *size == 1 || *endian == Endian::Little,
        DType::Float { endian, .. }
        | DType::Complex { endian, .. }
        | DType::Str { endian, .. }
        | DType::DateTime { endian, .. }
        | DType::TimeDelta { endian, .. } => *endian == Endian::Little,
        DType::Struct { fields, .. } => fields.iter().all(|field| is_little(&field.dtype)),
        DType::Sub { dtype, .. } => is_little(dtype),
        DType::Bool | DType::Bytes { .. } | DType::Void { .. } | DType::Object => true,
    }
}

fn is_old_buffer(name: (&str, &str)) -> bool {
    name == ("numpy.core.numeric", "_frombuffer")
}

/// The core module of the numpy that wrote the graph.
fn numpy_core(graph: &Graph) -> Option<&'static str> {
    let mut found = None;
    for id in graph.ids() {
        match graph.global(id) {
            Some((module, _)) if module.starts_with("numpy._core.") => return Some("numpy._core"),
            Some((module, _)) if module.starts_with("numpy.core.") => found = Some("numpy.core"),
            _ => {}
        }
    }
    found
}
