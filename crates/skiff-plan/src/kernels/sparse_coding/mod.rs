//! The coefficients of few atoms that make up a signal, by the algorithms of `sklearn.linear_model`, each repeated step by
//! step on the products of the atoms with each other (`gram`) and with the signal.

mod lars;
mod lasso;
mod omp;

pub use lars::{Lars, Path};
pub use lasso::Lasso;
pub use omp::orthogonal_matching_pursuit;

use crate::value::Precision;

/// A square matrix of which the lower triangle is used, its elements of one dtype.
struct Lower {
    size: usize,
    data: Vec<f64>,
    precision: Precision,
}

impl Lower {
    fn new(size: usize, precision: Precision) -> Self {
        Self { size, data: vec![0.0; size * size], precision }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.data[row * self.size + column]
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        self.data[row * self.size + column] = self.precision.round(value);
    }

    /// `solve_triangular(L[:n, :n], values, lower=1)`, in place.
    fn solve(&self, values: &mut [f64]) {
        for at in 0..values.len() {
            let sum = (0..at).fold(values[at], |sum, before| sum - self.at(at, before) * values[before]);
            values[at] = self.precision.round(sum / self.at(at, at));
        }
    }

    /// `solve_triangular(L[:n, :n].T, values)`, in place.
    fn solve_transposed(&self, values: &mut [f64]) {
        for at in (0..values.len()).rev() {
            let after = at + 1..values.len();
            let sum = after.fold(values[at], |sum, after| sum - self.at(after, at) * values[after]);
            values[at] = self.precision.round(sum / self.at(at, at));
        }
    }

    /// `potrs`: the solution of `L·Lᵀ·x = values`.
    fn solve_both(&self, values: &[f64]) -> Vec<f64> {
        let mut solution = values.to_vec();
        self.solve(&mut solution);
        self.solve_transposed(&mut solution);
        solution
    }
}

/// `np.argmax(np.abs(values))`; 0 where there is none.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, value) in values.enumerate() {
        if value.is_nan() {
            return at;
        }
        if value > best.1 {
            best = (at, value);
        }
    }
    best.0
}
