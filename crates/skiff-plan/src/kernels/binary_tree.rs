//! `KDTree` and `BallTree`: the search for neighbours that scikit-learn does, node by node in its order.

use std::sync::OnceLock;

use super::arch::vectorized;
use super::metric::{Boolean, Metric};
use super::neighbor_heap::NeighborHeap;
use super::panels::{LANES, Panels};
use crate::value::Matrix;

/// A tree of nodes over points. If it exists, every index and range is valid, and the children of
/// a node share its range.
#[derive(Clone, Debug)]
pub struct BinaryTree {
    /// The points, (n, n_features).
    pub points: Matrix<'static, f64>,
    /// The points' numbers in the order of the leaves.
    pub order: Vec<usize>,
    /// The nodes; node i has the children 2i + 1 and 2i + 2.
    pub nodes: Vec<Node>,
    /// The bounds of nodes in space.
    pub bounds: Bounds,
    /// What distances are.
    pub metric: Metric,
    /// `sample_weight`, one for each point.
    pub weights: Option<Vec<f64>>,
    /// The points in the order of the leaves, side by side, for Euclidean distances; made when they are first needed.
    ordered: OnceLock<Panels>,
}

/// The most numbers of points that are copied for that: 64 MiB.
const MOST_ORDERED: usize = 8 << 20;

/// A node's points: a range of the order.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The first point's index in the order.
    pub start: usize,
    /// The index after the last point.
    pub end: usize,
    /// Whether it has no children.
    pub is_leaf: bool,
    /// A ball's radius; unused in a k-d tree.
    pub radius: f64,
}

/// The bounds of nodes in space.
#[derive(Clone, Debug)]
pub enum Bounds {
    /// A k-d tree's boxes, with the power that its metric adds up.
    Boxes {
        /// The least coordinates of each node, (n_nodes, n_features).
        low: Matrix<'static, f64>,
        /// The greatest coordinates of each node, (n_nodes, n_features).
        high: Matrix<'static, f64>,
        /// The metric's power.
        power: f64,
    },
    /// A ball tree's centres.
    Balls(Matrix<'static, f64>),
}

impl BinaryTree {
    /// Of its parts, which are described at the fields.
    pub fn new(
        points: Matrix<'static, f64>,
        order: Vec<usize>,
        nodes: Vec<Node>,
        bounds: Bounds,
        metric: Metric,
        weights: Option<Vec<f64>>,
    ) -> Self {
        Self { points, order, nodes, bounds, metric, weights, ordered: OnceLock::new() }
    }

    /// Its points side by side, if that is how distances are computed.
    fn ordered(&self) -> Option<&Panels> {
        let is_euclidean = matches!(self.metric, Metric::Euclidean | Metric::SquaredEuclidean);
        (is_euclidean && self.points.data.len() <= MOST_ORDERED).then(|| {
            self.ordered.get_or_init(|| {
                let numbers: Vec<f64> = self.order.iter().flat_map(|&point| self.points.row(point)).copied().collect();
                Panels::new(&Matrix::new(self.order.len(), self.points.cols, numbers))
            })
        })
    }

    /// Pushes the points of a leaf whose points are `ordered`.
    fn push_leaf(&self, node: Node, ordered: &Panels, x: &[f64], heap: &mut NeighborHeap) {
        for group in node.start / LANES..node.end.div_ceil(LANES) {
            let mut distances = [[0.0; LANES]];
            vectorized!(ordered.pairings::<true>(x, group, &mut distances));
            let first = group * LANES;
            for at in node.start.max(first)..node.end.min(first + LANES) {
                heap.push(distances[0][at - first], self.order[at]);
            }
        }
    }

