//! Ensembles with fewer members.

use skiff_files::numpy::nodes;
use skiff_files::{DType, Graph, NdArray, Node, NodeId, Order};

use super::objects::{Place, does_not_apply, objects};
use super::state;
use crate::Error;

/// How an ensemble keeps its members.
struct Ensemble {
    /// The class from which it derives.
    class: &'static str,
    /// The members: a list, or an array of objects with a row for each iteration.
    members: &'static str,
    /// Lists, tuples and arrays with an item for each member.
    with_them: &'static [&'static str],
    /// Their number.
    counts: &'static [&'static str],
}

const ENSEMBLES: [Ensemble; 5] = [
    Ensemble {
        class: "sklearn.ensemble._forest.BaseForest",
        members: "estimators_",
        with_them: &[],
        counts: &["n_estimators"],
    },
    Ensemble {
        class: "sklearn.ensemble._bagging.BaseBagging",
        members: "estimators_",
        with_them: &["_average_path_length_per_tree", "_decision_path_lengths", "_seeds", "estimators_features_"],
        counts: &["n_estimators"],
    },
    Ensemble {
        class: "sklearn.ensemble._gb.BaseGradientBoosting",
        members: "estimators_",
        with_them: &[],
        counts: &["n_estimators", "n_estimators_"],
    },
    Ensemble {
        class: "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.BaseHistGradientBoosting",
        members: "_predictors",
        with_them: &[],
        counts: &["max_iter"],
    },
    Ensemble {
        class: "sklearn.ensemble._weight_boosting.BaseWeightBoosting",
        members: "estimators_",
        with_them: &["estimator_errors_", "estimator_weights_"],
        counts: &["n_estimators"],
    },
];

/// Its transformer encodes the leaves of all trees.
const ENCODES_LEAVES: &str = "RandomTreesEmbedding";

/// Keeps the first members of all ensembles, `count` of each, and returns which were shortened.
pub(super) fn keep(graph: &mut Graph, count: usize) -> Result<Vec<Place>, Error> {
    let mut places = Vec::new();
    let mut is_long_enough = true;
    for (id, class) in objects(graph) {
        let ensemble = ENSEMBLES.iter().find(|ensemble| class.derives_from(ensemble.class));
        let Some(ensemble) = ensemble.filter(|_| class.name() != ENCODES_LEAVES) else { continue };
        let mut is_shorter = false;
        state::change(graph, id, |graph, name, value| {
            if name == ensemble.members {
                let new = first(graph, value, count);
                is_shorter = new.is_some();
                is_long_enough = is_shorter;
                return Some(new.unwrap_or(value));
            }
            Some(value)
        });
        if !is_shorter {
            continue;
        }
        state::change(graph, id, |graph, name, value| {
            let new = match name {
                _ if ensemble.with_them.contains(&name) => first(graph, value, count),
                _ if ensemble.counts.contains(&name) => {
                    i64::try_from(count).ok().map(|count| graph.push(Node::Int(count)))
                }
                _ => None,
            };
            Some(new.unwrap_or(value))
        });
        places.push((class.name(), ensemble.members));
    }
    match places.is_empty() {
        false => Ok(places),
        true if !is_long_enough => {
            Err(Error::reduction(format!("`--prune-trees`: no ensemble has more than {count} members")))
        }
        true => Err(does_not_apply(
            graph,
            "--prune-trees",
            "forests, boosting and bagging, whose members are added or averaged",
        )),
    }
}

/// The first items of a list, or rows of an array; `None` if there are not more.
fn first(graph: &mut Graph, id: NodeId, count: usize) -> Option<NodeId> {
    if let Some(items) = graph.items(id) {
        let items = items.get(..count).filter(|kept| kept.len() < items.len())?.to_vec();
        let is_list = matches!(graph.node(id), Node::List(_));
        return Some(graph.push(if is_list { Node::List(items) } else { Node::Tuple(items.into()) }));
    }
    let array = NdArray::read(graph, id).ok()??;
    let (&rows, rest) = array.shape.split_first()?;
    if rows <= count || (array.order == Order::F && !rest.is_empty() && array.objects().is_none()) {
        return None;
    }
    let shape: Vec<usize> = std::iter::once(count).chain(rest.iter().copied()).collect();
    let length = shape.iter().product::<usize>();
    if let Some(objects) = array.objects() {
        let items = graph.push(Node::List(objects.get(..length)?.to_vec()));
        return Some(nodes::array_of(graph, &DType::Object, &shape, Order::C, items));
    }
    let bytes = array.bytes_once()?;
    let bytes = bytes.get(..length.checked_mul(array.dtype.itemsize()?)?)?.to_vec();
    let elements = graph.keep(&bytes);
    Some(nodes::array(graph, &array.dtype, &shape, Order::C, elements))
}
