//! Columns at their indices in a wider block.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// Each column at its index among `width` columns, of which all others have the value `fill`: the probabilities of an estimator
/// that was fitted on some of the classes only. Shape: from (n_samples, `places.len()`) to (n_samples, `width`).
#[derive(Debug)]
pub struct PlaceColumns {
    /// The index of each input column, all below `width`.
    pub places: Vec<usize>,
    /// How many columns come out.
    pub width: usize,
    /// The value of the other columns.
    pub fill: f64,
}

impl Operator for PlaceColumns {
    const NAME: &'static str = "place_columns";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        if x.cols != self.places.len() {
            let what = format!("expected {} columns of the estimator, found {}", self.places.len(), x.cols);
            return Err(InputError::refused(what));
        }
        let mut data = vec![self.fill; x.rows * self.width];
        for (row, values) in x.iter_rows().enumerate() {
            for (&place, &value) in self.places.iter().zip(values) {
                data[row * self.width + place] = value;
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, self.width, data), *precision))
    }

    fn describe(&self) -> String {
        format!("{:?} of {}", self.places, self.width)
    }
}
