//! Distances to cluster centers.

use skiff_plan::kernels::metric::Metric;
use skiff_plan::operators::{CenterDistances, NearestCenter, Pool, Pooling};
use skiff_plan::value::{IntKind, Matrix, NumberType, Precision};

use super::{Block, Expand, Floats, Numbers, Reason};
use crate::graph::{Builder, TensorId};

impl Expand for CenterDistances {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let precision = precision.promote(self.precision());
        let points = self.points();
        let centers = points.to_matrix().ok_or_else(|| Reason::new("its centers are kept in another form"))?;
        let distances = match &points.metric {
            Metric::Euclidean => {
                let squares = squares_by_products(builder, x, &centers);
                let squares = builder.rounded(squares, precision);
                builder.sqrt(squares)
            }
            metric => distances(builder, x, &centers, metric)?,
        };
        Ok(Block::floats(builder.rounded(distances, precision), precision))
    }
}

/// `max(x² - 2 x·y + y², 0)`, as scikit-learn computes the squares of Euclidean distances.
fn squares_by_products(builder: &mut Builder, x: TensorId, points: &Matrix<'_, f64>) -> TensorId {
    let own = builder.mul(x, x);
    let own = builder.sum(own, 1);
    let transposed = builder.transposed(points);
    let products = builder.matmul(x, transposed);
    let products = builder.times(products, -2.0);
    let squares: Vec<f64> = points.iter_rows().map(|point| point.iter().map(|y| y * y).sum()).collect();
    let squares = builder.row(&squares);
    let sum = builder.add(products, own);
    let sum = builder.add(sum, squares);
    builder.at_least(sum, 0.0)
}

/// The distance of each row from each point, (n, points), for the metrics that need no products.
fn distances(
    builder: &mut Builder,
    x: TensorId,
    points: &Matrix<'_, f64>,
    metric: &Metric,
) -> Result<TensorId, Reason> {
    Ok(match metric {
        Metric::Euclidean => {
            let squares = builder.squared_distances(x, points);
            builder.sqrt(squares)
        }
        Metric::SquaredEuclidean => builder.squared_distances(x, points),
        Metric::Manhattan => builder.manhattan_distances(x, points),
        Metric::Chebyshev => builder.greatest_differences(x, points),
        Metric::Minkowski { p, weights: None } => {
            let sums = builder.sums_of_powers(x, points, *p);
            let exponent = builder.number(1.0 / p);
            builder.pow(sums, exponent)
        }
        _ => return Err(Reason::new("its metric is not exported yet")),
    })
}

impl Expand for NearestCenter {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?.tensor;
        let (centers, squares) = self.centers();
        let transposed = builder.transposed(centers);
        let products = builder.matmul(x, transposed);
        let products = builder.times(products, -2.0);
        let squares = builder.row(squares);
        let compared = builder.add(products, squares);
        let nearest = builder.arg_min(compared, 1);
        let dtype = NumberType::Int(IntKind::Int { bytes: 4, signed: true });
        Ok(Numbers { tensor: nearest, dtype, sparse: false }.into())
    }
}

impl Expand for Pool {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: x, precision, .. } = inputs[0].to_floats(builder)?;
        let precision = if self.pooling == Pooling::Mean { Precision::Double } else { precision };
        let mut pooled = Vec::with_capacity(self.count);
        for cluster in 0..self.count {
            let features = self.clusters.iter().enumerate().filter(|(_, other)| **other == cluster);
            let features: Vec<usize> = features.map(|(feature, _)| feature).collect();
            let count = features.len();
            let members = builder.columns(x, &features);
            pooled.push(match self.pooling {
                Pooling::Mean => {
                    let sum = builder.sum(members, 1);
                    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ features")]
                    builder.over(sum, count as f64)
                }
                Pooling::Max => builder.max(members, 1),
                Pooling::Min => builder.min(members, 1),
                Pooling::Median => {
                    let (sorted, _) = builder.least(members, count);
                    let upper = builder.column(sorted, count / 2);
                    if count % 2 == 1 {
                        upper
                    } else {
                        let lower = builder.column(sorted, count / 2 - 1);
                        let sum = builder.add(lower, upper);
                        let sum = builder.rounded(sum, precision);
                        builder.over(sum, 2.0)
                    }
                }
            });
        }
        let pooled = builder.concat(&pooled, 1);
        Ok(Block::floats(builder.rounded(pooled, precision), precision))
    }
}
