//! Distances to every point of the fit.

use super::metric::Metric;
use crate::value::{Csr, Matrix};

/// The points of a fit, dense or sparse, with what brute force needs of them.
#[derive(Clone, Debug)]
pub struct Points {
    /// The points themselves.
    pub(crate) rows: Rows,
    /// What distances are.
    pub(crate) metric: Metric,
    /// Σy² of each point, for the metrics that go through products.
    squares: Vec<f64>,
}

/// Rows, dense or sparse.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    Dense(Matrix<'static, f64>),
    Sparse(Csr<'static>),
}

impl Points {
    pub(crate) fn new(rows: Rows, metric: Metric) -> Self {
        let squares = match (&rows, &metric) {
            (_, Metric::Euclidean | Metric::SquaredEuclidean | Metric::Cosine) => match &rows {
                Rows::Dense(matrix) => matrix.iter_rows().map(|row| fused(row, row)).collect(),
                Rows::Sparse(csr) => (0..csr.rows).map(|row| csr.row(row).1).map(|row| plain(row, row)).collect(),
            },
            _ => Vec::new(),
        };
        Self { rows, metric, squares }
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> usize {
        match &self.rows {
            Rows::Dense(matrix) => matrix.rows,
            Rows::Sparse(csr) => csr.rows,
        }
    }

    /// How many features they have.
    pub(crate) fn width(&self) -> usize {
        match &self.rows {
            Rows::Dense(matrix) => matrix.cols,
            Rows::Sparse(csr) => csr.cols,
        }
    }

    /// Whether reduced distances are squares of a Euclidean distance.
    pub(crate) fn is_euclidean(&self) -> bool {
        matches!(self.metric, Metric::Euclidean | Metric::SquaredEuclidean)
    }

    /// The reduced distances of `x` to all points. Euclidean ones are `x² - 2xy + y²`, as scikit-learn's brute force
    /// has them, and not below 0: what the subtraction loses, it loses there as well.
    pub(crate) fn distances(&self, x: &[f64], sparse: bool, out: &mut Vec<f64>) {
        out.clear();
        let square = if sparse || matches!(self.rows, Rows::Sparse(_)) { plain(x, x) } else { fused(x, x) };
        match (&self.rows, &self.metric) {
            (_, Metric::Euclidean | Metric::SquaredEuclidean) => {
                let combine = |(dot, y): (f64, &f64)| (square + -2.0 * dot + y).max(0.0);
                match &self.rows {
                    Rows::Dense(points) => pulp::Arch::new().dispatch(|| {
                        out.extend(points.iter_rows().map(|y| fused(x, y)).zip(&self.squares).map(combine));
                    }),
                    Rows::Sparse(csr) => out.extend(products(csr, x).zip(&self.squares).map(combine)),
                }
            }
            (_, Metric::Cosine) => {
                let norm = |square: f64| if square == 0.0 { 1.0 } else { square.sqrt() };
                let x_norm = norm(square);
                match &self.rows {
                    Rows::Dense(points) => out.extend(points.iter_rows().zip(&self.squares).map(|(y, square)| {
                        let y_norm = norm(*square);
                        let dot = x.iter().zip(y).fold(0.0, |sum: f64, (x, y)| (x / x_norm).mul_add(y / y_norm, sum));
                        (1.0 - dot).clamp(0.0, 2.0)
                    })),
                    Rows::Sparse(csr) => {
                        let scaled: Vec<f64> = x.iter().map(|value| value / x_norm).collect();
                        out.extend((0..csr.rows).zip(&self.squares).map(|(row, square)| {
                            let (columns, values) = csr.row(row);
                            let y_norm = norm(*square);
                            let pairs = columns.iter().zip(values);
                            let dot = pairs.fold(0.0, |sum, (&column, y)| sum + scaled[column as usize] * (y / y_norm));
                            (1.0 - dot).clamp(0.0, 2.0)
                        }));
                    }
                }
            }
            (Rows::Dense(points), metric) => out.extend(points.iter_rows().map(|y| metric.reduced(x, y))),
            (Rows::Sparse(csr), metric) => {
                let mut y = vec![0.0; csr.cols];
                for row in 0..csr.rows {
                    let (columns, values) = csr.row(row);
                    for (&column, &value) in columns.iter().zip(values) {
                        y[column as usize] += value;
                    }
                    out.push(metric.reduced(x, &y));
                    for &column in columns {
                        y[column as usize] = 0.0;
                    }
                }
            }
        }
    }
}

/// Σxy with fused multiply-adds in the order of the features: what BLAS does for each element of a product. `mul_add`
/// is exact on every processor, with or without an instruction for it.
#[inline(always)]
fn fused(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| x.mul_add(*y, sum))
}

fn plain(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).fold(0.0, |sum, (x, y)| sum + x * y)
}

/// The products of a dense row with sparse ones.
fn products(csr: &Csr<'static>, x: &[f64]) -> impl Iterator<Item = f64> {
    (0..csr.rows).map(|row| {
        let (columns, values) = csr.row(row);
        columns.iter().zip(values).fold(0.0, |sum, (&column, value)| sum + x[column as usize] * value)
    })
}
