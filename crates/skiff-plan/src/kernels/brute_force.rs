//! Distances to every point of the fit.

use std::ops::Range;

use super::arch::{is_wide, vectorized};
use super::metric::{Metric, centered, correlation, norm};
use super::neighbor_heap::NeighborHeap;
use super::panels::{LANES, Panels};
use super::row_square;
use crate::value::{Csr, Matrix, Precision};

/// How many numbers of points stay in the second-level cache while rows pass: 128 KiB.
const CACHED: usize = 1 << 14;

/// The points of a fit, dense or sparse, with what brute force needs of them.
#[derive(Clone, Debug)]
pub struct Points {
    /// The points themselves, or a precomputed form of each for the metric.
    rows: Rows,
    /// What distances are.
    pub metric: Metric,
    /// Σy² of each point, for the metrics that go through products, as `ArgKmin` adds them.
    squares: Vec<f64>,
    /// The same, as `row_norms` adds them; for correlation their roots, as scipy adds them.
    norms: Vec<f64>,
    /// How `row_norms` adds them: numpy's `einsum` of the time.
    einsum: fn(&[f64]) -> f64,
}

/// Rows, dense or sparse.
#[derive(Clone, Debug)]
enum Rows {
    Dense(Matrix<'static, f64>),
    /// For Euclidean distances as they are, for cosines divided by their norms.
    Panels(Panels),
    /// For `nan_euclidean`: with zeros for what is missing, ones for what is not, and as they are.
    Gaps(Panels, Panels, Matrix<'static, f64>),
    Sparse(Csr<'static>),
}

/// Whose distances are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DistancesOf {
    /// Those of `pairwise_distances`.
    Pairwise,
    /// Those that `ArgKmin` and `RadiusNeighbors` compare, of `float64` rows.
    ArgKmin,
    /// The same of `float32` rows, by `DistanceMetric32`.
    ArgKmin32 {
        /// Whether they are rounded to `float32`.
        rounds: bool,
    },
}

impl DistancesOf {
    /// The distance of what is compared. `DistanceMetric32` takes it as a `float32`; squares of Euclidean distances that
    /// are asked for as such it does not see.
    pub fn finish(self, metric: &Metric, reduced: f64) -> f64 {
        let round = |value: f64| Precision::Single.round(value);
        match self {
            Self::ArgKmin32 { rounds } if *metric != Metric::SquaredEuclidean => {
                let distance = metric.finish(round(reduced));
                if rounds { round(distance) } else { distance }
            }
            _ => metric.finish(reduced),
        }
    }

    /// What distances are compared with to be within a radius.
    pub fn reduce(self, metric: &Metric, radius: f64) -> f64 {
        let round = |value: f64| Precision::Single.round(value);
        match self {
            Self::ArgKmin32 { rounds } if *metric != Metric::SquaredEuclidean => {
                let reduced = metric.reduce(round(radius));
                // Squares are of `float32` in all versions: C multiplies them so.
                let is_square = matches!(metric, Metric::Euclidean | Metric::StandardizedEuclidean(_));
                if rounds || is_square { round(reduced) } else { reduced }
            }
            _ => metric.reduce(radius),
        }
    }

    fn reduced(self, metric: &Metric, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Self::ArgKmin32 { rounds: true } => Precision::Single.round(metric.reduced_single(x, y)),
            Self::ArgKmin32 { rounds: false } => metric.reduced_single(x, y),
            _ => metric.reduced(x, y),
        }
    }
}

impl Points {
    /// Dense points; `einsum` is numpy's of the time.
    pub fn dense(mut points: Matrix<'static, f64>, metric: Metric, einsum: fn(&[f64]) -> f64) -> Self {
        let of_rows = |points: &Matrix<'_, f64>, sum: fn(&[f64]) -> f64| points.iter_rows().map(sum).collect();
        let (mut squares, mut norms) = (Vec::new(), Vec::new());
        let rows = match metric {
            Metric::Euclidean | Metric::SquaredEuclidean => {
                (squares, norms) = (of_rows(&points, row_square::blas), of_rows(&points, einsum));
                Rows::Panels(Panels::new(&points))
            }
            Metric::Cosine => {
                scale_rows(&mut points, |row| size(einsum(row)));
                Rows::Panels(Panels::new(&points))
            }
            Metric::Correlation => {
                points =
                    Matrix::new(points.rows, points.cols, points.iter_rows().flat_map(centered).collect::<Vec<_>>());
                norms = of_rows(&points, norm);
                Rows::Dense(points)
            }
            Metric::NanEuclidean => {
                let filled = points.map(|value| filled(*value));
                norms = of_rows(&filled, einsum);
                let present = points.map(|value| f64::from(u8::from(!value.is_nan())));
                Rows::Gaps(Panels::new(&filled), Panels::new(&present), points)
            }
            _ => Rows::Dense(points),
        };
        Self { rows, metric, squares, norms, einsum }
    }

