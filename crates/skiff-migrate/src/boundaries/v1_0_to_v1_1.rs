//! From scikit-learn 1.0 to 1.1.

use skiff_files::numpy::nodes;
use skiff_files::{DType, Order, Scalar};

use crate::classes::{BOOSTED, BY_RADIUS, HISTOGRAMS, PLS, STOCHASTIC};
use crate::error::Refused;
use crate::losses::Loss;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(BOOSTED, "loss_", "_loss")],
    values: &[
        (&["GradientBoostingClassifier"], "loss", "deviance", "log_loss"),
        (STOCHASTIC, "loss", "log", "log_loss"),
        (&["HistGradientBoostingClassifier"], "loss", "auto", "log_loss"),
        (&["HistGradientBoostingClassifier"], "loss", "binary_crossentropy", "log_loss"),
        (&["HistGradientBoostingClassifier"], "loss", "categorical_crossentropy", "log_loss"),
        (&["KMeans"], "algorithm", "auto", "lloyd"),
        (&["KMeans"], "algorithm", "full", "lloyd"),
        (&["KMeans"], "_algorithm", "full", "lloyd"),
    ],
    rules: &[
        Rule { classes: &["OrdinalEncoder"], up: nothing, down: encoded_missing },
        Rule { classes: &["GaussianRandomProjection"], up: nothing, down: dense },
        Rule { classes: &["Isomap"], up: nothing, down: radius },
        Rule { classes: &["OneHotEncoder"], up: nothing_infrequent, down: no_infrequent },
        Rule { classes: &["SimpleImputer"], up: fit_dtype, down: nothing },
        Rule { classes: &["KNNImputer"], up: valid_mask, down: nothing },
        Rule { classes: HISTOGRAMS, up: histogram_loss, down: old_histogram_loss },
        Rule { classes: LINEAR, up: base_loss, down: link_and_family },
        Rule { classes: &["RidgeCV", "RidgeClassifierCV"], up: nothing, down: array_of_alphas },
        Rule { classes: &["TheilSenRegressor"], up: nothing, down: whole_subpopulation },
        Rule { classes: PLS, up: targets_first, down: features_first },
        Rule { classes: &["TfidfVectorizer"], up: own_parameters, down: nothing },
        Rule { classes: &["FastICA"], up: whiten, down: nothing },
        Rule { classes: &["MinkowskiDistance"], up: no_weights, down: one_zero },
        Rule { classes: &["WMinkowskiDistance"], up: weighted_powers, down: nothing },
        Rule { classes: &["OneVsOneClassifier"], up: threshold, down: threshold },
        Rule { classes: &["GaussianProcessRegressor"], up: one_axis, down: one_axis },
        Rule { classes: &["SelectFromModel"], up: max_features, down: nothing },
        Rule { classes: BY_RADIUS, up: nothing, down: no_braycurtis },
    ],
};

/// Generalized linear models.
const LINEAR: &[&str] = &["GammaRegressor", "PoissonRegressor", "TweedieRegressor"];

/// How many columns each feature has, infrequent categories put together: there are none.
fn nothing_infrequent(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(categories) = step.items("categories_") else { return Ok(()) };
    let dropped = step.items("drop_idx_");
    let mut counts = Vec::new();
    for (place, categories) in categories.into_iter().enumerate() {
        let count = step.array_at(categories).map(|categories| categories.len());
        let Some(count) = count else { return Err(step.refused("`categories_` are no arrays")) };
        let is_dropped = match &dropped {
            Some(dropped) => {
                dropped.get(place).is_some_and(|&id| !matches!(step.graph().node(id), skiff_files::Node::None))
            }
            None => step.array("drop_idx_").is_some(),
        };
        let count = count.saturating_sub(usize::from(is_dropped));
        counts.push(values::int(step.graph(), i64::try_from(count).unwrap_or(i64::MAX)));
    }
    step.set_bool("_infrequent_enabled", false);
    let counts = values::list(step.graph(), counts);
    step.set("_n_features_outs", counts);
    Ok(())
}

fn no_infrequent(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("_infrequent_enabled") {
        return Err(step.refused(format!("scikit-learn {} has no infrequent categories", step.to)));
    }
    Ok(())
}

/// The dtype that `fit` saw is that of the statistics.
fn fit_dtype(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(statistics) = step.array("statistics_") {
        let dtype = nodes::dtype(step.graph(), &statistics.dtype);
        step.add("_fit_dtype", dtype);
    }
    Ok(())
}

