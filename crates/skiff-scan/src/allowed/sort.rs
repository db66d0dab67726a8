//! What an object is, by the call that makes it.

use skiff_files::is_numpy_module;
use skiff_pickle::{Graph, Node, NodeId};

use super::kind::Sort;
use super::made::name_of;
use super::zone::is_zone;
use super::{packages, pandas, scikit_learn, scipy, splitters};

/// The class or function that makes the object at `id`.
pub(super) fn maker(graph: &Graph, id: NodeId) -> Option<(&str, &str)> {
    let object = graph.object(id)?;
    let name = name_of(graph, object.callable)?;
    match name {
        ("copyreg", "_reconstructor" | "__newobj__") => name_of(graph, *graph.items(object.arguments)?.first()?),
        _ => Some(name),
    }
}

/// What the object at `id` is; `None` for what is no object, and for objects that no form asks for.
pub(super) fn sort(graph: &Graph, id: NodeId) -> Option<Sort> {
    if let Node::Payload { .. } = graph.node(id) {
        return Some(Sort::Array);
    }
    if pandas::is_block_of_1_3(graph, id) {
        return Some(Sort::Block);
    }
    if is_zone(graph, id) {
        return Some(Sort::Zone);
    }
    let (module, name) = maker(graph, id)?;
    python(module, name)
        .or_else(|| numpy(module, name))
        .or_else(|| pandas::sort(module, name))
        .or_else(|| scipy::sort(module, name))
        .or_else(|| packages::sort(module, name))
        .or_else(|| splitters::sort(module, name))
        .or_else(|| scikit_learn::is_estimator(module, name).then_some(Sort::Estimator))
}

fn python(module: &str, name: &str) -> Option<Sort> {
    Some(match (module, name) {
        ("_codecs", "encode") | ("builtins", "bytes" | "bytearray") => Sort::Bytes,
        ("builtins", "complex") | ("decimal", "Decimal") | ("fractions", "Fraction") => Sort::Scalar,
        ("builtins", "set" | "frozenset" | "list" | "tuple" | "dict")
        | ("collections", "OrderedDict" | "Counter" | "defaultdict" | "deque") => Sort::Container,
        ("builtins", "slice" | "range") => Sort::Slice,
        ("builtins", "getattr") => Sort::Method,
        ("datetime", "timezone") => Sort::Zone,
        ("datetime", _) => Sort::Time,
        ("types", "SimpleNamespace") => Sort::Namespace,
        ("re", "_compile") => Sort::Text,
        ("pathlib" | "pathlib._local", _) => Sort::Text,
        ("pytz", "_UTC" | "_p") => Sort::Zone,
        _ => return None,
    })
}

fn numpy(module: &str, name: &str) -> Option<Sort> {
    Some(match (module, name) {
        ("numpy", "dtype") => Sort::DType,
        ("numpy", "vectorize") => Sort::Vectorized,
        ("numpy.ma" | "numpy.ma.core", "_mareconstruct" | "MaskedArray") => Sort::Array,
        ("numpy.random._pickle", "__bit_generator_ctor") => Sort::BitGenerator,
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence" | "SeedSequence") => Sort::SeedSequence,
        ("numpy.random", "__RandomState_ctor" | "RandomState" | "Generator")
        | ("numpy.random._pickle", "__randomstate_ctor" | "__generator_ctor") => Sort::Random,
        _ if is_numpy_module(module, "multiarray") => match name {
            "_reconstruct" => Sort::Array,
            "scalar" => Sort::Scalar,
            _ => return None,
        },
        _ if is_numpy_module(module, "numeric") && name == "_frombuffer" => Sort::Array,
        _ if is_numpy_module(module, "_internal") && name == "_convert_to_stringdtype_kwargs" => Sort::TextDType,
        _ if matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")
            && packages::is_constructor(module, name) =>
        {
            Sort::Array
        }
        _ => return None,
    })
}

/// Bytes of any spelling.
pub(super) fn is_bytes(graph: &Graph, id: NodeId) -> bool {
    match graph.node(id) {
        Node::Bytes(_) | Node::ByteArray(_) | Node::ByteStr(_) | Node::Str(_) => true,
        Node::Object(_) => sort(graph, id) == Some(Sort::Bytes),
        _ => false,
    }
}
