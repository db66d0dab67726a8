//! The tag `allow_nan` of an estimator without a fit, which selectors ask before they look at rows.

use skiff_files::{Instance, NodeId, Scalar};

use crate::fields::Fields;

/// More estimators within each other than any selector is made of.
const MOST_DEPTH: usize = 16;

/// The criteria by which trees split rows with missing values before 1.9.
const OF_CLASSIFIERS: &[&str] = &["gini", "log_loss", "entropy"];
/// See [`OF_CLASSIFIERS`].
const OF_REGRESSORS: &[&str] = &["squared_error", "friedman_mse", "poisson"];

/// `get_tags(estimator).input_tags.allow_nan`, as the version that wrote the file has it.
pub(super) fn allows_nan(fields: &Fields<'_, '_>, estimator: NodeId) -> bool {
    !fields.before(0, 22) && of(fields, estimator, MOST_DEPTH)
}

fn of(fields: &Fields<'_, '_>, node: NodeId, depth: usize) -> bool {
    let graph = fields.graph();
    let Some(estimator) = Instance::read(graph, node).filter(|_| depth > 0) else { return false };
    let text = |name: &str| match Scalar::read(graph, estimator.attribute(name)?) {
        Ok(Some(Scalar::Str(text))) => Some(text),
        _ => None,
    };
    let is_criterion = |criterion: Option<String>, known: &[&str]| {
        // Since 1.9 every criterion will do.
        !fields.before(1, 9) || criterion.is_some_and(|criterion| known.contains(&criterion.as_str()))
    };
    let inner = |names: &[&str]| {
        let nodes = names.iter().filter_map(|name| estimator.attribute(name));
        nodes.into_iter().find(|&node| Instance::read(graph, node).is_some())
    };
    match estimator.name {
        "HistGradientBoostingClassifier" | "HistGradientBoostingRegressor" => true,
        "DecisionTreeClassifier" | "DecisionTreeRegressor" => {
            let is_best = text("splitter").as_deref() == Some("best");
            let criteria = if estimator.name.ends_with("Classifier") { OF_CLASSIFIERS } else { OF_REGRESSORS };
            !fields.before(1, 3) && (is_best || !fields.before(1, 6)) && is_criterion(text("criterion"), criteria)
        }
        "ExtraTreeClassifier" | "ExtraTreeRegressor" => {
            let is_random = text("splitter").as_deref() == Some("random");
            let criteria = if estimator.name.ends_with("Classifier") { OF_CLASSIFIERS } else { OF_REGRESSORS };
            !fields.before(1, 6) && is_random && is_criterion(text("criterion"), criteria)
        }
        "RandomForestClassifier" => !fields.before(1, 4) && is_criterion(text("criterion"), OF_CLASSIFIERS),
        "RandomForestRegressor" => !fields.before(1, 4) && is_criterion(text("criterion"), OF_REGRESSORS),
        "ExtraTreesClassifier" => !fields.before(1, 6) && is_criterion(text("criterion"), OF_CLASSIFIERS),
        "ExtraTreesRegressor" => !fields.before(1, 6) && is_criterion(text("criterion"), OF_REGRESSORS),
        // Without an estimator, of trees.
        "BaggingClassifier" | "BaggingRegressor" => {
            !fields.before(1, 3)
                && inner(&["estimator", "base_estimator"]).is_none_or(|node| of(fields, node, depth - 1))
        }
        "VotingClassifier" | "VotingRegressor" | "StackingClassifier" | "StackingRegressor" => {
            let Some(named) = estimator.attribute("estimators").and_then(|list| graph.items(list)) else {
                return false;
            };
            let all = named.iter().all(|&pair| match graph.items(pair) {
                Some(&[_, node]) => graph.str_of(node) == Some("drop") || of(fields, node, depth - 1),
                _ => false,
            });
            !fields.before(1, 4) && all
        }
        "RFE" | "RFECV" | "SelectFromModel" | "SequentialFeatureSelector" => {
            inner(&["estimator"]).is_some_and(|node| of(fields, node, depth - 1))
        }
        _ => false,
    }
}
