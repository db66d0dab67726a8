//! Distances to cluster centers.

use skiff_plan::kernels::metric::Metric;
use skiff_plan::operators::{BisectingTree, Branch, CenterDistances, NearestCenter, Pool, Pooling};
use skiff_plan::value::{IntKind, NumberType, Precision};

use super::metrics::{distances, squares_by_products};
use super::{Block, Expand, Floats, Numbers, Reason};
use crate::graph::{Builder, Dim, TensorId};

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

impl Expand for BisectingTree {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        // What rows at each node are labelled, from the last node, which has leaves only, to the root.
        let mut labels: Vec<Option<TensorId>> = vec![None; self.splits.len()];
        for (node, split) in self.splits.iter().enumerate().rev() {
            let side = split.centers.expand(builder, inputs)?.numbers()?.tensor;
            let mut child = |branch: Branch| match branch {
                Branch::Leaf(label) => Ok(builder.integer(label)),
                Branch::Split(child) => {
                    labels.get(child).copied().flatten().ok_or_else(|| Reason::new("a node before its parent"))
                }
            };
            let (first, second) = (child(split.children[0])?, child(split.children[1])?);
            let zero = builder.integer(0);
            let is_first = builder.equal(side, zero);
            labels[node] = Some(builder.choose(is_first, first, second));
        }
        let tensor = match labels.first().copied().flatten() {
            Some(labels) => labels,
            None => {
                let label = builder.integer(self.label);
                let label = builder.reshape(label, &[Dim::Fixed(1), Dim::Fixed(1)]);
                builder.repeat_rows(label, inputs[0].any_tensor()?)
            }
        };
        let dtype = NumberType::Int(IntKind::Int { bytes: 4, signed: true });
        Ok(Numbers { tensor, dtype, sparse: false }.into())
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
                Pooling::MeanAsGiven => {
                    let mut sum = builder.column(members, 0);
                    for member in 1..count {
                        let member = builder.column(members, member);
                        sum = builder.add(sum, member);
                        sum = builder.rounded(sum, precision);
                    }
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
