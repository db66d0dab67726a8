//! Nearest neighbors, and neighbors within a radius: all distances, and those of them that count.
//!
//! Of points that are equally far scikit-learn takes the one that its search meets first, which a graph cannot tell. Rows
//! for which that makes a difference are refused when the graph runs.

use std::collections::HashMap;

use skiff_plan::kernels::metric::Metric;
use skiff_plan::operators::{
    ArgmaxOrOutlier, NearestNeighbors, NeighborGraph, NeighborMeans, NeighborSums, NeighborVotes, NeighborWeights,
    OutlierFactors, Outliers, RadiusMeans, RadiusNeighbors, RadiusVotes, Search,
};
use skiff_plan::value::{Matrix, NumberType, Precision};

use super::block::{Neighbors, Within};
use super::metrics::{finished, of_rounding, reduced, roundings, squares_by_products};
use super::{Block, Expand, Floats, Reason};
use crate::graph::{Builder, DType, Dim, TensorId};

/// How the graph refuses a row.
pub(super) const EQUALLY_FAR: &str =
    "neighbors that are equally far, of which scikit-learn takes the one that its search meets first";

/// How the graph refuses a row for which it cannot tell which points are near.
const AT_THE_RADIUS: &str = "points that are as far as the radius, but for what rounding changes";

/// How the graph refuses a row whose distances it cannot tell.
pub(super) const CANCELLED: &str = "distances that are small next to the numbers whose squares they are differences of";

/// The distances of the rows from all points, before they are finished.
struct Searched {
    /// What grows with the distances: (n, points).
    reduced: TensorId,
    /// The metric that makes distances of it.
    metric: Metric,
    /// By how much rounding may change it.
    slack: Option<TensorId>,
}

fn searched(builder: &mut Builder, x: Floats, search: &Search) -> Result<Searched, Reason> {
    Ok(match search {
        Search::Tree(tree, _) => {
            let reduced = reduced(builder, x.tensor, &tree.points, &tree.metric)?;
            Searched { reduced, metric: tree.metric.clone(), slack: None }
        }
        Search::Brute(points, brute) => {
            if x.precision == Precision::Single && brute.precision == Some(Precision::Single) {
                return Err(Reason::new("distances in float32 are not exported"));
            }
            let matrix = points.to_matrix().ok_or_else(|| Reason::new("its metric is not exported yet"))?;
            let metric = points.metric.clone();
            if points.is_euclidean() {
                let reduced = squares_by_products(builder, x.tensor, &matrix);
                Searched { reduced, metric, slack: Some(of_rounding(builder, x.tensor, &matrix)) }
            } else {
                Searched { reduced: reduced(builder, x.tensor, &matrix, &metric)?, metric, slack: None }
            }
        }
        Search::Precomputed(..) if x.sparse => {
            return Err(Reason::new("what a sparse matrix of distances does not store is far away, and not zero"));
        }
        // Manhattan distances are as they are compared.
        Search::Precomputed(..) => Searched { reduced: x.tensor, metric: Metric::Manhattan, slack: None },
    })
}

impl Expand for NearestNeighbors {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?;
        let features = builder.width(x.tensor);
        let Searched { reduced, metric, slack } = searched(builder, x, &self.search)?;
        let (nearest, indices) = builder.least(reduced, self.count);
        let distances = finished(builder, nearest, &metric)?;
        let distances = match slack {
            Some(slack) => {
                let is_lost = is_lost(builder, nearest, slack, features);
                refused_where_any(builder, distances, is_lost, CANCELLED)
            }
            None => distances,
        };
        let distances = Block::doubles(distances);
        // A search of one neighbor among all points takes the first of equal ones.
        if matches!((&*self.search, self.count), (Search::Brute(..), 1)) {
            return Ok(Block::Many(vec![distances, Block::ints(indices)]));
        }
        let more = builder.width(reduced).min(self.count + 1);
        let (least, _) = builder.least(reduced, more);
        let neighbors = Block::Neighbors(Neighbors { indices, reduced, least, slack });
        Ok(Block::Many(vec![distances, neighbors]))
    }
}

/// The neighbors where it matters which one comes first.
pub(crate) fn in_order(builder: &mut Builder, neighbors: Neighbors) -> TensorId {
    let Neighbors { indices, least, slack, .. } = neighbors;
    let count = builder.width(least);
    if count < 2 {
        return indices;
    }
    let (before, after) = (builder.slice(least, 1, 0, count - 1), builder.slice(least, 1, 1, count));
    let limit = slack.map_or(before, |slack| builder.add(before, slack));
    let is_equal = builder.less_or_equal(after, limit);
    refused_where_any(builder, indices, is_equal, EQUALLY_FAR)
}

