//! From scores to calibrated probabilities.

use skiff_plan::operators::{Calibrate, Sigmoid, ToLogits};

use super::arrays::placed;
use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, DType};

impl Expand for Sigmoid {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        let scaled = builder.times(scores, self.a);
        let shifted = builder.plus(scaled, self.b);
        Ok(Block::doubles(builder.logistic_of_negative(shifted)))
    }
}

impl Expand for Calibrate {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let placed = placed(builder, x, &self.places, self.classes, 0.0);
        #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
        let equal = 1.0 / self.classes as f64;
        let mut shares = match self.classes {
            2 => {
                let second = builder.column(placed, 1);
                let first = builder.minus_from(1.0, second);
                builder.concat(&[first, second], 1)
            }
            _ => {
                let sum = builder.sum(placed, 1);
                let shares = builder.div(placed, sum);
                let is_zero = builder.is(sum, 0.0);
                if self.nan_becomes_equal { shares } else { builder.number_where(is_zero, equal, shares) }
            }
        };
        if self.nan_becomes_equal {
            let is_nan = builder.is_nan(shares);
            shares = builder.number_where(is_nan, equal, shares);
        }
        let (is_above, is_far) = (builder.above(shares, 1.0), builder.above(shares, 1.0 + 1e-5));
        let is_near = builder.not(is_far);
        let is_one = builder.and(is_above, is_near);
        Ok(Block::doubles(builder.number_where(is_one, 1.0, shares)))
    }
}

impl Expand for ToLogits {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let (low, high) = (builder.greater_or_equal_number(x, 0.0), builder.above(x, 1.0));
        let is_low_enough = builder.not(high);
        let is_share = builder.and(low, is_low_enough);
        let is_share = builder.cast(is_share, DType::F64);
        let are_shares = builder.min(is_share, 1);
        let sum = builder.sum(x, 1);
        let less = builder.plus(sum, -1.0);
        let distance = builder.abs(less);
        let is_far = builder.above(distance, 1e-8 + 1e-5);
        let is_one = builder.not(is_far);
        let is_one = builder.cast(is_one, DType::F64);
        let is_distribution = builder.mul(are_shares, is_one);
        // One row that is none changes what all others mean.
        let all = builder.min(is_distribution, 0);
        let all = builder.above(all, 0.5);
        let above_zero = builder.plus(x, 1e-12);
        let above_zero = builder.rounded(above_zero, precision);
        let logs = builder.log(above_zero);
        let logs = builder.rounded(logs, precision);
        Ok(Block::floats(builder.choose(all, logs, x), precision))
    }
}
