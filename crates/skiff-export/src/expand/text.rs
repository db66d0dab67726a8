//! The weights of terms.

use skiff_plan::operators::{RowNorm, WeighTerms};
use skiff_plan::value::Precision;

use super::{Block, Expand, Floats, Reason};
use crate::graph::Builder;

impl Expand for WeighTerms {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: counts, precision: own, sparse } = inputs[0].to_floats(builder)?;
        let mut precision = if !sparse && self.dense_is_double { Precision::Double } else { own };
        let mut weights = counts;
        if self.sublinear {
            let is_zero = builder.is(counts, 0.0);
            let known = builder.number_where(is_zero, 1.0, counts);
            let log = builder.log(known);
            let log = builder.rounded(log, precision);
            let more = builder.plus(log, 1.0);
            let more = builder.rounded(more, precision);
            weights = builder.number_where(is_zero, 0.0, more);
        }
        if let Some(idf) = &self.idf {
            if idf.is_matrix {
                precision = precision.promote(idf.precision);
            }
            let values = builder.row(&idf.values);
            weights = builder.mul(weights, values);
            weights = builder.rounded(weights, precision);
        }
        if let Some(norm) = self.norm {
            let part = match norm {
                RowNorm::L1 => builder.abs(weights),
                RowNorm::L2 => {
                    let square = builder.mul(weights, weights);
                    builder.rounded(square, precision)
                }
            };
            let sum = builder.sum(part, 1);
            let is_zero = builder.is(sum, 0.0);
            let sum = builder.number_where(is_zero, 1.0, sum);
            let norm = if norm == RowNorm::L2 { builder.sqrt(sum) } else { sum };
            weights = builder.div(weights, norm);
            weights = builder.rounded(weights, precision);
        }
        Ok(Block::floats(weights, precision).sparse_if(true))
    }
}