/// The neighbors where it matters which points they are, and not which one comes first. Points of the same `kinds` are as
/// good as each other; all are different where there are none.
pub(super) fn of_kinds(builder: &mut Builder, neighbors: Neighbors, kinds: Option<&[f64]>) -> TensorId {
    match is_open(builder, neighbors, kinds) {
        Some(open) => builder.refused_where(neighbors.indices, open, EQUALLY_FAR),
        None => neighbors.indices,
    }
}

/// Whether points of several kinds are as near as the last neighbor, (n, 1); `None` where all points are neighbors.
pub(super) fn is_open(builder: &mut Builder, neighbors: Neighbors, kinds: Option<&[f64]>) -> Option<TensorId> {
    let Neighbors { indices, reduced, least, slack } = neighbors;
    let count = builder.width(indices);
    if builder.width(least) == count {
        return None;
    }
    let (last, next) = (builder.column(least, count - 1), builder.column(least, count));
    let limit = slack.map_or(last, |slack| builder.add(last, slack));
    let is_open = builder.less_or_equal(next, limit);
    let Some(kinds) = kinds else { return Some(is_open) };
    let start = slack.map_or(last, |slack| builder.sub(last, slack));
    let (is_below, is_above) = (builder.less(reduced, start), builder.greater(reduced, limit));
    let is_other = builder.or(is_below, is_above);
    let kinds = builder.row(kinds);
    let low = builder.number_where(is_other, f64::INFINITY, kinds);
    let high = builder.number_where(is_other, f64::NEG_INFINITY, kinds);
    let (low, high) = (builder.min(low, 1), builder.max(high, 1));
    let differs = builder.greater(high, low);
    Some(builder.and(is_open, differs))
}

/// A number for each row of a matrix, the same for equal rows.
fn kinds_of_rows(values: &Matrix<'_, f64>) -> Vec<f64> {
    let mut known: HashMap<Vec<u64>, f64> = HashMap::new();
    let kind = |row: &[f64]| {
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ rows")]
        let next = known.len() as f64;
        *known.entry(row.iter().map(|value| value.to_bits()).collect()).or_insert(next)
    };
    values.iter_rows().map(kind).collect()
}

/// Refuses the rows for which one of several conditions holds.
pub(super) fn refused_where_any(
    builder: &mut Builder,
    x: TensorId,
    conditions: TensorId,
    reason: &'static str,
) -> TensorId {
    let conditions = builder.cast(conditions, DType::F64);
    let any = builder.max(conditions, 1);
    let any = builder.above(any, 0.5);
    builder.refused_where(x, any, reason)
}

/// Whether rounding changes squares of distances by more than a 10⁹th. Roundings go both ways, so that a sum over so many
/// `features` is off by about as much as one of them, and not by all that `slack` allows for.
pub(super) fn is_lost(builder: &mut Builder, squares: TensorId, slack: TensorId, features: usize) -> TensorId {
    let share = builder.times(squares, 1e-9 * roundings(features));
    builder.less(share, slack)
}

impl Expand for NeighborWeights {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: distances, precision, .. } = inputs[0].to_floats(builder)?;
        let one = builder.number(1.0);
        let weights = builder.div(one, distances);
        let weights = builder.rounded(weights, precision);
        Ok(Block::floats(alone(builder, weights), precision))
    }
}

/// Where some weight is infinite, 1 for those and 0 for all others.
pub(super) fn alone(builder: &mut Builder, weights: TensorId) -> TensorId {
    let is_infinite = builder.is_inf(weights);
    let alone = builder.cast(is_infinite, DType::F64);
    let any = builder.max(alone, 1);
    let any = builder.above(any, 0.5);
    builder.choose(any, alone, weights)
}

/// What a point of the fit holds, for each neighbor: (n, k).
fn of_neighbors(builder: &mut Builder, neighbors: TensorId, values: &[f64]) -> TensorId {
    let values = builder.row(values);
    builder.gather(values, neighbors, 0)
}

/// One column of a matrix.
fn column(matrix: &Matrix<'_, f64>, column: usize) -> Vec<f64> {
    matrix.iter_rows().map(|row| row[column]).collect()
}

