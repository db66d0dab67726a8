//! Imputation by neighbors, and in rounds.

use skiff_plan::operators::{ImputeFeature, ImputeNeighbors, UnlessAllMissing};
use skiff_plan::value::{Matrix, Precision};

use super::block::Neighbors;
use super::labels::label_numbers;
use super::metrics::{of_rounding, squares};
use super::neighbors::{CANCELLED, EQUALLY_FAR, is_lost, is_open, refused_where_any};
use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, DType, TensorId};

impl Expand for ImputeNeighbors {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        if precision.promote(self.precision) == Precision::Single {
            return Err(Reason::new("imputation by neighbors in float32 is not exported"));
        }
        let is_missing = if self.missing.is_nan() { builder.is_nan(x) } else { builder.is(x, self.missing) };
        let filled = builder.number_where(is_missing, 0.0, x);
        let slack = of_rounding(builder, filled, &self.fitted.map(|value| if value.is_nan() { 0.0 } else { *value }));
        // Few features in common are made up for.
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ features")]
        let slack = builder.times(slack, self.fitted.cols as f64);
        let distances = distances(builder, x, is_missing, &self.fitted);
        let mut columns = Vec::new();
        for column in 0..self.fitted.cols {
            if !self.is_valid(column) {
                if self.keep_empty {
                    let zero = builder.array(&[1, 1], &[0.0]);
                    columns.push(builder.repeat_rows(zero, x));
                }
                continue;
            }
            let (own, is_missing) = (builder.column(x, column), builder.column(is_missing, column));
            let imputed = self.imputed(builder, distances, slack, is_missing, column);
            columns.push(builder.choose(is_missing, imputed, own));
        }
        if columns.is_empty() {
            return Err(Reason::new("it returns a table without columns"));
        }
        Ok(Block::doubles(builder.concat(&columns, 1)))
    }
}

/// `nan_euclidean_distances`, by products: infinite where a row and a point have no feature in common.
fn distances(builder: &mut Builder, x: TensorId, is_missing: TensorId, points: &Matrix<'_, f64>) -> TensorId {
    let filled = builder.number_where(is_missing, 0.0, x);
    let present = points.map(|value| f64::from(u8::from(!value.is_nan())));
    let points = points.map(|value| if value.is_nan() { 0.0 } else { *value });
    let squared = squares(builder, filled, &points);
    // Less what is between a number and the zero that stands in for a missing one.
    let missing = builder.cast(is_missing, DType::F64);
    let absent = present.map(|value| 1.0 - value);
    let absent = builder.transposed(&absent);
    let own = builder.mul(filled, filled);
    let own = builder.matmul(own, absent);
    let others = points.map(|value| value * value);
    let others = builder.transposed(&others);
    let others = builder.matmul(missing, others);
    let squared = builder.sub(squared, own);
    let squared = builder.sub(squared, others);
    let squared = builder.at_least(squared, 0.0);
    let has = builder.minus_from(1.0, missing);
    let has_points = builder.transposed(&present);
    let common = builder.matmul(has, has_points);
    let is_none = builder.is(common, 0.0);
    let divisor = builder.number_where(is_none, 1.0, common);
    let mean = builder.div(squared, divisor);
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ features")]
    let whole = builder.times(mean, points.cols as f64);
    let distances = builder.sqrt(whole);
    builder.number_where(is_none, f64::INFINITY, distances)
}

/// The value for one column.
trait Imputed {
    fn imputed(
        &self,
        builder: &mut Builder,
        distances: TensorId,
        slack: TensorId,
        is_missing: TensorId,
        column: usize,
    ) -> TensorId;
}

