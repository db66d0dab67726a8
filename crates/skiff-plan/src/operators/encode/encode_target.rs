//! `TargetEncoder`: from the numbers of categories to the means of the target.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// A number for each category, or one for each of several classes. (n, n_features) codes, negative for unknown ones →
/// (n, n_features n_classes).
#[derive(Debug)]
pub struct EncodeTarget {
    /// For each feature and each class the number of each category.
    pub encodings: Vec<Vec<f64>>,
    /// What unknown categories get, for each class.
    pub means: Vec<f64>,
}

impl Operator for EncodeTarget {
    const NAME: &'static str = "encode_target";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(codes, _) = inputs[0] else {
            return Err(InputError::wrong_kind("the numbers of categories", inputs[0]));
        };
        let classes = self.means.len();
        let mut data = Vec::with_capacity(codes.rows * self.encodings.len());
        for row in codes.iter_rows() {
            for (encodings, &code) in self.encodings.chunks(classes.max(1)).zip(row) {
                let of = |encoding: &Vec<f64>| usize::try_from(code).ok().and_then(|code| encoding.get(code).copied());
                data.extend(encodings.iter().zip(&self.means).map(|(encoding, &mean)| of(encoding).unwrap_or(mean)));
            }
        }
        Ok(Value::Floats(Matrix::new(codes.rows, self.encodings.len(), data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} columns", self.encodings.len())
    }
}
