//! Values that are put into a graph.

use skiff_files::numpy::nodes;
use skiff_files::{Bytes, DType, Endian, Graph, Node, NodeId, Order};
use skiff_pickle::{Change, Global, Make, Object};

pub(crate) const F64: DType = DType::Float { size: 8, endian: Endian::Little };
pub(crate) const I64: DType = DType::Int { size: 8, endian: Endian::Little };

pub(crate) fn none(graph: &mut Graph) -> NodeId {
    graph.push(Node::None)
}

pub(crate) fn bool(graph: &mut Graph, value: bool) -> NodeId {
    graph.push(Node::Bool(value))
}

pub(crate) fn int(graph: &mut Graph, value: i64) -> NodeId {
    graph.push(Node::Int(value))
}

pub(crate) fn float(graph: &mut Graph, value: f64) -> NodeId {
    graph.push(Node::Float(value))
}

pub(crate) fn text(graph: &mut Graph, value: &str) -> NodeId {
    nodes::text(graph, value)
}

pub(crate) fn list(graph: &mut Graph, items: Vec<NodeId>) -> NodeId {
    graph.push(Node::List(items))
}

pub(crate) fn tuple(graph: &mut Graph, items: Vec<NodeId>) -> NodeId {
    graph.push(Node::Tuple(items.into()))
}

pub(crate) fn global(graph: &mut Graph, module: &str, name: &str) -> NodeId {
    let (module, name) = (graph.keep(module.as_bytes()), graph.keep(name.as_bytes()));
    graph.push(Node::Global(Global { module, name }))
}

/// A dict from texts.
pub(crate) fn dict(graph: &mut Graph, pairs: &[(&str, NodeId)]) -> NodeId {
    let pairs = pairs.iter().map(|(name, value)| (text(graph, name), *value)).collect();
    graph.push(Node::Dict(pairs))
}

/// `callable(*arguments)`.
pub(crate) fn call(graph: &mut Graph, callable: NodeId, arguments: Vec<NodeId>) -> NodeId {
    let arguments = tuple(graph, arguments);
    let object = Object { make: Make::Reduce, callable, arguments, keywords: None, changes: Vec::new() };
    graph.push(Node::Object(Box::new(object)))
}

/// An object of a class with these attributes.
pub(crate) fn instance(graph: &mut Graph, path: &str, attributes: &[(&str, NodeId)]) -> NodeId {
    let (module, name) = path.rsplit_once('.').unwrap_or_default();
    let callable = global(graph, module, name);
    let arguments = tuple(graph, Vec::new());
    let state = dict(graph, attributes);
    let changes = vec![Change::Build(state)];
    let object = Object { make: Make::NewObj, callable, arguments, keywords: None, changes };
    graph.push(Node::Object(Box::new(object)))
}

/// An array of raw elements, in C order unless `order` says otherwise.
pub(crate) fn array(graph: &mut Graph, dtype: &DType, shape: &[usize], order: Order, bytes: Vec<u8>) -> NodeId {
    let (len, buffer) = (bytes.len(), graph.add_buffer(Bytes::from(bytes)));
    let span = graph.span(buffer, 0, len).expect("a buffer holds all of itself");
    nodes::array(graph, dtype, shape, order, span)
}

pub(crate) fn f64_array(graph: &mut Graph, shape: &[usize], values: &[f64]) -> NodeId {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    array(graph, &F64, shape, Order::C, bytes)
}

pub(crate) fn i64_array(graph: &mut Graph, shape: &[usize], values: &[i64]) -> NodeId {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    array(graph, &I64, shape, Order::C, bytes)
}

/// An array of one axis that holds objects.
pub(crate) fn object_array(graph: &mut Graph, items: Vec<NodeId>) -> NodeId {
    let len = items.len();
    let items = list(graph, items);
    nodes::array_of(graph, &DType::Object, &[len], Order::C, items)
}
