//! What an object is, by the call that makes it.

use skiff_pickle::{Graph, Node, NodeId};

use super::{name_of, packages, pandas, scikit_learn, scipy, splitters};
use crate::call::is_numpy_module;

/// What an object is, as far as the forms of other objects ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Sort {
    /// One of numpy's arrays, those that joblib wraps among them.
    Array,
    /// One of numpy's dtypes.
    DType,
    /// numpy's dtype of texts of any length.
    TextDType,
    /// One of numpy's scalars, a complex number, a Decimal.
    Scalar,
    /// Bytes, as protocols without them spell them.
    Bytes,
    /// A moment or a span of time, of Python or pandas.
    Time,
    /// A time zone.
    Zone,
    /// A list, tuple, set or dict that a call makes.
    Container,
    /// A slice or range.
    Slice,
    /// A compiled regular expression, or a path.
    Text,
    /// A state of numpy's random generators.
    Random,
    /// A bit generator of numpy.
    BitGenerator,
    /// The seeds of a bit generator.
    SeedSequence,
    /// A sparse matrix of scipy.
    Sparse,
    /// A distribution of scipy, without parameters.
    Distribution,
    /// A distribution of scipy with its parameters.
    Frozen,
    /// A spline of scipy.
    Spline,
    /// `numpy.vectorize`.
    Vectorized,
    /// A method that is taken from an object by its name.
    Method,
    /// A step between moments of pandas.
    Offset,
    /// An index of pandas.
    Index,
    /// An array of pandas.
    PandasArray,
    /// A dtype of pandas.
    PandasDType,
    /// An interval of pandas.
    Interval,
    /// What says where a sparse array of pandas has values.
    SparseIndex,
    /// A block of pandas.
    Block,
    /// A manager of blocks.
    Manager,
    /// A table or a column.
    Frame,
    /// A buffer, type or array of pyarrow.
    Arrow,
    /// How a decision tree looks for a split.
    Splitter,
    /// By what a decision tree measures a split.
    Criterion,
    /// joblib's cache on a disk, or what it is kept by.
    Memory,
    /// An estimator of scikit-learn, or of a package that builds on it.
    Estimator,
    /// `types.SimpleNamespace`, whose attributes the file names.
    Namespace,
}

impl Sort {
    /// Whether such an object is a value and no more: it has no attributes but its own, and cannot be called.
    pub fn is_data(self) -> bool {
        !matches!(
            self,
            Self::Distribution | Self::Frozen | Self::Vectorized | Self::Method | Self::Estimator | Self::Namespace
        )
    }
}

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
    if super::python::is_zone(graph, id) {
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
