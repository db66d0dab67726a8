//! Cholesky's decomposition of small matrices, for models that keep covariances or precisions and not their factors.

use crate::value::Matrix;

/// The lower triangle L of a positive definite matrix L·Lᵀ, of which the lower half is read; `None` for any other.
pub fn cholesky(matrix: &Matrix<'_, f64>) -> Option<Matrix<'static, f64>> {
    let n = matrix.rows;
    let mut lower = Matrix::new(n, n, vec![0.0; n * n]);
    for i in 0..n {
        for j in 0..=i {
            let sum = (0..j).fold(matrix.row(i)[j], |sum, k| sum - lower.data[i * n + k] * lower.data[j * n + k]);
            let value = if i == j { sum.sqrt() } else { sum / lower.data[j * n + j] };
            // Of a negative number there is no root.
            if !value.is_finite() || i == j && value == 0.0 {
                return None;
            }
            lower.data.to_mut()[i * n + j] = value;
        }
    }
    Some(lower)
}

/// The inverse of a lower triangle that has no zero on its diagonal.
pub fn inverse_of_lower(lower: &Matrix<'_, f64>) -> Matrix<'static, f64> {
    let n = lower.rows;
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        for i in column..n {
            let start = if i == column { 1.0 } else { 0.0 };
            let sum = (column..i).fold(start, |sum, k| sum - lower.row(i)[k] * inverse[k * n + column]);
            inverse[i * n + column] = sum / lower.row(i)[i];
        }
    }
    Matrix::new(n, n, inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangles_of_positive_definite_matrices() {
        let lower = cholesky(&Matrix::new(2, 2, vec![4.0, 2.0, 2.0, 5.0])).expect("positive definite");
        assert_eq!(lower.data[..], [2.0, 0.0, 1.0, 2.0]);
        assert_eq!(inverse_of_lower(&lower).data[..], [0.5, 0.0, -0.25, 0.5]);
        for indefinite in [[1.0, 2.0, 2.0, 1.0], [0.0, 0.0, 0.0, 1.0], [f64::NAN, 0.0, 0.0, 1.0]] {
            assert!(cholesky(&Matrix::new(2, 2, indefinite.to_vec())).is_none(), "{indefinite:?}");
        }
    }
}
