//! Input validation: what remains are conversions.

use skiff_plan::operators::{Check, CheckTable, Dtype, RefuseSparse};
use skiff_plan::types::ColumnType;
use skiff_plan::value::{NumberType, Precision};

use super::{Block, Column, Expand, Numbers, Reason};
use crate::graph::{Builder, DType};

impl Expand for Check {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let dtype = self.dtype();
        if dtype == Dtype::Any && matches!(inputs[0], Block::Numbers(_) | Block::Columns { .. }) {
            return Ok(inputs[0].clone());
        }
        let Numbers { tensor, dtype: own, sparse } = match inputs[0] {
            Block::Columns { columns, .. } => side_by_side(builder, columns)?,
            other => other.numbers()?,
        };
        let sparse = sparse && self.keeps_sparse();
        let own = match (dtype, own) {
            (Dtype::Numeric | Dtype::Any, NumberType::Int(_)) => {
                return Ok(Numbers { tensor, dtype: own, sparse }.into());
            }
            (_, NumberType::Int(_)) => Precision::Double,
            (_, NumberType::Float(precision)) => precision,
        };
        let tensor = builder.cast(tensor, DType::F64);
        let (tensor, precision) = match (dtype, own) {
            (Dtype::Single, Precision::Double) => (builder.rounded(tensor, Precision::Single), Precision::Single),
            (Dtype::Double, _) => (tensor, Precision::Double),
            (_, own) => (tensor, own),
        };
        Ok(Block::floats(tensor, precision).sparse_if(sparse))
    }
}

/// Columns of numbers as one block: integers where all are.
pub(super) fn side_by_side(builder: &mut Builder, columns: &[Column]) -> Result<Numbers, Reason> {
    let text = || Reason::new("it takes a column of text for numbers");
    let all = columns.iter().map(|column| column.numbers()).collect::<Option<Vec<_>>>().ok_or_else(text)?;
    let dtype = all.iter().map(|one| one.dtype).reduce(NumberType::promote);
    let dtype = dtype.ok_or_else(|| Reason::new("it takes a table without columns"))?;
    let of = match dtype {
        NumberType::Float(_) => DType::F64,
        NumberType::Int(_) => DType::I64,
    };
    let parts: Vec<_> = all.iter().map(|one| builder.cast(one.tensor, of)).collect();
    Ok(Numbers { tensor: builder.concat(&parts, 1), dtype, sparse: false })
}

impl Expand for CheckTable {
    fn expand(&self, _: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        Ok(inputs[0].clone())
    }
}

impl Expand for RefuseSparse {
    fn expand(&self, _: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        Ok(inputs[0].clone())
    }
}

/// Whether a column holds numbers.
pub(super) fn is_numeric(column: &Column) -> bool {
    matches!(column.kind, ColumnType::Numbers(_))
}
