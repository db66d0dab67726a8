//! `LocallyLinearEmbedding.transform`: rows as the barycenters of their neighbours.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// The embedding of each row: that of its neighbours, weighted as they make up the row itself. Inputs: the rows and the
/// numbers of their neighbours. → (n, n_components).
#[derive(Debug)]
pub struct Barycenters {
    /// The rows of the fit, (n_fit, n_features).
    pub points: Matrix<'static, f64>,
    /// Their dtype.
    pub precision: Precision,
    /// `embedding_`, (n_fit, n_components).
    pub embedding: Matrix<'static, f64>,
    /// `reg`
    pub regularization: f64,
}

impl Barycenters {
    /// `barycenter_weights` of one row: the solution of `G w = 1` over its sum, where G are the products of the
    /// neighbours' differences from the row, with something added to the diagonal.
    fn weights(&self, x: &[f64], neighbors: &[usize], precision: Precision) -> Option<Vec<f64>> {
        let round = |value: f64| precision.round(value);
        let count = neighbors.len();
        let differences: Vec<Vec<f64>> = neighbors
            .iter()
            .map(|&point| self.points.row(point).iter().zip(x).map(|(y, x)| round(y - x)).collect())
            .collect();
        let mut gram = Matrix::filled(count, count, 0.0);
        let products = gram.data.to_mut();
        for (i, a) in differences.iter().enumerate() {
            for (j, b) in differences.iter().enumerate() {
                products[i * count + j] = a.iter().zip(b).fold(0.0, |sum, (a, b)| round(a.mul_add(*b, sum)));
            }
        }
        let trace = (0..count).fold(0.0, |sum, at| round(sum + products[at * count + at]));
        let added = if trace > 0.0 { round(round(self.regularization) * trace) } else { self.regularization };
        for at in 0..count {
            products[at * count + at] = round(products[at * count + at] + added);
        }
        let mut weights = vec![1.0; count];
        solve_positive(products, &mut weights, precision)?;
        let sum = weights.iter().fold(0.0, |sum, weight| round(sum + weight));
        weights.iter_mut().for_each(|weight| *weight = round(*weight / sum));
        Some(weights)
    }
}

/// Solves `A x = b` for a positive definite A by its Cholesky factor, LAPACK's `posv`; `None` where it is not.
fn solve_positive(a: &mut [f64], b: &mut [f64], precision: Precision) -> Option<()> {
    let n = b.len();
    let round = |value: f64| precision.round(value);
    for j in 0..n {
        for i in j..n {
            let sum = (0..j).fold(a[i * n + j], |sum, k| round((-a[i * n + k]).mul_add(a[j * n + k], sum)));
            a[i * n + j] = match i == j {
                true if sum > 0.0 => round(sum.sqrt()),
                true => return None,
                false => round(sum / a[j * n + j]),
            };
        }
    }
    for i in 0..n {
        let sum = (0..i).fold(b[i], |sum, k| round((-a[i * n + k]).mul_add(b[k], sum)));
        b[i] = round(sum / a[i * n + i]);
    }
    for i in (0..n).rev() {
        let sum = (i + 1..n).fold(b[i], |sum, k| round((-a[k * n + i]).mul_add(b[k], sum)));
        b[i] = round(sum / a[i * n + i]);
    }
    Some(())
}

impl Operator for Barycenters {
    const NAME: &'static str = "barycenters";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (Some((x, own)), Value::Ints(neighbors, _)) = (inputs[0].to_floats(), inputs[1]) else {
            return Err(InputError::wrong_kind("numbers", inputs[0]));
        };
        let components = self.embedding.cols;
        let mut data = Vec::with_capacity(x.rows * components);
        for (row, x) in x.iter_rows().enumerate() {
            let points: Vec<usize> = neighbors
                .row(row)
                .iter()
                .map(|&point| usize::try_from(point).unwrap_or(0).min(self.points.rows.saturating_sub(1)))
                .collect();
            let weights = self.weights(x, &points, own.promote(self.precision));
            let weights = weights.ok_or_else(|| {
                InputError::refused("the products of the neighbours are not positive definite").in_row(row)
            })?;
            for component in 0..components {
                let terms = points.iter().zip(&weights);
                data.push(terms.fold(0.0, |sum, (&point, weight)| {
                    self.embedding.row(point)[component].mul_add(own.round(*weight), sum)
                }));
            }
        }
        Ok(Value::Floats(Matrix::new(inputs[0].rows(), components, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} points, {} components", self.points.rows, self.embedding.cols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positive_definite_systems_are_solved() {
        let mut a = [4.0, 2.0, 2.0, 3.0];
        let mut b = [2.0, 5.0];
        solve_positive(&mut a, &mut b, Precision::Double).expect("positive definite");
        assert!((b[0] + 0.5).abs() < 1e-15 && (b[1] - 2.0).abs() < 1e-15, "{b:?}");
        assert_eq!(solve_positive(&mut [1.0, 2.0, 2.0, 1.0], &mut [1.0, 1.0], Precision::Double), None);
    }
}
