//! Trees without their lower nodes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use skiff_files::numpy::nodes;
use skiff_files::{Column, DType, Endian, Field, Graph, Instance, NdArray, Node, NodeId, Order};

use super::objects::{Place, does_not_apply, objects};
use super::state;
use crate::Error;

/// Estimators whose trees are only right as a whole: inner nodes of boosted trees have no value of their own, and an encoder
/// or lists by node belong to the others.
const WHOLE: [&str; 3] = [
    "sklearn.ensemble._gb.BaseGradientBoosting",
    "sklearn.ensemble._forest.RandomTreesEmbedding",
    "sklearn.ensemble._iforest.IsolationForest",
];

/// Makes leaves of all nodes at a depth, the root's being 0, and returns the trees.
pub(super) fn at_depth(graph: &mut Graph, depth: usize) -> Result<Vec<Place>, Error> {
    cut(graph, "--max-depth", &|tree| {
        let mut depths = vec![0_usize; tree.len()];
        for node in 0..tree.len() {
            if let Some(children) = tree.children(node) {
                children.into_iter().for_each(|child| depths[child] = depths[node] + 1);
            }
        }
        depths.into_iter().map(|own| own >= depth).collect()
    })
}

/// Prunes branches by minimal cost-complexity, as scikit-learn's `ccp_alpha`, and returns the trees.
pub(super) fn prune(graph: &mut Graph, alpha: f64) -> Result<Vec<Place>, Error> {
    cut(graph, "--prune-trees", &|tree| pruned(tree, alpha))
}

/// A tree in memory. Children come after their node.
struct Tree {
    left: Vec<i64>,
    right: Vec<i64>,
    impurity: Vec<f64>,
    weight: Vec<f64>,
}

impl Tree {
    fn read(array: &NdArray) -> Option<Self> {
        let field = |name| array.field(name);
        let integers = |name| field(name).as_ref().and_then(Column::to_i64);
        let floats = |name| field(name).as_ref().and_then(Column::to_f64);
        let tree = Self {
            left: integers("left_child")?,
            right: integers("right_child")?,
            impurity: floats("impurity")?,
            weight: floats("weighted_n_node_samples")?,
        };
        let is_after =
            |node: usize, child: i64| usize::try_from(child).is_ok_and(|child| child > node && child < tree.len());
        let is_one = (0..tree.len()).all(|node| match (tree.left[node], tree.right[node]) {
            (-1, -1) => true,
            (left, right) => is_after(node, left) && is_after(node, right),
        });
        (is_one && tree.len() > 0).then_some(tree)
    }

    fn len(&self) -> usize {
        self.left.len()
    }

    /// The children of a node; `None` for a leaf.
    fn children(&self, node: usize) -> Option<[usize; 2]> {
        Some([usize::try_from(self.left[node]).ok()?, usize::try_from(self.right[node]).ok()?])
    }
}

/// For each node whether it becomes a leaf, by scikit-learn's `_cost_complexity_prune`: as long as there is a branch whose
/// effective alpha is not above `alpha`, the one with the least is pruned.
fn pruned(tree: &Tree, alpha: f64) -> Vec<bool> {
    let count = tree.len();
    let all = tree.weight[0];
    let own: Vec<f64> =
        tree.impurity.iter().zip(&tree.weight).map(|(impurity, weight)| impurity * weight / all).collect();
    let (mut branch, mut leaves, mut parent) = (own.clone(), vec![1_usize; count], vec![usize::MAX; count]);
    for node in (0..count).rev() {
        if let Some([left, right]) = tree.children(node) {
            branch[node] = branch[left] + branch[right];
            leaves[node] = leaves[left] + leaves[right];
            (parent[left], parent[right]) = (node, node);
        }
    }
    let mut is_leaf: Vec<bool> = (0..count).map(|node| tree.children(node).is_none()).collect();
    let mut is_gone = vec![false; count];
    #[expect(clippy::cast_precision_loss, reason = "trees have fewer leaves than 2^53")]
    let effective = |own: f64, branch: f64, leaves: usize| (own - branch) / (leaves - 1) as f64;
    // Alphas are ordered as their bits are, once negative ones, which rounding may cause, are zero.
    let key = |alpha: f64| alpha.max(0.0).to_bits();
    let entry = |node: usize, branch: &[f64], leaves: &[usize]| {
        (Reverse(key(effective(own[node], branch[node], leaves[node]))), Reverse(node), leaves[node])
    };
    let mut waiting: BinaryHeap<_> =
        (0..count).filter(|&node| !is_leaf[node]).map(|node| entry(node, &branch, &leaves)).collect();
    while let Some((Reverse(bits), Reverse(node), of_leaves)) = waiting.pop() {
        // An entry from before a branch below was pruned is outdated.
        if is_leaf[node] || is_gone[node] || of_leaves != leaves[node] {
            continue;
        }
        if f64::from_bits(bits) > alpha {
            break;
        }
        is_leaf[node] = true;
        let mut below: Vec<usize> = tree.children(node).into_iter().flatten().collect();
        while let Some(child) = below.pop() {
            if !is_gone[child] {
                is_gone[child] = true;
                below.extend(tree.children(child).into_iter().flatten());
            }
        }
        let (error, lost) = (own[node] - branch[node], leaves[node] - 1);
        let mut above = node;
        loop {
            branch[above] += error;
            leaves[above] -= lost;
            above = parent[above];
            if above == usize::MAX {
                break;
            }
            // The ancestor's branch has changed.
            let changed = (branch[above] + error, leaves[above] - lost);
            let alpha = effective(own[above], changed.0, changed.1);
            waiting.push((Reverse(key(alpha)), Reverse(above), changed.1));
        }
    }
    is_leaf
}

