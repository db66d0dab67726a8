//! `QuantileTransformer`.

use skiff_plan::kernels::normal::ndtri;
use skiff_plan::operators::Quantile;
use skiff_plan::value::Precision;

use super::linear::interpolated;
use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, TensorId};

impl Expand for Quantile {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, sparse } = inputs[0].to_floats(builder)?;
        let columns: Vec<TensorId> = (0..self.quantiles.len())
            .map(|column| {
                let x = builder.column(x, column);
                self.column(builder, x, column, precision)
            })
            .collect();
        let mut y = builder.concat(&columns, 1);
        if sparse {
            let is_zero = builder.is(x, 0.0);
            y = builder.number_where(is_zero, 0.0, y);
        }
        Ok(Block::floats(builder.rounded(y, precision), precision).sparse_if(sparse))
    }
}

/// The quantiles of one column.
trait OfColumn {
    fn column(&self, builder: &mut Builder, x: TensorId, column: usize, precision: Precision) -> TensorId;
}

impl OfColumn for Quantile {
    fn column(&self, builder: &mut Builder, x: TensorId, column: usize, precision: Precision) -> TensorId {
        let (quantiles, references) = (&self.quantiles[column], &self.references);
        let (first, last) = (quantiles[0], quantiles[quantiles.len() - 1]);
        let (x, low, high) = match (self.inverse, self.normal) {
            (false, _) => (x, first, last),
            (true, true) => (builder.ndtr(x), 0.0, 1.0),
            (true, false) if self.uniform_is_near => {
                let x = builder.at_least(x, 0.0);
                (builder.at_most(x, 1.0), 0.0, 1.0)
            }
            (true, false) => (x, 0.0, 1.0),
        };
        let (to_low, to_high) = if self.inverse { (first, last) } else { (0.0, 1.0) };
        let (is_low, is_high) = match self.normal || self.uniform_is_near {
            true => {
                let (below, above) = (builder.plus(x, -Self::NEAR), builder.plus(x, Self::NEAR));
                (builder.below(below, low), builder.above(above, high))
            }
            false => (builder.is(x, low), builder.is(x, high)),
        };
        let y = if self.inverse {
            interpolated(builder, x, references, quantiles)
        } else {
            let mirror = |values: &[f64]| values.iter().rev().map(|value| -value).collect::<Vec<f64>>();
            let up = interpolated(builder, x, quantiles, references);
            let negative = builder.neg(x);
            let down = interpolated(builder, negative, &mirror(quantiles), &mirror(references));
            let both = builder.sub(up, down);
            builder.times(both, 0.5)
        };
        let y = builder.number_where(is_high, to_high, y);
        let y = builder.number_where(is_low, to_low, y);
        let y = builder.rounded(y, precision);
        let near = Self::NEAR - f64::EPSILON;
        let limits = match (self.inverse, self.normal) {
            (false, true) => (ndtri(near), ndtri(1.0 - near)),
            (false, false) if self.uniform_is_near => (near, 1.0 - near),
            _ => return y,
        };
        let y = if self.normal { builder.ndtri(y) } else { y };
        let y = builder.at_least(y, limits.0);
        builder.at_most(y, limits.1)
    }
}