impl Expand for NeighborMeans {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let kinds = kinds_of_rows(&self.targets);
        let neighbors = of_kinds(builder, inputs[0].neighbors()?, Some(&kinds));
        let weights = inputs.get(1).map(|weights| weights.to_floats(builder)).transpose()?;
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ neighbors")]
        let count = builder.width(neighbors) as f64;
        if weights.is_none() && self.precision == Precision::Single {
            return Err(Reason::new("means in float32 are not exported"));
        }
        let mut columns = Vec::with_capacity(self.targets.cols);
        for output in 0..self.targets.cols {
            let targets = of_neighbors(builder, neighbors, &column(&self.targets, output));
            let mean = match weights {
                Some(weights) => {
                    let terms = builder.mul(targets, weights.tensor);
                    let (sum, all) = (builder.sum(terms, 1), builder.sum(weights.tensor, 1));
                    builder.div(sum, all)
                }
                None => {
                    let sum = builder.sum(targets, 1);
                    builder.over(sum, count)
                }
            };
            columns.push(mean);
        }
        Ok(Block::doubles(builder.concat(&columns, 1)))
    }
}

impl Expand for NeighborSums {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let kinds = kinds_of_rows(&self.values);
        let neighbors = of_kinds(builder, inputs[0].neighbors()?, Some(&kinds));
        let sums: Vec<TensorId> = (0..self.values.cols)
            .map(|output| {
                let values = of_neighbors(builder, neighbors, &column(&self.values, output));
                builder.sum(values, 1)
            })
            .collect();
        Ok(Block::doubles(builder.concat(&sums, 1)))
    }
}

impl Expand for NeighborVotes {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let kinds: Vec<f64> = self.codes.iter().map(|&code| f64::from(code)).collect();
        let neighbors = of_kinds(builder, inputs[0].neighbors()?, Some(&kinds));
        let weights = inputs.get(1).map(|weights| weights.to_floats(builder)).transpose()?;
        let codes: Vec<i64> = self.codes.iter().map(|&code| i64::from(code)).collect();
        let codes = builder.integers(&codes);
        let codes = builder.gather(codes, neighbors, 0);
        let count = builder.width(neighbors);
        let codes = builder.reshape(codes, &[Dim::Batch, Dim::Fixed(count), Dim::Fixed(1)]);
        let classes = builder.integers(&(0..i64::try_from(self.classes).unwrap_or(0)).collect::<Vec<_>>());
        let is_class = builder.equal(codes, classes);
        let mut votes = builder.cast(is_class, DType::F64);
        if let Some(weights) = weights {
            let weights = builder.reshape(weights.tensor, &[Dim::Batch, Dim::Fixed(count), Dim::Fixed(1)]);
            votes = builder.mul(votes, weights);
        }
        let sums = builder.cum_sum(votes, 1);
        let last = builder.slice(sums, 1, count - 1, count);
        Ok(Block::doubles(builder.reshape(last, &[Dim::Batch, Dim::Fixed(self.classes)])))
    }
}

impl Expand for OutlierFactors {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let Floats { tensor: distances, precision: found, .. } = inputs[0].to_floats(builder)?;
        let nearest = inputs[1].neighbors()?;
        let precision = found.promote(self.reach_precision).promote(self.precision);
        if precision == Precision::Single {
            return Err(Reason::new("outlier factors in float32 are not exported"));
        }
        let both = self.reach.iter().zip(self.densities.iter()).flat_map(|(reach, density)| [*reach, *density]);
        let kinds = kinds_of_rows(&Matrix::new(self.reach.len(), 2, both.collect::<Vec<_>>()));
        let neighbors = of_kinds(builder, nearest, Some(&kinds));
        #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ neighbors")]
        let count = builder.width(neighbors) as f64;
        let reach = of_neighbors(builder, neighbors, &self.reach);
        let is_greater = builder.greater(distances, reach);
        let reached = builder.choose(is_greater, distances, reach);
        let sum = builder.sum(reached, 1);
        let mean = builder.over(sum, count);
        let divisor = builder.plus(mean, 1e-10);
        let one = builder.number(1.0);
        let density = builder.div(one, divisor);
        let densities = of_neighbors(builder, neighbors, &self.densities);
        let shares = builder.div(densities, density);
        let sum = builder.sum(shares, 1);
        let mean = builder.over(sum, count);
        Ok(Block::doubles(builder.neg(mean)))
    }
}

impl Expand for NeighborGraph {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        if let Block::Within(within) = inputs[0] {
            let graph = match inputs.get(1) {
                None => builder.cast(within.is_near, DType::F64),
                Some(_) => {
                    let zero = builder.number(0.0);
                    builder.choose(within.is_near, within.distances, zero)
                }
            };
            return Ok(Block::doubles(graph).sparse_if(true));
        }
        let neighbors = of_kinds(builder, inputs[0].neighbors()?, None);
        let distances = inputs.get(1).map(|distances| distances.to_floats(builder)).transpose()?;
        let points = builder.integers(&(0..i64::try_from(self.points).unwrap_or(0)).collect::<Vec<_>>());
        let zeros = builder.array(&[1, self.points], &vec![0.0; self.points]);
        let mut graph = builder.repeat_rows(zeros, neighbors);
        for at in 0..builder.width(neighbors) {
            let neighbor = builder.column(neighbors, at);
            let is_point = builder.equal(neighbor, points);
            let value = match distances {
                Some(distances) => builder.column(distances.tensor, at),
                None => builder.number(1.0),
            };
            graph = builder.choose(is_point, value, graph);
        }
        let precision = distances.map_or(Precision::Double, |distances| distances.precision);
        Ok(Block::floats(graph, precision).sparse_if(true))
    }
}

