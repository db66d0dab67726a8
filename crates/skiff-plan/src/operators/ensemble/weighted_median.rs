//! The weighted median of what several estimators predict.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// For each row the first of the predictions, in ascending order, at which the weights so far are half of all or more:
/// `AdaBoostRegressor._get_median_predict`. Inputs: a column for each estimator, each an input of its own or all in one.
/// Shape: (n_samples, 1), or as many of these as there are estimators if the median after each stage is requested.
#[derive(Debug)]
pub struct WeightedMedian {
    /// `estimator_weights_`, one for each column.
    pub weights: Vec<f64>,
    /// Whether it is computed after each stage.
    pub staged: bool,
}

impl Operator for WeightedMedian {
    const NAME: &'static str = "weighted_median";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let rows = inputs[0].rows();
        let mut blocks = Vec::with_capacity(inputs.len());
        let mut precision: Option<Precision> = None;
        for input in inputs {
            let (block, own) = input.to_floats().ok_or_else(|| InputError::wrong_kind("numbers", input))?;
            precision = Some(precision.map_or(own, |all| all.promote(own)));
            blocks.push(block);
        }
        if blocks.iter().map(|block| block.cols).sum::<usize>() != self.weights.len() {
            return Err(InputError::refused("the estimators predict several outputs"));
        }
        let precision = precision.unwrap_or(Precision::Double);
        let predictions = |row: usize| blocks.iter().flat_map(move |block| block.row(row)).copied();
        if self.staged {
            let mut stages = vec![Vec::with_capacity(rows); self.weights.len()];
            let mut sorted: Vec<Ranked> = Vec::with_capacity(self.weights.len());
            for row in 0..rows {
                sorted.clear();
                for ((index, value), stage) in (0..).zip(predictions(row)).zip(&mut stages) {
                    let next = ranked(value, index);
                    sorted.insert(sorted.partition_point(|other| *other < next), next);
                    stage.push(self.median(&sorted));
                }
            }
            let stages = stages.into_iter().map(|stage| Value::Floats(Matrix::new(rows, 1, stage), precision));
            return Ok(Value::Many(stages.collect()));
        }
        let mut medians = Vec::with_capacity(rows);
        let mut of_row: Vec<Ranked> = Vec::with_capacity(self.weights.len());
        let half = self.half();
        for row in 0..rows {
            of_row.clear();
            of_row.extend((0..).zip(predictions(row)).map(|(index, value)| ranked(value, index)));
            let selected = half.and_then(|half| self.select(&mut of_row, half));
            medians.push(selected.unwrap_or_else(|| {
                of_row.sort_unstable();
                self.median(&of_row)
            }));
        }
        Ok(Value::Floats(Matrix::new(rows, 1, medians), precision))
    }

    fn describe(&self) -> String {
        format!("{} weights{}", self.weights.len(), if self.staged { ", after each stage" } else { "" })
    }
}

/// A prediction as a number that sorts like it, with NaN last as in `np.argsort`, and which estimator predicts it.
type Ranked = (i64, u32);

fn ranked(value: f64, index: u32) -> Ranked {
    let value = if value.is_nan() { f64::NAN.abs() } else { value };
    (flipped(value.to_bits().cast_signed()), index)
}

fn value_of(bits: i64) -> f64 {
    f64::from_bits(flipped(bits).cast_unsigned())
}

/// The bits of negative numbers sort the wrong way round. Twice gives back what was.
fn flipped(bits: i64) -> i64 {
    bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed()
}

/// Half of all weights, and how far sums of weights can be from it by rounding errors in whatever order they are added.
#[derive(Clone, Copy)]
struct Half {
    weight: f64,
    error: f64,
}

impl WeightedMedian {
    /// `None` if a weight is negative or not a number.
    fn half(&self) -> Option<Half> {
        let all: f64 = self.weights.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a number of estimators")]
        let error = 2.0 * self.weights.len() as f64 * f64::EPSILON * all;
        let is_sum = all.is_finite() && self.weights.iter().all(|&weight| weight >= 0.0);
        is_sum.then_some(Half { weight: 0.5 * all, error })
    }

