//! The coefficients of few atoms that make up a signal, by the algorithms of `sklearn.linear_model`, each repeated step by
//! step on the products of the atoms with each other (`gram`) and with the signal.

mod lars;
mod lasso;
mod omp;

pub use lars::{Lars, Path};
pub use lasso::Lasso;
pub use omp::orthogonal_matching_pursuit;

use crate::value::Precision;

/// A product of an atom with a signal, or with what is left of it.
///
/// Algorithms that take one atom after the other go on differently from two products that are next to equal, and which of
/// them is greater depends on the order in which they were summed: that of scikit-learn's BLAS is not known. Such
/// choices are refused.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The product.
    pub value: f64,
    /// What it may be away from the one of another order of summation. 0: any order gives the same bits.
    pub error: f64,
}

/// Why there is no answer.
const EQUAL_ATOMS: &str = "two atoms of the dictionary have the same product with the row, but for rounding errors, \
                           which decide what scikit-learn takes first";
const DEPENDENT_ATOMS: &str = "whether an atom of the dictionary depends on others is decided by rounding errors";

/// `np.argmax` of the sizes of products; 0 where there is none.
fn largest(products: &[Product], size: impl Fn(f64) -> f64) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (at, product) in products.iter().enumerate() {
        let size = size(product.value);
        if size.is_nan() {
            return at;
        }
        if size > best.1 {
            best = (at, size);
        }
    }
    best.0
}

/// Whether the product at `best` is the [`largest`] in any order of summation, or as good as any other.
fn is_decided(products: &[Product], best: usize, size: impl Fn(f64) -> f64) -> bool {
    let Some(&Product { value, error }) = products.get(best) else { return true };
    let greatest = size(value);
    // Of products that are nothing but rounding errors, each is as good as any other.
    greatest <= error
        || products.iter().enumerate().all(|(at, other)| {
            let errors = error + other.error;
            at == best || errors == 0.0 || size(other.value) + errors < greatest
        })
}

/// What rounding errors are at most, in fact, of a sum of `count` products relative to its terms: they grow with the square
/// root of their number.
#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ terms")]
pub fn error_of_sum(count: usize, precision: Precision) -> f64 {
    (2.0 + (count as f64).sqrt()) * precision.epsilon()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_that_rounding_errors_decide_between_are_refused() {
        let found = |products: &[(f64, f64)]| {
            let products: Vec<Product> = products.iter().map(|&(value, error)| Product { value, error }).collect();
            let best = largest(&products, f64::abs);
            (best, is_decided(&products, best, f64::abs))
        };
        assert_eq!(found(&[]), (0, true));
        assert_eq!(found(&[(1.0, 1e-16), (-2.0, 1e-16), (1.5, 1e-16)]), (1, true));
        assert_eq!(found(&[(2.0, 1e-15), (-2.0 - 1e-15, 0.0)]), (1, false));
        // The same bits in any order: the first is taken.
        assert_eq!(found(&[(2.0, 0.0), (-2.0, 0.0)]), (0, true));
        assert_eq!(found(&[(1e-17, 1e-16), (1e-17, 1e-16)]), (0, true));
    }
}
