//! From scikit-learn 0.17 to 0.18.

use crate::classes::TREES_OF_ANY_KIND;
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(&["IsotonicRegression"], "X_", "_necessary_X_"), (&["IsotonicRegression"], "y_", "_necessary_y_")],
    values: &[],
    rules: &[
        Rule { classes: &["Tree"], up: depth, down: nothing },
        Rule { classes: TREES_OF_ANY_KIND, up: no_least_impurity, down: nothing },
        Rule { classes: &["BaggingClassifier", "BaggingRegressor"], up: no_samples, down: nothing },
        Rule { classes: &["OneVsRestClassifier"], up: classes, down: nothing },
        Rule { classes: &["OneVsOneClassifier"], up: pairs, down: nothing },
        Rule { classes: &["LinearDiscriminantAnalysis", "LDA"], up: components, down: nothing },
        Rule { classes: &["PCA"], up: n_features, down: nothing },
        Rule { classes: &["LatentDirichletAllocation"], up: shares, down: nothing },
        Rule { classes: &["GenericUnivariateSelect", "SelectFdr"], up: ranks, down: nothing },
        Rule { classes: &["DummyClassifier"], up: draws, down: nothing },
        Rule { classes: &["KernelDensity"], up: deviations, down: nothing },
        Rule { classes: &["_CalibratedClassifier"], up: calibrated_classes, down: nothing },
    ],
};

/// How deep a tree is was counted anew from its nodes.
fn depth(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(nodes) = step.array("nodes") else { return Ok(()) };
    let children = |name: &str| nodes.field(name)?.to_i64();
    let (Some(left), Some(right)) = (children("left_child"), children("right_child")) else {
        return Err(step.refused("`nodes` are in another layout"));
    };
    let mut depths = vec![0_i64; left.len()];
    let mut deepest = 0;
    // Children come after their parents.
    for (node, children) in left.into_iter().zip(right).enumerate() {
        let depth = depths.get(node).copied().unwrap_or_default();
        deepest = deepest.max(depth);
        for child in [children.0, children.1].into_iter().filter(|child| *child >= 0) {
            let place =
                usize::try_from(child).ok().filter(|child| *child > node).and_then(|child| depths.get_mut(child));
            *place.ok_or_else(|| step.refused("a child comes before its parent in `nodes`"))? = depth + 1;
        }
    }
    step.set_int("max_depth", deepest);
    Ok(())
}

/// The parameter is new, and no version after has the default of this one.
fn no_least_impurity(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_none("min_impurity_split");
    Ok(())
}

/// Which rows each estimator was fitted to was kept, where the seeds that draw them are since.
fn no_samples(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.take("estimators_samples_").is_some() {
        step.note("which rows each estimator was fitted to, `estimators_samples_`, is lost");
    }
    Ok(())
}

fn classes(step: &mut Step<'_>) -> Result<(), Refused> {
    let binarizer = step.get("label_binarizer_");
    if let Some(classes) = binarizer.and_then(|binarizer| step.other(binarizer)?.get("classes_")) {
        step.add("classes_", classes);
    }
    Ok(())
}

fn pairs(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("estimators_") {
        step.set_none("pairwise_indices_");
    }
    Ok(())
}

/// `transform` gave as many columns as there are features, or fewer if there are no more.
fn components(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(classes) = step.array("classes_").map(|classes| classes.len()) else { return Ok(()) };
    let all = step.shape("scalings_").and_then(|shape| shape.get(1).copied()).unwrap_or(classes.saturating_sub(1));
    let wanted = step.int("n_components").and_then(|count| usize::try_from(count).ok());
    let count = wanted.map_or(all, |wanted| wanted.min(all));
    step.set_int("_max_components", i64::try_from(count).unwrap_or(i64::MAX));
    Ok(())
}

/// Whitened components counted in the covariance without being scaled back.
fn n_features(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(width) = step.shape("components_").and_then(|shape| shape.get(1).copied()) {
        step.set_int("n_features_", i64::try_from(width).unwrap_or(i64::MAX));
    }
    if step.flag("whiten") && step.holds("components_") {
        step.note("`score_samples`, `score` and covariances are others where `whiten=True`");
    }
    Ok(())
}

fn shares(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("components_") {
        return Err(step.would_answer_otherwise("topics of a document are shares, which sum to 1"));
    }
    Ok(())
}

/// The ranks of p-values were counted from 0.
fn ranks(step: &mut Step<'_>) -> Result<(), Refused> {
    let bound = match step.class() {
        "SelectFdr" => step.float("alpha"),
        _ => step.float("param").filter(|_| step.is("mode", "fdr")),
    };
    let values = step.array("pvalues_").and_then(|values| values.to_f64());
    let (Some(bound), Some(values)) = (bound, values) else { return Ok(()) };
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let share = bound / f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
    let greatest = |first: u32| {
        let ranked = sorted.iter().zip(first..);
        ranked.filter(|(value, rank)| **value <= share * f64::from(*rank)).map(|(value, _)| *value).last()
    };
    if greatest(0) != greatest(1) {
        return Err(step.would_answer_otherwise("one column more is selected"));
    }
    Ok(())
}

/// Each fold knew its own classes, which have to be all for its probabilities to be in their places.
fn calibrated_classes(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(classes) = step.get("classes_") {
        step.add("classes", classes);
    }
    Ok(())
}

fn draws(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("strategy", "stratified") && step.int("n_outputs_").is_some_and(|outputs| outputs > 1) {
        return Err(step.would_answer_otherwise("other numbers are drawn for several outputs"));
    }
    Ok(())
}

fn deviations(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("metric", "seuclidean") {
        return Err(step.would_answer_otherwise("densities of `metric='seuclidean'` are others"));
    }
    Ok(())
}
