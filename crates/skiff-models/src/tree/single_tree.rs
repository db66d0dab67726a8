//! `BaseDecisionTree`: what the four estimators of one tree share.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::{LeafValues, MissingValues, TreeSource, TreesModel, read_shape, read_trees};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};

/// The attributes of single trees of all versions that no prediction depends on.
pub(crate) const TRAINING_ONLY: &[&str] = &[
    "ccp_alpha",
    "class_weight",
    "classes_",
    "criterion",
    "max_depth",
    "max_features",
    "max_features_",
    "max_leaf_nodes",
    "min_impurity_decrease",
    "min_impurity_split",
    "min_samples_leaf",
    "min_samples_split",
    "min_weight_fraction_leaf",
    "monotonic_cst",
    "n_classes_",
    "n_features_",
    "n_outputs_",
    "presort",
    "random_state",
    "splitter",
];

/// Which estimator the trees are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeKind {
    /// `DecisionTreeClassifier`, `DecisionTreeRegressor`.
    Decision,
    /// `ExtraTreeClassifier`, `ExtraTreeRegressor`.
    Extra,
}

/// What decides whether a tree takes missing values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissingRule<'a> {
    pub(crate) kind: TreeKind,
    /// `splitter`.
    pub(crate) splitter: &'a str,
    /// `criterion`.
    pub(crate) criterion: &'a str,
    /// Whether there is a `monotonic_cst`.
    pub(crate) monotonic: bool,
}

impl MissingRule<'_> {
    /// `_support_missing_values`, as in the scikit-learn that wrote the tree.
    pub(crate) fn support(self, fields: &Fields<'_, '_>) -> MissingValues {
        let criterion =
            matches!(self.criterion, "gini" | "log_loss" | "entropy" | "squared_error" | "friedman_mse" | "poisson");
        let splitter = match self.kind {
            TreeKind::Decision => self.splitter == "best" || !fields.before(1, 6),
            TreeKind::Extra if fields.before(1, 6) => self.splitter == "best",
            TreeKind::Extra => self.splitter == "random",
        };
        let supported = if fields.before(1, 3) {
            false
        } else if fields.before(1, 9) {
            splitter && criterion && !self.monotonic
        } else {
            splitter
        };
        if supported { MissingValues::Accept } else { MissingValues::Refuse }
    }
}

/// Reads a single tree; `values` determines whether its leaves are probabilities.
pub(crate) fn read_single(
    fields: &Fields<'_, '_>,
    kind: TreeKind,
    values: LeafValues,
) -> Result<TreesModel, ReadError> {
    let source = TreeSource { node: fields.required("tree_")?, path: fields.path_of("tree_") };
    let shape = read_shape(fields, &source)?;
    fields.expect_n_features("tree_", shape.n_features)?;
    let sources = [source];
    let trees = read_trees(fields, &sources, &shape, values)?;
    // A count may be the greater one, and its share equal.
    let raw = if values == LeafValues::Fractions && fields.before(1, 4) {
        Some(Arc::new(read_trees(fields, &sources, &shape, LeafValues::Raw)?))
    } else {
        None
    };
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
    let (splitter, criterion) = (fields.string("splitter")?, fields.string("criterion")?);
    let missing =
        MissingRule { kind, splitter: &splitter, criterion: &criterion, monotonic: fields.has("monotonic_cst") };
    let missing = missing.support(fields);
    fields.training_only(TRAINING_ONLY);
    Ok(TreesModel { trees: Arc::new(trees), raw, shape, classes, missing })
}

/// The methods of single trees.
pub(crate) fn lower_single(
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
        Method::Apply => Ok(Output::column(model.leaves(input, plan))),
        Method::DecisionPath => Ok(Output::matrix(model.paths(input, plan))),
        _ => plan.no_method(method),
    }
}
