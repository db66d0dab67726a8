//! What is told apart of values and objects: by a form, and by the call that makes an object.

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    None,
    Bool,
    /// An integer, or a bool, which Python takes for one.
    Int,
    /// An integer, a float, or one of numpy's scalars.
    Number,
    Text,
    Bytes,
    /// Bytes that came beside the pickle.
    Buffer,
    /// A number, text, bytes or `None`.
    Plain,
    /// Plain values, arrays, moments and the like, and tuples, lists, dicts and sets of them. No function and no class,
    /// and no object whose attributes the file chooses.
    Data,
    /// Any value: it is judged on its own, and nothing is asked of it.
    Any,
    /// As [`Kind::Any`], but nothing that can be called.
    NotCallable,
    /// A class or function by its name.
    Name(fn(&str, &str) -> bool),
    /// An object of one of these sorts.
    Of(&'static [Sort]),
    /// A tuple of exactly these.
    Tuple(&'static [Kind]),
    /// A tuple or list of these.
    Each(&'static Kind),
    /// A key and a value, in a tuple or list.
    Pair,
    /// A dict.
    Mapping,
    /// A dict with these keys, of which any may be missing.
    Keys(&'static [(&'static str, Kind)]),
    /// A dict with text for keys, none of them special to Python.
    Attributes(&'static Kind),
    /// One of these.
    Or(&'static [Kind]),
}

/// What an object is, as far as the forms of other objects ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
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
