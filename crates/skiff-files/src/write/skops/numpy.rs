//! numpy's and scipy's values, for skops' loaders.

use skiff_pickle::{Bytes, Graph, Node, NodeId};

use super::made::{Made, Name, Refusal};
use crate::call::Call;
use crate::numpy::{DType, NdArray, Order};
use crate::{Endian, Instance, MaskedArray, ValueError};

/// The array at `id`, with its numpy class.
pub(super) fn array<'g>(graph: &Graph, id: NodeId) -> Result<Option<Made<'g>>, Refusal> {
    let Some(array) = NdArray::read(graph, id).map_err(damaged)? else { return Ok(None) };
    let (class, dtype) = class_and_dtype(graph, id);
    let class = match class {
        // Mapped files are arrays once they are loaded.
        "ndarray" | "memmap" => "ndarray",
        "matrix" => "matrix",
        class => return Err(Refusal::new(id, format!("it has no loader for `numpy.{class}`"))),
    };
    if dtype.is_some_and(|dtype| DType::is_string(graph, dtype)) {
        return Err(Refusal::new(id, "it cannot store arrays of numpy's variable-length strings"));
    }
    Ok(Some(Made::Array(("numpy", class), array)))
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands on")]
fn damaged(error: ValueError) -> Refusal {
    Refusal { node: error.node, what: error.kind.to_string() }
}

/// The name of an array's class, and the node of its dtype.
fn class_and_dtype(graph: &Graph, id: NodeId) -> (&str, Option<NodeId>) {
    let name = |class: Option<NodeId>| class.and_then(|class| graph.global(class)).map_or("ndarray", |(_, name)| name);
    match graph.node(id) {
        Node::Payload { content: skiff_pickle::Payload::Pickle(root), .. } if *root != id => {
            class_and_dtype_of_call(graph, *root)
        }
        Node::Payload { object, .. } => {
            let wrapper = Instance::read(graph, *object);
            let attribute = |name| wrapper.as_ref().and_then(|wrapper| wrapper.attribute(name));
            (name(attribute("subclass")), attribute("dtype"))
        }
        _ => class_and_dtype_of_call(graph, id),
    }
}

fn class_and_dtype_of_call(graph: &Graph, id: NodeId) -> (&str, Option<NodeId>) {
    let Some(call) = Call::read(graph, id) else { return ("ndarray", None) };
    if call.name == "_frombuffer" {
        return ("ndarray", call.argument(1));
    }
    let class = call.argument(0).and_then(|class| graph.global(class)).map_or("ndarray", |(_, name)| name);
    let dtype = match call.object.state().and_then(|state| graph.items(state)) {
        Some(&[_, _, dtype, _, _]) => Some(dtype),
        Some(&[_, dtype, _, _]) => Some(dtype),
        _ => None,
    };
    (class, dtype)
}

/// `numpy.float64` for an element of that dtype.
pub(crate) fn scalar_class(dtype: &DType, numpy2: bool) -> Option<Name<'static>> {
    Some((
        "numpy",
        match dtype {
            DType::Bool if numpy2 => "bool",
            DType::Bool => "bool_",
            DType::Int { size: 1, .. } => "int8",
            DType::Int { size: 2, .. } => "int16",
            DType::Int { size: 4, .. } => "int32",
            DType::Int { .. } => "int64",
            DType::UInt { size: 1, .. } => "uint8",
            DType::UInt { size: 2, .. } => "uint16",
            DType::UInt { size: 4, .. } => "uint32",
            DType::UInt { .. } => "uint64",
            DType::Float { size: 2, .. } => "float16",
            DType::Float { size: 4, .. } => "float32",
            DType::Float { size: 8, .. } => "float64",
            DType::Float { .. } => "longdouble",
            DType::Complex { size: 8, .. } => "complex64",
            DType::Complex { size: 16, .. } => "complex128",
            DType::Complex { .. } => "clongdouble",
            DType::Str { .. } => "str_",
            DType::Bytes { .. } => "bytes_",
            DType::DateTime { .. } => "datetime64",
            DType::TimeDelta { .. } => "timedelta64",
            DType::Void { .. } | DType::Struct { .. } => "void",
            DType::Object | DType::Sub { .. } => return None,
        },
    ))
}

/// The masked array at `id`. skops does not keep the fill value.
pub(super) fn masked<'g>(graph: &Graph, id: NodeId, class: Name<'g>) -> Result<Option<Made<'g>>, Refusal> {
    let Some(masked) = MaskedArray::read(graph, id).map_err(damaged)? else { return Ok(None) };
    if let Some(fill) = masked.fill_value
        && !is_default_fill(graph, fill, &masked.data.dtype)
    {
        return Err(Refusal::new(id, "it drops the `fill_value` of a masked array"));
    }
    Ok(Some(Made::Masked(class, Box::new(masked))))
}

