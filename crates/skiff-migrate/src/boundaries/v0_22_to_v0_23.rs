//! From scikit-learn 0.22 to 0.23.

use skiff_files::{DType, Sparse};

use crate::classes::{BY_RADIUS, HISTOGRAMS, SVMS};
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[
        (SVMS, "probA_", "_probA"),
        (SVMS, "probB_", "_probB"),
        (STOCHASTIC, "average_coef_", "_average_coef"),
        (STOCHASTIC, "average_intercept_", "_average_intercept"),
        (STOCHASTIC, "standard_coef_", "_standard_coef"),
        (STOCHASTIC, "standard_intercept_", "_standard_intercept"),
    ],
    values: &[],
    rules: &[
        Rule { classes: &["KMeans", "MiniBatchKMeans"], up: threads, down: nothing },
        Rule { classes: &["Normalizer"], up: greatest, down: greatest },
        Rule { classes: &["FunctionTransformer"], up: greatest_of_function, down: greatest_of_function },
        Rule { classes: HISTOGRAMS, up: early_stopping, down: no_early_stopping },
        Rule { classes: &["GaussianProcessRegressor"], up: deviation, down: no_deviation },
        Rule { classes: &["IterativeImputer"], up: bounds, down: nothing },
        Rule { classes: BY_RADIUS, up: nothing, down: no_tree_of_mahalanobis },
        Rule { classes: &["OrdinalEncoder"], up: nothing, down: found_categories },
        Rule { classes: &["Perceptron"], up: nothing, down: inherited },
        Rule { classes: WITH_FEATURES, up: n_features_in, down: nothing },
    ],
};

const STOCHASTIC: &[&str] = &["SGDClassifier", "SGDRegressor"];

/// What `set_params` asks for, a parameter of its own or not.
fn inherited(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("l1_ratio") {
        step.set_float("l1_ratio", 0.0);
    }
    Ok(())
}

/// Estimators whose number of features can be told from another attribute.
const WITH_FEATURES: &[&str] = &[
    "ARDRegression",
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "BaggingClassifier",
    "BaggingRegressor",
    "BayesianRidge",
    "BernoulliNB",
    "CCA",
    "CategoricalNB",
    "ComplementNB",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ElasticNet",
    "ElasticNetCV",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "FactorAnalysis",
    "FastICA",
    "GaussianNB",
    "GaussianMixture",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "HuberRegressor",
    "IncrementalPCA",
    "IsolationForest",
    "KBinsDiscretizer",
    "KMeans",
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearDiscriminantAnalysis",
    "LinearRegression",
    "LinearSVC",
    "LinearSVR",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MaxAbsScaler",
    "MinMaxScaler",
    "MiniBatchKMeans",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "MultinomialNB",
    "NMF",
    "NearestCentroid",
    "NearestNeighbors",
    "OneHotEncoder",
    "OrdinalEncoder",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "PCA",
    "PLSCanonical",
    "PLSRegression",
    "PassiveAggressiveClassifier",
    "PassiveAggressiveRegressor",
    "Perceptron",
    "PolynomialFeatures",
    "PowerTransformer",
    "QuantileTransformer",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
    "RandomTreesEmbedding",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "RobustScaler",
    "SGDClassifier",
    "SGDRegressor",
    "SimpleImputer",
    "StandardScaler",
    "TheilSenRegressor",
    "TruncatedSVD",
    "VarianceThreshold",
];

fn no_tree_of_mahalanobis(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("effective_metric_", "mahalanobis") && !step.is("_fit_method", "brute") {
        return Err(step.would_answer_otherwise("trees find no points within a radius by `mahalanobis`"));
    }
    Ok(())
}

fn found_categories(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("categories", "auto") {
        return Ok(());
    }
    Err(step.would_answer_otherwise("categories that are given are looked up in another way"))
}

fn threads(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("cluster_centers_") {
        step.set_int("_n_threads", 1);
    }
    Ok(())
}

/// The greatest value of a row was found with its sign.
fn greatest(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("norm", "max") {
        return Err(step.would_answer_otherwise(GREATEST));
    }
    Ok(())
}

const GREATEST: &str = "`norm='max'` divides by the greatest absolute value since 0.23";