    /// The median without sorting, in a time that is linear in the estimators: as in a quicksort that looks only at the
    /// part in which half of the weights is reached. `None` where the order in which weights are added may decide.
    fn select(&self, predictions: &mut [Ranked], half: Half) -> Option<f64> {
        let (mut rest, mut below) = (predictions, 0.0);
        loop {
            let &(pivot, _) = rest.get(rest.len() / 2)?;
            // What is less comes first. A swap with itself is quicker than a branch.
            let (mut less, mut weight_of_less, mut weight_of_equal) = (0, 0.0, 0.0);
            for at in 0..rest.len() {
                let (value, index) = rest[at];
                let weight = self.weights[index as usize];
                let is_less = value < pivot;
                weight_of_less += if is_less { weight } else { 0.0 };
                weight_of_equal += if value == pivot { weight } else { 0.0 };
                rest.swap(less, at);
                less += usize::from(is_less);
            }
            let before = below + weight_of_less;
            let reached = before + weight_of_equal;
            if before > half.weight + half.error {
                rest = &mut rest[..less];
            } else if before < half.weight - half.error && reached > half.weight + half.error {
                return Some(value_of(pivot));
            } else if reached < half.weight - half.error {
                let greater = {
                    // The pivots follow what is less, anywhere.
                    let (_, others) = rest.split_at_mut(less);
                    let mut equal = 0;
                    for at in 0..others.len() {
                        others.swap(equal, at);
                        equal += usize::from(others[equal].0 == pivot);
                    }
                    &mut others[equal..]
                };
                (rest, below) = (greater, reached);
            } else {
                return None;
            }
        }
    }

    /// The median of predictions in ascending order; the first one if no comparison is true.
    fn median(&self, sorted: &[Ranked]) -> f64 {
        let weight = |&(_, index): &Ranked| self.weights[index as usize];
        let all = sorted.iter().map(weight).fold(0.0, |sum, weight| sum + weight);
        let mut sum = 0.0;
        let reached = sorted.iter().find(|ranked| {
            sum += weight(ranked);
            sum >= 0.5 * all
        });
        reached.or(sorted.first()).map_or(f64::NAN, |&(bits, _)| value_of(bits))
    }
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
        // All columns in one input, and numbers of all kinds.
        let row = vec![f64::NAN, 0.5, f64::NEG_INFINITY, -2.0, -1.0, f64::INFINITY];
        let row = Value::Floats(Matrix::new(1, 6, row), Precision::Double);
        for (weights, expected) in [
            ([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], f64::NAN),
            ([1.0; 6], -1.0),
            ([0.0, 0.0, 1.0, 0.1, 0.1, 0.1], f64::NEG_INFINITY),
            ([0.1, 0.1, 1.0, 0.4, 0.4, 0.1], -2.0),
            ([1.0, 0.2, 0.1, 0.2, 0.2, 1.0], f64::INFINITY),
        ] {
            let found = WeightedMedian { weights: weights.into(), staged: false }.run(&[&row]);
            let Ok(Value::Floats(found, _)) = found else { panic!("floats") };
            assert_eq!(found.data[0].to_bits(), expected.to_bits(), "{weights:?}");
        }
        let Ok(Value::Many(stages)) = (WeightedMedian { weights: vec![1.0; 3], staged: true }).run(&inputs) else {
            panic!("several values")
        };
        let values: Vec<_> = stages.iter().filter_map(|stage| stage.to_floats().map(|(x, _)| x.data[0])).collect();
        assert_eq!(values, [3.0, 1.0, 2.0]);
    }

    #[test]
    fn the_median_that_is_selected_is_the_one_of_sorted_predictions() {
        let mut state = 7_u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        let mut selected = 0;
        for trial in 0..2000 {
            let count = 1 + random(60);
            // Many predictions are equal, some weights are.
            let weights: Vec<f64> =
                (0..count).map(|_| random(if trial % 2 == 0 { 4 } else { 1 << 20 }) as f64).collect();
            let median = WeightedMedian { weights, staged: false };
            let mut row: Vec<_> =
                (0..count).map(|index| ranked(random(9) as f64 - 4.5, u32::try_from(index).unwrap())).collect();
            let mut sorted = row.clone();
            sorted.sort_unstable();
            if let Some(found) = median.half().and_then(|half| median.select(&mut row, half)) {
                assert_eq!(found, median.median(&sorted));
                selected += 1;
            }
        }
        assert!(selected > 1000, "{selected}");
        for weights in [vec![1.0, -1.0], vec![f64::NAN, 1.0], vec![f64::INFINITY, 1.0]] {
            assert!(WeightedMedian { weights, staged: false }.half().is_none());
        }
    }
}
