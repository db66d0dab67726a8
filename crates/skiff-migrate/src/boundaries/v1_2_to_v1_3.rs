//! From scikit-learn 1.2 to 1.3.

use skiff_files::NodeId;

use crate::classes::{BOOSTED, PLS};
use crate::error::Refused;
use crate::records::{Column, U1, U4, lay_out};
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values::{self, F64, I64};

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[
        (PLS, "_coef_", "coef_"),
        (&["AdditiveChi2Sampler"], "sample_interval_", "_sample_interval"),
        (&["ARDRegression", "BayesianRidge"], "n_iter", "max_iter"),
    ],
    values: &[],
    rules: &[
        Rule { classes: &["Tree"], up: missing_values, down: no_missing_values },
        Rule { classes: &["TreePredictor"], up: signed_features, down: unsigned_features },
        Rule { classes: PLS, up: one_target, down: two_axes },
        Rule { classes: DISTANCES, up: double, down: nothing },
        Rule { classes: DISTANCES_64, up: nothing, down: of_any_precision },
        Rule { classes: &["KernelPCA"], up: gamma, down: own_gamma },
        Rule { classes: &["FastICA"], up: nothing, down: whiten },
        Rule { classes: &["AdditiveChi2Sampler"], up: nothing, down: interval },
        Rule { classes: &["OrdinalEncoder"], up: nothing_infrequent, down: no_infrequent },
        Rule { classes: &["IsolationForest"], up: path_lengths, down: nothing },
        Rule { classes: &["GaussianRandomProjection", "SparseRandomProjection"], up: n_features_out, down: nothing },
        Rule { classes: &["ARDRegression", "BayesianRidge"], up: n_iter, down: nothing },
        Rule { classes: &["AdaBoostClassifier"], up: votes, down: votes },
        Rule { classes: &["KNNImputer"], up: complete_rows, down: complete_rows },
        Rule { classes: &["KNNImputer", "SimpleImputer", "IterativeImputer"], up: indicator, down: nothing },
        Rule { classes: BOOSTED, up: all_features, down: nothing },
        Rule { classes: ALL_FEATURES, up: all_features, down: nothing },
        Rule { classes: SEARCHES, up: passthrough_scorer, down: passthrough_function },
    ],
};

const DISTANCES: &[&str] = &[
    "BrayCurtisDistance",
    "CanberraDistance",
    "ChebyshevDistance",
    "DiceDistance",
    "EuclideanDistance",
    "HammingDistance",
    "HaversineDistance",
    "JaccardDistance",
    "KulsinskiDistance",
    "MahalanobisDistance",
    "ManhattanDistance",
    "MatchingDistance",
    "MinkowskiDistance",
    "PyFuncDistance",
    "RogersTanimotoDistance",
    "RussellRaoDistance",
    "SEuclideanDistance",
    "SokalMichenerDistance",
    "SokalSneathDistance",
    "WMinkowskiDistance",
];
const DISTANCES_64: &[&str] = &[
    "BrayCurtisDistance64",
    "CanberraDistance64",
    "ChebyshevDistance64",
    "DiceDistance64",
    "EuclideanDistance64",
    "HammingDistance64",
    "HaversineDistance64",
    "JaccardDistance64",
    "KulsinskiDistance64",
    "MahalanobisDistance64",
    "ManhattanDistance64",
    "MatchingDistance64",
    "MinkowskiDistance64",
    "PyFuncDistance64",
    "RogersTanimotoDistance64",
    "RussellRaoDistance64",
    "SEuclideanDistance64",
    "SokalMichenerDistance64",
    "SokalSneathDistance64",
    "WMinkowskiDistance64",
];
const SEARCHES: &[&str] = &["GridSearchCV", "HalvingGridSearchCV", "HalvingRandomSearchCV", "RandomizedSearchCV"];

const ALL_FEATURES: &[&str] = &[
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
];

/// `max_features='auto'` is gone.
fn all_features(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("max_features", "auto") {
        if step.class().ends_with("Classifier") {
            step.set_text("max_features", "sqrt");
        } else {
            step.set_float("max_features", 1.0);
        }
    }
    Ok(())
}

