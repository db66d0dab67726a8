//! From scikit-learn 1.6 to 1.7.

use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[],
    values: &[],
    rules: &[
        Rule { classes: &["MLPRegressor"], up: nothing, down: link },
        Rule { classes: &["BayesianGaussianMixture", "GaussianMixture"], up: whole_numbers, down: whole_numbers },
        Rule { classes: &["ClassifierChain", "RegressorChain"], up: estimator, down: base_estimator },
        Rule { classes: COORDINATE_DESCENT, up: alphas, down: n_alphas },
        Rule { classes: &["HistGradientBoostingClassifier"], up: label_encoder, down: nothing },
        Rule { classes: &["_RemainderColsList"], up: plain_list, down: nothing },
    ],
};

const COORDINATE_DESCENT: &[&str] = &["ElasticNetCV", "LassoCV", "MultiTaskElasticNetCV", "MultiTaskLassoCV"];

/// Newer ones keep squares of distances in the dtype of the rows.
fn whole_numbers(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("means_") {
        step.note("of rows of integers the newer scikit-learn cuts squares of distances to integers: give it floats");
    }
    Ok(())
}

fn estimator(step: &mut Step<'_>) -> Result<(), Refused> {
    step.rename("base_estimator", "estimator");
    step.set_text("base_estimator", "deprecated");
    Ok(())
}

fn base_estimator(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.has("estimator") {
        step.take("base_estimator");
    }
    step.rename("estimator", "base_estimator");
    Ok(())
}

/// `alphas` takes the number of them, which was `n_alphas`.
fn alphas(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.has("alphas") {
        step.rename_over("n_alphas", "alphas");
    }
    step.set_text("n_alphas", "deprecated");
    Ok(())
}

fn n_alphas(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.int("alphas").is_some() {
        step.rename_over("alphas", "n_alphas");
        step.set_none("alphas");
    } else {
        if step.is("alphas", "warn") {
            step.set_none("alphas");
        }
        if step.int("n_alphas").is_none() {
            step.set_int("n_alphas", 100);
        }
    }
    Ok(())
}

/// `classes_` are those of an encoder.
fn label_encoder(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(classes) = step.get("classes_") {
        let encoder = step.instance("sklearn.preprocessing._label.LabelEncoder", &[("classes_", classes)]);
        step.add("_label_encoder", encoder);
    }
    Ok(())
}

/// The list of remaining columns was of a class of its own, which warned.
fn plain_list(step: &mut Step<'_>) -> Result<(), Refused> {
    let (id, data) = (step.subject().id, step.get("data"));
    let data = data.ok_or_else(|| step.refused("it holds no columns"))?;
    let list = step.graph().node(data).clone();
    *step.graph().node_mut(id) = list;
    Ok(())
}

fn link(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("loss", "poisson") {
        return Err(step.refused("`loss='poisson'` is not known there"));
    }
    Ok(())
}
