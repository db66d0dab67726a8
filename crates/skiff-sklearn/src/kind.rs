//! Kinds of values that attributes have.

/// The kind of an attribute's value. For a container, the kinds of its content at any depth are listed with its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `None`.
    None,
    /// A `bool`, numpy's included.
    Bool,
    /// An integer, numpy's included.
    Int,
    /// A `float`, numpy's included.
    Float,
    /// Text.
    Str,
    /// Bytes.
    Bytes,
    /// Another numpy scalar: complex, a date.
    Scalar,
    /// A numpy array: numpy's letter for its kind of dtype, and the number of its axes.
    Array(char, u8),
    /// A numpy array of any dtype: what scikit-learn declares for a parameter.
    AnyArray,
    /// A sparse matrix or array of scipy.
    Sparse,
    /// A list, tuple, set or dict.
    Container,
    /// A `slice` or `range`.
    Slice,
    /// A random generator of numpy.
    Random,
    /// A numpy dtype.
    DType,
    /// A function, or what is called as one: a ufunc, `functools.partial`, a bound method.
    Function,
    /// A class of Python's own or numpy's values: a dtype given as a type.
    Type,
    /// A class of scikit-learn, by the path of its [`family`](crate::Class::family).
    Class(&'static str),
    /// An object of a class: for scikit-learn's the path of its [`family`](crate::Class::family), `scipy.stats` and
    /// `pandas` for all objects of these packages, otherwise the path of the class.
    Object(&'static str),
}

impl Kind {
    pub(crate) fn parse(text: &'static str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("obj:") {
            return Some(Self::Object(path));
        }
        if let Some(path) = text.strip_prefix("class:") {
            return Some(Self::Class(path));
        }
        if let Some(dtype) = text.strip_prefix("array:") {
            let kind = dtype.chars().next()?;
            return Some(Self::Array(kind, dtype.get(kind.len_utf8()..)?.parse().ok()?));
        }
        Some(match text {
            "none" => Self::None,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "str" => Self::Str,
            "bytes" => Self::Bytes,
            "scalar" => Self::Scalar,
            "array" => Self::AnyArray,
            "sparse" => Self::Sparse,
            "list" | "tuple" | "dict" | "set" | "frozenset" => Self::Container,
            "slice" => Self::Slice,
            "rng" => Self::Random,
            "dtype" => Self::DType,
            "function" => Self::Function,
            "type" => Self::Type,
            _ => return None,
        })
    }
}