/// Which columns have a value at all.
fn valid_mask(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(mask) = step.array("_mask_fit_X") else { return Ok(()) };
    let (Some(flags), &[rows, columns]) = (mask.to_bool(), &*mask.shape) else {
        return Err(step.refused("`_mask_fit_X` is no table"));
    };
    let is_valid = |column: usize| (0..rows).any(|row| flags.get(row * columns + column) == Some(&false));
    let valid: Vec<u8> = (0..columns).map(|column| u8::from(rows == 0 || is_valid(column))).collect();
    let valid = values::array(step.graph(), &DType::Bool, &[columns], Order::C, valid);
    step.add("_valid_mask", valid);
    Ok(())
}

/// The losses of histogram boosting are those of `sklearn._loss`, and what trees are added to has a row.
fn histogram_loss(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("_predictors") {
        return Ok(());
    }
    let trees = step.int("n_trees_per_iteration_").unwrap_or(1);
    let loss = match step.text("loss").as_deref() {
        Some("log_loss") if trees == 1 => Loss::binomial(),
        Some("log_loss") => Loss::multinomial(trees),
        Some("squared_error") => Loss::squared(),
        Some("absolute_error") => Loss::absolute(),
        Some("poisson") => Loss::poisson(),
        _ => return Err(step.refused("its loss is not known")),
    };
    let loss = loss.node(step);
    step.set("_loss", loss);
    let baseline = match step.array("_baseline_prediction") {
        Some(array) => array.to_f64(),
        None => step.float("_baseline_prediction").map(|value| vec![value]),
    };
    let Some(baseline) = baseline else { return Err(step.refused("`_baseline_prediction` is no number")) };
    step.set_f64("_baseline_prediction", &[1, baseline.len()], &baseline);
    Ok(())
}

/// The losses of histogram boosting have a module of their own.
fn old_histogram_loss(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("_predictors") {
        return Ok(());
    }
    let trees = step.int("n_trees_per_iteration_").unwrap_or(1);
    // The names of losses are those of the older side already.
    let (path, is_constant) = match step.text("loss").as_deref() {
        Some("auto") if trees == 1 => ("sklearn.ensemble._hist_gradient_boosting.loss.BinaryCrossEntropy", false),
        Some("auto") => ("sklearn.ensemble._hist_gradient_boosting.loss.CategoricalCrossEntropy", false),
        Some("squared_error") => ("sklearn.ensemble._hist_gradient_boosting.loss.LeastSquares", true),
        Some("absolute_error") => ("sklearn.ensemble._hist_gradient_boosting.loss.LeastAbsoluteDeviation", true),
        Some("poisson") => ("sklearn.ensemble._hist_gradient_boosting.loss.Poisson", false),
        other => {
            let loss = other.unwrap_or("of one's own").to_owned();
            return Err(step.refused(format!("scikit-learn {} does not have the loss `{loss}`", step.to)));
        }
    };
    let is_constant = values::bool(step.graph(), is_constant);
    let threads = values::int(step.graph(), 1);
    let loss = step.instance(path, &[("hessians_are_constant", is_constant), ("n_threads", threads)]);
    step.set("_loss", loss);
    let Some(baseline) = step.array("_baseline_prediction").and_then(|array| array.to_f64()) else {
        return Err(step.refused("`_baseline_prediction` is not an array of numbers"));
    };
    step.set_f64("_baseline_prediction", &[baseline.len(), 1], &baseline);
    Ok(())
}

/// Generalized linear models keep a link and a distribution.
fn link_and_family(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("coef_") {
        return Ok(());
    }
    let power = match step.class() {
        "PoissonRegressor" => 1.0,
        "GammaRegressor" => 2.0,
        _ => step.float("power").unwrap_or(0.0),
    };
    let (family, link) = match (step.class(), step.text("link").as_deref()) {
        ("PoissonRegressor", _) => ("sklearn._loss.glm_distribution.PoissonDistribution", LOG),
        ("GammaRegressor", _) => ("sklearn._loss.glm_distribution.GammaDistribution", LOG),
        (_, Some("identity")) => (TWEEDIE, IDENTITY),
        (_, Some("auto")) if power <= 0.0 => (TWEEDIE, IDENTITY),
        (_, Some("auto" | "log")) => (TWEEDIE, LOG),
        _ => return Err(step.refused("its link is not known")),
    };
    let graph = step.graph();
    let lowest = values::float(graph, if power <= 0.0 { f64::NEG_INFINITY } else { 0.0 });
    let is_inclusive = values::bool(graph, (1.0..2.0).contains(&power));
    let boundary = values::global(graph, "sklearn._loss.glm_distribution", "DistributionBoundary");
    let boundary = values::call(graph, boundary, vec![lowest, is_inclusive]);
    let power = values::float(graph, power);
    let family = step.instance(family, &[("_lower_bound", boundary), ("_power", power)]);
    step.set("_family_instance", family);
    let link = step.instance(link, &[]);
    step.set("_link_instance", link);
    Ok(())
}

