//! Scores by squared distances from the means of Gaussians: mixtures and discriminant analysis.

use crate::InputError;
use crate::kernels::dot;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, Precision, Value};

/// `-½ (d² + inner) + outer` for each Gaussian, where d is the distance of the row from its mean. (n, n_features) →
/// (n, k).
#[derive(Debug)]
pub struct GaussianScores {
    /// How distances are computed.
    pub distances: GaussianDistances,
    /// One for each Gaussian.
    pub inner: Vec<f64>,
    /// One for each Gaussian.
    pub outer: Vec<f64>,
    /// The dtype of the model's numbers.
    pub precision: Precision,
    /// Whether distances from rows of integers are cut to integers, as scikit-learn 1.7 to 1.9 have it by mistake.
    pub truncates: bool,
}

/// Squared distances, in the forms in which scikit-learn computes them.
#[derive(Debug)]
pub enum GaussianDistances {
    /// `|(x - μ) · factor|²`.
    OfCentered {
        /// (k, n_features).
        means: Matrix<'static, f64>,
        /// The transpose of each factor, (n_columns, n_features).
        factors: Vec<Matrix<'static, f64>>,
    },
    /// `|x · factor - μ · factor|²`.
    OfProducts {
        /// The transpose of each factor, (n_columns, n_features); a single one for all Gaussians.
        factors: Vec<Matrix<'static, f64>>,
        /// `μ · factor` of each.
        offsets: Vec<Vec<f64>>,
    },
    /// `Σ μ²p - 2 Σ xμp + Σ x²p`, with a precision p for each feature.
    Diagonal {
        /// (k, n_features).
        means: Matrix<'static, f64>,
        /// (k, n_features).
        precisions: Matrix<'static, f64>,
    },
    /// The same with one precision for all features of a Gaussian.
    Spherical {
        /// (k, n_features).
        means: Matrix<'static, f64>,
        /// One for each.
        precisions: Vec<f64>,
    },
}

impl GaussianDistances {
    /// Of each row, one column for each Gaussian.
    fn squares(&self, x: &Matrix<'_, f64>, count: usize) -> Vec<f64> {
        let mut out = vec![0.0; x.rows * count];
        let sum_of_squares = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value * value);
        match self {
            Self::OfCentered { means, factors } => {
                for (k, (mean, factor)) in means.iter_rows().zip(factors).enumerate() {
                    let centered = x.iter_rows().flat_map(|row| row.iter().zip(mean).map(|(x, mean)| x - mean));
                    let centered = Matrix::new(x.rows, x.cols, centered.collect::<Vec<_>>());
                    let products = dot::matmul_transposed(&centered, factor);
                    for (row, values) in products.chunks_exact(factor.rows.max(1)).enumerate() {
                        out[row * count + k] = sum_of_squares(values);
                    }
                }
            }
            Self::OfProducts { factors, offsets } => {
                let mut products = Vec::new();
                for (k, offset) in offsets.iter().enumerate() {
                    // A single factor is multiplied once.
                    if let Some(factor) = factors.get(k) {
                        products = dot::matmul_transposed(x, factor);
                    }
                    for (row, values) in products.chunks_exact(offset.len().max(1)).enumerate() {
                        let pairs = values.iter().zip(offset);
                        out[row * count + k] = pairs.fold(0.0, |sum, (y, mean)| sum + (y - mean) * (y - mean));
                    }
                }
            }
            Self::Diagonal { means, precisions } => {
                for (row, scores) in x.iter_rows().zip(out.chunks_exact_mut(count.max(1))) {
                    for ((score, mean), precision) in
                        scores.iter_mut().zip(means.iter_rows()).zip(precisions.iter_rows())
                    {
                        let of_mean = mean.iter().zip(precision).fold(0.0, |sum, (mean, p)| sum + mean * mean * p);
                        let (mut both, mut of_row) = (0.0, 0.0);
                        for ((x, mean), p) in row.iter().zip(mean).zip(precision) {
                            both += x * (mean * p);
                            of_row += x * x * p;
                        }
                        *score = of_mean - 2.0 * both + of_row;
                    }
                }
            }
            Self::Spherical { means, precisions } => {
                for (row, scores) in x.iter_rows().zip(out.chunks_exact_mut(count.max(1))) {
                    let of_row = sum_of_squares(row);
                    for ((score, mean), p) in scores.iter_mut().zip(means.iter_rows()).zip(precisions) {
                        let both = row.iter().zip(mean).fold(0.0, |sum, (x, mean)| sum + x * mean);
                        *score = sum_of_squares(mean) * p - 2.0 * (both * p) + of_row * p;
                    }
                }
            }
        }
        out
    }
}

impl Operator for GaussianScores {
    const NAME: &'static str = "gaussian_scores";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let count = self.outer.len();
        let (mut scores, rows, precision) = match inputs[0] {
            Value::Floats(x, precision) => {
                (self.distances.squares(x, count), x.rows, precision.promote(self.precision))
            }
            Value::Ints(x, kind) => {
                #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
                let mut squares = self.distances.squares(&x.map(|&value| value as f64), count);
                if self.truncates {
                    squares.iter_mut().for_each(|square| *square = truncated(*square, *kind));
                }
                (squares, x.rows, Precision::Double)
            }
            other => return Err(InputError::wrong_kind("a dense table of numbers", other)),
        };
        for row in scores.chunks_exact_mut(count.max(1)) {
            for ((score, inner), outer) in row.iter_mut().zip(&self.inner).zip(&self.outer) {
                *score = precision.round(-0.5 * (*score + inner) + outer);
            }
        }
        Ok(Value::Floats(Matrix::new(rows, count, scores), precision))
    }

    fn describe(&self) -> String {
        format!("{} Gaussians", self.outer.len())
    }
}

/// A square in an array of integers, or of truth values.
fn truncated(square: f64, kind: IntKind) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as numpy stores it")]
    match kind {
        IntKind::Bool => f64::from(square != 0.0),
        kind => kind.wrap(square as i64) as f64,
    }
}
