//! `sklearn.tree._tree.Tree`: the tables of nodes of decision trees, forests, boosting, isolation forests.

use skiff_files::{DType, Endian, Instance, NdArray};
use skiff_pickle::{Graph, NodeId};

use super::walk::{Branch, depth};
use super::{Task, count, count_of};

/// What has to be looked at in the tree at `id`, after what is cheap to look at.
pub(super) fn task(graph: &Graph, id: NodeId) -> Result<Task, String> {
    let instance = Instance::read(graph, id).ok_or("is no tree")?;
    let &[n_features, n_classes, n_outputs] = instance.arguments() else {
        return Err("is made of something else than its three counts".to_owned());
    };
    let n_features = count(graph, n_features).ok_or("has a number of features that is none")?;
    let n_outputs = count(graph, n_outputs).ok_or("has a number of outputs that is none")?;
    let classes = array(graph, n_classes).and_then(|classes| classes.to_i64());
    let classes = classes.ok_or("has numbers of classes that are none")?;
    if classes.len() != n_outputs || n_outputs == 0 || classes.iter().any(|&classes| classes < 1) {
        return Err(format!("has {n_outputs} outputs and the classes of {}", classes.len()));
    }
    let nodes = instance.attribute("nodes").and_then(|nodes| array(graph, nodes)).ok_or("has no table of nodes")?;
    let values = instance.attribute("values").and_then(|values| array(graph, values)).ok_or("has no values")?;
    let node_count = count_of(graph, &instance, "node_count").ok_or("has no number of nodes")?;
    if nodes.shape != [node_count] || node_count == 0 {
        return Err(format!("has a table of {:?} nodes and says that there are {node_count}", nodes.shape));
    }
    let most_classes = classes.iter().max().and_then(|&classes| usize::try_from(classes).ok()).unwrap_or(0);
    let is_double = matches!(values.dtype, DType::Float { size: 8, .. }) && values.is_c_order();
    if values.shape != [node_count, n_outputs, most_classes] || !is_double {
        return Err(format!("has {} as the values of {node_count} nodes", values.describe()));
    }
    // It was not written before 0.18, which had no use for it.
    let max_depth = match instance.attribute("max_depth") {
        None => None,
        Some(depth) => Some(count(graph, depth).ok_or("has a depth that is none")?),
    };
    check_fields(&nodes)?;
    Ok(Box::new(move || {
        let depth = read(&nodes, n_features)?;
        nodes.release();
        // `decision_path` reserves memory for as many nodes on each way, and one more.
        match max_depth {
            Some(most) if depth > most => Err(format!("is {depth} deep and says that it is {most} deep")),
            _ => Ok(()),
        }
    }))
}

fn array(graph: &Graph, id: NodeId) -> Option<NdArray> {
    NdArray::read(graph, id).ok().flatten()
}

/// scikit-learn takes the fields by their places: they must stand as it wrote them. It added the last one in 1.3.
const FIELDS: [&str; 8] = [
    "left_child",
    "right_child",
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "missing_go_to_left",
];

fn check_fields(nodes: &NdArray) -> Result<(), String> {
    let wrong = || format!("has a table of nodes with other fields: {}", nodes.dtype);
    let DType::Struct { fields, .. } = &nodes.dtype else { return Err(wrong()) };
    let known = fields.len() >= 7 && fields.len() <= FIELDS.len();
    let in_order = fields.iter().zip(FIELDS).all(|(field, name)| field.name == name);
    let apart = fields.windows(2).all(|pair| {
        let [first, second] = pair else { return true };
        first.dtype.itemsize().is_some_and(|size| first.offset.saturating_add(size) <= second.offset)
    });
    if known && in_order && apart { Ok(()) } else { Err(wrong()) }
}

/// Looks at every node; gives how deep they go.
fn read(nodes: &NdArray, n_features: usize) -> Result<usize, String> {
    let count = nodes.len();
    let split = |[left, right, feature]: [i64; 3], threshold: f64| {
        if left == -1 && right == -1 {
            return Branch::Leaf;
        }
        let is_right = usize::try_from(feature).is_ok_and(|feature| feature < n_features) && !threshold.is_nan();
        if is_right { Branch::Split([left, right]) } else { Branch::Wrong }
    };
    let wrong = |at, feature, threshold| format!("node {at} splits feature {feature} of {n_features} at {threshold}");
    if let Some((bytes, size)) = packed(nodes) {
        let record = |at: usize| -> Option<([i64; 3], f64)> {
            let record = bytes.get(at.saturating_mul(size)..)?.first_chunk::<32>()?;
            let &[left, right, feature, threshold] = record.as_chunks::<8>().0 else { return None };
            Some(([left, right, feature].map(i64::from_le_bytes), f64::from_le_bytes(threshold)))
        };
        return depth(
            count,
            |at| record(at).map_or(Branch::Wrong, |(numbers, threshold)| split(numbers, threshold)),
            |at| match record(at) {
                Some(([.., feature], threshold)) => wrong(at, feature, threshold),
                None => "ends too early".to_owned(),
            },
        );
    }
    let ints = |name: &str| nodes.field(name).and_then(|column| column.to_i64());
    let threshold = nodes.field("threshold").and_then(|column| column.to_f64());
    let columns = (ints("left_child"), ints("right_child"), ints("feature"), threshold);
    let (Some(left), Some(right), Some(feature), Some(threshold)) = columns else {
        return Err(format!("has a table of nodes with other fields: {}", nodes.dtype));
    };
    let number = |column: &[i64], at: usize| column.get(at).copied().unwrap_or(i64::MIN);
    let threshold = |at: usize| threshold.get(at).copied().unwrap_or(f64::NAN);
    depth(
        count,
        |at| split([number(&left, at), number(&right, at), number(&feature, at)], threshold(at)),
        |at| wrong(at, number(&feature, at), threshold(at)),
    )
}

/// The bytes of a table that lies there as records which begin as those of 64-bit machines do, and the size of a record.
fn packed(nodes: &NdArray) -> Option<(&[u8], usize)> {
    let DType::Struct { fields, itemsize } = &nodes.dtype else { return None };
    let int = DType::Int { size: 8, endian: Endian::Little };
    let float = DType::Float { size: 8, endian: Endian::Little };
    let wanted = [(0, &int), (8, &int), (16, &int), (24, &float)];
    let fits =
        fields.iter().zip(wanted).all(|(field, (offset, dtype))| field.offset == offset && field.dtype == *dtype);
    (fits && fields.len() >= wanted.len()).then_some((nodes.bytes_in_place()?, *itemsize))
}
