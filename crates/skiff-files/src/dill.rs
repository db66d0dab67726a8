//! dill's own pickling of arrays and of the names of Python's classes.
//!
//! dill calls `_create_array(function, arguments, state, attributes)` where pickle calls the function and sets the array's
//! state, and `_load_type('slice')` where pickle names `builtins.slice`. Both are read as pickle writes them, so that
//! nothing else has to handle dill.

use std::ops::Range;

use skiff_pickle::{Change, Global, Graph, Make, Node, NodeId, Object};

use crate::call::is_numpy_module;

/// Rewrites dill's calls among the nodes of this range.
pub fn respell(graph: &mut Graph, places: Range<usize>) {
    for id in graph.ids_in(places) {
        let Some(object) = graph.object(id) else { continue };
        let Some(("dill._dill" | "dill.dill", name)) = graph.global(object.callable) else { continue };
        let node = match name {
            "_create_array" => array(graph, object).map(|object| Node::Object(Box::new(object))),
            "_load_type" => class(graph, object).map(|(module, name)| {
                let (module, name) = (graph.keep(module.as_bytes()), graph.keep(name.as_bytes()));
                Node::Global(Global { module, name })
            }),
            _ => None,
        };
        if let Some(node) = node {
            *graph.node_mut(id) = node;
        }
    }
}

/// The call of numpy's `_reconstruct` with a state, which is what dill does.
fn array(graph: &Graph, object: &Object) -> Option<Object> {
    let (&[function, arguments, state] | &[function, arguments, state, _]) = graph.items(object.arguments)? else {
        return None;
    };
    let attributes = graph.items(object.arguments)?.get(3);
    let has_attributes = attributes.is_some_and(|&id| match graph.node(id) {
        Node::None => false,
        Node::Dict(pairs) => !pairs.is_empty(),
        _ => true,
    });
    let (module, name) = graph.global(function)?;
    let is_array = is_numpy_module(module, "multiarray") && name == "_reconstruct" && !has_attributes;
    let is_plain = is_call(object) && is_tuple(graph, arguments) && is_tuple(graph, state);
    let changes = vec![Change::Build(state)];
    (is_array && is_plain).then_some(Object {
        make: Make::Reduce,
        callable: function,
        arguments,
        keywords: None,
        changes,
    })
}

/// The class with this name in dill.
fn class(graph: &Graph, object: &Object) -> Option<(&'static str, &'static str)> {
    let &[name] = graph.items(object.arguments)? else { return None };
    let name = graph.str_of(name).filter(|_| is_call(object))?;
    CLASSES.iter().find(|(names, ..)| names.contains(&name)).map(|&(_, module, name)| (module, name))
}

/// A plain call, whose result was not changed.
fn is_call(object: &Object) -> bool {
    object.make == Make::Reduce && object.keywords.is_none() && object.changes.is_empty()
}

fn is_tuple(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id), Node::Tuple(_))
}

/// The names that dill's versions use for classes that occur in models.
const CLASSES: [(&[&str], &str, &str); 16] = [
    (&["bool", "BooleanType"], "builtins", "bool"),
    (&["bytearray"], "builtins", "bytearray"),
    (&["bytes", "BytesType"], "builtins", "bytes"),
    (&["complex", "ComplexType"], "builtins", "complex"),
    (&["dict", "DictType", "DictionaryType"], "builtins", "dict"),
    (&["float", "FloatType"], "builtins", "float"),
    (&["frozenset"], "builtins", "frozenset"),
    (&["int", "IntType"], "builtins", "int"),
    (&["list", "ListType"], "builtins", "list"),
    (&["object", "ObjectType"], "builtins", "object"),
    (&["range"], "builtins", "range"),
    (&["set"], "builtins", "set"),
    (&["slice", "SliceType"], "builtins", "slice"),
    (&["str", "UnicodeType"], "builtins", "str"),
    (&["tuple", "TupleType"], "builtins", "tuple"),
    (&["NumpyArrayType"], "numpy", "ndarray"),
];