fn greatest_of_function(step: &mut Step<'_>) -> Result<(), Refused> {
    let norm = step.keyword("kw_args", "norm");
    if step.function("func") == Some("normalize") && norm.is_some_and(|norm| norm.as_str() == Some("max")) {
        return Err(step.would_answer_otherwise(GREATEST));
    }
    Ok(())
}

/// `n_iter_no_change=None` was how not to stop early.
fn early_stopping(step: &mut Step<'_>) -> Result<(), Refused> {
    let stops = step.has("n_iter_no_change");
    step.set_bool("early_stopping", stops);
    if !stops {
        step.set_int("n_iter_no_change", 10);
        step.set_text("scoring", "loss");
    }
    Ok(())
}

fn no_early_stopping(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.scalar("early_stopping") == Some(skiff_files::Scalar::Bool(false)) {
        step.set_none("n_iter_no_change");
    }
    Ok(())
}

/// Targets were centered and not scaled.
fn deviation(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(mean) = step.array("_y_train_mean") {
        let count = mean.len();
        let shape = mean.shape.clone();
        step.set_f64("_y_train_std", &shape, &vec![1.0; count]);
    } else if step.holds("_y_train_mean") {
        step.set_float("_y_train_std", 1.0);
    }
    Ok(())
}

fn no_deviation(step: &mut Step<'_>) -> Result<(), Refused> {
    let deviations = step.array("_y_train_std").and_then(|array| array.to_f64());
    let deviations = deviations.or_else(|| step.float("_y_train_std").map(|value| vec![value])).unwrap_or_default();
    if deviations.iter().any(|deviation| (deviation - 1.0).abs() > 0.0) {
        return Err(step.would_answer_otherwise("targets are not scaled there"));
    }
    Ok(())
}

/// The least and the greatest value that is filled in are told for each feature.
fn bounds(step: &mut Step<'_>) -> Result<(), Refused> {
    let initial = step.get("initial_imputer_");
    let count =
        initial.and_then(|initial| step.other(initial)?.array("statistics_")).map(|statistics| statistics.len());
    let Some(count) = count else { return Ok(()) };
    for name in ["_max_value", "_min_value"] {
        if let Some(bound) = step.float(name) {
            step.set_f64(name, &[count], &vec![bound; count]);
        }
    }
    Ok(())
}

fn n_features_in(step: &mut Step<'_>) -> Result<(), Refused> {
    let direct = ["n_features_", "n_input_features_", "n_features"];
    let count = direct.into_iter().find_map(|name| step.int(name)).or_else(|| {
        let count = by_shape(step).or_else(|| by_parts(step))?;
        i64::try_from(count).ok()
    });
    if let Some(count) = count
        && !step.holds("n_features_in_")
    {
        step.set_int("n_features_in_", count);
    }
    Ok(())
}

/// The last axis of a table, or the only one of what has a value for each feature.
fn by_shape(step: &mut Step<'_>) -> Option<usize> {
    const PLS: [&str; 1] = ["x_weights_"];
    for name in PLS {
        if let Some(shape) = step.shape(name) {
            return shape.first().copied();
        }
    }
    let tables = [
        "coef_",
        "mean_",
        "scale_",
        "components_",
        "cluster_centers_",
        "centroids_",
        "theta_",
        "feature_log_prob_",
        "variances_",
        "statistics_",
        "center_",
        "quantiles_",
        "lambdas_",
        "_fit_X",
        "means_",
        "data_min_",
        "max_abs_",
        "n_bins_",
    ];
    for name in tables {
        let Some(id) = step.get(name) else { continue };
        let last = match step.array_at(id) {
            Some(array) if !matches!(array.dtype, DType::Object) || name == "statistics_" => {
                array.shape.last().copied()
            }
            Some(_) => None,
            None => Sparse::read(step.graph(), id).ok().flatten().map(|matrix| matrix.shape.1),
        };
        if last.is_some() {
            return last;
        }
    }
    None
}

/// As many as lists have items, and as the first of the estimators within has.
fn by_parts(step: &mut Step<'_>) -> Option<usize> {
    for name in ["categories_", "category_count_"] {
        if let Some(items) = step.items(name) {
            return Some(items.len());
        }
    }
    let first = step.items("estimators_")?.first().copied()?;
    let mut inner = step.other(first)?;
    let count = inner.int("n_features_in_").or_else(|| inner.int("n_features_"));
    count.and_then(|count| usize::try_from(count).ok()).or_else(|| by_shape(&mut inner))
}
