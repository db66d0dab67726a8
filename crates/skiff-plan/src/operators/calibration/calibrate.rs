//! Probabilities of all classes from separately calibrated ones.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The end of `_CalibratedClassifier.predict_proba`: the results of the calibrators, at the indices of their classes, as fractions
/// of 1. (n, k) → (n, classes), where k is the number of calibrators.
#[derive(Debug)]
pub struct Calibrate {
    /// The class of each input column, all below `classes`.
    pub places: Vec<usize>,
    /// How many classes there are. Of two, the first has what the second leaves.
    pub classes: usize,
    /// Whether probabilities that are NaN become equal ones, as before 1.0; else only rows that add up to 0 do.
    pub nan_becomes_equal: bool,
}

impl Calibrate {
    fn finish(&self, shares: &mut [f64]) {
        #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
        let equal = 1.0 / self.classes as f64;
        if let [first, second] = shares {
            *first = 1.0 - *second;
        } else {
            let sum: f64 = shares.iter().sum();
            if sum == 0.0 && !self.nan_becomes_equal {
                shares.fill(equal);
            } else {
                shares.iter_mut().for_each(|share| *share /= sum);
            }
        }
        for share in shares {
            if share.is_nan() && self.nan_becomes_equal {
                *share = equal;
            }
            if 1.0 < *share && *share <= 1.0 + 1e-5 {
                *share = 1.0;
            }
        }
    }
}

impl Operator for Calibrate {
    const NAME: &'static str = "calibrate";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (x, _) = inputs[0].to_floats().ok_or_else(|| InputError::wrong_kind("probabilities", inputs[0]))?;
        if x.cols != self.places.len() {
            return Err(InputError::refused(format!("expected {} columns, found {}", self.places.len(), x.cols)));
        }
        let mut data = vec![0.0; x.rows * self.classes];
        for (values, shares) in x.iter_rows().zip(data.chunks_exact_mut(self.classes.max(1))) {
            for (&place, &value) in self.places.iter().zip(values) {
                shares[place] = value;
            }
            self.finish(shares);
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.classes, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{:?} of {} classes", self.places, self.classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(places: Vec<usize>, classes: usize, values: Vec<f64>) -> Vec<f64> {
        let values = Value::Floats(Matrix::new(1, values.len(), values), Precision::Double);
        let Ok(Value::Floats(found, _)) = (Calibrate { places, classes, nan_becomes_equal: false }).run(&[&values])
        else {
            panic!("floats")
        };
        found.data.into_owned()
    }

    #[test]
    fn the_first_of_two_classes_has_the_rest() {
        assert_eq!(run(vec![1], 2, vec![0.75]), [0.25, 0.75]);
    }

    #[test]
    fn classes_without_any_probability_share_alike() {
        assert_eq!(run(vec![0, 1, 2, 3], 4, vec![0.0; 4]), [0.25; 4]);
        assert_eq!(run(vec![0, 2], 3, vec![0.25, 0.5]), [1.0 / 3.0, 0.0, 2.0 / 3.0]);
    }
}
