//! Short descriptions of nodes, for messages.

use skiff_pickle::{Graph, Node, NodeId};

use crate::{Instance, NdArray, Scalar};

/// The class of an object, or the name of a global: `sklearn.svm._classes.SVC`.
pub fn class_path(graph: &Graph, id: NodeId) -> Option<String> {
    if let Some(instance) = Instance::read(graph, id) {
        return Some(instance.class_path());
    }
    let named = graph.object(id).map_or(id, |object| object.callable);
    graph.global(named).map(|(module, name)| format!("{module}.{name}"))
}

/// Any node in a short line: `numpy.ndarray float64 (3, 4)`, `dict of 3`, `an object of sklearn.svm._classes.SVC`.
pub fn describe(graph: &Graph, id: NodeId) -> String {
    match graph.node(id) {
        Node::None => "None".to_owned(),
        Node::Bool(true) => "True".to_owned(),
        Node::Bool(false) => "False".to_owned(),
        Node::Int(value) => format!("the integer {value}"),
        Node::BigInt(_) => "a long integer".to_owned(),
        Node::Float(value) => format!("the number {value}"),
        Node::Bytes(span) | Node::ByteArray(span) => format!("bytes of {}", span.len),
        Node::Str(span) | Node::ByteStr(span) => match graph.str_of(id).filter(|text| text.chars().count() <= 40) {
            Some(text) => format!("the string {text:?}"),
            None => format!("text of {} bytes", span.len),
        },
        Node::Tuple(items) => format!("tuple of {}", items.len()),
        Node::List(items) => format!("list of {}", items.len()),
        Node::Dict(pairs) => format!("dict of {}", pairs.len()),
        Node::Set(items) => format!("set of {}", items.len()),
        Node::FrozenSet(items) => format!("frozenset of {}", items.len()),
        Node::Global(_) => match graph.global(id) {
            Some((module, name)) => format!("{module}.{name}"),
            None => "a name that is not a string".to_owned(),
        },
        Node::Extension(code) => format!("the extension code {code}"),
        Node::Persistent(_) => "a persistent id".to_owned(),
        Node::Buffer { index, .. } => format!("the out-of-band buffer {index}"),
        Node::Object(_) | Node::Payload { .. } => describe_object(graph, id),
    }
}

fn describe_object(graph: &Graph, id: NodeId) -> String {
    match NdArray::read(graph, id) {
        Ok(Some(array)) => return array.describe(),
        Err(error) => return error.to_string(),
        Ok(None) => {}
    }
    if let Ok(Some(scalar)) = Scalar::read(graph, id) {
        return format!("the numpy scalar {scalar}");
    }
    match (Instance::read(graph, id), class_path(graph, id)) {
        (Some(instance), _) => format!("an object of {}", instance.class_path()),
        (None, Some(path)) => format!("the result of {path}"),
        (None, None) => "a call of something without a name".to_owned(),
    }
}
