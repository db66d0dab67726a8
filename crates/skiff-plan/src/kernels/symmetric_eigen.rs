//! Eigenvalues and eigenvectors of small symmetric matrices, by Jacobi's rotations.

use crate::value::Matrix;

/// More sweeps than any matrix needs: the off-diagonal part shrinks quadratically.
const MOST_SWEEPS: usize = 64;

/// The eigenvalues of a symmetric matrix, of which the lower triangle is read, and its eigenvectors, one in each row.
pub fn symmetric_eigen(matrix: &Matrix<'_, f64>) -> (Vec<f64>, Matrix<'static, f64>) {
    let n = matrix.rows;
    let mut a = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            a[row * n + column] = matrix.row(row)[column];
            a[column * n + row] = matrix.row(row)[column];
        }
    }
    let mut vectors = vec![0.0; n * n];
    for at in 0..n {
        vectors[at * n + at] = 1.0;
    }
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let (off, first, second) = (a[p * n + q], a[p * n + p], a[q * n + q]);
                // What no longer changes either neighbour on the diagonal is nothing.
                if off == 0.0 || !off.is_finite() || off.abs() <= f64::EPSILON * 1e-3 * (first * second).abs().sqrt() {
                    continue;
                }
                rotated = true;
                let theta = (second - first) / (2.0 * off);
                let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = tangent * cosine;
                for k in 0..n {
                    let (x, y) = (a[k * n + p], a[k * n + q]);
                    (a[k * n + p], a[k * n + q]) = (cosine * x - sine * y, sine * x + cosine * y);
                }
                for k in 0..n {
                    let (x, y) = (a[p * n + k], a[q * n + k]);
                    (a[p * n + k], a[q * n + k]) = (cosine * x - sine * y, sine * x + cosine * y);
                    let (x, y) = (vectors[p * n + k], vectors[q * n + k]);
                    (vectors[p * n + k], vectors[q * n + k]) = (cosine * x - sine * y, sine * x + cosine * y);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    ((0..n).map(|at| a[at * n + at]).collect(), Matrix::new(n, n, vectors))
}

/// A pseudo-inverse.
#[derive(Clone, Debug)]
pub struct PseudoInverse {
    /// The inverse.
    pub matrix: Matrix<'static, f64>,
    /// How large a part of it rounding errors may decide: the unit of the greatest eigenvalue, over the least that was kept.
    pub uncertainty: f64,
}

impl PseudoInverse {
    /// Whether two implementations that round differently agree to a millionth.
    pub fn is_certain(&self) -> bool {
        self.uncertainty <= 1e-6
    }
}

/// `scipy.linalg.pinvh`: the inverse on the eigenvectors whose eigenvalues are not rounding errors.
pub fn pseudo_inverse(matrix: &Matrix<'_, f64>) -> PseudoInverse {
    let n = matrix.rows;
    let (values, vectors) = symmetric_eigen(matrix);
    let greatest = values.iter().fold(0.0_f64, |greatest, value| greatest.max(value.abs()));
    #[expect(clippy::cast_precision_loss, reason = "matrices have fewer than 2⁵³ rows")]
    let least = greatest * n as f64 * f64::EPSILON;
    let mut inverse = vec![0.0; n * n];
    let mut uncertainty = 0.0_f64;
    for (value, vector) in values.iter().zip(vectors.iter_rows()).filter(|(value, _)| value.abs() > least) {
        uncertainty = uncertainty.max(greatest * f64::EPSILON / value.abs());
        for (row, x) in inverse.chunks_exact_mut(n).zip(vector) {
            for (element, y) in row.iter_mut().zip(vector) {
                *element += x * y / value;
            }
        }
    }
    PseudoInverse { matrix: Matrix::new(n, n, inverse), uncertainty }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    #[test]
    fn an_inverse_is_one() {
        let matrix = Matrix::new(3, 3, vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.25, 0.5, -0.25, 2.0]);
        let PseudoInverse { matrix: inverse, uncertainty } = pseudo_inverse(&matrix);
        assert!(uncertainty < 1e-14);
        let product: Vec<f64> =
            (0..9).map(|at| (0..3).map(|k| matrix.row(at / 3)[k] * inverse.row(k)[at % 3]).sum()).collect();
        assert!(close(&product, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]), "{product:?}");
    }

    #[test]
    fn a_singular_matrix_is_inverted_where_it_can_be() {
        let matrix = Matrix::new(2, 2, vec![1.0, 1.0, 1.0, 1.0]);
        assert!(close(&pseudo_inverse(&matrix).matrix.data, &[0.25; 4]));
        assert!(close(&pseudo_inverse(&Matrix::new(2, 2, vec![0.0; 4])).matrix.data, &[0.0; 4]));
    }

    #[test]
    fn rounding_errors_decide_where_an_eigenvalue_is_barely_kept() {
        let nearly = |least: f64| pseudo_inverse(&Matrix::new(2, 2, vec![1.0, 0.0, 0.0, least])).is_certain();
        assert!(nearly(1e-9) && !nearly(1e-12) && nearly(1e-17));
    }
}
