//! What the values of a plan are in a graph.

use std::sync::Arc;

use skiff_plan::types::ColumnType;
use skiff_plan::value::{Classes, IntKind, NumberType, Precision};

use super::Reason;
use crate::graph::{Builder, DType, TensorId};

/// A value of a plan, as tensors of one row for each row.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    Numbers(Numbers),
    /// Class labels by their number, one list of classes for each column.
    Labels {
        codes: TensorId,
        classes: Arc<[Arc<Classes>]>,
    },
    /// Columns of different types.
    Columns {
        names: Option<Arc<[String]>>,
        columns: Vec<Column>,
    },
    /// Several values.
    Many(Vec<Block>),
}

/// Numbers: `F64` tensors for float dtypes, `I64` ones for integers and bools.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    pub tensor: TensorId,
    pub dtype: NumberType,
    /// Whether scikit-learn has a sparse matrix here, of which some operators see the stored elements alone.
    pub sparse: bool,
}

/// A column of its own: (n, 1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub tensor: TensorId,
    pub kind: ColumnType,
}

/// Dense floats, or what became of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floats {
    pub tensor: TensorId,
    pub precision: Precision,
    pub sparse: bool,
}

impl From<Numbers> for Block {
    fn from(numbers: Numbers) -> Self {
        Self::Numbers(numbers)
    }
}

impl Block {
    /// Dense floats of this precision, which `tensor` has been rounded to.
    pub(crate) fn floats(tensor: TensorId, precision: Precision) -> Self {
        Numbers { tensor, dtype: NumberType::Float(precision), sparse: false }.into()
    }

    /// Dense `float64`.
    pub(crate) fn doubles(tensor: TensorId) -> Self {
        Self::floats(tensor, Precision::Double)
    }

    /// Dense `int64`.
    pub(crate) fn ints(tensor: TensorId) -> Self {
        Numbers { tensor, dtype: NumberType::Int(IntKind::I64), sparse: false }.into()
    }

    /// The same numbers, which scikit-learn may have in a sparse matrix.
    pub(crate) fn sparse_if(self, sparse: bool) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(Numbers { sparse, ..numbers }),
            other => other,
        }
    }

    pub(crate) fn numbers(&self) -> Result<Numbers, Reason> {
        match self {
            Self::Numbers(numbers) => Ok(*numbers),
            Self::Labels { .. } => Err(Reason::new("it computes with labels")),
            Self::Columns { .. } => Err(Reason::new("it takes columns of different types")),
            Self::Many(_) => Err(Reason::new("it takes several values at once")),
        }
    }

    /// The numbers as floats: integers become `float64`.
    pub(crate) fn to_floats(&self, builder: &mut Builder) -> Result<Floats, Reason> {
        let Numbers { tensor, dtype, sparse } = self.numbers()?;
        let precision = match dtype {
            NumberType::Float(precision) => precision,
            NumberType::Int(_) => Precision::Double,
        };
        Ok(Floats { tensor: builder.cast(tensor, DType::F64), precision, sparse })
    }

    /// How many columns it has.
    pub(crate) fn width(&self, builder: &Builder) -> usize {
        match self {
            Self::Numbers(numbers) => builder.width(numbers.tensor),
            Self::Labels { classes, .. } => classes.len(),
            Self::Columns { columns, .. } => columns.len(),
            Self::Many(blocks) => blocks.iter().map(|block| block.width(builder)).sum(),
        }
    }

    /// A tensor that has a row for each row.
    pub(crate) fn any_tensor(&self) -> Result<TensorId, Reason> {
        match self {
            Self::Numbers(numbers) => Ok(numbers.tensor),
            Self::Labels { codes, .. } => Ok(*codes),
            Self::Columns { columns, .. } => {
                columns.first().map(|column| column.tensor).ok_or_else(|| Reason::new("there is no column"))
            }
            Self::Many(blocks) => blocks.first().map_or_else(|| Err(Reason::new("no value")), Self::any_tensor),
        }
    }

    /// Its columns, one by one.
    pub(crate) fn to_columns(&self, builder: &mut Builder) -> Result<Vec<Column>, Reason> {
        match self {
            Self::Columns { columns, .. } => Ok(columns.clone()),
            Self::Numbers(Numbers { tensor, dtype, .. }) => {
                let columns = 0..builder.width(*tensor);
                let kind = ColumnType::Numbers(*dtype);
                Ok(columns.map(|column| Column { tensor: builder.column(*tensor, column), kind }).collect())
            }
            Self::Labels { .. } | Self::Many(_) => Err(Reason::new("it takes labels as columns")),
        }
    }
}

impl Column {
    /// The column as numbers, where it holds some.
    pub(crate) fn numbers(self) -> Option<Numbers> {
        match self.kind {
            ColumnType::Numbers(dtype) => Some(Numbers { tensor: self.tensor, dtype, sparse: false }),
            ColumnType::Texts | ColumnType::Objects => None,
        }
    }
}