    /// `_query_single_depthfirst` from the root: fills `heap` with the nearest points of `x`, by reduced distances.
    pub fn query(&self, x: &[f64], heap: &mut NeighborHeap, open: &mut Vec<(usize, f64)>) {
        open.clear();
        open.push((0, self.least(0, x)));
        let ordered = self.ordered();
        while let Some((at, least)) = open.pop() {
            let node = self.nodes[at];
            if least > heap.largest() {
                continue;
            }
            if node.is_leaf {
                if let Some(ordered) = ordered {
                    self.push_leaf(node, ordered, x, heap);
                    continue;
                }
                for &point in &self.order[node.start..node.end] {
                    let reduced = self.metric.reduced(x, self.points.row(point));
                    // The versions with this metric took points in that were nearer than the farthest neighbour.
                    if !(reduced.is_nan() && self.metric == Metric::Boolean(Boolean::JaccardOrNan)) {
                        heap.push(reduced, point);
                    }
                }
                continue;
            }
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let (least_left, least_right) = (self.least(left, x), self.least(right, x));
            // The nearer child is popped first, and all of its descendants before the other.
            if least_left <= least_right {
                open.extend([(right, least_right), (left, least_left)]);
            } else {
                open.extend([(left, least_left), (right, least_right)]);
            }
        }
    }

    /// `_query_radius_single` from the root: adds the points of `x` within `radius`, node after node.
    pub fn query_radius(&self, x: &[f64], radius: f64, found: &mut (Vec<f64>, Vec<usize>), open: &mut Vec<usize>) {
        let reduced_radius = self.metric.reduce(radius);
        let (distances, points) = found;
        open.clear();
        open.push(0);
        while let Some(at) = open.pop() {
            let node = self.nodes[at];
            let (least, greatest) = self.distances_of(at, x);
            if least > radius {
                continue;
            }
            if !node.is_leaf && (greatest > radius || greatest.is_nan()) {
                // The first child comes off the stack first, and all of its descendants before the other.
                open.extend([2 * at + 2, 2 * at + 1]);
                continue;
            }
            for &point in &self.order[node.start..node.end] {
                let reduced = self.metric.reduced(x, self.points.row(point));
                if greatest <= radius || reduced <= reduced_radius {
                    distances.push(self.metric.finish(reduced));
                    points.push(point);
                }
            }
        }
    }

    /// The distance between `x` and a point.
    pub(crate) fn distance(&self, point: usize, x: &[f64]) -> f64 {
        self.metric.finish(self.metric.reduced(x, self.points.row(point)))
    }

    /// `min_max_dist`: no point of the node is nearer than the first, and none further than the second.
    pub(crate) fn distances_of(&self, node: usize, x: &[f64]) -> (f64, f64) {
        let (low, high, power) = match &self.bounds {
            Bounds::Balls(centres) => {
                let distance = self.metric.finish(self.metric.reduced(x, centres.row(node)));
                let radius = self.nodes[node].radius;
                return ((distance - radius).max(0.0), distance + radius);
            }
            Bounds::Boxes { low, high, power } => (low.row(node), high.row(node), *power),
        };
        let (mut least, mut greatest) = (0.0_f64, 0.0_f64);
        for ((x, low), high) in x.iter().zip(low).zip(high) {
            let (below, above) = (low - x, x - high);
            let side = 0.5 * ((below + below.abs()) + (above + above.abs()));
            let far = below.abs().max(above.abs());
            if power.is_infinite() {
                (least, greatest) = (least.max(side), greatest.max(far));
            } else {
                least += side.powf(power);
                greatest += far.powf(power);
            }
        }
        match power.is_infinite() {
            true => (least, greatest),
            false => (least.powf(1.0 / power), greatest.powf(1.0 / power)),
        }
    }

    /// `min_rdist`: no point of the node is nearer, by reduced distance.
    fn least(&self, node: usize, x: &[f64]) -> f64 {
        match &self.bounds {
            Bounds::Balls(centres) => {
                let distance = self.metric.finish(self.metric.reduced(x, centres.row(node)));
                self.metric.reduce((distance - self.nodes[node].radius).max(0.0))
            }
            Bounds::Boxes { low, high, power } => {
                let sides = x.iter().zip(low.row(node)).zip(high.row(node)).map(|((x, low), high)| {
                    let (below, above) = (low - x, x - high);
                    0.5 * ((below + below.abs()) + (above + above.abs()))
                });
                if power.is_infinite() {
                    sides.fold(0.0, f64::max)
                } else if *power == 2.0 {
                    sides.fold(0.0, |sum, side| sum + side * side)
                } else if *power == 1.0 {
                    sides.fold(0.0, |sum, side| sum + side)
                } else {
                    sides.fold(0.0, |sum, side| sum + side.powf(*power))
                }
            }
        }
    }
}
