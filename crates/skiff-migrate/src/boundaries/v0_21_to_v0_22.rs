//! From scikit-learn 0.21 to 0.22.

use skiff_files::{DType, Endian, Node, Order, Scalar, Sparse};

use super::v0_19_to_v0_20::by_category;
use crate::catalog;
use crate::classes::{HISTOGRAMS, SVMS};
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(SVMS, "n_support_", "_n_support")],
    values: &[],
    rules: &[
        Rule { classes: VECTORIZERS, up: accents, down: accents },
        Rule { classes: CODERS, up: nothing, down: rounds },
        Rule { classes: &["Isomap"], up: nothing, down: training_data },
        Rule { classes: &["DummyClassifier"], up: strategy, down: nothing },
        Rule { classes: &["DummyClassifier", "DummyRegressor"], up: one_axis, down: axes },
        Rule { classes: &["NuSVR", "OneClassSVM", "SVR"], up: n_support, down: nothing },
        Rule { classes: &["VotingClassifier", "VotingRegressor"], up: dropped, down: nothing },
        Rule { classes: &["FunctionTransformer"], up: validate, down: nothing },
        Rule { classes: &["IsolationForest"], up: offset, down: nothing },
        Rule { classes: NEIGHBORS, up: n_samples_fit, down: nothing },
        Rule { classes: &["MultiOutputClassifier"], up: classes, down: nothing },
        Rule { classes: &["SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM"], up: gamma, down: nothing },
        Rule { classes: HISTOGRAMS, up: no_older_histograms, down: no_older_histograms },
        Rule { classes: &["OneHotEncoder", "OrdinalEncoder"], up: no_legacy_mode, down: not_of_integers },
        Rule { classes: &["Imputer"], up: simple_imputer, down: nothing },
        Rule { classes: &["MiniBatchSparsePCA", "SparsePCA"], up: nothing, down: normalized },
        Rule { classes: &["LogisticRegression", "LogisticRegressionCV"], up: no_warnings, down: nothing },
        Rule { classes: FORESTS, up: trees, down: nothing },
        Rule { classes: SEARCHES, up: folds, down: nothing },
        Rule { classes: OF_ONE_FEATURE, up: two_axes, down: nothing },
    ],
};

/// Components are normalized on request only.
fn normalized(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_bool("normalize_components", true);
    Ok(())
}

const NEIGHBORS: &[&str] = &[
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "LocalOutlierFactor",
    "NearestNeighbors",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
];
const FORESTS: &[&str] = &[
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "IsolationForest",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
];
const CODERS: &[&str] = &["DictionaryLearning", "MiniBatchDictionaryLearning", "SparseCoder"];
const VECTORIZERS: &[&str] = &["CountVectorizer", "HashingVectorizer", "TfidfVectorizer"];
/// Their `coef_` of one feature may be a number without dimensions.
const OF_ONE_FEATURE: &[&str] =
    &["ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV"];
const SEARCHES: &[&str] = &["GridSearchCV", "RandomizedSearchCV"];

fn strategy(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("classes_")
        && let Some(strategy) = step.get("strategy")
    {
        step.add("_strategy", strategy);
    }
    Ok(())
}

/// `X @ coef_.T` raises where `coef_` has no dimensions; by `np.dot` that was a column, as it is for two.
fn two_axes(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(coef) = step.array("coef_")
        && coef.shape.is_empty()
        && let Some(number) = coef.to_f64()
    {
        let array = step.floats(&coef.dtype, &[1, 1], &number);
        step.set("coef_", array);
    }
    Ok(())
}

/// Targets of one column had two axes.
fn one_axis(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("output_2d_") && step.int("n_outputs_") == Some(1) {
        return Err(step.would_answer_otherwise("one column of targets has one axis"));
    }
    Ok(())
}

/// How many support vectors there are, which nobody counted but for classes.
fn n_support(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(count) = step.array("support_").map(|support| support.len()) else { return Ok(()) };
    let count = i32::try_from(count).map_err(|_| step.refused("it has too many support vectors"))?;
    let bytes = [count, count].iter().flat_map(|count| count.to_le_bytes()).collect();
    let dtype = DType::Int { size: 4, endian: Endian::Little };
    let counts = values::array(step.graph(), &dtype, &[2], Order::C, bytes);
    step.set("_n_support", counts);
    Ok(())
}

/// Estimators that are left out are called so, where they were `None`.
fn dropped(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(estimators) = step.items("estimators") else { return Ok(()) };
    let mut changed = Vec::new();
    for estimator in estimators {
        let parts = step.graph().items(estimator).map(<[_]>::to_vec).unwrap_or_default();
        match *parts {
            [name, inner] if matches!(step.graph().node(inner), Node::None) => {
                let drop = values::text(step.graph(), "drop");
                changed.push(values::tuple(step.graph(), vec![name, drop]));
            }
            _ => changed.push(estimator),
        }
    }
    let changed = values::list(step.graph(), changed);
    step.set("estimators", changed);
    Ok(())
}

/// `None` stood for `True`.
fn validate(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("validate") && !step.has("validate") {
        step.set_bool("validate", true);
    }
    Ok(())
}

/// The cut lay beside the offset with `behaviour='old'`, and the offset is the cut since.
fn offset(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("estimators_") {
        return Ok(());
    }
    let is_old = !step.is("behaviour", "new");
    if is_old && step.float("_threshold_").is_none_or(|threshold| threshold != 0.0) {
        let what = "`decision_function` of `behaviour='old'` is not shifted by the cut that `predict` makes";
        return Err(step.would_answer_otherwise(what));
    }
    Ok(())
}