const TWEEDIE: &str = "sklearn._loss.glm_distribution.TweedieDistribution";
const IDENTITY: &str = "sklearn.linear_model._glm.link.IdentityLink";
const LOG: &str = "sklearn.linear_model._glm.link.LogLink";

/// The constructor makes an array of them, by which `clone` knows that it was given another object.
fn array_of_alphas(step: &mut Step<'_>) -> Result<(), Refused> {
    let alphas = match step.items("alphas") {
        Some(items) => {
            let number = |id| Scalar::read(&step.migration.graph, id).ok().flatten().and_then(|value| value.as_f64());
            items.into_iter().map(number).collect()
        }
        None => step.float("alphas").map(|alpha| vec![alpha]),
    };
    if let Some(alphas) = alphas {
        step.set_f64("alphas", &[alphas.len()], &alphas);
    }
    Ok(())
}

/// The constructor makes an integer of it.
fn whole_subpopulation(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.int("max_subpopulation").is_none()
        && let Some(count) = step.float("max_subpopulation").filter(|count| count.abs() < 1e15)
    {
        step.set_int("max_subpopulation", count as i64);
    }
    Ok(())
}

fn base_loss(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("coef_") {
        return Ok(());
    }
    let power = step.float("power").unwrap_or(0.0);
    let loss = match step.class() {
        "PoissonRegressor" => Loss::poisson(),
        "GammaRegressor" => Loss::gamma(),
        _ => match step.text("link").as_deref() {
            Some("identity") => Loss::tweedie_identity(power),
            Some("auto") if power <= 0.0 => Loss::tweedie_identity(power),
            Some("auto" | "log") => Loss::tweedie(power),
            _ => return Err(step.refused("its link is not known")),
        },
    };
    let loss = loss.node(step);
    step.set("_base_loss", loss);
    Ok(())
}

/// `coef_` has a row for each target, and the mean of the targets is the intercept.
fn targets_first(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(mean) = step.get("_y_mean") {
        step.set("intercept_", mean);
    }
    transpose(step, "coef_", "_coef_")
}

fn features_first(step: &mut Step<'_>) -> Result<(), Refused> {
    step.take("intercept_");
    transpose(step, "_coef_", "coef_")
}

fn transpose(step: &mut Step<'_>, old: &str, new: &str) -> Result<(), Refused> {
    let Some(coef) = step.array(old) else { return Ok(()) };
    let (Some(numbers), &[rows, columns]) = (coef.to_f64(), &*coef.shape) else {
        return Err(step.refused(format!("`{old}` is no table")));
    };
    let turned = (0..columns).flat_map(|column| (0..rows).map(move |row| (row, column)));
    let turned: Option<Vec<f64>> = turned.map(|(row, column)| numbers.get(row * columns + column).copied()).collect();
    let Some(turned) = turned else { return Err(step.refused(format!("`{old}` is no table"))) };
    let node = step.floats(&coef.dtype, &[columns, rows], &turned);
    step.take(old);
    step.set(new, node);
    Ok(())
}

/// Parameters of the weights lay in the inner transformer alone.
fn own_parameters(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(inner) = step.get("_tfidf") else { return Ok(()) };
    for name in ["norm", "smooth_idf", "sublinear_tf", "use_idf"] {
        let value = step.other(inner).and_then(|inner| inner.get(name));
        if let Some(value) = value {
            step.add(name, value);
        }
    }
    Ok(())
}

/// `True` is called by what it does.
fn whiten(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("whiten") {
        step.set_text("whiten", "arbitrary-variance");
    }
    Ok(())
}