/// Makes leaves of the nodes of all trees that `is_leaf` names, and returns the trees that have become smaller.
fn cut(graph: &mut Graph, option: &'static str, is_leaf: &dyn Fn(&Tree) -> Vec<bool>) -> Result<Vec<Place>, Error> {
    let whole: Vec<(NodeId, &'static str)> = objects(graph)
        .into_iter()
        .filter(|(_, class)| WHOLE.iter().any(|path| class.derives_from(path)))
        .map(|(id, class)| (id, class.name()))
        .collect();
    if let Some((_, name)) = whole.first() {
        return Err(Error::reduction(format!(
            "`{option}` does not apply to `{name}`, whose trees are right only as a whole"
        )));
    }
    let trees: Vec<NodeId> = objects(graph)
        .into_iter()
        .filter(|(_, class)| class.path() == "sklearn.tree._tree.Tree")
        .map(|(id, _)| id)
        .collect();
    if trees.is_empty() {
        return Err(does_not_apply(graph, option, "decision trees, and ensembles of them"));
    }
    let mut places = Vec::new();
    let mut templates = Templates::default();
    for id in trees {
        if let Some(()) = cut_one(graph, id, is_leaf, &mut templates) {
            places.push(("Tree", "nodes"));
        }
    }
    if places.is_empty() {
        return Err(Error::reduction(format!("`{option}`: no tree becomes smaller")));
    }
    Ok(places)
}

/// The first arrays that were made, whose dtypes the following ones share.
#[derive(Default)]
struct Templates {
    nodes: Option<(DType, NodeId)>,
    values: Option<(DType, NodeId)>,
}

/// `None` if the tree stays, or is in a form that is not known.
fn cut_one(
    graph: &mut Graph,
    id: NodeId,
    is_leaf: &dyn Fn(&Tree) -> Vec<bool>,
    templates: &mut Templates,
) -> Option<()> {
    let instance = Instance::read(graph, id)?;
    let array = |name| NdArray::read(graph, instance.attribute(name)?).ok()?;
    let (nodes, values) = (array("nodes")?, array("values")?);
    let tree = Tree::read(&nodes)?;
    let is_leaf = is_leaf(&tree);
    // The nodes that remain, in their order, and the place of each.
    let mut depths: Vec<Option<usize>> = vec![None; tree.len()];
    depths[0] = Some(0);
    for node in 0..tree.len() {
        if let (Some(depth), false, Some(children)) = (depths[node], is_leaf[node], tree.children(node)) {
            children.into_iter().for_each(|child| depths[child] = Some(depth + 1));
        }
    }
    let kept: Vec<usize> = (0..tree.len()).filter(|&node| depths[node].is_some()).collect();
    if kept.len() == tree.len() {
        return None;
    }
    let mut places = vec![-1_i64; tree.len()];
    for (place, &node) in (0_i64..).zip(&kept) {
        places[node] = place;
    }
    let records = Records::of(&nodes.dtype)?;
    let (old_nodes, old_values) = (nodes.bytes_once()?, values.bytes_once()?);
    let width = old_values.len().checked_div(tree.len())?;
    let (mut new_nodes, mut new_values) = (Vec::new(), Vec::new());
    for &node in &kept {
        let mut record = old_nodes.get(node * records.size..(node + 1) * records.size)?.to_vec();
        match tree.children(node).filter(|_| !is_leaf[node]) {
            Some([left, right]) => records.set_children(&mut record, [places[left], places[right]])?,
            None => records.make_leaf(&mut record)?,
        }
        new_nodes.extend(record);
        new_values.extend_from_slice(old_values.get(node * width..(node + 1) * width)?);
    }
    let shape: Vec<usize> = std::iter::once(kept.len()).chain(values.shape.iter().skip(1).copied()).collect();
    let nodes = made(graph, &mut templates.nodes, &nodes, &[kept.len()], new_nodes)?;
    let values = made(graph, &mut templates.values, &values, &shape, new_values)?;
    let count = graph.push(Node::Int(i64::try_from(kept.len()).ok()?));
    let depth = kept.iter().filter_map(|&node| depths[node]).max()?;
    let depth = graph.push(Node::Int(i64::try_from(depth).ok()?));
    state::change(graph, id, |_, name, value| {
        Some(match name {
            "nodes" => nodes,
            "values" => values,
            "node_count" => count,
            "max_depth" => depth,
            _ => value,
        })
    });
    Some(())
}

/// An array like `old` with other elements.
fn made(
    graph: &mut Graph,
    template: &mut Option<(DType, NodeId)>,
    old: &NdArray,
    shape: &[usize],
    bytes: Vec<u8>,
) -> Option<NodeId> {
    if old.order == Order::F && old.ndim() > 1 {
        return None;
    }
    if let Some((_, id)) = template.as_ref().filter(|(dtype, _)| *dtype == old.dtype) {
        return NdArray::with_shape(graph, *id, shape, bytes);
    }
    let elements = graph.keep(&bytes);
    let id = nodes::array(graph, &old.dtype, shape, Order::C, elements);
    *template = Some((old.dtype.clone(), id));
    Some(id)
}

/// The fields of nodes that a leaf has other values in.
struct Records {
    size: usize,
    fields: Vec<Field>,
}

impl Records {
    fn of(dtype: &DType) -> Option<Self> {
        let DType::Struct { fields, itemsize } = dtype else { return None };
        Some(Self { size: *itemsize, fields: fields.clone() })
    }

    fn set_children(&self, record: &mut [u8], children: [i64; 2]) -> Option<()> {
        let [left, right] = children;
        self.set_integer(record, "left_child", left)?;
        self.set_integer(record, "right_child", right)
    }

    /// As scikit-learn's `TREE_LEAF` and `TREE_UNDEFINED`.
    fn make_leaf(&self, record: &mut [u8]) -> Option<()> {
        self.set_children(record, [-1, -1])?;
        self.set_integer(record, "feature", -2)?;
        let threshold = self.fields.iter().find(|field| field.name == "threshold")?;
        let cell: &mut [u8; 8] = record.get_mut(threshold.offset..)?.first_chunk_mut()?;
        *cell = match threshold.dtype {
            DType::Float { size: 8, endian: Endian::Little } => (-2.0_f64).to_le_bytes(),
            DType::Float { size: 8, endian: Endian::Big } => (-2.0_f64).to_be_bytes(),
            _ => return None,
        };
        if let Some(missing) = self.fields.iter().find(|field| field.name == "missing_go_to_left") {
            *record.get_mut(missing.offset)? = 0;
        }
        Some(())
    }

    fn set_integer(&self, record: &mut [u8], name: &str, value: i64) -> Option<()> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        let DType::Int { size, endian } = field.dtype else { return None };
        let cell = record.get_mut(field.offset..)?.get_mut(..size)?;
        let bytes = value.to_le_bytes();
        cell.copy_from_slice(bytes.get(..size)?);
        if endian == Endian::Big {
            cell.reverse();
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root with two inner children of two leaves each.
    fn tree() -> Tree {
        Tree {
            left: vec![1, 2, -1, -1, 5, -1, -1],
            right: vec![4, 3, -1, -1, 6, -1, -1],
            impurity: vec![0.5, 0.4, 0.0, 0.3, 0.2, 0.1, 0.15],
            weight: vec![8.0, 4.0, 2.0, 2.0, 4.0, 2.0, 2.0],
        }
    }

    #[test]
    fn branches_that_gain_least_are_pruned_first() {
        let leaves = |alpha| -> Vec<usize> {
            let is_leaf = pruned(&tree(), alpha);
            (0..7).filter(|&node| is_leaf[node] && tree().children(node).is_some()).collect()
        };
        // Right: (0.1 − 0.0625) / 1; left: (0.2 − 0.075) / 1; then the root: (0.5 − 0.3) / 1.
        assert_eq!(leaves(0.03), [0; 0]);
        assert_eq!(leaves(0.04), [4]);
        assert_eq!(leaves(0.13), [1, 4]);
        assert_eq!(leaves(0.21), [0, 1, 4]);
    }
}