/// The scores of SAMME were votes, and are of votes for and against.
fn votes(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("algorithm", "SAMME") && step.holds("estimators_") {
        let what = "`decision_function` and `predict_proba` of `algorithm='SAMME'` are on another scale";
        return Err(step.would_answer_otherwise(what));
    }
    Ok(())
}

/// Rows without a missing value had no indicators.
fn complete_rows(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("add_indicator") && step.has("indicator_") {
        return Err(step.would_answer_otherwise("rows without a missing value have the columns of `add_indicator` too"));
    }
    Ok(())
}

/// An indicator within an imputer knows how many columns there are.
fn indicator(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(indicator) = step.get("indicator_") else { return Ok(()) };
    if let Some(mut indicator) = step.other(indicator)
        && let Some(count) = indicator.get("_n_features")
    {
        indicator.add("n_features_in_", count);
    }
    Ok(())
}

/// The nodes of trees before.
pub(crate) const OLD_NODES: [Column; 7] = [
    ("left_child", "left_child", I64, 0),
    ("right_child", "right_child", I64, 8),
    ("feature", "feature", I64, 16),
    ("threshold", "threshold", F64, 24),
    ("impurity", "impurity", F64, 32),
    ("n_node_samples", "n_node_samples", I64, 40),
    ("weighted_n_node_samples", "weighted_n_node_samples", F64, 48),
];

/// Nodes say where missing values go: to the right, for no tree had seen any.
fn missing_values(step: &mut Step<'_>) -> Result<(), Refused> {
    let mut columns = OLD_NODES.to_vec();
    columns.push(("missing_go_to_left", "", U1, 56));
    lay_out(step, "nodes", &columns, 64)
}

/// A tree that saw no missing values sends them to the side with more rows; without it they raise an error.
fn no_missing_values(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(nodes) = step.array("nodes") {
        let column = |name| nodes.field(name).and_then(|column| column.to_i64());
        let columns = ["missing_go_to_left", "left_child", "right_child", "n_node_samples"].map(column);
        let [Some(flags), Some(left), Some(right), Some(rows)] = columns else {
            return Err(step.refused("`nodes` is in another layout"));
        };
        let rows_of = |child: i64| usize::try_from(child).ok().and_then(|child| rows.get(child));
        let is_usual = |node: usize| {
            let children = left.get(node).zip(right.get(node));
            let both = children.and_then(|(&left, &right)| rows_of(left).zip(rows_of(right)));
            both.is_some_and(|(left, right)| left > right)
        };
        let flagged: Vec<usize> = (0..flags.len()).filter(|&node| flags.get(node) != Some(&0)).collect();
        if !flagged.iter().all(|&node| is_usual(node)) {
            return Err(step.refused(format!("trees of scikit-learn {} have no place for missing values", step.to)));
        }
        if !flagged.is_empty() {
            step.note("missing values, which it was not fitted on, raise an error there");
        }
    }
    lay_out(step, "nodes", &OLD_NODES, 56)
}

/// The nodes of histogram boosting, packed.
fn histogram_nodes(feature: skiff_files::DType) -> Vec<Column> {
    let shift = if feature == I64 { 4 } else { 0 };
    vec![
        ("value", "value", F64, 0),
        ("count", "count", U4, 8),
        ("feature_idx", "feature_idx", feature, 12),
        ("num_threshold", "num_threshold", F64, 16 + shift),
        ("missing_go_to_left", "missing_go_to_left", U1, 24 + shift),
        ("left", "left", U4, 25 + shift),
        ("right", "right", U4, 29 + shift),
        ("gain", "gain", F64, 33 + shift),
        ("depth", "depth", U4, 41 + shift),
        ("is_leaf", "is_leaf", U1, 45 + shift),
        ("bin_threshold", "bin_threshold", U1, 46 + shift),
        ("is_categorical", "is_categorical", U1, 47 + shift),
        ("bitset_idx", "bitset_idx", U4, 48 + shift),
    ]
}

