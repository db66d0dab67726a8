//! `TreePredictor`: the trees of histogram-based boosting.

use skiff_files::{Instance, NdArray};
use skiff_pickle::{Graph, NodeId};

use super::Task;
use super::walk::{Branch, depth};

/// What has to be looked at in the predictor at `id`. How many features there are, only its estimator knows.
pub(super) fn task(graph: &Graph, id: NodeId) -> Result<Task, String> {
    let instance = Instance::read(graph, id).ok_or("is no predictor")?;
    let array = |name: &str| instance.attribute(name).and_then(|node| NdArray::read(graph, node).ok().flatten());
    let nodes = array("nodes").ok_or("has no table of nodes")?;
    // Sets of categories came with 0.24.
    let sets = ["binned_left_cat_bitsets", "raw_left_cat_bitsets"].map(|name| array(name).map(|sets| sets.shape));
    if sets.iter().flatten().any(|shape| !matches!(shape[..], [_, 8])) {
        return Err("has sets of categories of another shape".to_owned());
    }
    let sets = sets.iter().map(|shape| shape.as_ref().and_then(|shape| shape.first()).copied().unwrap_or(0)).min();
    let sets = sets.unwrap_or(0);
    if nodes.ndim() != 1 || nodes.is_empty() {
        return Err(format!("has {} as its nodes", nodes.describe()));
    }
    Ok(Box::new(move || read(&nodes, sets)))
}

fn read(nodes: &NdArray, sets: usize) -> Result<(), String> {
    let ints = |name: &str| nodes.field(name).and_then(|column| column.to_i64());
    let columns = (ints("left"), ints("right"), ints("feature_idx"), ints("is_leaf"));
    let (Some(left), Some(right), Some(feature), Some(is_leaf)) = columns else {
        return Err("has a table of nodes with other fields".to_owned());
    };
    let (is_categorical, set) = (ints("is_categorical"), ints("bitset_idx"));
    let number = |column: &[i64], at: usize| column.get(at).copied().unwrap_or(i64::MIN);
    let set_of = |at: usize| set.as_ref().map_or(0, |set| number(set, at));
    let node = |at: usize| {
        if number(&is_leaf, at) != 0 {
            return Branch::Leaf;
        }
        let has_set = is_categorical.as_ref().is_some_and(|is_categorical| number(is_categorical, at) != 0);
        let set = usize::try_from(set_of(at)).ok();
        if number(&feature, at) < 0 || (has_set && set.is_none_or(|set| set >= sets)) {
            return Branch::Wrong;
        }
        Branch::Split([number(&left, at), number(&right, at)])
    };
    let wrong = |at| format!("node {at} splits feature {} by set {} of {sets}", number(&feature, at), set_of(at));
    depth(nodes.len(), node, wrong).map(|_| ())
}
