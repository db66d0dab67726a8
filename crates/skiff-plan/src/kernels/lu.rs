//! The factors of a square matrix: `scipy.linalg.inv` and `numpy.linalg.slogdet`.

use crate::value::Matrix;

/// `P·A = L·U`, with the greatest element of each column as its pivot, as LAPACK's `getrf` has it.
#[derive(Debug)]
pub struct Lu {
    /// L below the diagonal, whose own is all 1; U on it and above.
    factors: Vec<f64>,
    /// The row of A that each row of the factors was.
    order: Vec<usize>,
    /// 1 or -1, as the rows were swapped an even or an odd number of times.
    parity: f64,
}

impl Lu {
    /// The factors of a square matrix; `None` if it is singular or not finite.
    pub fn of(matrix: &Matrix<'_, f64>) -> Option<Self> {
        let n = matrix.rows;
        assert_eq!(n, matrix.cols, "a square matrix");
        if matrix.data.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut factors = matrix.data.to_vec();
        let mut order: Vec<usize> = (0..n).collect();
        let mut parity = 1.0;
        for column in 0..n {
            let size = |row: usize| factors[row * n + column].abs();
            // The first of equals, as `idamax` has it.
            let pivot = (column..n).reduce(|best, row| if size(row) > size(best) { row } else { best })?;
            if size(pivot) == 0.0 || !size(pivot).is_finite() {
                return None;
            }
            if pivot != column {
                order.swap(pivot, column);
                parity = -parity;
                for at in 0..n {
                    factors.swap(pivot * n + at, column * n + at);
                }
            }
            let (above, below) = factors.split_at_mut((column + 1) * n);
            let top = &above[column * n..];
            for row in below.chunks_exact_mut(n) {
                let factor = row[column] / top[column];
                row[column] = factor;
                for (value, top) in row[column + 1..].iter_mut().zip(&top[column + 1..]) {
                    *value -= factor * top;
                }
            }
        }
        Some(Self { factors, order, parity })
    }

    /// The inverse.
    pub fn inverse(&self) -> Matrix<'static, f64> {
        let n = self.order.len();
        let mut inverse = vec![0.0; n * n];
        for (row, &from) in self.order.iter().enumerate() {
            inverse[row * n + from] = 1.0;
        }
        for row in 0..n {
            let (done, rest) = inverse.split_at_mut(row * n);
            for (below, solved) in done.chunks_exact(n).enumerate() {
                subtract(&mut rest[..n], self.factors[row * n + below], solved);
            }
        }
        for row in (0..n).rev() {
            let (rest, done) = inverse.split_at_mut((row + 1) * n);
            let current = &mut rest[row * n..];
            for (above, solved) in done.chunks_exact(n).enumerate() {
                subtract(current, self.factors[row * n + row + 1 + above], solved);
            }
            for value in current {
                *value /= self.factors[row * n + row];
            }
        }
        Matrix::new(n, n, inverse)
    }

    /// The sign of the determinant, and the logarithm of its size.
    pub fn log_determinant(&self) -> (f64, f64) {
        let n = self.order.len();
        let diagonal = (0..n).map(|at| self.factors[at * n + at]);
        diagonal.fold((self.parity, 0.0), |(sign, log), value| (sign * value.signum(), log + value.abs().ln()))
    }
}

fn subtract(row: &mut [f64], factor: f64, other: &[f64]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value -= factor * other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_undoes_the_matrix_and_the_determinant_is_known() {
        // The first pivot is 0 without a swap; the determinant is 11.
        let matrix = Matrix::new(3, 3, vec![0.0, 2.0, 1.0, 3.0, 0.0, 1.0, 1.0, 1.0, -1.0]);
        let factors = Lu::of(&matrix).expect("a regular matrix");
        let (sign, log) = factors.log_determinant();
        assert_eq!(sign, 1.0);
        assert!((log.exp() - 11.0).abs() < 1e-12);
        let inverse = factors.inverse();
        for row in 0..3 {
            for column in 0..3 {
                let product: f64 = (0..3).map(|at| matrix.row(row)[at] * inverse.row(at)[column]).sum();
                let expected = if row == column { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn what_has_no_inverse_has_no_factors() {
        assert!(Lu::of(&Matrix::new(2, 2, vec![1.0, 2.0, 2.0, 4.0])).is_none());
        assert!(Lu::of(&Matrix::new(1, 1, vec![f64::NAN])).is_none());
        assert_eq!(Lu::of(&Matrix::new(0, 0, Vec::new())).map(|lu| lu.log_determinant()), Some((1.0, 0.0)));
    }
}
