//! `KDTree` and `BallTree`: the search for neighbours that scikit-learn does, node by node in its order.

use super::metric::Metric;
use super::neighbor_heap::NeighborHeap;
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
}

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
    /// `_query_single_depthfirst` from the root: fills `heap` with the nearest points of `x`, by reduced distances.
    pub fn query(&self, x: &[f64], heap: &mut NeighborHeap, open: &mut Vec<(usize, f64)>) {
        open.clear();
        open.push((0, self.least(0, x)));
        while let Some((at, least)) = open.pop() {
            let node = self.nodes[at];
            if least > heap.largest() {
                continue;
            }
            if node.is_leaf {
                for &point in &self.order[node.start..node.end] {
                    heap.push(self.metric.reduced(x, self.points.row(point)), point);
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
