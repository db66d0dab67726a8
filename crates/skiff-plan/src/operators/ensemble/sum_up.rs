//! The sum of the results of several estimators.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The sum of blocks of one shape, in their order, each times its weight where there are weights, over a divisor:
/// `sum(answers) / n`, `np.average(answers, axis=0, weights=weights)`. Shape: (n_samples, n_columns) of any one input.
#[derive(Debug)]
pub struct SumUp {
    /// One for each input: the products and their sum are `float64`. Without, the dtype is that of the inputs.
    pub weights: Option<Vec<f64>>,
    /// What the sum is divided by; 1 leaves it as it is.
    pub divisor: f64,
}

impl SumUp {
    /// The plain sum.
    pub const PLAIN: Self = Self { weights: None, divisor: 1.0 };

    /// A single input as `float64`: an array that scikit-learn allocates before.
    pub fn as_double() -> Self {
        Self { weights: Some(vec![1.0]), divisor: 1.0 }
    }
}

impl Operator for SumUp {
    const NAME: &'static str = "sum_up";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, cols) = (inputs[0].rows(), inputs[0].cols());
        let mut sums = vec![0.0; rows * cols];
        let blocks =
            inputs.iter().map(|input| input.to_floats().ok_or_else(|| InputError::wrong_kind("numbers", input)));
        let blocks = blocks.collect::<Result<Vec<_>, _>>()?;
        let precision = match &self.weights {
            Some(_) => Precision::Double,
            None => blocks.iter().map(|(_, own)| *own).reduce(Precision::promote).unwrap_or(Precision::Double),
        };
        for (index, (block, _)) in blocks.iter().enumerate() {
            if (block.rows, block.cols) != (rows, cols) {
                let what = format!("the estimators return {cols} and {} columns, which cannot be added", block.cols);
                return Err(InputError::refused(what));
            }
            match &self.weights {
                Some(weights) => {
                    let weight = weights.get(index).copied().unwrap_or(0.0);
                    for (sum, value) in sums.iter_mut().zip(block.data.iter()) {
                        *sum += value * weight;
                    }
                }
                None => {
                    for (sum, value) in sums.iter_mut().zip(block.data.iter()) {
                        *sum = precision.round(*sum + value);
                    }
                }
            }
        }
        if self.divisor != 1.0 {
            for sum in &mut sums {
                *sum = precision.round(*sum / self.divisor);
            }
        }
        Ok(Value::Floats(Matrix::new(rows, cols, sums), precision))
    }

    fn describe(&self) -> String {
        let weighted = if self.weights.is_some() { "weighted " } else { "" };
        if self.divisor == 1.0 { format!("{weighted}sum") } else { format!("{weighted}sum / {}", self.divisor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[f64], precision: Precision) -> Value<'static> {
        Value::Floats(Matrix::new(values.len(), 1, values.to_vec()), precision)
    }

    #[test]
    fn sums_keep_the_dtype_and_weights_widen_it() {
        let (a, b) = (column(&[0.1_f32.into()], Precision::Single), column(&[0.2_f32.into()], Precision::Single));
        let Ok(Value::Floats(sum, precision)) = SumUp::PLAIN.run(&[&a, &b]) else { panic!("floats") };
        assert_eq!((sum.data[0], precision), (f64::from(0.1_f32 + 0.2_f32), Precision::Single));
        let weighted = SumUp { weights: Some(vec![2.0, 1.0]), divisor: 3.0 };
        let Ok(Value::Floats(sum, precision)) = weighted.run(&[&a, &b]) else { panic!("floats") };
        let expected = (f64::from(0.1_f32) * 2.0 + f64::from(0.2_f32)) / 3.0;
        assert_eq!((sum.data[0], precision), (expected, Precision::Double));
    }

    #[test]
    fn answers_of_different_shapes_are_refused() {
        let two = Value::Floats(Matrix::filled(1, 2, 0.0), Precision::Double);
        assert!(SumUp::PLAIN.run(&[&column(&[1.0], Precision::Double), &two]).is_err());
    }
}
