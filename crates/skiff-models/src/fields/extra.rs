//! Attributes that scikit-learn never sets: those of tools, such as mlflow's run id.

use std::collections::HashSet;

use skiff_files::{DType, NdArray, Scalar};
use skiff_pickle::{Graph, Node, NodeId};

/// What tools add to a fitted estimator, to find it again or to convert it; no method reads them.
const OF_TOOLS: &[&str] = &[
    "_mlflow_run_id",
    "_sklearn_tags",
    "compact",
    "flat",
    "pmml_customizations_",
    "pmml_feature_importances_",
    "pmml_options_",
];

/// The most values that such an attribute may consist of.
const MOST_VALUES: usize = 1 << 16;

/// Whether an attribute that no reader knows may be kept without being understood: no version of scikit-learn has it,
/// and its value is plain data.
pub(crate) fn is_extra(graph: &Graph, name: &str, value: NodeId) -> bool {
    OF_TOOLS.contains(&name) && is_plain(graph, value)
}

/// Whether a value is made of nothing but numbers, text, bytes, containers of these, and arrays.
fn is_plain(graph: &Graph, value: NodeId) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![value];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if seen.len() > MOST_VALUES {
            return false;
        }
        match graph.node(id) {
            Node::None
            | Node::Bool(_)
            | Node::Int(_)
            | Node::BigInt(_)
            | Node::Float(_)
            | Node::Bytes(_)
            | Node::ByteArray(_)
            | Node::Str(_)
            | Node::ByteStr(_) => {}
            Node::Tuple(items) | Node::FrozenSet(items) => open.extend(items),
            Node::List(items) | Node::Set(items) => open.extend(items),
            Node::Dict(pairs) => open.extend(pairs.iter().flat_map(|&(key, value)| [key, value])),
            Node::Object(_) | Node::Payload { .. } => {
                let is_array = matches!(NdArray::read(graph, id), Ok(Some(array)) if array.dtype != DType::Object);
                let is_scalar =
                    || matches!(Scalar::read(graph, id), Ok(Some(scalar)) if !matches!(scalar, Scalar::Other(_)));
                if !is_array && !is_scalar() {
                    return false;
                }
            }
            Node::Global(_) | Node::Extension(_) | Node::Persistent(_) | Node::Buffer { .. } => return false,
        }
    }
    true
}
