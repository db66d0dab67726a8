//! Attributes that scikit-learn never sets: those of tools, such as mlflow's run id, and those of users, such as a
//! threshold that is stored with the model.

use std::collections::HashSet;

use skiff_files::{DType, Instance, NdArray, Scalar};
use skiff_pickle::{Graph, Node, NodeId};
use skiff_sklearn::Version;

/// Attributes that tools add to a fitted estimator, to identify or to convert it; no method reads them. They are kept even if
/// the catalog cannot be used, in files without a version.
const OF_TOOLS: &[&str] = &[
    "_mlflow_run_id",
    "_sklearn_tags",
    "compact",
    "flat",
    "pmml_customizations_",
    "pmml_feature_importances_",
    "pmml_options_",
];

/// Attributes that scikit-learn reads from any nested estimator, whether its class has them or not: a `coef_` set on a
/// forest changes what a `SelectFromModel` around it selects.
const READ_BY_OTHERS: &[&str] = &[
    "_parent_callback_ctx",
    "_skl_callbacks",
    "_sklearn_auto_wrap_output_keys",
    "_sklearn_output_config",
    "classes_",
    "coef_",
    "decision_function",
    "feature_importances_",
    "feature_names_in_",
    "fit_predict",
    "fit_transform",
    "get_feature_names",
    "get_feature_names_out",
    "inverse_transform",
    "labels_",
    "n_features_in_",
    "partial_fit",
    "penalty",
    "predict",
    "predict_log_proba",
    "predict_proba",
    "score",
    "score_samples",
    "set_output",
    "steps",
    "transform",
];

/// The most values that such an attribute may consist of.
const MOST_VALUES: usize = 1 << 16;

/// Whether an attribute that no reader knows may be kept without being understood: no version of scikit-learn has it,
/// and its value is plain data. `version` is that of the estimator that holds the object, which may say none itself.
pub(crate) fn is_extra(
    graph: &Graph,
    instance: &Instance<'_>,
    version: Option<Version>,
    name: &str,
    value: NodeId,
) -> bool {
    is_foreign(graph, instance, version, name) && is_plain(graph, value)
}

/// Whether no version of scikit-learn has the attribute.
fn is_foreign(graph: &Graph, instance: &Instance<'_>, version: Option<Version>, name: &str) -> bool {
    OF_TOOLS.contains(&name) || is_unknown_to_scikit_learn(graph, instance, version, name)
}

/// An attribute that is kept without being understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraAttribute {
    /// The class of the object that has it.
    pub class: String,
    /// Its name.
    pub name: String,
    /// Where the object is: `steps[1].estimators_[3]`.
    pub path: String,
}

/// The attributes that scikit-learn never sets, of all objects that are reached from `node`: those of trees in a forest
/// and of helpers as well, which are no models of their own.
pub fn extra_attributes(graph: &Graph, node: NodeId, path: &str) -> Vec<ExtraAttribute> {
    /// So many are looked at: each may be large, and several may have one value.
    const MOST: usize = 1000;
    let (mut seen, mut found, mut candidates) = (HashSet::new(), Vec::new(), 0);
    // Objects may share a state, which is read for each of them.
    let mut left = graph.size().saturating_mul(4).saturating_add(1 << 20);
    let mut open: Vec<(NodeId, String, Option<Version>)> = vec![(node, path.to_owned(), None)];
    while let Some((id, path, version)) = open.pop() {
        if candidates >= MOST || left == 0 {
            break;
        }
        if !seen.insert(id) {
            continue;
        }
        let mut within = Vec::new();
        match (graph.node(id), Instance::read(graph, id)) {
            (_, Some(instance)) => {
                let version = version_of(graph, &instance).or(version);
                left = left.saturating_sub(instance.entries());
                for (name, value) in instance.attributes() {
                    let is_candidate = is_foreign(graph, &instance, version, name);
                    candidates += usize::from(is_candidate);
                    if is_candidate && is_plain(graph, value) {
                        let class = instance.class_path();
                        found.push(ExtraAttribute { class, name: name.to_owned(), path: path.clone() });
                    }
                    let dot = if path.is_empty() { "" } else { "." };
                    within.push((value, format!("{path}{dot}{name}"), version));
                }
            }
            (Node::Dict(pairs), None) => {
                let entry = |&(key, value): &(NodeId, NodeId)| {
                    (value, format!("{path}[{}]", skiff_files::describe(graph, key)), version)
                };
                within.extend(pairs.iter().map(entry));
            }
            (Node::Payload { .. }, None) => {}
            _ => {
                // Lists, tuples, and arrays of objects.
                let array = NdArray::read(graph, id).ok().flatten();
                let items = array.as_ref().and_then(NdArray::objects).or_else(|| graph.items(id));
                let items = items.unwrap_or_default().iter().enumerate();
                within.extend(items.map(|(index, &item)| (item, format!("{path}[{index}]"), version)));
            }
        }
        // Numbers and texts hold nothing.
        let may_hold = |node: &NodeId| {
            !matches!(graph.node(*node), Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Str(_))
        };
        open.extend(within.into_iter().rev().filter(|(node, ..)| may_hold(node)));
    }
    found
}

/// The version that an object says.
pub(super) fn version_of(graph: &Graph, instance: &Instance<'_>) -> Option<Version> {
    Version::parse(graph.str_of(instance.attribute("_sklearn_version")?)?)
}

/// Whether the catalog knows everything of the object's class, in the version that wrote it, and not this name.
fn is_unknown_to_scikit_learn(graph: &Graph, instance: &Instance<'_>, version: Option<Version>, name: &str) -> bool {
    let Some(version) = version_of(graph, instance).or(version) else { return false };
    let Some(class) = skiff_sklearn::class(instance.module, instance.name) else { return false };
    // If a parameter is missing, this may be that parameter, renamed in a damaged or an edited file.
    let is_whole = || {
        let mut parameters = class.parameters().filter(|(_, parameter)| parameter.versions.contains(version));
        parameters.all(|(parameter, _)| instance.attribute(parameter).is_some())
    };
    class.attribute(name).is_none()
        && class.parameter(name).is_none()
        && !class.is_member(name)
        && !READ_BY_OTHERS.contains(&name)
        && !(name.starts_with("__") && name.ends_with("__"))
        && is_whole()
}

/// Whether a value consists only of numbers, text, bytes, containers of these, and arrays.
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