fn signed_features(step: &mut Step<'_>) -> Result<(), Refused> {
    lay_out(step, "nodes", &histogram_nodes(I64), 56)
}

fn unsigned_features(step: &mut Step<'_>) -> Result<(), Refused> {
    lay_out(step, "nodes", &histogram_nodes(U4), 52)
}

/// Answers have one axis where the target had one. Before, they always had two.
fn one_target(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("coef_") {
        step.set_bool("_predict_1d", false);
    }
    Ok(())
}

fn two_axes(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("_predict_1d") {
        return Err(step.would_answer_otherwise("`predict` of one target has two axes there"));
    }
    Ok(())
}

/// Distances have a class for each precision.
fn double(step: &mut Step<'_>) -> Result<(), Refused> {
    let place = DISTANCES.iter().position(|name| *name == step.class());
    match place.and_then(|place| DISTANCES_64.get(place)) {
        Some(name) => become_distance(step, name),
        None => Ok(()),
    }
}

fn of_any_precision(step: &mut Step<'_>) -> Result<(), Refused> {
    let place = DISTANCES_64.iter().position(|name| *name == step.class());
    match place.and_then(|place| DISTANCES.get(place)) {
        Some(name) => become_distance(step, name),
        None => Ok(()),
    }
}

fn become_distance(step: &mut Step<'_>, name: &str) -> Result<(), Refused> {
    let path = format!("sklearn.metrics._dist_metrics.{name}");
    let class = skiff_sklearn::class("sklearn.metrics._dist_metrics", name);
    match class.and_then(|class| class.paths().iter().map(|(path, _)| *path).find(|known| *known == path)) {
        Some(path) => {
            step.become_class(path);
            Ok(())
        }
        None => Err(step.refused(format!("scikit-learn {} has no such distance", step.to))),
    }
}

/// What `gamma=None` stands for is an attribute.
fn gamma(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(fitted) = step.get("X_fit_") else { return Ok(()) };
    let shape = match step.array_at(fitted) {
        Some(array) => array.shape,
        None => match skiff_files::Sparse::read(step.graph(), fitted) {
            Ok(Some(matrix)) => vec![matrix.shape.0, matrix.shape.1],
            _ => return Err(step.refused("`X_fit_` is no table")),
        },
    };
    let features = shape.get(1).copied().unwrap_or(1);
    if step.flag("fit_inverse_transform") && !step.has("gamma") && !step.is("kernel", "linear") {
        return Err(step.would_answer_otherwise("`inverse_transform` takes another `gamma`"));
    }
    match step.get("gamma").filter(|_| step.has("gamma")) {
        Some(gamma) => step.set("gamma_", gamma),
        None => step.set_float("gamma_", 1.0 / f64::from(u32::try_from(features).unwrap_or(u32::MAX))),
    }
    Ok(())
}

fn nothing_infrequent(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("categories_") {
        step.set_bool("_infrequent_enabled", false);
    }
    Ok(())
}

fn no_infrequent(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("_infrequent_enabled") {
        return Err(step.refused(format!("scikit-learn {} has no infrequent categories", step.to)));
    }
    Ok(())
}

/// How long the paths to the nodes of each tree are is kept.
fn path_lengths(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(estimators) = step.items("estimators_") else { return Ok(()) };
    let (mut averages, mut depths) = (Vec::new(), Vec::new());
    for estimator in estimators {
        let Some(mut tree) = tree_of(step, estimator) else { return Err(step.refused("a tree of it is missing")) };
        let nodes = tree.array("nodes");
        let field = |name: &str| nodes.as_ref().and_then(|nodes| nodes.field(name)?.to_i64());
        let (Some(left), Some(right), Some(samples)) =
            (field("left_child"), field("right_child"), field("n_node_samples"))
        else {
            return Err(tree.refused("its nodes cannot be read"));
        };
        let average: Vec<f64> = samples.iter().map(|&samples| average_path_length(samples)).collect();
        let depth = node_depths(&left, &right).ok_or_else(|| tree.refused("its nodes are no tree"))?;
        averages.push(values::f64_array(tree.graph(), &[average.len()], &average));
        depths.push(values::i64_array(tree.graph(), &[depth.len()], &depth));
    }
    let averages = values::tuple(step.graph(), averages);
    let depths = values::tuple(step.graph(), depths);
    step.set("_average_path_length_per_tree", averages);
    step.set("_decision_path_lengths", depths);
    Ok(())
}

