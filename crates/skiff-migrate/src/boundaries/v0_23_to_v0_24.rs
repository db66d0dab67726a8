//! From scikit-learn 0.23 to 0.24.

use skiff_files::{DType, Endian, Order};

use crate::classes::{HISTOGRAMS, PLS};
use crate::error::Refused;
use crate::records::{Column, U1, U4, lay_out};
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values::{self, F64};

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[
        (PLS, "norm_y_weights", "_norm_y_weights"),
        (CENTERED, "x_mean_", "_x_mean"),
        (CENTERED, "x_scores_", "_x_scores"),
        (CENTERED, "x_std_", "_x_std"),
        (CENTERED, "y_mean_", "_y_mean"),
        (CENTERED, "y_scores_", "_y_scores"),
        (CENTERED, "y_std_", "_y_std"),
        (HISTOGRAMS, "bin_mapper_", "_bin_mapper"),
        (HISTOGRAMS, "loss_", "_loss"),
        (HISTOGRAMS, "n_features_", "_n_features"),
        (HISTOGRAMS, "scorer_", "_scorer"),
        (&["IsotonicRegression"], "_necessary_X_", "X_thresholds_"),
        (&["IsotonicRegression"], "_necessary_y_", "y_thresholds_"),
        (&["MiniBatchKMeans"], "counts_", "_counts"),
        (&["MiniBatchKMeans"], "random_state_", "_random_state"),
        (&["SparseCoder"], "components_", "dictionary"),
        (&["_CalibratedClassifier"], "calibrators_", "calibrators"),
    ],
    values: &[],
    rules: &[
        Rule { classes: &["LinearDiscriminantAnalysis"], up: logarithms, down: logarithms },
        Rule { classes: &["SelectPercentile", "GenericUnivariateSelect"], up: percentile, down: percentile },
        Rule { classes: &["GaussianProcessRegressor"], up: nothing, down: no_inverse },
        Rule { classes: &["Matern"], up: nothing, down: finite },
        Rule { classes: &["MinMaxScaler"], up: nothing, down: not_clipped },
        Rule { classes: HISTOGRAMS, up: no_categories, down: categories },
        Rule { classes: &["TreePredictor"], up: categorical_nodes, down: numerical_nodes },
        Rule { classes: &["_BinMapper"], up: numerical_bins, down: nothing },
        Rule { classes: &["_CalibratedClassifier"], up: classes, down: encoded_classes },
        Rule { classes: &["MissingIndicator"], up: precomputed, down: nothing },
        Rule { classes: &["IterativeImputer", "KNNImputer", "SimpleImputer"], up: mask_for_indicator, down: nothing },
        Rule { classes: &["MiniBatchSparsePCA", "SparsePCA"], up: normalized, down: nothing },
        Rule { classes: &["CategoricalNB"], up: n_categories, down: nothing },
    ],
};

const CENTERED: &[&str] = &["CCA", "PLSCanonical", "PLSRegression", "PLSSVD"];

/// No feature was categorical.
/// numpy before 1.20 weighted the two scores next to the percentile: of equal ones it may have been another number, and all of
/// them above it or below.
fn percentile(step: &mut Step<'_>) -> Result<(), Refused> {
    let parameter = if step.class() == "SelectPercentile" { "percentile" } else { "param" };
    if step.class() == "GenericUnivariateSelect" && !step.is("mode", "percentile") {
        return Ok(());
    }
    let scores = step.array("scores_").and_then(|scores| scores.to_f64());
    let (Some(mut scores), Some(percent)) = (scores, step.float(parameter)) else { return Ok(()) };
    scores.iter_mut().filter(|score| score.is_nan()).for_each(|score| *score = f64::MIN);
    scores.sort_by(f64::total_cmp);
    let place = (100.0 - percent) / 100.0 * scores.len().saturating_sub(1) as f64;
    if !(0.0..=9e15).contains(&place) {
        return Ok(());
    }
    let below = place.floor() as usize;
    let (Some(&low), share) = (scores.get(below), place - place.floor()) else { return Ok(()) };
    let is_tie = scores.get(below + 1).is_some_and(|high| high.to_bits() == low.to_bits());
    if is_tie && (low * (1.0 - share) + low * share).to_bits() != low.to_bits() {
        return Err(step.would_answer_otherwise("of features with equal scores others are selected"));
    }
    Ok(())
}

/// Only of scores that are so far apart that a probability is 0.
fn logarithms(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("coef_") {
        step.note("`predict_log_proba` is -inf before scikit-learn 0.24 where a probability is 0, and a number since");
    }
    Ok(())
}

