//! The answers of several estimators, put together.

use skiff_plan::operators::{LogAddExp, PairwiseScores, SammeScores, SumUp, WeightedMedian};
use skiff_plan::value::Precision;

use super::svm::{pairs, row_by_row, scores_of_pairs};
use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, DType};

impl Expand for SumUp {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let mut blocks = Vec::with_capacity(inputs.len());
        for input in inputs {
            blocks.push(input.to_floats(builder)?);
        }
        let precision = match self.weights {
            Some(_) => Precision::Double,
            None => blocks.iter().map(|block| block.precision).reduce(Precision::promote).unwrap_or(Precision::Double),
        };
        let mut sum = None;
        for (at, block) in blocks.iter().enumerate() {
            let term = match &self.weights {
                Some(weights) => builder.times(block.tensor, weights.get(at).copied().unwrap_or(0.0)),
                None => block.tensor,
            };
            sum = Some(match sum {
                None => term,
                Some(sum) => {
                    let sum = builder.add(sum, term);
                    builder.rounded(sum, precision)
                }
            });
        }
        let sum = sum.ok_or_else(|| Reason::new("there is nothing to add up"))?;
        let mean = builder.over(sum, self.divisor);
        Ok(Block::floats(builder.rounded(mean, precision), precision))
    }
}

impl Expand for LogAddExp {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let mut sum = None;
        for input in inputs {
            let term = input.to_floats(builder)?.tensor;
            sum = Some(match sum {
                None => term,
                Some(sum) => {
                    let is_greater = builder.greater(sum, term);
                    let max = builder.choose(is_greater, sum, term);
                    let difference = builder.sub(sum, term);
                    let distance = builder.abs(difference);
                    let distance = builder.neg(distance);
                    let share = builder.exp(distance);
                    let rest = builder.log1p(share);
                    let both = builder.add(max, rest);
                    // The difference of equal infinities is NaN.
                    let (is_equal, twice) = (builder.equal(sum, term), builder.plus(sum, std::f64::consts::LN_2));
                    builder.choose(is_equal, twice, both)
                }
            });
        }
        let sum = sum.ok_or_else(|| Reason::new("there is nothing to add up"))?;
        Ok(Block::doubles(builder.plus(sum, -self.subtract)))
    }
}

impl Expand for PairwiseScores {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        row_by_row(self.scale)?;
        let (predictions, confidences) = (inputs[0].to_floats(builder)?.tensor, inputs[1].to_floats(builder)?.tensor);
        let (is_first, is_second) = (builder.is(predictions, 0.0), builder.is(predictions, 1.0));
        let (first, second) = (builder.cast(is_first, DType::F64), builder.cast(is_second, DType::F64));
        let all = pairs(self.classes);
        Ok(Block::doubles(scores_of_pairs(builder, self.classes, &all, (first, second), confidences)))
    }
}

impl Expand for SammeScores {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
        let classes = builder.width(x) as f64;
        let clipped = builder.at_least(x, precision.epsilon());
        let log = builder.log(clipped);
        let log = builder.rounded(log, precision);
        let sum = builder.sum(log, 1);
        let sum = builder.rounded(sum, precision);
        let mean = builder.times(sum, precision.round(1.0 / classes));
        let mean = builder.rounded(mean, precision);
        let difference = builder.sub(log, mean);
        let difference = builder.rounded(difference, precision);
        let scores = builder.times(difference, classes - 1.0);
        Ok(Block::floats(builder.rounded(scores, precision), precision))
    }
}

impl Expand for WeightedMedian {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let mut columns = Vec::with_capacity(inputs.len());
        let mut precision = None;
        for input in inputs {
            let block = input.to_floats(builder)?;
            precision = Some(precision.map_or(block.precision, |all: Precision| all.promote(block.precision)));
            columns.push(block.tensor);
        }
        let precision = precision.ok_or_else(|| Reason::new("there is no estimator"))?;
        let all = if let [all] = columns[..] { all } else { builder.concat(&columns, 1) };
        let n_estimators = self.weights.len();
        let mut median = |count: usize| {
            let predictions = if count == n_estimators { all } else { builder.slice(all, 1, 0, count) };
            let (sorted, order) = builder.least(predictions, count);
            let weights = builder.row(&self.weights[..count]);
            let weights = builder.gather(weights, order, 0);
            let sums = builder.cum_sum(weights, 1);
            let all = builder.slice(sums, 1, count - 1, count);
            let half = builder.times(all, 0.5);
            let reaches = builder.greater_or_equal(sums, half);
            let reaches = builder.cast(reaches, DType::F64);
            let first = builder.arg_max(reaches, 1);
            Block::floats(builder.gather_elements(sorted, first, 1), precision)
        };
        Ok(match self.staged {
            true => Block::Many((1..=n_estimators).map(median).collect()),
            false => median(n_estimators),
        })
    }
}
