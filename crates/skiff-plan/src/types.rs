//! The types of values: what their blocks contain, before there are any rows.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use skiff_files::TimeUnit;

use crate::table::{Column, Dicts, Texts};
use crate::text::Terms;
use crate::value::{
    Classes, Columns, Csr, IntKind, Labels, Matrix, NumberLists, NumberType, Precision, TermLists, Value, ValueKind,
};

/// The type of a value of a plan: its dtype, and how many columns it has. All blocks of a value have the same type.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueType {
    /// A dense array of numbers, (n_samples, `cols`).
    Dense {
        /// The dtype.
        dtype: NumberType,
        /// How many columns it has.
        cols: usize,
    },
    /// A sparse matrix, (n_samples, `cols`).
    Sparse {
        /// The dtype of the stored elements.
        dtype: NumberType,
        /// How many columns it has.
        cols: usize,
    },
    /// Class labels, one list of classes for each column.
    Labels(Arc<[Arc<Classes>]>),
    /// Columns of different types.
    Columns {
        /// Their names, where they have some.
        names: Option<Arc<[String]>>,
        /// Their types.
        columns: Vec<ColumnType>,
    },
    /// A list of documents.
    Texts,
    /// A list of mappings.
    Dicts,
    /// A list of terms of this vocabulary for each row.
    TermLists(Arc<Terms>),
    /// A list of numbers for each row.
    NumberLists(NumberType),
    /// Several values.
    Many(Vec<Self>),
    /// What user code returns, or what depends on the content of the rows: known only when it is there.
    Unknown,
}

/// The type of a column of [`ValueType::Columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Numbers.
    Numbers(NumberType),
    /// Strings, none of them missing.
    Texts,
    /// Anything: dtype object.
    Objects,
}

impl ValueType {
    /// The type of a value.
    pub fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Floats(x, precision) => Self::Dense { dtype: NumberType::Float(*precision), cols: x.cols },
            Value::Ints(x, kind) => Self::Dense { dtype: NumberType::Int(*kind), cols: x.cols },
            Value::Sparse(csr) => Self::Sparse { dtype: csr.dtype, cols: csr.cols },
            Value::Labels(labels) => Self::Labels(Arc::clone(&labels.classes)),
            Value::Columns(columns) => Self::Columns {
                names: columns.names.clone(),
                columns: columns.columns.iter().map(ColumnType::of).collect(),
            },
            Value::Texts(_) => Self::Texts,
            Value::Dicts(_) => Self::Dicts,
            Value::TermLists(lists) => Self::TermLists(Arc::clone(&lists.terms)),
            Value::NumberLists(lists) => Self::NumberLists(lists.dtype),
            Value::Many(values) => Self::Many(values.iter().map(Self::of).collect()),
        }
    }

    /// A value of this type without rows; `None` for an unknown one.
    pub fn empty(&self) -> Option<Value<'static>> {
        Some(match self {
            Self::Dense { dtype: NumberType::Float(precision), cols } => {
                Value::Floats(Matrix::new(0, *cols, Vec::new()), *precision)
            }
            Self::Dense { dtype: NumberType::Int(kind), cols } => Value::Ints(Matrix::new(0, *cols, Vec::new()), *kind),
            Self::Sparse { dtype, cols } => Value::Sparse(Csr {
                rows: 0,
                cols: *cols,
                indptr: vec![0].into(),
                indices: Vec::new().into(),
                data: Vec::new().into(),
                dtype: *dtype,
            }),
            Self::Labels(classes) => {
                Value::Labels(Labels { rows: 0, cols: classes.len(), codes: Vec::new(), classes: Arc::clone(classes) })
            }
            Self::Columns { names, columns } => Value::Columns(Columns {
                rows: 0,
                names: names.clone(),
                origins: None,
                columns: columns.iter().map(ColumnType::empty).collect(),
            }),
            Self::Texts => Value::Texts(Texts::from_iter(Vec::<String>::new())),
            Self::Dicts => Value::Dicts(Dicts { rows: Cow::Owned(Vec::new()) }),
            Self::TermLists(terms) => {
                Value::TermLists(TermLists { bounds: vec![0], numbers: Vec::new(), terms: Arc::clone(terms) })
            }
            Self::NumberLists(dtype) => Value::NumberLists(NumberLists::new(*dtype)),
            Self::Many(types) => Value::Many(types.iter().map(Self::empty).collect::<Option<_>>()?),
            Self::Unknown => return None,
        })
    }

    /// How many columns a value of this type has, where that is known; a document, a mapping or a list counts as one.
    pub fn cols(&self) -> Option<usize> {
        match self {
            Self::Dense { cols, .. } | Self::Sparse { cols, .. } => Some(*cols),
            Self::Labels(classes) => Some(classes.len()),
            Self::Columns { columns, .. } => Some(columns.len()),
            Self::Texts | Self::Dicts | Self::TermLists(_) | Self::NumberLists(_) => Some(1),
            Self::Many(types) => types.iter().map(Self::cols).sum(),
            Self::Unknown => None,
        }
    }

    /// How many bytes a row of a value of this type takes in memory; `None` where that depends on its content.
    pub(crate) fn row_bytes(&self) -> Option<usize> {
        match self {
            Self::Dense { cols, .. } => Some(cols.saturating_mul(size_of::<f64>())),
            Self::Labels(classes) => Some(classes.len().saturating_mul(size_of::<u32>())),
            Self::Columns { columns, .. } => {
                let numbers = columns.iter().all(|column| matches!(column, ColumnType::Numbers(_)));
                numbers.then(|| columns.len().saturating_mul(size_of::<f64>()))
            }
            Self::Many(types) => types.iter().map(Self::row_bytes).sum(),
            Self::Sparse { .. }
            | Self::Texts
            | Self::Dicts
            | Self::TermLists(_)
            | Self::NumberLists(_)
            | Self::Unknown => None,
        }
    }
}