impl Expand for RadiusNeighbors {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let x = inputs[0].to_floats(builder)?;
        let features = builder.width(x.tensor);
        let Searched { reduced, metric, slack } = searched(builder, x, &self.search)?;
        let distances = finished(builder, reduced, &metric)?;
        // A tree and the heap of brute force compare what is reduced, so that what is exactly as far as the radius counts.
        let limit = match &*self.search {
            Search::Precomputed(..) => self.radius,
            Search::Tree(..) | Search::Brute(..) => metric.reduce(self.radius),
        };
        let limit = builder.number(limit);
        let is_near = builder.less_or_equal(reduced, limit);
        let (mut distances, mut is_near) = (distances, is_near);
        if let Some(slack) = slack {
            let is_lost = is_lost(builder, reduced, slack, features);
            let is_lost = builder.and(is_lost, is_near);
            distances = refused_where_any(builder, distances, is_lost, CANCELLED);
            let gap = builder.sub(reduced, limit);
            let gap = builder.abs(gap);
            let is_open = builder.less_or_equal(gap, slack);
            is_near = refused_where_any(builder, is_near, is_open, AT_THE_RADIUS);
        }
        let within = Block::Within(Within { is_near, distances });
        Ok(Block::Many(vec![within.clone(), within]))
    }
}

/// The weight of each point for each row: (n, points).
fn weights_within(builder: &mut Builder, within: Within, by_distance: bool) -> TensorId {
    let near = builder.cast(within.is_near, DType::F64);
    if !by_distance {
        return near;
    }
    let (one, zero) = (builder.number(1.0), builder.number(0.0));
    let weights = builder.div(one, within.distances);
    let weights = builder.choose(within.is_near, weights, zero);
    alone(builder, weights)
}

impl Expand for RadiusMeans {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let within = inputs[0].within()?;
        if self.dtype == NumberType::Float(Precision::Single) {
            return Err(Reason::new("means in float32 are not exported"));
        }
        let weights = weights_within(builder, within, self.by_distance);
        let targets = builder.matrix(&self.targets);
        let (sums, whole) = (builder.matmul(weights, targets), builder.sum(weights, 1));
        let means = builder.div(sums, whole);
        let near = builder.cast(within.is_near, DType::F64);
        let count = builder.sum(near, 1);
        let is_empty = builder.is(count, 0.0);
        Ok(Block::doubles(builder.number_where(is_empty, self.nan(), means)))
    }
}

impl Expand for RadiusVotes {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let within = inputs[0].within()?;
        let weights = weights_within(builder, within, self.by_distance);
        let mut table = vec![0.0; self.codes.len() * self.classes];
        for (row, &code) in table.chunks_mut(self.classes.max(1)).zip(self.codes.iter()) {
            row[code as usize] = 1.0;
        }
        let table = builder.array(&[self.codes.len(), self.classes], &table);
        let votes = builder.matmul(weights, table);
        let outliers = self.class_mode.as_ref().map_or(self.outliers, |mode| mode.outliers);
        if outliers != self.outliers {
            return Err(Reason::new("what counts for rows without neighbors depends on how the rows are kept"));
        }
        let Outliers::Class(class) = outliers else { return Ok(Block::doubles(votes)) };
        let near = builder.cast(within.is_near, DType::F64);
        let count = builder.sum(near, 1);
        let is_empty = builder.is(count, 0.0);
        let mut row = vec![0.0; self.classes];
        row[class] = 1.0;
        let row = builder.row(&row);
        Ok(Block::doubles(builder.choose(is_empty, row, votes)))
    }
}

impl Expand for ArgmaxOrOutlier {
    fn expand(&self, builder: &mut Builder, inputs: &[&Block]) -> Result<Block, Reason> {
        let scores = inputs[0].to_floats(builder)?.tensor;
        let greatest = builder.arg_max(scores, 1);
        let size = builder.abs(scores);
        let most = builder.max(size, 1);
        let is_zero = builder.is(most, 0.0);
        let none = builder.integer(i64::try_from(builder.width(scores)).unwrap_or(i64::MAX));
        Ok(Block::ints(builder.choose(is_zero, none, greatest)))
    }
}
