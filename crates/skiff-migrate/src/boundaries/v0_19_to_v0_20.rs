//! From scikit-learn 0.19 to 0.20.

use skiff_files::{DType, Node, NodeId};
use skiff_pickle::Change;

use crate::catalog;
use crate::classes::BOOSTED;
use crate::error::Refused;
use crate::mixtures::gaussian_mixture;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(&["LocalOutlierFactor"], "threshold_", "offset_")],
    values: &[],
    rules: &[
        Rule { classes: &["BinaryTree"], up: named_tree, down: nothing },
        Rule { classes: &["OneHotEncoder"], up: categories, down: nothing },
        Rule { classes: &["GridSearchCV", "RandomizedSearchCV"], up: search, down: nothing },
        Rule { classes: &["RandomizedPCA"], up: randomized, down: nothing },
        Rule { classes: &["GMM"], up: gaussian_mixture, down: nothing },
        Rule { classes: &["GraphLasso", "GraphLassoCV"], up: graphical, down: nothing },
        Rule { classes: &["EllipticEnvelope"], up: cubic_root, down: nothing },
        Rule { classes: &["OneClassSVM"], up: offset, down: nothing },
        Rule { classes: &["RadiusNeighborsRegressor"], up: nobody_near, down: nothing },
        Rule { classes: NEIGHBORS, up: angles, down: nothing },
        Rule { classes: BOOSTED, up: n_estimators, down: nothing },
        Rule { classes: &["FeatureAgglomeration"], up: doubles, down: nothing },
    ],
};

const NEIGHBORS: &[&str] = &["KNeighborsClassifier", "KNeighborsRegressor", "NearestNeighbors"];

fn doubles(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.function("pooling_func") == Some("mean") {
        step.note("means of `float32` rows are `float64` since scikit-learn 0.20");
    }
    Ok(())
}

/// Both trees were called the same, and knew no weights.
fn named_tree(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_ball = step.subject().class.path().contains("ball_tree");
    let id = step.subject().id;
    let graph = step.graph();
    let mut states = Vec::new();
    if let Some(object) = graph.object(id) {
        for (place, change) in object.changes.iter().enumerate() {
            if let Change::Build(state) = change
                && let Some(items) = graph.items(*state)
                && items.len() == 12
            {
                states.push((place, items.to_vec()));
            }
        }
    }
    for (place, mut items) in states {
        items.push(values::none(graph));
        let state = values::tuple(graph, items);
        if let Node::Object(object) = graph.node_mut(id) {
            object.changes[place] = Change::Build(state);
        }
    }
    step.become_class(if is_ball {
        "sklearn.neighbors.ball_tree.BallTree"
    } else {
        "sklearn.neighbors.kd_tree.KDTree"
    });
    Ok(())
}

fn categories(step: &mut Step<'_>) -> Result<(), Refused> {
    let [counts, starts, active] = ["n_values_", "feature_indices_", "active_features_"].map(|name| step.take(name));
    by_category(step, counts, starts, active)
}

/// Columns of integers were encoded by their greatest one, which encoding the same categories comes to. The parts are
/// the number of values of each column, where its first one is encoded, and which of all values were met.
pub(super) fn by_category(
    step: &mut Step<'_>,
    counts: Option<NodeId>,
    starts: Option<NodeId>,
    active: Option<NodeId>,
) -> Result<(), Refused> {
    if !step.is("categorical_features", "all") && step.has("categorical_features") {
        return Err(step.refused("an encoder of some of the columns has no state there"));
    }
    let integers = |id: Option<NodeId>| step.array_at(id?)?.to_i64();
    let meets_all = !step.is("n_values", "auto") && step.has("n_values");
    let (counts, starts, active) = (integers(counts), integers(starts), integers(active).filter(|_| !meets_all));
    if let (Some(counts), Some(starts)) = (counts, starts) {
        let mut columns = Vec::new();
        for (&count, &start) in counts.iter().zip(&starts) {
            let categories: Vec<i64> = match &active {
                Some(active) => {
                    active.iter().map(|value| value - start).filter(|value| (0..count).contains(value)).collect()
                }
                None if count <= MOST_VALUES => (0..count).collect(),
                None => return Err(step.refused("a column has too many values")),
            };
            columns.push(values::i64_array(step.graph(), &[categories.len()], &categories));
        }
        let columns = values::list(step.graph(), columns);
        step.set("categories_", columns);
        if meets_all {
            step.set("categories", columns);
        } else {
            step.set_text("categories", "auto");
        }
        step.note("numbers with a fraction are unknown categories, where the fraction was cut off");
    }
    step.set_none("n_values");
    step.set_none("categorical_features");
    if !step.holds("categories") {
        step.set_none("categories");
    }
    step.set_bool("_legacy_mode", false);
    Ok(())
}

