//! Squared Mahalanobis distances.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// `(x - location)ᵀ · precision · (x - location)` of each row, in `float64`: (n, n_features) → (n, 1).
#[derive(Debug)]
pub struct Mahalanobis {
    /// (n_features,).
    pub location: Vec<f64>,
    /// The inverse of the covariance, (n_features, n_features).
    pub precision: Matrix<'static, f64>,
    /// Whether they are squares of distances: scipy takes roots, which round.
    pub squares_roots: bool,
}

impl Operator for Mahalanobis {
    const NAME: &'static str = "mahalanobis";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        let mut centered = vec![0.0; x.cols];
        let square = |row: &[f64]| {
            for ((centered, x), location) in centered.iter_mut().zip(row).zip(&self.location) {
                *centered = x - location;
            }
            let mut sum = 0.0;
            for (x, weights) in centered.iter().zip(self.precision.iter_rows()) {
                sum += x * weights.iter().zip(&centered).fold(0.0, |part, (weight, y)| part + weight * y);
            }
            match self.squares_roots {
                true => sum.sqrt() * sum.sqrt(),
                false => sum,
            }
        };
        let squares: Vec<f64> = x.iter_rows().map(square).collect();
        Ok(Value::Floats(Matrix::new(x.rows, 1, squares), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} features", self.location.len())
    }
}
