//! `KDTree` and `BallTree`: ranges of points within ranges of points, and the metric between them.

use skiff_files::{DType, Instance, NdArray, Scalar};
use skiff_pickle::{Graph, NodeId};

use super::count;

/// Looks at the tree of points at `id`.
pub(super) fn check(graph: &Graph, id: NodeId) -> Result<(), String> {
    let instance = Instance::read(graph, id).ok_or("is no tree of points")?;
    let state = instance.state().and_then(|state| graph.items(state));
    let Some(&[data, order, nodes, bounds, leaf_size, _, n_nodes, _, _, _, _, metric, ref rest @ ..]) = state else {
        return Err("has a state of fewer than twelve parts".to_owned());
    };
    let array = |node: NodeId, name: &str| {
        NdArray::read(graph, node).ok().flatten().ok_or_else(|| format!("has no array as its {name}"))
    };
    let (data, order) = (array(data, "data")?, array(order, "idx_array")?);
    let (nodes, bounds) = (array(nodes, "node_data")?, array(bounds, "node_bounds")?);
    let &[points, features] = &data.shape[..] else { return Err("has points of other than two axes".to_owned()) };
    let numbers = order.to_i64().filter(|numbers| numbers.len() == points);
    let numbers = numbers.ok_or_else(|| format!("has {points} points and another number of places for them"))?;
    if let Some(number) =
        numbers.iter().find(|&&number| usize::try_from(number).is_ok_and(|at| at >= points) || number < 0)
    {
        return Err(format!("names point {number} of {points}"));
    }
    if count(graph, n_nodes) != Some(nodes.len()) || nodes.ndim() != 1 {
        return Err(format!("has {} as its nodes", nodes.describe()));
    }
    // Compiled code divides by it.
    if count(graph, leaf_size).is_none_or(|size| size == 0) {
        return Err("has leaves of no points".to_owned());
    }
    check_ranges(&nodes, points)?;
    let boxes = if instance.name.starts_with("KD") { 2 } else { 1 };
    let module_is_kd = instance.module.ends_with("kd_tree");
    if bounds.shape != [if module_is_kd { 2 } else { boxes }, nodes.len(), features] {
        return Err(format!("has {} as the bounds of {} nodes", bounds.describe(), nodes.len()));
    }
    if let Some(weights) = rest.first().and_then(|&weights| NdArray::read(graph, weights).ok().flatten())
        && weights.shape != [points]
    {
        return Err(format!("has {} as the weights of {points} points", weights.describe()));
    }
    check_metric(graph, metric, features)
}

/// From the root down to the leaves, each node's points are those of its two children.
fn check_ranges(nodes: &NdArray, points: usize) -> Result<(), String> {
    let ints = |name: &str| nodes.field(name).and_then(|column| column.to_i64());
    let (Some(starts), Some(ends), Some(leaves)) = (ints("idx_start"), ints("idx_end"), ints("is_leaf")) else {
        return Err("has nodes without ranges".to_owned());
    };
    let range = |at: usize| starts.get(at).copied().zip(ends.get(at).copied());
    let all = i64::try_from(points).unwrap_or(i64::MAX);
    if range(0) != Some((0, all)) {
        return Err("has a first node that does not hold all points".to_owned());
    }
    let mut open = vec![0_usize];
    while let Some(at) = open.pop() {
        if leaves.get(at).is_none_or(|&leaf| leaf != 0) {
            continue;
        }
        let (left, right) = (at.saturating_mul(2).saturating_add(1), at.saturating_mul(2).saturating_add(2));
        let shared = match (range(at), range(left), range(right)) {
            (Some((start, end)), Some((first, middle)), Some((same, last))) => {
                first == start && same == middle && last == end && first <= middle && same <= last
            }
            _ => false,
        };
        if !shared {
            return Err(format!("has children of node {at} that do not share its points"));
        }
        open.extend([left, right]);
    }
    Ok(())
}

/// Looks at the distance metric at `id`: its compiled code takes `p`, `vec` and the matrix out of its state, whatever that is.
pub(super) fn check_distance(graph: &Graph, id: NodeId) -> Result<(), String> {
    let state = Instance::read(graph, id).and_then(|instance| instance.state());
    let Some(&[power, vector, matrix, ..]) = state.and_then(|state| graph.items(state)) else {
        return Err("has a state of fewer than three parts".to_owned());
    };
    let axes = |node: NodeId| {
        let array = NdArray::read(graph, node).ok().flatten();
        array.filter(|array| matches!(array.dtype, DType::Float { .. })).map(|array| array.ndim())
    };
    let is_number = matches!(Scalar::read(graph, power), Ok(Some(Scalar::Float(_) | Scalar::Int(_))));
    match is_number && axes(vector) == Some(1) && axes(matrix) == Some(2) {
        true => Ok(()),
        false => Err("has a state that is not a number, a vector and a matrix".to_owned()),
    }
}

/// The metrics whose parameters are as long as a point.
fn check_metric(graph: &Graph, id: NodeId, features: usize) -> Result<(), String> {
    // Compiled code takes None in its place, and calls its methods all the same.
    let instance = Instance::read(graph, id).ok_or("has no metric")?;
    let state = instance.state().and_then(|state| graph.items(state)).unwrap_or_default();
    let length = |place: usize| state.get(place).and_then(|&node| NdArray::read(graph, node).ok().flatten());
    let name = instance.name.trim_end_matches("64").trim_end_matches("32");
    let vector = length(1).map(|vector| vector.len());
    let fits = match name {
        "SEuclideanDistance" => vector == Some(features),
        // Without weights there is one element, a placeholder.
        "WMinkowskiDistance" => vector == Some(features),
        "MinkowskiDistance" => vector.is_none_or(|length| length <= 1 || length == features),
        "MahalanobisDistance" => {
            // The vector is scratch space. Since 1.1 a new one is made, and a placeholder is written.
            let has_room = vector == Some(features) || instance.module == "sklearn.metrics._dist_metrics";
            has_room && length(2).is_some_and(|matrix| matrix.shape == [features, features])
        }
        "HaversineDistance" => features == 2,
        _ => true,
    };
    if fits { Ok(()) } else { Err(format!("has a `{name}` whose parameters are not of {features} features")) }
}