    /// The same, where `ArgKmin` is given Σy² of each point.
    #[must_use]
    pub fn with_squares(self, squares: Vec<f64>) -> Self {
        Self { squares, ..self }
    }

    /// Sparse points.
    pub fn sparse(csr: Csr<'static>, metric: Metric, einsum: fn(&[f64]) -> f64) -> Self {
        let squares: Vec<f64> = (0..csr.rows).map(|row| row_square::in_order(csr.row(row).1)).collect();
        Self { rows: Rows::Sparse(csr), metric, norms: squares.clone(), squares, einsum }
    }

    /// The points as the fit had them; `None` where the metric has made something else of them.
    pub fn to_matrix(&self) -> Option<Matrix<'static, f64>> {
        match (&self.rows, &self.metric) {
            (_, Metric::Cosine | Metric::Correlation) => None,
            (Rows::Dense(matrix) | Rows::Gaps(_, _, matrix), _) => Some(matrix.clone()),
            (Rows::Panels(panels), _) => Some(panels.to_matrix()),
            (Rows::Sparse(csr), _) => Some(csr.to_dense()),
        }
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Dense(matrix) | Rows::Gaps(_, _, matrix) => matrix.rows,
            Rows::Panels(panels) => panels.rows,
            Rows::Sparse(csr) => csr.rows,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many features they have.
    pub fn width(&self) -> usize {
        match &self.rows {
            Rows::Dense(matrix) | Rows::Gaps(_, _, matrix) => matrix.cols,
            Rows::Panels(panels) => panels.cols,
            Rows::Sparse(csr) => csr.cols,
        }
    }

    /// Whether the points are sparse.
    pub fn is_sparse(&self) -> bool {
        matches!(self.rows, Rows::Sparse(_))
    }

    /// Whether reduced distances are squares of a Euclidean distance.
    pub fn is_euclidean(&self) -> bool {
        matches!(self.metric, Metric::Euclidean | Metric::SquaredEuclidean)
    }

    /// Pushes the reduced distances of dense rows to all points onto the heap of each row, in the order of the points, as
    /// `ArgKmin` does. `false`, and nothing is done, where the distances do not come from products of dense rows.
    ///
    /// The distances have the bits of those of [`Self::distances`]. A heap takes only what is not at least its largest
    /// distance, which never grows: of a group whose distances all are, none could enter when its turn came. No distance
    /// is NaN: `max` makes 0 of it.
    pub fn push_all(&self, rows: &Matrix<'_, f64>, heaps: &mut [NeighborHeap]) -> bool {
        let (Rows::Panels(points), true) = (&self.rows, self.is_euclidean()) else { return false };
        // All rows pass some points before these leave the cache.
        let together = (CACHED / (points.cols.max(1) * LANES)).max(1);
        for first in (0..points.count()).step_by(together) {
            let groups = first..points.count().min(first + together);
            let mut row = 0;
            while row < rows.rows {
                // As many rows share each load of a point as registers can hold the sums of.
                let (groups, heaps) = (groups.clone(), &mut heaps[row..]);
                row += match rows.rows - row {
                    4.. if is_wide() => {
                        self.push::<4>(points, groups, std::array::from_fn(|at| rows.row(row + at)), heaps)
                    }
                    2.. => self.push(points, groups, [rows.row(row), rows.row(row + 1)], heaps),
                    _ => self.push(points, groups, [rows.row(row)], heaps),
                };
            }
        }
        true
    }

    /// [`Self::push_all`] for some groups of points and `R` rows.
    fn push<const R: usize>(
        &self,
        points: &Panels,
        groups: Range<usize>,
        xs: [&[f64]; R],
        heaps: &mut [NeighborHeap],
    ) -> usize {
        let squares = xs.map(row_square::blas);
        vectorized!(points.each_group(
            groups,
            xs,
            #[inline(always)]
            |first, products| {
                let y_squares = &self.squares[first..];
                for ((products, square), heap) in products.iter().zip(squares).zip(&mut *heaps) {
                    let mut distances = [f64::INFINITY; LANES];
                    let mut enters = false;
                    if let Some(y_squares) = y_squares.first_chunk::<LANES>() {
                        let largest = heap.largest();
                        for lane in 0..LANES {
                            distances[lane] = euclidean(square, products[lane], y_squares[lane]);
                            enters |= distances[lane] < largest;
                        }
                    } else {
                        for ((distance, dot), y_square) in distances.iter_mut().zip(products).zip(y_squares) {
                            *distance = euclidean(square, *dot, *y_square);
                        }
                        enters = true;
                    }
                    if enters {
                        for (index, distance) in (first..points.rows).zip(distances) {
                            heap.push(distance, index);
                        }
                    }
                }
            }
        ));
        R
    }