/// Weights are optional; what stood in their place is none.
/// Until 1.0 Minkowski's distance of weights was kept as the one of weighted differences.
fn weighted_powers(step: &mut Step<'_>) -> Result<(), Refused> {
    let id = step.subject().id;
    let graph = step.graph();
    let state = graph.object(id).and_then(skiff_pickle::Object::state);
    let parts = state.and_then(|state| graph.items(state)).map(<[_]>::to_vec).unwrap_or_default();
    let &[p, weights, matrix] = &*parts else {
        return Err(step.refused("its state is not a number, weights and a matrix"));
    };
    let power = Scalar::read(step.graph(), p).ok().flatten().and_then(|p| p.as_f64());
    let (Some(power), Some(weights)) = (power, step.array_at(weights).and_then(|weights| weights.to_f64())) else {
        return Err(step.refused("its state is not a number, weights and a matrix"));
    };
    let weights: Vec<f64> = weights.iter().map(|weight| weight.powf(power)).collect();
    let weights = values::f64_array(step.graph(), &[weights.len()], &weights);
    let state = values::tuple(step.graph(), vec![p, weights, matrix]);
    if let skiff_files::Node::Object(object) = step.graph().node_mut(id) {
        object.changes = vec![skiff_pickle::Change::Build(state)];
    }
    step.become_class("sklearn.metrics._dist_metrics.MinkowskiDistance");
    step.note("weights are multiplied with powers of differences, which changes the last digits of distances");
    Ok(())
}

fn no_weights(step: &mut Step<'_>) -> Result<(), Refused> {
    set_weights(step, &[])
}

fn one_zero(step: &mut Step<'_>) -> Result<(), Refused> {
    set_weights(step, &[0.0])
}

fn set_weights(step: &mut Step<'_>, weights: &[f64]) -> Result<(), Refused> {
    let id = step.subject().id;
    let graph = step.graph();
    let state = graph.object(id).and_then(skiff_pickle::Object::state);
    let parts = state.and_then(|state| graph.items(state)).map(<[_]>::to_vec).unwrap_or_default();
    let &[p, old, matrix] = &*parts else {
        return Err(step.refused("its state is not a number, weights and a matrix"));
    };
    let is_none = |values: &[f64]| values.iter().all(|value| *value == 0.0);
    if !step.array_at(old).and_then(|old| old.to_f64()).is_some_and(|old| is_none(&old)) {
        return Err(step.refused(format!("scikit-learn {} has no weights for it", step.to)));
    }
    let weights = values::f64_array(step.graph(), &[weights.len()], weights);
    let state = values::tuple(step.graph(), vec![p, weights, matrix]);
    if let skiff_files::Node::Object(object) = step.graph().node_mut(id) {
        object.changes = vec![skiff_pickle::Change::Build(state)];
    }
    Ok(())
}

/// Probabilities of two classes were compared with zero, and are with a half.
fn threshold(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(estimators) = step.items("estimators_").filter(|estimators| estimators.len() == 1) else { return Ok(()) };
    let class = estimators.first().and_then(|&first| step.other(first).map(|inner| inner.subject().class));
    if class.is_none_or(|class| !class.is_member("decision_function")) {
        return Err(step.would_answer_otherwise("the probability of one of two classes is compared with another bound"));
    }
    Ok(())
}

/// A target of one column has one axis since.
fn one_axis(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.shape("y_train_").is_some_and(|shape| shape.get(1) == Some(&1)) {
        return Err(step.would_answer_otherwise("`predict` of one column of targets has one axis"));
    }
    Ok(())
}

fn max_features(step: &mut Step<'_>) -> Result<(), Refused> {
    let inner = step.get("estimator_").or_else(|| step.get("estimator"));
    let class = inner.and_then(|inner| step.other(inner).map(|inner| inner.class()));
    if class.is_some_and(|class| ["BernoulliNB", "ComplementNB", "MultinomialNB"].contains(&class)) {
        return Err(step.refused("naive Bayes has no `coef_` there, by which features are selected"));
    }
    if step.holds("estimator_")
        && step.has("max_features")
        && let Some(count) = step.get("max_features")
    {
        step.add("max_features_", count);
    }
    Ok(())
}

fn no_braycurtis(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("effective_metric_", "braycurtis") {
        return Err(step.would_answer_otherwise("other points are within a radius by `braycurtis`"));
    }
    Ok(())
}

fn radius(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.has("n_neighbors") {
        return Err(step.refused("neighbors are not found by `radius` there"));
    }
    Ok(())
}

fn dense(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_bool("dense_output", true);
    Ok(())
}

fn encoded_missing(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.float("encoded_missing_value").is_some_and(|value| !value.is_nan()) {
        return Err(step.would_answer_otherwise("missing values are NaN, whatever `encoded_missing_value` says"));
    }
    Ok(())
}
