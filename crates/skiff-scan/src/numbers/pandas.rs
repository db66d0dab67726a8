//! What compiled code of pandas trusts: that its arrays hold an array, and that each code of a categorical or of an index of
//! several levels is the place of a label.

use skiff_files::{Instance, NdArray};
use skiff_pickle::{Change, Graph, Node, NodeId, Object};

use super::array;
use crate::allowed::length_of_index;

/// The subclasses of `NDArrayBacked`: its compiled methods follow a pointer to an array that is null before `__setstate__`,
/// and to None where the state holds that.
const BACKED: [&str; 7] = [
    "Categorical",
    "DatetimeArray",
    "NumpyExtensionArray",
    "PandasArray",
    "PeriodArray",
    "StringArray",
    "TimedeltaArray",
];

/// Whether every state that the object is given holds an array, and there is a state.
fn holds_array(graph: &Graph, object: &Object) -> bool {
    let is_array = |id: NodeId| !matches!(NdArray::read(graph, id), Ok(None));
    let is_backing = |id: NodeId| match graph.node(id) {
        Node::Dict(pairs) => {
            let is_named = |key| matches!(graph.name_of(key), Some("_ndarray" | "_data" | "_codes"));
            pairs.iter().any(|&(key, value)| is_named(key) && is_array(value))
        }
        Node::Tuple(parts) => parts.iter().take(2).any(|&part| is_array(part)),
        _ => false,
    };
    let mut states = object.changes.iter().filter_map(|change| match change {
        Change::Build(state) => Some(*state),
        _ => None,
    });
    states.next().is_some_and(is_backing) && states.all(is_backing)
}

/// Looks at the object at `id`, which `name` makes.
pub(super) fn check(graph: &Graph, id: NodeId, name: &str) -> Result<(), String> {
    if BACKED.contains(&name) && graph.object(id).is_some_and(|object| !holds_array(graph, object)) {
        return Err("has no array".to_owned());
    }
    match name {
        "Categorical" => categorical(graph, id),
        "_new_Index" => levels(graph, id),
        _ => Ok(()),
    }
}

/// A categorical's state: its dtype and its codes, in a tuple or as attributes.
fn categorical(graph: &Graph, id: NodeId) -> Result<(), String> {
    let Some(instance) = Instance::read(graph, id) else { return Ok(()) };
    let state = instance.state().and_then(|state| graph.items(state));
    let (dtype, codes) = match state {
        Some(&[dtype, codes, ..]) => (Some(dtype), Some(codes)),
        _ => {
            let codes = instance.attribute("_ndarray").or_else(|| instance.attribute("_codes"));
            (instance.attribute("_dtype"), codes)
        }
    };
    let dtype = dtype.and_then(|dtype| Instance::read(graph, dtype));
    let categories = dtype.and_then(|dtype| dtype.attribute("categories"));
    match (codes, categories) {
        (Some(codes), Some(categories)) => fits(graph, codes, categories),
        _ => Ok(()),
    }
}

/// `_new_Index(MultiIndex, {'levels': …, 'codes': …})`; the codes were called labels before pandas 0.24.
fn levels(graph: &Graph, id: NodeId) -> Result<(), String> {
    let arguments = graph.object(id).and_then(|object| graph.items(object.arguments)).unwrap_or_default();
    let Some(Node::Dict(parts)) = arguments.get(1).map(|&parts| graph.node(parts)) else { return Ok(()) };
    let part = |name: &str| parts.iter().rev().find(|(key, _)| graph.name_of(*key) == Some(name)).map(|(_, id)| *id);
    let (Some(levels), Some(codes)) = (part("levels"), part("codes").or_else(|| part("labels"))) else { return Ok(()) };
    let (Some(levels), Some(codes)) = (graph.items(levels), graph.items(codes)) else { return Ok(()) };
    if levels.len() != codes.len() {
        return Err(format!("has {} levels and codes of {}", levels.len(), codes.len()));
    }
    codes.iter().zip(levels).try_for_each(|(&codes, &level)| fits(graph, codes, level))
}

/// Whether each code is the place of a label, or -1 for none.
fn fits(graph: &Graph, codes: NodeId, labels: NodeId) -> Result<(), String> {
    let (Some(codes), Some(count)) = (array(graph, codes), length_of_index(graph, labels)) else { return Ok(()) };
    let codes = codes.to_i64().ok_or("has codes that are no integers")?;
    match codes.iter().find(|&&code| code < -1 || usize::try_from(code).is_ok_and(|code| code >= count)) {
        Some(code) => Err(format!("has the code {code} of {count} labels")),
        None => Ok(()),
    }
}