/// How many values of a column are written out.
const MOST_VALUES: i64 = 1 << 20;

/// The module with searches of before 0.18 is gone.
fn search(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.subject().class.path().starts_with("sklearn.grid_search.") {
        return Ok(());
    }
    step.become_class(match step.class() {
        "GridSearchCV" => "sklearn.model_selection._search.GridSearchCV",
        _ => "sklearn.model_selection._search.RandomizedSearchCV",
    });
    catalog::add_defaults(step);
    if step.take("grid_scores_").is_some() {
        step.set_bool("multimetric_", false);
        step.note("the scores of all candidates, `grid_scores_`, are lost");
    }
    let cv = step.get("cv");
    if cv.is_some_and(|cv| matches!(step.migration.graph.node(cv), Node::Object(_))) {
        step.set_none("cv");
        step.note("the folds, `cv`, are lost, which only `fit` asks for");
    }
    Ok(())
}

/// `PCA` has had its solver since 0.18. Whitened components were divided by the deviations, which `transform` does there.
fn randomized(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(shape) = step.shape("components_")
        && let &[rows, width] = shape.as_slice()
    {
        if step.flag("whiten") {
            scale_components(step, rows, width)?;
            step.note("`inverse_transform` multiplies by the deviations, where it was no inverse of what whitens");
        }
        step.set_int("n_components_", i64::try_from(rows).unwrap_or(i64::MAX));
    }
    step.become_class("sklearn.decomposition.pca.PCA");
    step.set_text("svd_solver", "randomized");
    catalog::add_defaults(step);
    Ok(())
}

/// Multiplies each of `components_` by its deviation.
fn scale_components(step: &mut Step<'_>, rows: usize, width: usize) -> Result<(), Refused> {
    let numbers = |name: &str| step.array(name).and_then(|array| array.to_f64());
    let (Some(mut values), Some(variances)) = (numbers("components_"), numbers("explained_variance_")) else {
        return Err(step.refused("`components_` or `explained_variance_` hold no numbers"));
    };
    if variances.len() != rows {
        return Err(step.refused("`explained_variance_` is of other components"));
    }
    for (row, variance) in values.chunks_mut(width.max(1)).zip(variances) {
        row.iter_mut().for_each(|value| *value *= variance.sqrt());
    }
    step.set_f64("components_", &[rows, width], &values);
    Ok(())
}

fn graphical(step: &mut Step<'_>) -> Result<(), Refused> {
    step.become_class(match step.class() {
        "GraphLasso" => "sklearn.covariance.graph_lasso_.GraphicalLasso",
        _ => "sklearn.covariance.graph_lasso_.GraphicalLassoCV",
    });
    Ok(())
}

fn cubic_root(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("threshold_") {
        return Err(step.would_answer_otherwise("`decision_function` is the distance itself, and not its cubic root"));
    }
    Ok(())
}

fn offset(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(intercept) = step.array("intercept_").and_then(|intercept| intercept.to_f64())
        && let &[intercept] = intercept.as_slice()
    {
        step.set_f64("offset_", &[1], &[-intercept]);
        step.note("`decision_function` has one axis, and not two");
    }
    Ok(())
}

fn n_estimators(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(count) = step.shape("estimators_").and_then(|shape| shape.first().copied()) {
        step.set_int("n_estimators_", i64::try_from(count).unwrap_or(i64::MAX));
    }
    Ok(())
}

/// Means of integers were floats, NaN where there is no neighbor.
fn nobody_near(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(targets) =
        step.array("_y").filter(|targets| matches!(targets.dtype, DType::Int { .. } | DType::UInt { .. }))
        && let Some(numbers) = targets.to_f64()
    {
        step.set_f64("_y", &targets.shape, &numbers);
    }
    Ok(())
}

fn angles(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("effective_metric_", "jaccard") {
        return Err(
            step.would_answer_otherwise("rows in which nothing is true are near each other, and were far from all")
        );
    }
    if step.is("effective_metric_", "cosine") {
        step.note("distances between rows of the same direction are 0, where they were next to it");
    }
    Ok(())
}