fn no_categories(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("_predictors") {
        step.set_none("is_categorical_");
    }
    Ok(())
}

fn categories(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.has("is_categorical_") {
        return Err(step.refused(format!("scikit-learn {} has no categorical features", step.to)));
    }
    Ok(())
}

fn nodes(threshold: (&'static str, &'static str), new: bool) -> Vec<Column> {
    let mut columns: Vec<Column> = vec![
        ("value", "value", F64, 0),
        ("count", "count", U4, 8),
        ("feature_idx", "feature_idx", U4, 12),
        (threshold.0, threshold.1, F64, 16),
        ("missing_go_to_left", "missing_go_to_left", U1, 24),
        ("left", "left", U4, 25),
        ("right", "right", U4, 29),
        ("gain", "gain", F64, 33),
        ("depth", "depth", U4, 41),
        ("is_leaf", "is_leaf", U1, 45),
        ("bin_threshold", "bin_threshold", U1, 46),
    ];
    if new {
        columns.extend([("is_categorical", "", U1, 47), ("bitset_idx", "", U4, 48)]);
    }
    columns
}

/// Nodes tell categories apart, by bits beside them.
fn categorical_nodes(step: &mut Step<'_>) -> Result<(), Refused> {
    lay_out(step, "nodes", &nodes(("num_threshold", "threshold"), true), 52)?;
    let bits = DType::UInt { size: 4, endian: Endian::Little };
    for name in ["binned_left_cat_bitsets", "raw_left_cat_bitsets"] {
        let none = values::array(step.graph(), &bits, &[0, 8], Order::C, Vec::new());
        step.set(name, none);
    }
    Ok(())
}

fn numerical_nodes(step: &mut Step<'_>) -> Result<(), Refused> {
    lay_out(step, "nodes", &nodes(("threshold", "num_threshold"), false), 47)
}

fn numerical_bins(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(thresholds) = step.items("bin_thresholds_") else { return Ok(()) };
    step.set_none("is_categorical");
    step.set_none("known_categories");
    let count = thresholds.len();
    let none = values::array(step.graph(), &U1, &[count], Order::C, vec![0; count]);
    step.set("is_categorical_", none);
    Ok(())
}

/// `classes` are all of them, in the order of the columns.
fn classes(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(classes) = step.take("classes_")
        && !step.has("classes")
    {
        step.set("classes", classes);
    }
    Ok(())
}

fn precomputed(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("features_") && !step.holds("_precomputed") {
        step.set_bool("_precomputed", false);
    }
    Ok(())
}

/// An imputer hands its indicator the mask, where it handed it the rows.
fn mask_for_indicator(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(indicator) = step.get("indicator_")
        && let Some(mut indicator) = step.other(indicator)
    {
        indicator.set_bool("_precomputed", true);
    }
    Ok(())
}

/// Components are normalized since, whatever `normalize_components` says.
fn normalized(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("components_") && step.scalar("normalize_components") == Some(skiff_files::Scalar::Bool(false)) {
        return Err(step.would_answer_otherwise("`normalize_components=False` is gone"));
    }
    Ok(())
}

fn n_categories(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(counts) = step.items("category_count_") else { return Ok(()) };
    let counts: Option<Vec<i64>> = counts
        .into_iter()
        .map(|count| step.array_at(count)?.shape.get(1).and_then(|&count| i64::try_from(count).ok()))
        .collect();
    let Some(counts) = counts else { return Err(step.refused("`category_count_` holds no tables")) };
    let node = values::i64_array(step.graph(), &[counts.len()], &counts);
    step.add("n_categories_", node);
    Ok(())
}

fn not_clipped(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("clip") {
        return Err(step.would_answer_otherwise("`clip` is not known"));
    }
    Ok(())
}

fn finite(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.float("nu").is_some_and(f64::is_infinite) {
        return Err(step.refused("`nu` has to be finite there"));
    }
    Ok(())
}

/// What `predict` keeps for its next call.
fn no_inverse(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("X_train_") {
        step.set_none("_K_inv");
    }
    Ok(())
}

/// An encoder told the places of the classes.
fn encoded_classes(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(classes) = step.get("classes") {
        let encoder = step.instance("sklearn.preprocessing._label.LabelEncoder", &[("classes_", classes)]);
        step.set("label_encoder_", encoder);
        step.set("classes_", classes);
    }
    Ok(())
}
