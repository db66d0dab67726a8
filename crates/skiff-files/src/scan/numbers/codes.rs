//! The codes of pandas' categoricals and indices of several levels: pandas takes a label for each of them in compiled code
//! that looks at no bounds.

use skiff_pickle::{Graph, Node, NodeId};

use super::array;
use crate::Instance;
use crate::scan::allowed::length_of_index;

/// Looks at the object at `id`, which `name` makes.
pub(super) fn check(graph: &Graph, id: NodeId, name: &str) -> Result<(), String> {
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
