//! `BaseForest`: the common part of forests.

use std::sync::Arc;

use skiff_files::{Instance, Scalar};
use skiff_pickle::{Node, NodeId};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Lowering, Refusal};
use crate::tree::{
    LeafValues, MissingRule, MissingValues, TRAINING_ONLY, TreeKind, TreeSource, TreesModel, read_shape, read_trees,
};

/// The attributes of forests of all versions that no prediction depends on, in addition to those of single trees.
const FOREST_TRAINING_ONLY: &[&str] = &[
    // 1.2.0 and 1.2.1, where `estimator_` was a property.
    "_estimator",
    "_n_samples",
    "_n_samples_bootstrap",
    "_sample_weight",
    "base_estimator",
    "base_estimator_",
    "bootstrap",
    "estimator",
    "estimator_",
    "estimator_params",
    "max_samples",
    "n_estimators",
    "n_jobs",
    "oob_decision_function_",
    "oob_prediction_",
    "oob_score",
    "oob_score_",
    "verbose",
    "warm_start",
];

/// The classes of a forest's trees.
const TREES: &[(&str, TreeKind)] = &[
    ("DecisionTreeClassifier", TreeKind::Decision),
    ("DecisionTreeRegressor", TreeKind::Decision),
    ("ExtraTreeClassifier", TreeKind::Extra),
    ("ExtraTreeRegressor", TreeKind::Extra),
];

/// A tree estimator in an ensemble, with only what the ensemble needs: its `tree_`, and whether it takes
/// missing values.
pub(crate) struct Member {
    pub(crate) source: TreeSource,
    pub(crate) missing: MissingValues,
}

impl Member {
    /// The tree estimator at `node`, with `path`. Its own hyperparameters are the ensemble's; an attribute
    /// that no version's trees have is an error, as everywhere.
    pub(crate) fn read(fields: &Fields<'_, '_>, node: NodeId, path: &str) -> Result<Self, ReadError> {
        let graph = fields.graph();
        let kind = |instance: &Instance<'_>| {
            let known = TREES.iter().find(|(name, _)| *name == instance.name);
            known.filter(|_| matches!(instance.module, "sklearn.tree._classes" | "sklearn.tree.tree"))
        };
        let instance =
            fields.instance_at(node, path)?.ok_or_else(|| fields.unexpected_at(node, path, "a tree estimator"))?;
        let Some(&(_, kind)) = kind(&instance) else {
            return Err(fields.unexpected_at(node, path, "a tree estimator"));
        };
        fields.refuse_unknown(&instance, path, |name| {
            TRAINING_ONLY.contains(&name)
                || matches!(name, "tree_" | "n_features_in_" | "_sklearn_version" | "feature_names_in_")
                || matches!(name, "_metadata_request" | "_repr_html_" | "_estimator_type" | "_doc_link_module")
                || name == "_sklearn_output_config"
        })?;
        let tree_path = format!("{path}.tree_");
        let tree =
            instance.attribute("tree_").ok_or_else(|| ReadError::new(tree_path.clone(), ReadErrorKind::Missing))?;
        let text = |name: &str| match instance.attribute(name).map(|value| Scalar::read(graph, value)) {
            Some(Ok(Some(Scalar::Str(text)))) => text,
            _ => String::new(),
        };
        let (splitter, criterion) = (text("splitter"), text("criterion"));
        let monotonic = instance.attribute("monotonic_cst").is_some_and(|node| *graph.node(node) != Node::None);
        let rule = MissingRule { kind, splitter: &splitter, criterion: &criterion, monotonic };
        Ok(Self { source: TreeSource { node: tree, path: tree_path }, missing: rule.support(fields) })
    }
}

/// Reads a forest; `values` determines whether its leaves are probabilities.
pub(crate) fn read_forest(fields: &Fields<'_, '_>, values: LeafValues) -> Result<TreesModel, ReadError> {
    let path = fields.path_of("estimators_");
    let estimators = fields.list("estimators_")?;
    let members = estimators.iter().enumerate();
    let members = members.map(|(index, &node)| Member::read(fields, node, &format!("{path}[{index}]")));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    let Some(first) = members.first() else {
        return Err(fields.damaged("estimators_", "a forest without trees"));
    };
    let shape = read_shape(fields, &first.source)?;
    fields.expect_n_features("estimators_", shape.n_features)?;
    let classes = if values == LeafValues::Fractions {
        let classes = fields.classes_list("classes_")?;
        fields.expect_len("classes_", classes.len(), shape.n_classes.len())?;
        for (classes, &count) in classes.iter().zip(&shape.n_classes) {
            fields.expect_len("classes_", classes.len(), count)?;
        }
        classes
    } else {
        Vec::new()
    };
    // Forests support missing values one version later than their trees.
    let missing = if fields.before(1, 4) { MissingValues::Refuse } else { first.missing };
    let sources: Vec<TreeSource> = members.into_iter().map(|member| member.source).collect();
    let trees = Arc::new(read_trees(fields, &sources, &shape, values)?);
    fields.training_only(TRAINING_ONLY);
    fields.training_only(FOREST_TRAINING_ONLY);
    Ok(TreesModel { trees, raw: None, shape, classes, missing })
}

/// The methods of forests.
pub(crate) fn lower_forest(
    model: &TreesModel,
    method: Method,
    input: ValueId,
    plan: &mut Lowering<'_>,
) -> Result<Output, Refusal> {
    let classifier = !model.classes.is_empty();
    match method {
        Method::Predict if classifier => model.labels(input, plan),
        Method::Predict => Ok(model.values(input, plan)),
        Method::PredictProba if classifier => Ok(model.probabilities(input, false, plan)),
        Method::PredictLogProba if classifier => Ok(model.probabilities(input, true, plan)),
        Method::Apply => Ok(Output::matrix(model.leaves(input, plan))),
        Method::DecisionPath => {
            let mut ends = vec![0];
            for &count in &model.trees.counts {
                ends.push(ends.last().copied().unwrap_or(0) + i64::from(count));
            }
            Ok(Output::Tuple(vec![Output::matrix(model.paths(input, plan)), Output::Constant(ends)]))
        }
        _ => plan.no_method(method),
    }
}
