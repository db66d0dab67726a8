//! `_LearntSelectorMixin`: until 0.18 estimators with coefficients or importances had `transform`, which selected features
//! by them.

use super::select_from_model::{is_sparse, mean_threshold, read_scores};
use super::selector_mixin::SelectedColumns;
use crate::fields::{Fields, ReadError};
use crate::model::Model;
use skiff_plan::operators::Finite;

/// The classes that had it.
const CLASSES: &[&str] = &[
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Perceptron",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "SGDClassifier",
    "SGDRegressor",
];

/// Whether the estimator has such a `transform`.
pub(crate) fn selects(model: &Model) -> bool {
    let header = model.header();
    header.before(0, 19) && CLASSES.contains(&header.class.as_str())
}

/// The features that `transform` selects, with its default threshold; `None` if there is no importance to be found.
pub(crate) fn read(fields: &Fields<'_, '_>, model: &Model) -> Result<Option<SelectedColumns>, ReadError> {
    let Ok((scores, precision)) = read_scores(fields, model) else { return Ok(None) };
    let threshold = match is_sparse(fields, model)? {
        true => 1e-5,
        false => mean_threshold(&scores, precision),
    };
    let least = precision.round(threshold);
    let support = scores.iter().map(|&score| score >= least).collect();
    SelectedColumns::new(fields, "coef_", support, Finite::All).map(Some)
}
