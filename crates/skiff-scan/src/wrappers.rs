//! States of joblib's array wrappers: exactly the attributes that joblib writes. An attribute by another name could
//! replace a method that joblib calls; one of another kind has joblib read other bytes than are judged here.

use skiff_files::formats::is_companion_name;
use skiff_files::numpy::{is_array_class, read_shape};
use skiff_files::{DType, Instance, NdArray, python_bytes};
use skiff_pickle::{Graph, Node, NodeId};

pub(crate) const NOT_WRITTEN: &str = "is given a state that joblib never wrote";

/// Looks at the state of a wrapper whose class is `name`.
pub(crate) fn check(graph: &Graph, name: &str, state: NodeId) -> Result<(), &'static str> {
    let Node::Dict(pairs) = graph.node(state) else { return Err(NOT_WRITTEN) };
    let wanted: &[&[&str]] = match name {
        // The last one since joblib 1.2.
        "NumpyArrayWrapper" => &[
            &["allow_mmap", "dtype", "numpy_array_alignment_bytes", "order", "shape", "subclass"],
            &["allow_mmap", "dtype", "order", "shape", "subclass"],
        ],
        "NDArrayWrapper" => &[&["allow_mmap", "filename", "subclass"], &["filename", "subclass"]],
        "ZNDArrayWrapper" => &[&["filename", "init_args", "state"]],
        _ => return Err(NOT_WRITTEN),
    };
    let names: Option<Vec<&str>> = pairs.iter().map(|(key, _)| graph.name_of(*key)).collect();
    let mut names = names.ok_or(NOT_WRITTEN)?;
    names.sort_unstable();
    if !wanted.contains(&names.as_slice()) {
        return Err(NOT_WRITTEN);
    }
    let is_right = pairs.iter().all(|&(key, value)| is_attribute(graph, graph.name_of(key).unwrap_or_default(), value));
    if is_right && !maps_objects(graph, pairs) { Ok(()) } else { Err(NOT_WRITTEN) }
}

fn is_attribute(graph: &Graph, name: &str, value: NodeId) -> bool {
    match (name, graph.node(value)) {
        ("allow_mmap", Node::Bool(_)) => true,
        ("dtype", _) => matches!(DType::read(graph, value), Ok(Some(_))),
        // None when it wrote to a pipe.
        ("numpy_array_alignment_bytes", Node::None | Node::Int(16)) => true,
        ("order", _) => matches!(graph.str_of(value), Some("C" | "F")),
        ("shape", Node::Tuple(_)) => read_shape(graph, value).is_some(),
        ("subclass", Node::Global(_)) => is_wrapped_class(graph, value),
        ("filename", _) => graph.str_of(value).is_some_and(is_companion_name),
        // Of `_reconstruct`.
        ("init_args", Node::Tuple(arguments)) => match **arguments {
            [class, shape, code] => {
                is_wrapped_class(graph, class)
                    && read_shape(graph, shape) == Some(vec![0])
                    && python_bytes(graph, code).is_some_and(|code| *code == b"b"[..])
            }
            _ => false,
        },
        // Of `ndarray.__setstate__`, without the elements.
        ("state", Node::Tuple(state)) => match **state {
            [version, shape, dtype, is_fortran] => {
                *graph.node(version) == Node::Int(1)
                    && matches!(graph.node(shape), Node::Tuple(_))
                    && read_shape(graph, shape).is_some()
                    && matches!(DType::read(graph, dtype), Ok(Some(_)))
                    && matches!(graph.node(is_fortran), Node::Bool(_))
            }
            _ => false,
        },
        _ => false,
    }
}

/// The classes of arrays that joblib takes out of the pickle.
fn is_wrapped_class(graph: &Graph, class: NodeId) -> bool {
    graph
        .global(class)
        .is_some_and(|(module, name)| matches!(name, "matrix" | "memmap" | "ndarray") && is_array_class(module, name))
}

/// joblib would map addresses out of the file.
fn maps_objects(graph: &Graph, pairs: &[(NodeId, NodeId)]) -> bool {
    let value = |name: &str| pairs.iter().find(|(key, _)| graph.name_of(*key) == Some(name)).map(|(_, value)| *value);
    let dtype = value("dtype").and_then(|dtype| DType::read(graph, dtype).ok().flatten());
    let is_mapped = value("allow_mmap").is_some_and(|allowed| *graph.node(allowed) == Node::Bool(true));
    is_mapped && dtype.is_some_and(|dtype| dtype.has_objects())
}

/// Whether the array of objects that follows a wrapper is the array that the wrapper announces.
pub(crate) fn announces(graph: &Graph, wrapper: NodeId, root: NodeId) -> bool {
    let (Some(instance), Ok(Some(array))) = (Instance::read(graph, wrapper), NdArray::read(graph, root)) else {
        return false;
    };
    let shape = instance.attribute("shape").and_then(|shape| read_shape(graph, shape));
    let dtype = instance.attribute("dtype").and_then(|dtype| DType::read(graph, dtype).ok().flatten());
    // Companion files hold the array alone.
    shape.is_none_or(|shape| shape == array.shape) && dtype.is_none_or(|dtype| dtype == array.dtype)
}