fn tree_of<'s>(step: &'s mut Step<'_>, estimator: NodeId) -> Option<Step<'s>> {
    let tree = step.other(estimator)?.get("tree_")?;
    step.other(tree)
}

/// scikit-learn's `_average_path_length`.
fn average_path_length(samples: i64) -> f64 {
    const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;
    match samples {
        ..=1 => 0.0,
        2 => 1.0,
        _ => {
            let samples = samples as f64;
            2.0 * ((samples - 1.0).ln() + EULER_GAMMA) - 2.0 * (samples - 1.0) / samples
        }
    }
}

/// The depth of each node, the root's being 1: children come after their parents.
fn node_depths(left: &[i64], right: &[i64]) -> Option<Vec<i64>> {
    let mut depths = vec![1; left.len()];
    for (node, (&left, &right)) in left.iter().zip(right).enumerate() {
        if left == -1 {
            continue;
        }
        for child in [left, right] {
            let child = usize::try_from(child).ok().filter(|&child| child > node)?;
            *depths.get_mut(child)? = depths.get(node)? + 1;
        }
    }
    Some(depths)
}

fn n_features_out(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(components) = step.get("components_") {
        let rows = match step.array_at(components) {
            Some(array) => array.shape.first().copied(),
            None => skiff_files::Sparse::read(step.graph(), components).ok().flatten().map(|matrix| matrix.shape.0),
        };
        if let Some(rows) = rows {
            step.set_int("_n_features_out", i64::try_from(rows).unwrap_or(i64::MAX));
        }
    }
    Ok(())
}

fn n_iter(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_text("n_iter", "deprecated");
    Ok(())
}

/// The scorer that asks the estimator's own `score` was a function, and is an object that knows the estimator.
fn passthrough_scorer(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(scorer) = step.get("scorer_") else { return Ok(()) };
    let is_function = step.migration.graph.global(scorer).is_some_and(|(_, name)| name == "_passthrough_scorer");
    if is_function && let Some(estimator) = step.get("best_estimator_").or_else(|| step.get("estimator")) {
        let scorer = step.instance("sklearn.metrics._scorer._PassthroughScorer", &[("_estimator", estimator)]);
        step.set("scorer_", scorer);
    }
    Ok(())
}

fn passthrough_function(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(scorer) = step.get("scorer_") else { return Ok(()) };
    if step.other(scorer).is_some_and(|scorer| scorer.class() == "_PassthroughScorer") {
        let function = values::global(step.graph(), "sklearn.metrics._scorer", "_passthrough_scorer");
        step.set("scorer_", function);
    }
    Ok(())
}

fn own_gamma(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("fit_inverse_transform") && !step.has("gamma") && !step.is("kernel", "linear") {
        return Err(step.would_answer_otherwise("`inverse_transform` takes another `gamma`"));
    }
    Ok(())
}

fn whiten(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(whiten) = step.get("whiten").filter(|_| step.holds("components_")) {
        step.set("_whiten", whiten);
    }
    Ok(())
}

/// What `sample_interval=None` comes to was an attribute.
fn interval(step: &mut Step<'_>) -> Result<(), Refused> {
    let interval = match (step.float("sample_interval"), step.int("sample_steps")) {
        (Some(interval), _) => interval,
        (None, Some(1)) => 0.8,
        (None, Some(2)) => 0.5,
        (None, Some(3)) => 0.4,
        _ => return Err(step.refused("there is no interval for its number of steps")),
    };
    step.set_float("sample_interval_", interval);
    Ok(())
}
