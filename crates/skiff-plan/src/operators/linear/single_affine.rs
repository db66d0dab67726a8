//! Linear predictors that are summed in `float32`.

use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};
use crate::{InputError, InputErrorKind};

/// The linear predictor of XGBoost's booster `gblinear`: from the intercept on, the product of each feature in its order is
/// added in `float32`; what is missing, which is NaN and what sparse rows do not store, is left out. (n_samples,
/// n_features) → (n_samples, n_outputs), `float32`. (`GBLinear::Pred` of XGBoost's source.)
#[derive(Debug)]
pub struct SingleAffine {
    /// (n_features, n_outputs), the values of `float32`.
    pub coef: Matrix<'static, f64>,
    /// One for each output.
    pub intercept: Vec<f32>,
}

impl Operator for SingleAffine {
    const NAME: &'static str = "single_affine";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, outputs) = (inputs[0].rows(), self.intercept.len());
        if inputs[0].cols() != self.coef.rows {
            let expected = self.coef.rows;
            return Err(InputError::new(InputErrorKind::FeatureCount { expected, found: inputs[0].cols() }));
        }
        let mut data = Vec::with_capacity(rows * outputs);
        let mut sums = self.intercept.clone();
        let mut add_row = |row: &mut dyn Iterator<Item = (usize, f64)>| {
            sums.copy_from_slice(&self.intercept);
            for (feature, value) in row.filter(|(_, value)| !value.is_nan()) {
                for (sum, coefficient) in sums.iter_mut().zip(self.coef.row(feature)) {
                    *sum += single(value) * single(*coefficient);
                }
            }
            data.extend(sums.iter().map(|&sum| f64::from(sum)));
        };
        match inputs[0] {
            Value::Floats(x, _) => x.iter_rows().for_each(|row| add_row(&mut row.iter().copied().enumerate())),
            Value::Sparse(csr) => (0..csr.rows).for_each(|row| {
                let (columns, values) = csr.row(row);
                add_row(&mut columns.iter().map(|&column| column as usize).zip(values.iter().copied()));
            }),
            other => return Err(InputError::wrong_kind("numbers", other)),
        }
        Ok(Value::Floats(Matrix::new(rows, outputs, data), Precision::Single))
    }

    fn describe(&self) -> String {
        format!("{} × {}", self.coef.rows, self.coef.cols)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is the value of a `float32`")]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_rounded_step_by_step_and_leave_out_what_is_missing() {
        let coef = Matrix::new(3, 1, vec![1.0, 1.0, 1.0]);
        let affine = SingleAffine { coef, intercept: vec![1.0] };
        let rows = vec![16_777_216.0, 1.0, -16_777_216.0, f64::NAN, 2.0, 0.5];
        let rows = Value::Floats(Matrix::new(2, 3, rows), Precision::Single);
        let Ok(Value::Floats(found, Precision::Single)) = affine.run(&[&rows]) else { panic!("floats") };
        // 1 + 16,777,216 is 16,777,216 in `float32`, and once more.
        assert_eq!(*found.data, [0.0, 3.5]);
        let narrow = Value::Floats(Matrix::new(1, 2, vec![0.0, 0.0]), Precision::Single);
        assert!(affine.run(&[&narrow]).is_err());
    }
}
