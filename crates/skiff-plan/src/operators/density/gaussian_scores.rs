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
    /// Of each row, one column for each Gaussian. `squared` has the squares of the elements of `x`, if they are not those
    /// of its floats.
    fn squares(&self, x: &Matrix<'_, f64>, squared: Option<&Squared>, count: usize) -> Vec<f64> {
        let mut out = vec![0.0; x.rows * count];
        let sum_of_squares = |values: &[f64]| values.iter().fold(0.0, |sum, value| sum + value * value);
        let mut of_elements = vec![0.0; x.cols];
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
                for (at, (row, scores)) in x.iter_rows().zip(out.chunks_exact_mut(count.max(1))).enumerate() {
                    match squared {
                        Some(squared) => of_elements.copy_from_slice(&squared.elements[at * x.cols..(at + 1) * x.cols]),
                        None => of_elements.iter_mut().zip(row).for_each(|(square, x)| *square = x * x),
                    }
                    for ((score, mean), precision) in
                        scores.iter_mut().zip(means.iter_rows()).zip(precisions.iter_rows())
                    {
                        let of_mean = mean.iter().zip(precision).fold(0.0, |sum, (mean, p)| sum + mean * mean * p);
                        let (mut both, mut of_row) = (0.0, 0.0);
                        for (((x, square), mean), p) in row.iter().zip(&of_elements).zip(mean).zip(precision) {
                            both += x * (mean * p);
                            of_row += square * p;
                        }
                        *score = of_mean - 2.0 * both + of_row;
                    }
                }
            }
            Self::Spherical { means, precisions } => {
                for (at, (row, scores)) in x.iter_rows().zip(out.chunks_exact_mut(count.max(1))).enumerate() {
                    let of_row = squared.map_or_else(|| sum_of_squares(row), |squared| squared.rows[at]);
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

/// The squares of integers in their own dtype, where those that it cannot hold wrap round, as in numpy's `X**2` and in
/// scikit-learn's `row_norms(X, squared=True)`.
#[derive(Debug)]
struct Squared {
    /// Row by row.
    elements: Vec<f64>,
    /// The sum of each row.
    rows: Vec<f64>,
}

impl Squared {
    fn new(x: &Matrix<'_, i64>, kind: IntKind) -> Self {
        let squares: Vec<i64> = x.data.iter().map(|&value| value.wrapping_mul(value)).collect();
        let sums =
            squares.chunks(x.cols.max(1)).map(|row| row.iter().fold(0_i64, |sum, &square| sum.wrapping_add(square)));
        Self {
            rows: sums.map(|sum| kind.to_f64(sum)).collect(),
            elements: squares.iter().map(|&square| kind.to_f64(square)).collect(),
        }
    }
}

impl Operator for GaussianScores {
    const NAME: &'static str = "gaussian_scores";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let count = self.outer.len();
        let (mut scores, rows, precision) = match inputs[0] {
            Value::Floats(x, precision) => {
                (self.distances.squares(x, None, count), x.rows, precision.promote(self.precision))
            }
            Value::Ints(x, kind) => {
                let squared = Squared::new(x, *kind);
                let floats = x.map(|&value| kind.to_f64(value));
                let mut squares = self.distances.squares(&floats, Some(&squared), count);
                if self.truncates {
                    squares.iter_mut().for_each(|square| *square = kind.to_f64(kind.cast(*square)));
                }
                let precision =
                    if self.truncates { Precision::Double } else { kind.to_float().promote(self.precision) };
                (squares, x.rows, precision)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy 2.5: `np.square` and `astype` of these.
    #[test]
    fn integers_are_squared_in_their_own_dtype() {
        let int8 = IntKind::Int { bytes: 1, signed: true };
        let squared = Squared::new(&Matrix::new(2, 2, vec![100, 3, 12, -5]), int8);
        assert_eq!(squared.elements, [16.0, 9.0, -112.0, 25.0]);
        assert_eq!(squared.rows, [25.0, -87.0]);
        let bools = Squared::new(&Matrix::new(1, 3, vec![1, 0, 1]), IntKind::Bool);
        assert_eq!((&bools.elements[..], &bools.rows[..]), (&[1.0, 0.0, 1.0][..], &[1.0][..]));
        let (int32, uint64) = (IntKind::Int { bytes: 4, signed: true }, IntKind::Int { bytes: 8, signed: false });
        for (kind, value, stored) in [
            (int8, 70_000.7, 112.0),
            (int8, 3e9, 0.0),
            (int32, -70_000.7, -70_000.0),
            (int32, 3e9, -2_147_483_648.0),
            (int32, f64::NAN, -2_147_483_648.0),
            (uint64, 1.8e19, 1.8e19),
            (uint64, 3e19, 0.0),
            (IntKind::Bool, 0.5, 1.0),
        ] {
            assert_eq!(kind.to_f64(kind.cast(value)), stored, "{kind:?} {value}");
        }
    }
}
