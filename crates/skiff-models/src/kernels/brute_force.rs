//! Distances to every point of the fit.

use super::metric::Metric;
use super::row_square;
use crate::value::{Csr, Matrix};

/// The points of a fit, dense or sparse, with what brute force needs of them.
#[derive(Clone, Debug)]
pub struct Points {
    /// The points themselves.
    pub(crate) rows: Rows,
    /// What distances are.
    pub(crate) metric: Metric,
    /// Σy² of each point, for the metrics that go through products, as `ArgKmin` adds them.
    squares: Vec<f64>,
    /// The same, as `row_norms` adds them.
    norms: Vec<f64>,
    /// How `row_norms` adds them: numpy's `einsum` of the time.
    einsum: fn(&[f64]) -> f64,
}

/// Rows, dense or sparse.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    Dense(Matrix<'static, f64>),
    Sparse(Csr<'static>),
}

impl Points {
    pub(crate) fn new(rows: Rows, metric: Metric, einsum: fn(&[f64]) -> f64) -> Self {
        let needed = matches!(metric, Metric::Euclidean | Metric::SquaredEuclidean | Metric::Cosine);
        let (squares, norms): (Vec<f64>, Vec<f64>) = match &rows {
            _ if !needed => Default::default(),
            Rows::Dense(points) => points.iter_rows().map(|row| (row_square::blas(row), einsum(row))).unzip(),
            Rows::Sparse(csr) => {
                let rows = (0..csr.rows).map(|row| csr.row(row).1);
                rows.map(|row| (row_square::in_order(row), row_square::in_order(row))).unzip()
            }
        };
        Self { rows, metric, squares, norms, einsum }
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

    /// The reduced distances of `x` to all points, for `ArgKmin` or for what `pairwise_distances` gives. Euclidean ones are `x² - 2xy + y²`, as scikit-learn's brute force
    /// has them, and not below 0: what the subtraction loses, it loses there as well.
    pub(crate) fn distances(&self, x: &[f64], sparse: bool, arg_k_min: bool, out: &mut Vec<f64>) {
        out.clear();
        let square = match (sparse, arg_k_min) {
            (true, _) => row_square::in_order(x),
            (false, true) => row_square::blas(x),
            (false, false) => (self.einsum)(x),
        };
        let squares = if arg_k_min { &self.squares } else { &self.norms };
        match (&self.rows, &self.metric) {
            (_, Metric::Euclidean | Metric::SquaredEuclidean) => {
                let combine = |(dot, y): (f64, &f64)| (square + -2.0 * dot + y).max(0.0);
                match &self.rows {
                    Rows::Dense(points) => pulp::Arch::new().dispatch(|| {
                        out.extend(points.iter_rows().map(|y| fused(x, y)).zip(squares).map(combine));
                    }),
                    Rows::Sparse(csr) => out.extend(products(csr, x).zip(squares).map(combine)),
                }
            }
            (_, Metric::Cosine) => {
                let norm = |square: f64| if square == 0.0 { 1.0 } else { square.sqrt() };
                let x_norm = norm(square);
                match &self.rows {
                    Rows::Dense(points) => out.extend(points.iter_rows().zip(squares).map(|(y, square)| {
                        let y_norm = norm(*square);
                        let dot = x.iter().zip(y).fold(0.0, |sum: f64, (x, y)| (x / x_norm).mul_add(y / y_norm, sum));
                        (1.0 - dot).clamp(0.0, 2.0)
                    })),
                    Rows::Sparse(csr) => {
                        let scaled: Vec<f64> = x.iter().map(|value| value / x_norm).collect();
                        out.extend((0..csr.rows).zip(squares).map(|(row, square)| {
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

/// The products of a dense row with sparse ones.
fn products(csr: &Csr<'static>, x: &[f64]) -> impl Iterator<Item = f64> {
    (0..csr.rows).map(|row| {
        let (columns, values) = csr.row(row);
        columns.iter().zip(values).fold(0.0, |sum, (&column, value)| sum + x[column as usize] * value)
    })
}
