//! The states of `KDTree` and `BallTree`, checked: for predictions, and for the verdict on a file.

use skiff_files::{Instance, NdArray};
use skiff_pickle::{Graph, Node as GraphNode, NodeId};
use skiff_plan::kernels::binary_tree::Node;

use super::metric_view::MetricView;
use crate::fields::ReadError;
use crate::fields::parts::{array, count, damaged, unexpected};

/// The state of a `KDTree` or a `BallTree`. One that exists has each point once, and nodes whose children share their
/// points, from the root to the leaves; bounds, weights and the parameters of its metric have the lengths that compiled
/// code takes for granted.
#[derive(Debug)]
pub struct PointTreeView {
    /// Whether it is a `KDTree`.
    pub is_kd: bool,
    /// `data`, (n, n_features).
    pub data: NdArray,
    /// `idx_array`: the points' numbers in the order of the leaves, each once.
    pub order: Vec<usize>,
    /// `node_data`; node i has the children 2i + 1 and 2i + 2.
    pub nodes: Vec<Node>,
    /// `node_bounds`: (2, n_nodes, n_features) of a `KDTree`, (1, n_nodes, n_features) of a `BallTree`.
    pub bounds: NdArray,
    /// `dist_metric`.
    pub metric: MetricView,
    /// `sample_weight`, one for each point. Not written before 0.20.
    pub weights: Option<NdArray>,
}

impl PointTreeView {
    /// The tree at a node of a graph.
    ///
    /// # Errors
    /// When it is none, or its state contradicts itself; the path is that of the part within it.
    pub fn read(graph: &Graph, id: NodeId) -> Result<Self, ReadError> {
        let instance = Instance::read(graph, id).ok_or_else(|| unexpected(graph, id, "", "a tree of points"))?;
        let is_kd = instance.module.ends_with("kd_tree") || instance.name.starts_with("KD");
        let state = instance.state().and_then(|state| graph.items(state));
        let Some(&[data, order, nodes, bounds, leaf_size, _, n_nodes, _, _, _, _, metric, ref rest @ ..]) = state
        else {
            return Err(damaged("", "a state of fewer than twelve parts".to_owned()));
        };
        let data = array(graph, data, "data")?;
        let &[points, features] = &data.shape[..] else {
            return Err(damaged("data", "it does not have two dimensions".to_owned()));
        };
        let order = read_order(graph, order, points)?;
        let nodes = read_nodes(&array(graph, nodes, "node_data")?, points)?;
        if count(graph, n_nodes, "n_nodes")? != nodes.len() {
            return Err(damaged("n_nodes", format!("another number than that of the nodes, {}", nodes.len())));
        }
        // Compiled code divides by it.
        if count(graph, leaf_size, "leaf_size")? == 0 {
            return Err(damaged("leaf_size", "leaves of no points".to_owned()));
        }
        let metric = MetricView::read(graph, metric).map_err(|error| error.within("dist_metric"))?;
        if !metric.fits(features) {
            let what = format!("a `{}` whose parameters are not those of {features} features", metric.class);
            return Err(damaged("dist_metric", what));
        }
        let bounds = array(graph, bounds, "node_bounds")?;
        let expected = [if is_kd { 2 } else { 1 }, nodes.len(), features];
        if bounds.shape != expected {
            return Err(damaged("node_bounds", format!("expected an array of {expected:?}, found {:?}", bounds.shape)));
        }
        let weights = match rest {
            [] => None,
            [weights] if matches!(graph.node(*weights), GraphNode::None) => None,
            [weights] => Some(array(graph, *weights, "sample_weight")?),
            _ => return Err(damaged("", "a state of more than thirteen parts".to_owned())),
        };
        if weights.as_ref().is_some_and(|weights| weights.shape != [points]) {
            return Err(damaged("sample_weight", "there are not as many as points".to_owned()));
        }
        Ok(Self { is_kd, data, order, nodes, bounds, metric, weights })
    }