    /// The reduced distances of `x` to all points. Euclidean ones are `x² - 2xy + y²`, as scikit-learn's brute force has
    /// them, and not below 0: what the subtraction loses, it loses there as well.
    pub fn distances(&self, x: &[f64], sparse: bool, of: DistancesOf, out: &mut Vec<f64>) {
        out.clear();
        let arg_k_min = of != DistancesOf::Pairwise;
        let square = match (sparse, arg_k_min) {
            (true, _) => row_square::in_order(x),
            (false, true) => row_square::blas(x),
            (false, false) => (self.einsum)(x),
        };
        let squares = if arg_k_min { &self.squares } else { &self.norms };
        match (&self.rows, &self.metric) {
            (Rows::Panels(points), Metric::Cosine) => {
                let x: Vec<f64> = x.iter().map(|value| value / size(square)).collect();
                products(points, &x, sparse, out);
                out.iter_mut().for_each(|dot| *dot = (1.0 - *dot).clamp(0.0, 2.0));
            }
            // scipy's, of the differences.
            (Rows::Panels(points), Metric::SquaredEuclidean) if !arg_k_min => {
                let mut groups = vec![[0.0; LANES]; points.rows.div_ceil(LANES)];
                vectorized!(points.pairings::<true>(x, 0, &mut groups));
                out.extend(groups.as_flattened().iter().take(points.rows));
            }
            (Rows::Panels(points), _) => {
                products(points, x, sparse, out);
                out.iter_mut().zip(squares).for_each(|(dot, y)| *dot = euclidean(square, *dot, *y));
            }
            (Rows::Gaps(points, present, _), _) => {
                let x_filled: Vec<f64> = x.iter().map(|value| filled(*value)).collect();
                points.products(&x_filled, out);
                let square = (self.einsum)(&x_filled);
                vectorized!({
                    let groups = points.groups().zip(present.groups());
                    for ((values, squares), (y, present)) in
                        out.chunks_mut(LANES).zip(squares.chunks(LANES)).zip(groups)
                    {
                        let without_gaps = without_gaps(x, y, present);
                        for (lane, (value, y_square)) in values.iter_mut().zip(squares).enumerate() {
                            *value = without_gaps.of(lane, euclidean(square, *value, *y_square));
                        }
                    }
                });
            }
            (Rows::Dense(points), Metric::Correlation) => {
                let x: Vec<f64> = centered(x).collect();
                let x_norm = norm(&x);
                let pairs = points.iter_rows().zip(&self.norms);
                out.extend(pairs.map(|(y, y_norm)| correlation(&x, y, x_norm * y_norm)));
            }
            (Rows::Dense(points), Metric::BrayCurtis) if !arg_k_min => {
                out.extend(points.iter_rows().map(|y| bray_curtis_of_scipy(x, y)));
            }
            (Rows::Dense(points), metric) => out.extend(points.iter_rows().map(|y| of.reduced(metric, x, y))),
            (Rows::Sparse(csr), Metric::Euclidean | Metric::SquaredEuclidean) => {
                out.extend(products_of_sparse(csr, x).zip(squares).map(|(dot, y)| euclidean(square, dot, *y)));
            }
            (Rows::Sparse(csr), Metric::Cosine) => {
                let scaled: Vec<f64> = x.iter().map(|value| value / size(square)).collect();
                out.extend((0..csr.rows).zip(squares).map(|(row, square)| {
                    let (columns, values) = csr.row(row);
                    let y_size = size(*square);
                    let pairs = columns.iter().zip(values);
                    let dot = pairs.fold(0.0, |sum, (&column, y)| sum + scaled[column as usize] * (y / y_size));
                    (1.0 - dot).clamp(0.0, 2.0)
                }));
            }
            (Rows::Sparse(csr), metric) => {
                let mut y = vec![0.0; csr.cols];
                for row in 0..csr.rows {
                    let (columns, values) = csr.row(row);
                    for (&column, &value) in columns.iter().zip(values) {
                        y[column as usize] += value;
                    }
                    out.push(of.reduced(metric, x, &y));
                    for &column in columns {
                        y[column as usize] = 0.0;
                    }
                }
            }
        }
    }
}

/// The square of a Euclidean distance, of two squares and a product; not below 0.
#[inline(always)]
fn euclidean(square: f64, dot: f64, y: f64) -> f64 {
    (square - 2.0 * dot + y).max(0.0)
}

/// What `normalize` divides by: the root of the square, but never 0.
fn size(square: f64) -> f64 {
    if square == 0.0 { 1.0 } else { square.sqrt() }
}

/// scipy's Bray-Curtis distance, whose sums below the line may cancel: `BrayCurtis` of trees and `ArgKmin` adds up sizes.
fn bray_curtis_of_scipy(x: &[f64], y: &[f64]) -> f64 {
    let pairs = x.iter().zip(y);
    let (part, whole) =
        pairs.fold((0.0, 0.0), |(part, whole), (x, y)| (part + f64::abs(x - y), whole + f64::abs(x + y)));
    part / whole
}

fn scale_rows(matrix: &mut Matrix<'static, f64>, size: impl Fn(&[f64]) -> f64) {
    for row in matrix.data.to_mut().chunks_exact_mut(matrix.cols.max(1)) {
        let size = size(row);
        row.iter_mut().for_each(|value| *value /= size);
    }
}

fn filled(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value }
}