impl ColumnType {
    /// The type of a column.
    pub fn of(column: &Column<'_>) -> Self {
        match column {
            Column::Floats(_, precision) => Self::Numbers(NumberType::Float(*precision)),
            Column::Ints(_, kind) => Self::Numbers(NumberType::Int(*kind)),
            Column::Texts(_) => Self::Texts,
            Column::Objects(_) => Self::Objects,
        }
    }

    fn empty(&self) -> Column<'static> {
        match self {
            Self::Numbers(NumberType::Float(precision)) => Column::Floats(Vec::new().into(), *precision),
            Self::Numbers(NumberType::Int(kind)) => Column::Ints(Vec::new().into(), *kind),
            Self::Texts => Column::Texts(Texts::from_iter(Vec::<String>::new())),
            Self::Objects => Column::Objects(Vec::new().into()),
        }
    }
}

/// The dtype's name in numpy: `float32`.
impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single => "float32",
            Self::Double => "float64",
        })
    }
}

/// The dtype's name in numpy: `uint8`, `bool`.
impl fmt::Display for IntKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int { bytes, signed } => {
                write!(f, "{}int{}", if *signed { "" } else { "u" }, u32::from(*bytes) * 8)
            }
        }
    }
}

/// The dtype's name in numpy.
impl fmt::Display for NumberType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(precision) => precision.fmt(f),
            Self::Int(kind) => kind.fmt(f),
        }
    }
}

/// The dtype of an array of these classes, as numpy writes it: `int64`, `<U10`, `object`.
impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ints(_, kind) => kind.fmt(f),
            Self::Floats(_, precision) => precision.fmt(f),
            Self::Strings(texts) => {
                write!(f, "<U{}", texts.iter().map(|text| text.chars().count()).max().unwrap_or(1).max(1))
            }
            Self::Objects(_) => f.write_str("object"),
            Self::Values(_, ValueKind::Bytes(length)) => write!(f, "S{length}"),
            Self::Values(_, ValueKind::DateTime(unit)) => write!(f, "datetime64[{}]", unit_name(*unit)),
            Self::Values(_, ValueKind::TimeDelta(unit)) => write!(f, "timedelta64[{}]", unit_name(*unit)),
            Self::Values(_, ValueKind::Text) => f.write_str("StringDType()"),
        }
    }
}

/// A unit of time, as numpy writes it in a dtype: `D`, `25ms`.
fn unit_name(TimeUnit { name, count }: TimeUnit) -> String {
    if count == 1 { name.to_owned() } else { format!("{count}{name}") }
}

/// The column's dtype.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(dtype) => dtype.fmt(f),
            Self::Texts => f.write_str("str"),
            Self::Objects => f.write_str("object"),
        }
    }
}
