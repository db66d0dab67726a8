//! Attributes that scikit-learn never sets: those of tools, such as mlflow's run id, and those of users, such as a
//! threshold that is stored with the model.

use std::collections::HashSet;

use skiff_files::{DType, Instance, NdArray, Scalar};
use skiff_pickle::{Graph, Node, NodeId};

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

/// Whether an attribute that no reader knows may be ignored: no version of scikit-learn has it,
/// and its value is plain data.
pub(crate) fn is_extra(graph: &Graph, instance: &Instance<'_>, name: &str, value: NodeId) -> bool {
    (OF_TOOLS.contains(&name) || is_unknown_to_scikit_learn(graph, instance, name)) && is_plain(graph, value)
}

/// Whether the catalog is complete for the estimator's class, in the version that wrote it, and does not have this name.
fn is_unknown_to_scikit_learn(graph: &Graph, instance: &Instance<'_>, name: &str) -> bool {
    let version = instance.attribute("_sklearn_version").and_then(|node| graph.str_of(node));
    let Some(version) = version.and_then(skiff_sklearn::Version::parse) else { return false };
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
