//! The weighted median of what several estimators predict.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// For each row the first of the predictions, in ascending order, at which the weights so far are half of all or more:
/// `AdaBoostRegressor._get_median_predict`. Inputs: a column for each estimator. Shape: (n_samples, 1), or as many of these
/// as there are estimators if the median after each stage is requested.
#[derive(Debug)]
pub struct WeightedMedian {
    /// `estimator_weights_`, one for each input.
    pub weights: Vec<f64>,
    /// Whether it is computed after each stage.
    pub staged: bool,
}

impl Operator for WeightedMedian {
    const NAME: &'static str = "weighted_median";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let mut columns = Vec::with_capacity(inputs.len());
        let mut precision = None;
        for input in inputs {
            let (column, own) = input.to_floats().ok_or_else(|| InputError::wrong_kind("numbers", input))?;
            if column.cols != 1 {
                return Err(InputError::refused("the estimators predict several outputs"));
            }
            precision = Some(precision.map_or(own, |all: Precision| all.promote(own)));
            columns.push(column);
        }
        let precision = precision.unwrap_or(Precision::Double);
        let first = if self.staged { 1 } else { inputs.len() };
        let mut stages = vec![Vec::with_capacity(rows); inputs.len() + 1 - first];
        let mut sorted: Vec<(f64, f64)> = Vec::with_capacity(inputs.len());
        for row in 0..rows {
            sorted.clear();
            for (count, (column, &weight)) in (1..).zip(columns.iter().zip(&self.weights)) {
                let value = column.data[row];
                // NaN is last, as in `np.argsort`.
                let place = sorted.partition_point(|&(other, _)| other <= value || (value.is_nan() && !other.is_nan()));
                sorted.insert(place, (value, weight));
                if count >= first {
                    stages[count - first].push(median(&sorted));
                }
            }
        }
        let mut values = stages.into_iter().map(|stage| Value::Floats(Matrix::new(rows, 1, stage), precision));
        match self.staged {
            true => Ok(Value::Many(values.collect())),
            false => values.next().ok_or_else(|| InputError::refused("no estimator")),
        }
    }

    fn describe(&self) -> String {
        format!("{} weights{}", self.weights.len(), if self.staged { ", after each stage" } else { "" })
    }
}

/// The median of predictions in ascending order, each with its weight; the first one if no comparison is true.
fn median(sorted: &[(f64, f64)]) -> f64 {
    let all = sorted.iter().fold(0.0, |sum, (_, weight)| sum + weight);
    let mut sum = 0.0;
    let reached = sorted.iter().find(|(_, weight)| {
        sum += weight;
        sum >= 0.5 * all
    });
    reached.or(sorted.first()).map_or(f64::NAN, |(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_weights_is_enough() {
        let column = |value: f64| Value::Floats(Matrix::filled(1, 1, value), Precision::Double);
        let inputs = [column(3.0), column(1.0), column(2.0)];
        let inputs: Vec<_> = inputs.iter().collect();
        let median = |weights: [f64; 3]| {
            let Ok(Value::Floats(found, _)) = (WeightedMedian { weights: weights.into(), staged: false }).run(&inputs)
            else {
                panic!("floats")
            };
            found.data[0]
        };
        assert_eq!(median([1.0, 1.0, 1.0]), 2.0);
        assert_eq!(median([1.0, 2.0, 1.0]), 1.0);
        assert_eq!(median([5.0, 1.0, 1.0]), 3.0);
        let Ok(Value::Many(stages)) = (WeightedMedian { weights: vec![1.0; 3], staged: true }).run(&inputs) else {
            panic!("several values")
        };
        let values: Vec<_> = stages.iter().filter_map(|stage| stage.to_floats().map(|(x, _)| x.data[0])).collect();
        assert_eq!(values, [3.0, 1.0, 2.0]);
    }
}
