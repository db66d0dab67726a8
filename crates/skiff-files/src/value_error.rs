//! Errors in the values of a file.

use std::fmt;

use skiff_pickle::NodeId;

/// An invalid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// What is wrong.
    pub kind: ValueErrorKind,
    /// The node that is wrong.
    pub node: NodeId,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueErrorKind {
    /// An array's `__setstate__` tuple has another length or other types than numpy writes.
    ArrayState,
    /// The elements of an array are not bytes, or those of an object array not a list.
    ArrayData,
    /// The shape is not a tuple of lengths within the address space.
    ArrayShape,
    /// The number of bytes or items does not match dtype and shape.
    ArraySize {
        /// The number for dtype and shape.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// An array has more dimensions than numpy can hold (64).
    ArrayDimensions(usize),
    /// An order other than `C`, `F` and `K` with a permutation of the axes.
    ArrayOrder,
    /// Objects cannot be read from raw bytes.
    ObjectsFromBytes,
    /// A dtype's state has another length or other types than numpy writes.
    DTypeState,
    /// An unknown dtype.
    DTypeName(String),
    /// A field is out of range of its item, or names and fields do not match.
    DTypeField(String),
    /// A value that should be an array is not.
    NoArray(&'static str),
    /// A scalar's bytes do not match its dtype.
    ScalarData,
    /// The strings of an array are together far larger than the file: one of them is repeated many times.
    TextTooLong,
    /// An integer of more than 4,300 digits, which Python does not print either.
    IntegerTooLong,
    /// A sparse matrix lacks an attribute.
    SparseAttribute(&'static str),
    /// A sparse matrix's index arrays are inconsistent with each other or its shape.
    SparseIndex(&'static str),
    /// A pandas object has an unknown layout.
    PandasLayout(&'static str),
    /// An array of another kind was expected.
    ElementKind {
        /// A description of what was expected.
        expected: &'static str,
        /// numpy's name of the dtype found.
        found: String,
    },
}

impl ValueError {
    pub(crate) fn new(kind: ValueErrorKind, node: NodeId) -> Self {
        Self { kind, node }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for ValueErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArrayState => write!(f, "damaged array: its state is not one that numpy writes"),
            Self::ArrayData => write!(f, "damaged array: its elements are neither bytes nor a list of objects"),
            Self::ArrayShape => write!(f, "damaged array: its shape is not a tuple of lengths"),
            Self::ArraySize { expected, found } => {
                write!(f, "damaged array: dtype and shape need {expected} bytes or items, found {found}")
            }
            Self::ArrayDimensions(found) => write!(f, "damaged array: at most 64 dimensions, found {found}"),
            Self::ArrayOrder => write!(f, "damaged array: its order is neither `C`, `F` nor `K` with its axes"),
            Self::ObjectsFromBytes => write!(f, "damaged array: objects made of raw bytes"),
            Self::DTypeState => write!(f, "damaged dtype: its state is not one that numpy writes"),
            Self::DTypeName(name) => write!(f, "unknown dtype `{name}`"),
            Self::DTypeField(name) => write!(f, "damaged dtype: field `{name}` is missing or out of range of its item"),
            Self::NoArray(what) => write!(f, "expected an array as `{what}`"),
            Self::ScalarData => write!(f, "damaged scalar: its bytes do not match its dtype"),
            Self::TextTooLong => f.write_str("its strings are together far larger than the file"),
            Self::IntegerTooLong => write!(f, "an integer of more than 4,300 digits"),
            Self::SparseAttribute(name) => {
                write!(f, "damaged sparse matrix: `{name}` is missing or has the wrong type")
            }
            Self::SparseIndex(what) => write!(f, "damaged sparse matrix: {what}"),
            Self::PandasLayout(what) => write!(f, "{what}: an unknown layout of pandas"),
            Self::ElementKind { expected, found } => write!(f, "expected {expected}, found an array of `{found}`"),
        }
    }
}

impl std::error::Error for ValueError {}
