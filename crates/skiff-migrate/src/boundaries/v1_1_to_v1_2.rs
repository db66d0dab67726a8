//! From scikit-learn 1.1 to 1.2.

use skiff_files::Node;

use crate::classes::{ENSEMBLES, FORESTS, NMFS};
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[
        (ENSEMBLES, "base_estimator_", "estimator_"),
        (FORESTS, "base_estimator_", "estimator_"),
        (&["StackingClassifier"], "_le", "_label_encoder"),
        (&["_CalibratedClassifier"], "base_estimator", "estimator"),
    ],
    values: &[],
    rules: &[
        Rule { classes: ENSEMBLES, up: estimator, down: base_estimator },
        Rule { classes: FORESTS, up: estimator, down: base_estimator },
        Rule { classes: &["CalibratedClassifierCV"], up: estimator, down: base_estimator },
        Rule { classes: &["OneHotEncoder"], up: sparse_output, down: sparse },
        Rule { classes: &["KernelDensity"], up: bandwidth, down: bandwidth_itself },
        Rule { classes: &["NuSVR", "OneClassSVM", "SVR"], up: nothing, down: no_class_weights },
        Rule { classes: &[], up: nothing, down: arrays },
        Rule { classes: NMFS, up: no_alpha, down: dense_codes },
        Rule { classes: &["SplineTransformer"], up: names, down: names },
        Rule { classes: DICTIONARIES, up: transform_alpha, down: alpha_itself },
        Rule { classes: PENALIZED, up: no_penalty, down: none_in_words },
    ],
};

const DICTIONARIES: &[&str] = &["DictionaryLearning", "MiniBatchDictionaryLearning"];
const PENALIZED: &[&str] =
    &["LogisticRegression", "LogisticRegressionCV", "Perceptron", "SGDClassifier", "SGDOneClassSVM", "SGDRegressor"];

/// `inverse_transform` multiplies sparse codes element by element.
fn dense_codes(step: &mut Step<'_>) -> Result<(), Refused> {
    step.note("`inverse_transform` of sparse codes raises, or is no product, before scikit-learn 1.2");
    Ok(())
}

/// Fewer splines than there are coefficients are told apart in the names of columns.
fn names(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("extrapolation", "periodic") {
        step.note("`get_feature_names_out` has more names than columns before scikit-learn 1.2");
    }
    Ok(())
}

/// `base_estimator` became `estimator`.
fn estimator(step: &mut Step<'_>) -> Result<(), Refused> {
    step.rename("base_estimator", "estimator");
    step.set_text("base_estimator", "deprecated");
    Ok(())
}

fn base_estimator(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("base_estimator", "deprecated") {
        step.take("base_estimator");
    }
    step.rename("estimator", "base_estimator");
    Ok(())
}

/// `sparse` became `sparse_output`, and which categories are dropped is told before and after they are grouped.
fn sparse_output(step: &mut Step<'_>) -> Result<(), Refused> {
    step.rename("sparse", "sparse_output");
    step.set_text("sparse", "deprecated");
    if let Some(dropped) = step.get("drop_idx_") {
        step.add("_drop_idx_after_grouping", dropped);
    }
    Ok(())
}

fn sparse(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("_infrequent_enabled")
        && let Some(dropped) = step.take("_drop_idx_after_grouping")
    {
        step.set("drop_idx_", dropped);
    }
    step.take("sparse");
    step.rename("sparse_output", "sparse");
    Ok(())
}

/// `bandwidth` may be a rule; what it comes to is an attribute.
fn bandwidth(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("tree_")
        && let Some(bandwidth) = step.get("bandwidth")
    {
        step.add("bandwidth_", bandwidth);
    }
    Ok(())
}

/// `alpha` gave way to `alpha_W`, which counts in features.
fn no_alpha(step: &mut Step<'_>) -> Result<(), Refused> {
    let alpha = step.float("alpha").unwrap_or(0.0);
    if alpha != 0.0 {
        return Err(step.would_answer_otherwise("the penalty `alpha` is gone"));
    }
    Ok(())
}

/// `penalty='none'` is `None`.
fn no_penalty(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("penalty", "none") {
        step.set_none("penalty");
    }
    Ok(())
}

fn none_in_words(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.class().starts_with("Logistic") && step.holds("penalty") && !step.has("penalty") {
        step.set_text("penalty", "none");
    }
    Ok(())
}

/// `transform_alpha=None` stood for 1, and stands for `alpha`.
fn transform_alpha(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.has("transform_alpha") {
        step.set_float("transform_alpha", 1.0);
    }
    Ok(())
}

fn alpha_itself(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.has("transform_alpha")
        && let Some(alpha) = step.get("alpha")
    {
        step.set("transform_alpha", alpha);
    }
    Ok(())
}

fn bandwidth_itself(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.text("bandwidth").is_some()
        && let Some(bandwidth) = step.get("bandwidth_")
    {
        step.set("bandwidth", bandwidth);
    }
    Ok(())
}

fn no_class_weights(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("support_") {
        step.set_f64("class_weight_", &[0], &[]);
    }
    Ok(())
}

/// `set_output` is not known there.
fn arrays(step: &mut Step<'_>) -> Result<(), Refused> {
    let graph = &step.migration.graph;
    let container = step.get("_sklearn_output_config").and_then(|config| match graph.node(config) {
        Node::Dict(pairs) => pairs.iter().find(|(key, _)| graph.str_of(*key) == Some("transform")),
        _ => None,
    });
    if let Some(name) = container.and_then(|(_, name)| graph.str_of(*name)).filter(|name| *name != "default") {
        return Err(step.would_answer_otherwise(&format!("`transform` gives arrays, and not `{name}`")));
    }
    Ok(())
}
