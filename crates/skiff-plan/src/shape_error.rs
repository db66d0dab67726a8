//! Why arrays do not make up a table.

use std::fmt;

/// Arrays that contradict each other, or the shape that was given for them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// There are fewer elements than the shape needs, or, of a matrix, more.
    Elements {
        /// The number for the shape; `None` if it exceeds the address space.
        expected: Option<usize>,
        /// How many there are.
        found: usize,
    },
    /// A column is not as long as there are rows.
    Column {
        /// Its index.
        column: usize,
        /// How many rows there are.
        expected: usize,
        /// How long it is.
        found: usize,
    },
    /// There are not as many names as columns.
    Names {
        /// How many columns there are.
        expected: usize,
        /// How many names there are.
        found: usize,
    },
    /// `indptr` of a sparse matrix does not begin with 0, descends, or has another length than one more than there are
    /// rows.
    RowStarts,
    /// `indices` and `data` of a sparse matrix do not have as many elements as `indptr` ends with.
    Stored {
        /// The last element of `indptr`.
        expected: usize,
        /// The lengths of `indices` and `data`.
        found: (usize, usize),
    },
    /// A sparse matrix has more columns than 32 bits can number.
    TooWide {
        /// How many columns there are.
        columns: usize,
    },
    /// The offsets of texts descend, leave their buffer, or divide a character.
    TextBounds,
    /// A column index of a sparse matrix is outside of it.
    Index {
        /// The column index.
        index: u32,
        /// How many columns there are.
        columns: usize,
    },
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elements { expected: Some(expected), found } => {
                write!(f, "expected {expected} elements for the shape, found {found}")
            }
            Self::Elements { expected: None, found } => {
                write!(f, "the shape needs more elements than memory can hold, found {found}")
            }
            Self::Column { column, expected, found } => {
                write!(f, "expected {expected} rows in column {column}, found {found}")
            }
            Self::Names { expected, found } => write!(f, "expected {expected} names of columns, found {found}"),
            Self::RowStarts => f.write_str("expected `indptr` to ascend from 0, with one element more than rows"),
            Self::Stored { expected, found: (indices, data) } => {
                write!(f, "expected {expected} stored elements, found {indices} in `indices` and {data} in `data`")
            }
            Self::TooWide { columns } => {
                write!(f, "expected fewer than 2³² columns, found {columns}")
            }
            Self::TextBounds => {
                f.write_str("expected the offsets of texts to ascend between characters of their buffer")
            }
            Self::Index { index, columns } => {
                write!(f, "expected column indices below {columns}, found {index} in `indices`")
            }
        }
    }
}

impl std::error::Error for ShapeError {}
