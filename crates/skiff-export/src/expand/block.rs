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
    /// The nearest points of a fit.
    Neighbors(Neighbors),
    /// The points of a fit within a radius.
    Within(Within),
    /// Several values.
    Many(Vec<Block>),
}

/// The nearest points of a fit, and what tells whether other points are as near.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbors {
    /// Their numbers, nearest first: (n, k).
    pub indices: TensorId,
    /// What grows with the distances from all points: (n, points).
    pub reduced: TensorId,
    /// The least of it in ascending order, one more than there are neighbors where there are that many points.
    pub least: TensorId,
    /// By how much rounding may change it, (n, 1), where it is not computed exactly as scikit-learn does.
    pub slack: Option<TensorId>,
}

/// Which points of a fit are near each row, and how far all of them are: (n, points) each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Within {
    pub is_near: TensorId,
    pub distances: TensorId,
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
            Self::Neighbors(_) => Err(Reason::new("it computes with the numbers of neighbors")),
            Self::Within(_) => Err(Reason::new("neighbors within a radius are lists of different lengths")),
            Self::Many(_) => Err(Reason::new("it takes several values at once")),
        }
    }

    pub(crate) fn neighbors(&self) -> Result<Neighbors, Reason> {
        match self {
            Self::Neighbors(neighbors) => Ok(*neighbors),
            _ => Err(Reason::new("it takes the nearest neighbors")),
        }
    }

    pub(crate) fn within(&self) -> Result<Within, Reason> {
        match self {
            Self::Within(within) => Ok(*within),
            _ => Err(Reason::new("it takes neighbors within a radius")),
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
            Self::Neighbors(neighbors) => builder.width(neighbors.indices),
            Self::Within(within) => builder.width(within.is_near),
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
            Self::Neighbors(neighbors) => Ok(neighbors.indices),
            Self::Within(within) => Ok(within.is_near),
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
            Self::Labels { .. } | Self::Neighbors(_) | Self::Within(_) | Self::Many(_) => {
                Err(Reason::new("it takes labels as columns"))
            }
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