    /// How many bytes a reader makes of it.
    pub(crate) fn size(&self) -> usize {
        let arrays = [&self.data, &self.bounds].into_iter().chain(&self.weights);
        let numbers = arrays.fold(self.order.len(), |sum, array| sum.saturating_add(array.len()));
        let nodes = self.nodes.len().saturating_mul(size_of::<Node>());
        numbers.saturating_mul(8).saturating_add(nodes).saturating_add(self.metric.size()).saturating_add(256)
    }
}

/// The points' numbers, each of them once.
fn read_order(graph: &Graph, id: NodeId, points: usize) -> Result<Vec<usize>, ReadError> {
    let wrong = |what: &str| damaged("idx_array", what.to_owned());
    let array = array(graph, id, "idx_array")?;
    if array.len() != points {
        return Err(wrong("it does not contain every point"));
    }
    let numbers = array.to_i64().ok_or_else(|| wrong("it does not hold integers"))?;
    let mut seen = vec![false; numbers.len()];
    let mut order = Vec::with_capacity(numbers.len());
    for number in numbers {
        let place = usize::try_from(number).ok().and_then(|place| Some((place, seen.get_mut(place)?)));
        let (place, is_seen) = place.ok_or_else(|| wrong(&format!("point {number} of {points}")))?;
        if std::mem::replace(is_seen, true) {
            return Err(wrong(&format!("point {number} twice")));
        }
        order.push(place);
    }
    Ok(order)
}

fn read_nodes(array: &NdArray, points: usize) -> Result<Vec<Node>, ReadError> {
    let wrong = |what: String| damaged("node_data", what);
    if array.ndim() != 1 {
        return Err(wrong("it does not have one dimension".to_owned()));
    }
    let ints = |field: &str| array.field(field).and_then(|column| column.to_i64());
    let (Some(starts), Some(ends), Some(leaves)) = (ints("idx_start"), ints("idx_end"), ints("is_leaf")) else {
        return Err(wrong("it has no fields `idx_start`, `idx_end` and `is_leaf`".to_owned()));
    };
    let radii = array.field("radius").and_then(|column| column.to_f64());
    let radii = radii.ok_or_else(|| wrong("it has no field `radius`".to_owned()))?;
    if starts.is_empty() {
        return Err(wrong("it has no nodes".to_owned()));
    }
    let range = |at: usize| starts.get(at).copied().zip(ends.get(at).copied());
    if range(0) != Some((0, i64::try_from(points).unwrap_or(i64::MAX))) {
        return Err(wrong("its first node does not contain all points".to_owned()));
    }
    // Nodes that are reachable from the root are checked: children are in the array and split their parent's range.
    let mut open = vec![0_usize];
    while let Some(at) = open.pop() {
        let Some((start, end)) = range(at).filter(|_| leaves.get(at) == Some(&0)) else { continue };
        let (left, right) = (at.saturating_mul(2).saturating_add(1), at.saturating_mul(2).saturating_add(2));
        let (Some(first), Some(second)) = (range(left), range(right)) else {
            return Err(wrong(format!("node {at} is not a leaf and has no children")));
        };
        let shared = first.0 == start && first.1 == second.0 && second.1 == end;
        if !shared || first.0 > first.1 || second.0 > second.1 {
            return Err(wrong(format!("the children of node {at} do not split its points")));
        }
        open.extend([left, right]);
    }
    // Nodes below a leaf of few points are never reached, and may be uninitialized.
    let place = |place: i64| usize::try_from(place).unwrap_or(0);
    let node = |(((&start, &end), &leaf), &radius): (((&i64, &i64), &i64), &f64)| Node {
        start: place(start),
        end: place(end),
        is_leaf: leaf != 0,
        radius,
    };
    let nodes = starts.iter().zip(&ends).zip(&leaves).zip(&radii).map(node).collect();
    Ok(nodes)
}