/// What rows have where others lack it, of a row and those of a group.
struct WithoutGaps {
    /// The squares of what the row has and each of the group lacks.
    x: [f64; LANES],
    /// The other way round.
    y: [f64; LANES],
    /// How many features neither lacks.
    present: [f64; LANES],
    /// How many features there are.
    features: f64,
}

impl WithoutGaps {
    /// The square of `nan_euclidean_distances`: `whole`, which counts what is missing as 0, less what one row has where the
    /// other lacks it, as if all features were like those that neither lacks; NaN where there are none.
    #[inline(always)]
    fn of(&self, lane: usize, whole: f64) -> f64 {
        let shared = (whole - self.x[lane] - self.y[lane]).max(0.0);
        let scaled = shared / self.present[lane] * self.features;
        if self.present[lane] == 0.0 { f64::NAN } else { scaled }
    }
}

/// `x` next to a group of rows: `y` with zeros for what is missing, and `present` with ones for what is not.
#[inline(always)]
fn without_gaps(x: &[f64], y: &[[f64; LANES]], present: &[[f64; LANES]]) -> WithoutGaps {
    let zeros = [0.0; LANES];
    #[expect(clippy::cast_precision_loss, reason = "rows have fewer than 2⁵³ columns")]
    let mut gaps = WithoutGaps { x: zeros, y: zeros, present: zeros, features: x.len() as f64 };
    for ((x, y), present) in x.iter().zip(y).zip(present) {
        if x.is_nan() {
            for (sum, y) in gaps.y.iter_mut().zip(y) {
                *sum += y * y;
            }
        } else {
            for ((sum, count), present) in gaps.x.iter_mut().zip(&mut gaps.present).zip(present) {
                *sum += if *present == 0.0 { x * x } else { 0.0 };
                *count += present;
            }
        }
    }
    gaps
}

/// The products of a row, which may be one of a sparse matrix, with dense ones.
fn products(points: &Panels, x: &[f64], sparse: bool, out: &mut Vec<f64>) {
    if sparse { points.products_of_sparse(x, out) } else { points.products(x, out) }
}

/// The products of a dense row with sparse ones.
fn products_of_sparse(csr: &Csr<'static>, x: &[f64]) -> impl Iterator<Item = f64> {
    (0..csr.rows).map(|row| {
        let (columns, values) = csr.row(row);
        columns.iter().zip(values).fold(0.0, |sum, (&column, value)| sum + x[column as usize] * value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances of scipy 0.19 to 1.14, and those that scikit-learn's `BrayCurtisDistance` adds up otherwise.
    #[test]
    fn bray_curtis_is_that_of_scipy_but_for_arg_k_min() {
        let points = Matrix::new(4, 3, vec![1.0, 2.0, -3.0, 0.0, 0.0, 0.0, -1.0, -1.0, -1.0, 0.5, 0.5, 2.0]);
        let points = Points::dense(points, Metric::BrayCurtis, |row| row.iter().map(|x| x * x).sum());
        let distances = |x: &[f64], of: DistancesOf| {
            let mut out = Vec::new();
            points.distances(x, false, of, &mut out);
            out
        };
        assert_eq!(distances(&[1.0, -2.0, 3.0], DistancesOf::Pairwise), [5.0, 1.0, 1.4, 0.5]);
        let found = distances(&[1.0, 1.0, 1.0], DistancesOf::Pairwise);
        assert!((found[0] - 0.714_285_71).abs() < 1e-8 && (found[3] - 0.333_333_33).abs() < 1e-8, "{found:?}");
        assert_eq!(found[1..3], [1.0, f64::INFINITY]);
        assert!(distances(&[0.0, 0.0, 0.0], DistancesOf::Pairwise)[1].is_nan());
        assert_eq!(distances(&[1.0, -2.0, 3.0], DistancesOf::ArgKmin)[0], 10.0 / 12.0);
    }
}
