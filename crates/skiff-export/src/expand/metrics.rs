//! Distances between rows and points.

use skiff_plan::kernels::metric::Metric;
use skiff_plan::value::Matrix;

use super::Reason;
use crate::graph::{Builder, TensorId};

/// The distance of each row from each point, (n, points), feature by feature.
pub(super) fn distances(
    builder: &mut Builder,
    x: TensorId,
    points: &Matrix<'_, f64>,
    metric: &Metric,
) -> Result<TensorId, Reason> {
    let reduced = reduced(builder, x, points, metric)?;
    finished(builder, reduced, metric)
}

/// What grows with the distance and is cheaper: `rdist`.
pub(super) fn reduced(
    builder: &mut Builder,
    x: TensorId,
    points: &Matrix<'_, f64>,
    metric: &Metric,
) -> Result<TensorId, Reason> {
    Ok(match metric {
        Metric::Euclidean | Metric::SquaredEuclidean => builder.squared_distances(x, points),
        Metric::StandardizedEuclidean(variances) => {
            let mut variances = variances.iter();
            builder.over_pairs(x, points, |builder, x, y| {
                let difference = builder.sub(x, y);
                let square = builder.mul(difference, difference);
                builder.over(square, variances.next().copied().unwrap_or(1.0))
            })
        }
        Metric::Manhattan => builder.manhattan_distances(x, points),
        Metric::Chebyshev => builder.greatest_differences(x, points),
        Metric::Minkowski { p, weights: None } => builder.sums_of_powers(x, points, *p),
        Metric::Minkowski { p, weights: Some(weights) } => {
            let mut weights = weights.iter();
            builder.over_pairs(x, points, |builder, x, y| {
                let difference = builder.sub(x, y);
                let (size, p) = (builder.abs(difference), builder.number(*p));
                let power = builder.pow(size, p);
                builder.times(power, weights.next().copied().unwrap_or(1.0))
            })
        }
        Metric::WeightedDifferences { p, weights } => {
            let mut weights = weights.iter();
            builder.over_pairs(x, points, |builder, x, y| {
                let difference = builder.sub(x, y);
                let size = builder.abs(difference);
                let size = builder.times(size, weights.next().copied().unwrap_or(1.0));
                let p = builder.number(*p);
                builder.pow(size, p)
            })
        }
        Metric::Hamming => {
            let count = builder.over_pairs(x, points, |builder, x, y| {
                let is_equal = builder.equal(x, y);
                let differs = builder.not(is_equal);
                builder.cast(differs, crate::graph::DType::F64)
            });
            #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ features")]
            builder.over(count, points.cols as f64)
        }
        Metric::Canberra => builder.over_pairs(x, points, |builder, x, y| {
            let (part, whole) = parts(builder, x, y);
            let is_zero = builder.is(whole, 0.0);
            let divisor = builder.number_where(is_zero, 1.0, whole);
            builder.div(part, divisor)
        }),
        Metric::BrayCurtis => {
            let part = builder.over_pairs(x, points, |builder, x, y| parts(builder, x, y).0);
            let whole = builder.over_pairs(x, points, |builder, x, y| parts(builder, x, y).1);
            let is_zero = builder.is(whole, 0.0);
            let divisor = builder.number_where(is_zero, 1.0, whole);
            builder.div(part, divisor)
        }
        _ => return Err(Reason::new("its metric is not exported yet")),
    })
}

/// |x - y| and |x| + |y|.
fn parts(builder: &mut Builder, x: TensorId, y: TensorId) -> (TensorId, TensorId) {
    let difference = builder.sub(x, y);
    let (size_x, size_y) = (builder.abs(x), builder.abs(y));
    (builder.abs(difference), builder.add(size_x, size_y))
}

/// From what [`reduced`] returns to distances.
pub(super) fn finished(builder: &mut Builder, reduced: TensorId, metric: &Metric) -> Result<TensorId, Reason> {
    Ok(match metric {
        Metric::Euclidean | Metric::StandardizedEuclidean(_) => builder.sqrt(reduced),
        Metric::Minkowski { p, .. } | Metric::WeightedDifferences { p, .. } => {
            let exponent = builder.number(1.0 / p);
            builder.pow(reduced, exponent)
        }
        Metric::SquaredEuclidean
        | Metric::Manhattan
        | Metric::Chebyshev
        | Metric::Hamming
        | Metric::Canberra
        | Metric::BrayCurtis => reduced,
        _ => return Err(Reason::new("its metric is not exported yet")),
    })
}

/// `max(x² - 2 x·y + y², 0)`, as scikit-learn computes the squares of Euclidean distances.
pub(super) fn squares_by_products(builder: &mut Builder, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
    let squares = squares(builder, x, points);
    builder.at_least(squares, 0.0)
}

/// How many times a sum of `terms` products is rounded at most, in units of the last place of its greatest part.
pub(super) fn roundings(terms: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ features")]
    let terms = terms as f64;
    2.0 * (terms + 4.0)
}

/// By how much rounding may change `x² - 2 x·y + y²` at most, (n, 1): the order of sums is free in a product of matrices.
pub(super) fn of_rounding(builder: &mut Builder, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
    let own = builder.mul(x, x);
    let own = builder.sum(own, 1);
    let squares = points.iter_rows().map(|point| point.iter().map(|y| y * y).sum::<f64>());
    let both = builder.plus(own, squares.fold(0.0, f64::max));
    builder.times(both, roundings(points.cols) * f64::EPSILON)
}

/// `x² - 2 x·y + y²`
pub(super) fn squares(builder: &mut Builder, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
    let own = builder.mul(x, x);
    let own = builder.sum(own, 1);
    let transposed = builder.transposed(points);
    let products = builder.matmul(x, transposed);
    let products = builder.times(products, -2.0);
    let squares: Vec<f64> = points.iter_rows().map(|point| point.iter().map(|y| y * y).sum()).collect();
    let squares = builder.row(&squares);
    let sum = builder.add(products, own);
    builder.add(sum, squares)
}