impl Imputed for ImputeNeighbors {
    fn imputed(
        &self,
        builder: &mut Builder,
        distances: TensorId,
        slack: TensorId,
        is_missing: TensorId,
        column: usize,
    ) -> TensorId {
        let donors: Vec<usize> = (0..self.fitted.rows).filter(|&row| !self.fitted.row(row)[column].is_nan()).collect();
        let values: Vec<f64> = donors.iter().map(|&row| self.fitted.row(row)[column]).collect();
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ rows")]
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let distances = builder.columns(distances, &donors);
        let count = self.neighbors.min(donors.len());
        let (mut nearest, order) = builder.least(distances, count);
        let squares = builder.mul(distances, distances);
        let (least, _) = builder.least(squares, donors.len().min(count + 1));
        let neighbors = Neighbors { indices: order, reduced: squares, least, slack: Some(slack) };
        // Donors that share nothing with the row count nothing.
        let weighs_nothing = !self.counts_incomparable || self.by_distance;
        let order = match is_open(builder, neighbors, Some(&values)) {
            Some(open) => {
                let mut open = builder.and(open, is_missing);
                if weighs_nothing {
                    let last = builder.column(nearest, count - 1);
                    let is_far = builder.is_inf(last);
                    let is_comparable = builder.not(is_far);
                    open = builder.and(open, is_comparable);
                }
                builder.refused_where(order, open, EQUALLY_FAR)
            }
            None => order,
        };
        if self.by_distance {
            let squares = builder.mul(nearest, nearest);
            let is_lost = is_lost(builder, squares, slack, self.fitted.cols);
            let is_lost = builder.and(is_lost, is_missing);
            nearest = refused_where_any(builder, nearest, is_lost, CANCELLED);
        }
        let values = builder.row(&values);
        let values = builder.gather(values, order, 0);
        let value = if self.counts_incomparable && !self.by_distance {
            let sum = builder.sum(values, 1);
            #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ neighbors")]
            builder.over(sum, count as f64)
        } else {
            let one = builder.number(1.0);
            let weights = match self.by_distance {
                true => {
                    let weights = builder.div(one, nearest);
                    super::neighbors::alone(builder, weights)
                }
                false => {
                    let is_incomparable = builder.is_inf(nearest);
                    let weight = builder.cast(is_incomparable, DType::F64);
                    builder.sub(one, weight)
                }
            };
            let terms = builder.mul(weights, values);
            let (sum, all) = (builder.sum(terms, 1), builder.sum(weights, 1));
            builder.div(sum, all)
        };
        let least = builder.min(distances, 1);
        let is_alone = builder.is_inf(least);
        builder.number_where(is_alone, mean, value)
    }
}

impl Expand for ImputeFeature {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: filled, precision, .. } = inputs[0].to_floats(builder)?;
        let mask = inputs[1].to_floats(builder)?.tensor;
        let predicted = label_numbers(builder, inputs[2])?.to_floats(builder)?.tensor;
        if builder.width(predicted) != 1 {
            return Err(Reason::new("the estimator of a column predicts more than one value for each row"));
        }
        let raised = builder.at_least(predicted, self.least);
        let limited = builder.at_most(raised, self.most);
        let limited = builder.rounded(limited, precision);
        let mask = builder.column(mask, self.feature);
        let is_missing = builder.above(mask, 0.5);
        let own = builder.column(filled, self.feature);
        let own = builder.choose(is_missing, limited, own);
        let width = builder.width(filled);
        let before = (self.feature > 0).then(|| builder.slice(filled, 1, 0, self.feature));
        let after = (self.feature + 1 < width).then(|| builder.slice(filled, 1, self.feature + 1, width));
        let parts: Vec<TensorId> = [before, Some(own), after].into_iter().flatten().collect();
        Ok(Block::floats(builder.concat(&parts, 1), precision))
    }
}

impl Expand for UnlessAllMissing {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let mask = inputs[0].to_floats(builder)?.tensor;
        let (first, second) = (inputs[1].to_floats(builder)?, inputs[2].to_floats(builder)?);
        // One cell that is there changes what all others become.
        let least = builder.min(mask, 1);
        let least = builder.min(least, 0);
        let are_missing = builder.above(least, 0.5);
        let filled = builder.choose(are_missing, first.tensor, second.tensor);
        Ok(Block::floats(filled, first.precision.promote(second.precision)))
    }
}