/// Whether `numpy.ma.default_fill_value` returns the same, as an array without axes: numpy pickles it once it was accessed.
fn is_default_fill(graph: &Graph, fill: NodeId, dtype: &DType) -> bool {
    if *graph.node(fill) == Node::None {
        return true;
    }
    let Ok(Some(array)) = NdArray::read(graph, fill) else { return false };
    if array.dtype != *dtype || array.ndim() != 0 {
        return false;
    }
    match dtype {
        DType::Object => {
            array.objects().is_some_and(|objects| matches!(objects, [only] if graph.str_of(*only) == Some("?")))
        }
        DType::Bool => array.to_bool() == Some(vec![true]),
        DType::Int { size: 4 | 8, .. } | DType::UInt { size: 4 | 8, .. } => array.to_i64() == Some(vec![999_999]),
        DType::Float { size: 4 | 8, .. } => match dtype {
            DType::Float { size: 4, .. } => array.to_f32() == Some(vec![1e20]),
            _ => array.to_f64() == Some(vec![1e20]),
        },
        DType::Str { .. } => array.to_strings(graph).as_deref() == Some(&["N/A".to_owned()]),
        _ => false,
    }
}

/// The sparse matrix of this class at `id`, as the arrays of `scipy.sparse.save_npz`.
pub(super) fn sparse<'g>(graph: &Graph, id: NodeId, class: Name<'g>) -> Result<Option<Made<'g>>, Refusal> {
    let (module, name) = class;
    if !module.starts_with("scipy.sparse") {
        return Ok(None);
    }
    let (format, is_array) = match (name.strip_suffix("_matrix"), name.strip_suffix("_array")) {
        (Some(format), _) => (format, false),
        (None, Some(format)) => (format, true),
        (None, None) => return Ok(None),
    };
    let format = match format {
        "csr" | "csc" | "bsr" | "dia" | "coo" => format,
        _ => return Err(Refusal::new(id, format!("scipy's `.npz` has no format `{format}`"))),
    };
    let instance = Instance::read(graph, id).ok_or_else(|| Refusal::new(id, "it is not a sparse matrix"))?;
    let missing = |name: &str| Refusal::new(id, format!("the sparse matrix has no array `{name}`"));
    let part = |name: &'static str| -> Result<(&'static str, NdArray), Refusal> {
        let node = instance.attribute(name).or_else(|| match name {
            // The rows and columns are a pair since scipy 1.13.
            "row" | "col" => {
                let pair = graph.items(instance.attribute("coords")?)?;
                if pair.len() == 2 { pair.get(usize::from(name == "col")).copied() } else { None }
            }
            _ => None,
        });
        let array = node.and_then(|node| NdArray::read(graph, node).ok().flatten()).ok_or_else(|| missing(name))?;
        if array.dtype.has_objects() { Err(missing(name)) } else { Ok((name, array)) }
    };
    let lengths =
        instance.attribute("_shape").and_then(|shape| lengths(graph, shape)).ok_or_else(|| missing("_shape"))?;
    if lengths.len() != 2 {
        return Err(Refusal::new(id, format!("a sparse array of {} axes cannot be loaded", lengths.len())));
    }
    let mut arrays = match format {
        "dia" => vec![part("offsets")?],
        "coo" => vec![part("row")?, part("col")?],
        _ => vec![part("indices")?, part("indptr")?],
    };
    let raw = |dtype, shape, bytes: Vec<u8>| {
        NdArray::from_bytes(dtype, shape, Order::C, Bytes::from(bytes), id).map_err(damaged)
    };
    arrays.push(("format", raw(DType::Bytes { len: 3 }, Vec::new(), format.as_bytes().to_vec())?));
    let shape = lengths.iter().flat_map(|length| length.to_le_bytes()).collect();
    arrays.push(("shape", raw(DType::Int { size: 8, endian: Endian::Little }, vec![2], shape)?));
    arrays.push(part("data")?);
    if is_array {
        arrays.push(("_is_array", raw(DType::Bool, Vec::new(), vec![1])?));
    }
    Ok(Some(Made::Sparse(class, arrays)))
}

/// Integers: a tuple of Python or numpy integers, or an array.
fn lengths(graph: &Graph, id: NodeId) -> Option<Vec<i64>> {
    if let Some(array) = NdArray::read(graph, id).ok()? {
        return array.to_i64().filter(|_| array.ndim() == 1);
    }
    graph.items(id)?.iter().map(|&item| crate::Scalar::read(graph, item).ok()??.as_i64()).collect()
}

/// The node of the elements of the array at `id`: other arrays may have the same.
pub(super) fn holder(graph: &Graph, id: NodeId) -> Option<NodeId> {
    let call = Call::read(graph, id)?;
    match call.name {
        "_frombuffer" => call.argument(0),
        _ => graph.items(call.object.state()?)?.last().copied(),
    }
}

/// Whether numpy certainly treats the value at `id` as one element of an array of objects, not as a row of them: scalars,
/// and scikit-learn's trees, of which boosting has arrays.
pub(super) fn is_no_sequence(graph: &Graph, id: NodeId) -> bool {
    match graph.node(id) {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::BigInt(_) | Node::Float(_) => true,
        Node::Str(_) | Node::ByteStr(_) | Node::Bytes(_) => true,
        Node::Object(_) => match Instance::read(graph, id) {
            Some(instance) => instance.module.starts_with("sklearn.tree."),
            None => Call::read(graph, id).is_some_and(|call| call.is_numpy("multiarray", "scalar")),
        },
        _ => false,
    }
}
