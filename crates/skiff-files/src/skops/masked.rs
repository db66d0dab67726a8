//! Masked arrays of skops' files, as numpy itself pickles them.

use skiff_pickle::{Change, Global, Graph, Make, Node, NodeId, Object};

use crate::Error;
use crate::numpy::{MaskedArray, nodes};

/// Rewrites `MaskedArray(data, mask)` at `id`, whose parts have been read, as `_mareconstruct(…)` with a state. If
/// data and mask have different memory orders it is unchanged.
pub(super) fn respell(graph: &mut Graph, id: NodeId) -> Result<(), Error> {
    let Some(MaskedArray { data, mask, .. }) = MaskedArray::read(graph, id)? else { return Ok(()) };
    if data.is_c_order() != mask.is_c_order() {
        return Ok(());
    }
    let bytes = |graph: &mut Graph, bytes: &[u8]| {
        let buffer = graph.add_buffer(bytes.to_vec().into());
        let span = graph.span(buffer, 0, bytes.len()).expect("a buffer holds all of itself");
        graph.push(Node::Bytes(span))
    };
    let (Some(absent), elements) = (mask.bytes(), data.objects().map(<[NodeId]>::to_vec)) else { return Ok(()) };
    let absent = bytes(graph, absent);
    let elements = match elements {
        Some(objects) => graph.push(Node::List(objects)),
        None => bytes(graph, data.bytes().unwrap_or_default()),
    };
    let version = graph.push(Node::Int(1));
    let shape = nodes::lengths(graph, &data.shape);
    let dtype = nodes::dtype(graph, &data.dtype);
    let is_fortran = graph.push(Node::Bool(!data.is_c_order()));
    let none = graph.push(Node::None);
    let state = graph.push(Node::Tuple([version, shape, dtype, is_fortran, elements, absent, none].into()));
    let global = |graph: &mut Graph, module: &str, name: &str| {
        let (module, name) = (graph.keep(module.as_bytes()), graph.keep(name.as_bytes()));
        graph.push(Node::Global(Global { module, name }))
    };
    let callable = global(graph, "numpy.ma.core", "_mareconstruct");
    let (class, base) = (global(graph, "numpy.ma", "MaskedArray"), global(graph, "numpy", "ndarray"));
    let (empty, code) = (nodes::lengths(graph, &[0]), nodes::text(graph, "b"));
    let arguments = graph.push(Node::Tuple([class, base, empty, code].into()));
    let changes = vec![Change::Build(state)];
    *graph.node_mut(id) =
        Node::Object(Box::new(Object { make: Make::Reduce, callable, arguments, keywords: None, changes }));
    Ok(())
}