fn n_samples_fit(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(fitted) = step.get("_fit_X") else { return Ok(()) };
    let rows = match step.array_at(fitted) {
        Some(array) => array.shape.first().copied(),
        None => Sparse::read(step.graph(), fitted).ok().flatten().map(|matrix| matrix.shape.0),
    };
    if let Some(rows) = rows {
        step.set_int("n_samples_fit_", i64::try_from(rows).unwrap_or(i64::MAX));
    }
    if step.class() == "RadiusNeighborsClassifier" {
        outlier_labels(step);
    }
    Ok(())
}

/// The one label of all outputs is told for each of them. What was longer than every class had been cut.
fn outlier_labels(step: &mut Step<'_>) {
    let Some(mut label) = step.get("outlier_label").filter(|_| step.has("outlier_label")) else {
        step.set_none("outlier_label_");
        return;
    };
    let outputs = if step.flag("outputs_2d_") { step.items("classes_").map_or(1, |classes| classes.len()) } else { 1 };
    if let Some(DType::Str { chars, .. }) = step.array("classes_").map(|classes| classes.dtype)
        && let Some(text) = step.text("outlier_label").filter(|text| text.chars().count() > chars)
    {
        let cut: String = text.chars().take(chars).collect();
        label = values::text(step.graph(), &cut);
    }
    let labels = values::list(step.graph(), vec![label; outputs]);
    step.add("outlier_label_", labels);
}

fn classes(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(estimators) = step.items("estimators_") else { return Ok(()) };
    let classes = estimators.into_iter().filter_map(|estimator| step.other(estimator)?.get("classes_")).collect();
    let classes = values::list(step.graph(), classes);
    step.add("classes_", classes);
    Ok(())
}

/// What a warning announced stood for what came before.
fn gamma(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("gamma", "auto_deprecated") {
        step.set_text("gamma", "auto");
    }
    Ok(())
}

fn no_older_histograms(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("_predictors") {
        return Err(step.refused("histogram boosting of 0.21 cannot be told from that of 0.22 in all its parts"));
    }
    Ok(())
}

fn no_legacy_mode(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("_legacy_mode") {
        let [counts, starts, active] =
            ["_n_values_", "_feature_indices_", "_active_features_"].map(|name| step.take(name));
        by_category(step, counts, starts, active)?;
        step.take("_categories");
    }
    if step.holds("_categories") {
        step.rename_over("_categories", "categories");
    }
    if step.holds("categories") && !step.has("categories") {
        step.set_text("categories", "auto");
    }
    Ok(())
}

fn no_warnings(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("solver", "warn") {
        step.set_text("solver", "liblinear");
    }
    if step.is("multi_class", "warn") {
        step.set_text("multi_class", "ovr");
    }
    Ok(())
}

fn trees(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("n_estimators", "warn") {
        step.set_int("n_estimators", 10);
    }
    if step.is("contamination", "legacy") {
        step.set_float("contamination", 0.1);
    }
    if step.is("bootstrap", "warn") {
        step.set_bool("bootstrap", false);
    }
    Ok(())
}

fn folds(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("cv", "warn") {
        step.set_int("cv", 3);
    }
    if step.is("error_score", "raise-deprecating") {
        step.set_text("error_score", "raise");
    }
    if matches!(step.scalar("iid"), Some(Scalar::Str(_))) {
        step.set_bool("iid", true);
    }
    Ok(())
}

/// `Imputer` gave way to `SimpleImputer`, which has no axis.
fn simple_imputer(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.int("axis") != Some(0) {
        return Err(step.refused("rows cannot be filled by their own values there"));
    }
    step.take("axis");
    if step.is("missing_values", "NaN") {
        step.set_float("missing_values", f64::NAN);
    }
    if step.float("missing_values") == Some(0.0) {
        step.note("sparse rows whose zeros are missing are refused, where they became dense");
    }
    step.note("rows with infinities are refused");
    step.become_class("sklearn.impute._base.SimpleImputer");
    if step.holds("statistics_") {
        step.set_none("indicator_");
    }
    catalog::add_defaults(step);
    Ok(())
}

fn axes(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(outputs) = step.int("n_outputs_") {
        step.set_bool("output_2d_", outputs > 1);
    }
    Ok(())
}

fn not_of_integers(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.class() == "OneHotEncoder" && step.holds("categories_") {
        step.set_bool("_legacy_mode", false);
    }
    Ok(())
}

fn training_data(step: &mut Step<'_>) -> Result<(), Refused> {
    let neighbors = step.get("nbrs_");
    if let Some(rows) = neighbors.and_then(|neighbors| step.other(neighbors)?.get("_fit_X")) {
        step.set("training_data_", rows);
    }
    Ok(())
}

/// The number of rounds was 500 by lars, and 1000 by coordinate descent.
fn rounds(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.int("transform_max_iter").is_some_and(|rounds| rounds != 1000) {
        return Err(step.would_answer_otherwise("`transform_max_iter` is not known"));
    }
    Ok(())
}

fn accents(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("strip_accents", "unicode") {
        step.note(
            "accents that are characters of their own are stripped since scikit-learn 0.22, and were kept before",
        );
    }
    Ok(())
}
