//! From scikit-learn 1.5 to 1.6.

use skiff_files::Node;

use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(&["SelfTrainingClassifier"], "base_estimator_", "estimator_")],
    values: &[],
    rules: &[
        Rule { classes: &["MiniBatchSparsePCA", "SparsePCA"], up: an_only_row, down: an_only_row },
        Rule { classes: &["ColumnTransformer"], up: nothing, down: pattern },
        Rule { classes: &["SelfTrainingClassifier"], up: estimator, down: base_estimator },
        Rule { classes: &["AdaBoostClassifier"], up: samme, down: algorithm },
        Rule { classes: &["NearestCentroid"], up: priors, down: no_priors },
        Rule { classes: &["KNNImputer"], up: incomparable_rows, down: incomparable_rows },
        Rule { classes: DISCRIMINANTS, up: logarithms, down: logarithms },
        Rule { classes: &["PowerTransformer"], up: out_of_range, down: out_of_range },
        Rule { classes: &["IterativeImputer"], up: empty_features, down: no_empty_features },
        Rule { classes: &["Log", "SquaredLoss", "Huber"], up: compiled_loss, down: nothing },
        Rule { classes: &["LogisticRegression", "LogisticRegressionCV"], up: newton_cholesky, down: nothing },
        Rule { classes: &["_CurveScorer"], up: scorer, down: nothing },
        Rule { classes: &["FunctionTransformer"], up: ensure_all_finite, down: force_all_finite },
        Rule { classes: WITH_LOSSES, up: nothing, down: no_loss },
    ],
};

/// Newer ones squeeze the codes of an only row.
fn an_only_row(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("components_") {
        step.note("`transform` of an only row has one axis in the newer scikit-learn, and two in the older one");
    }
    Ok(())
}

const DISCRIMINANTS: &[&str] = &["LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"];
/// Estimators that keep the compiled loss that they were fitted with.
const WITH_LOSSES: &[&str] = &["Perceptron", "SGDClassifier", "SGDOneClassSVM", "SGDRegressor"];

/// The solver had one model for each class, where it has softmax since.
fn newton_cholesky(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("solver", "newton-cholesky") && !step.is("multi_class", "multinomial") {
        step.set_text("multi_class", "ovr");
    }
    Ok(())
}

fn scorer(step: &mut Step<'_>) -> Result<(), Refused> {
    step.become_class("sklearn.metrics._scorer._CurveScorer");
    Ok(())
}

/// A parameter of `check_array`, which histogram boosting asks for, was renamed.
fn ensure_all_finite(step: &mut Step<'_>) -> Result<(), Refused> {
    rename_argument(step, "force_all_finite", "ensure_all_finite");
    Ok(())
}

fn force_all_finite(step: &mut Step<'_>) -> Result<(), Refused> {
    rename_argument(step, "ensure_all_finite", "force_all_finite");
    Ok(())
}

fn rename_argument(step: &mut Step<'_>, old: &str, new: &str) {
    let Some(function) = step.get("func") else { return };
    let graph = step.graph();
    let state = graph.object(function).and_then(skiff_pickle::Object::state);
    let parts = state.and_then(|state| graph.items(state)).map(<[_]>::to_vec).unwrap_or_default();
    let is_check =
        parts.first().and_then(|&function| graph.global(function)).is_some_and(|(_, name)| name == "check_array");
    if !is_check {
        return;
    }
    for part in parts {
        let Node::Dict(mut pairs) = graph.node(part).clone() else { continue };
        for (key, _) in &mut pairs {
            if graph.str_of(*key) == Some(old) {
                *key = values::text(graph, new);
            }
        }
        *graph.node_mut(part) = Node::Dict(pairs);
    }
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

/// SAMME.R is gone.
fn samme(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("estimators_") && !step.is("algorithm", "SAMME") {
        return Err(step.would_answer_otherwise("`algorithm='SAMME.R'` is gone"));
    }
    step.set_text("algorithm", "deprecated");
    Ok(())
}

fn algorithm(step: &mut Step<'_>) -> Result<(), Refused> {
    step.set_text("algorithm", "SAMME");
    Ok(())
}

/// `predict` takes the nearest centroid where all classes are as likely, as it always did.
fn priors(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(classes) = step.array("classes_") {
        let count = classes.len();
        let share = 1.0 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        step.set_f64("class_prior_", &[count], &vec![share; count]);
    }
    Ok(())
}

fn no_priors(step: &mut Step<'_>) -> Result<(), Refused> {
    let shares = step.array("class_prior_").and_then(|shares| shares.to_f64()).unwrap_or_default();
    if shares.iter().any(|share| (share - shares[0]).abs() > 1e-9) {
        return Err(step.would_answer_otherwise("classes cannot have priors there"));
    }
    Ok(())
}

/// Features without a value are those that the first imputer has no statistics of.
fn empty_features(step: &mut Step<'_>) -> Result<(), Refused> {
    let initial = step.get("initial_imputer_");
    let statistics = initial.and_then(|initial| step.other(initial)?.array("statistics_"));
    if let Some(statistics) = statistics
        && !step.holds("_is_empty_feature")
    {
        let numbers = statistics.to_f64().unwrap_or_default();
        let flags: Vec<u8> = numbers.iter().map(|value| u8::from(value.is_nan())).collect();
        let shape = [flags.len()];
        let flags = values::array(step.graph(), &skiff_files::DType::Bool, &shape, skiff_files::Order::C, flags);
        step.set("_is_empty_feature", flags);
    }
    Ok(())
}

/// The compiled losses of stochastic gradient descent became those of all others.
fn compiled_loss(step: &mut Step<'_>) -> Result<(), Refused> {
    let name = match step.class() {
        "Log" => "CyHalfBinomialLoss",
        "SquaredLoss" => "CyHalfSquaredError",
        _ => "CyHuberLoss",
    };
    let id = step.subject().id;
    // Huber's takes its threshold along.
    let arguments = step.graph().object(id).map(|object| object.arguments);
    let arguments =
        arguments.and_then(|arguments| step.graph().items(arguments).map(<[_]>::to_vec)).unwrap_or_default();
    let arguments = arguments.into_iter().filter(|_| name == "CyHuberLoss").collect();
    let graph = step.graph();
    let class = values::global(graph, "sklearn._loss._loss", name);
    let made = values::call(graph, class, arguments);
    let made = graph.node(made).clone();
    *graph.node_mut(id) = made;
    Ok(())
}

/// Fitting makes it anew.
fn no_loss(step: &mut Step<'_>) -> Result<(), Refused> {
    step.take("_loss_function_");
    Ok(())
}

/// Rows of the fit that share no feature with the one to fill are left out of the mean. They are never among its neighbors
/// where there are enough rows without missing values, which share a feature with every row.
fn incomparable_rows(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(fitted) = step.array("_fit_X").filter(|_| step.is("weights", "uniform")) else { return Ok(()) };
    let (Some(values), Some(&width)) = (fitted.to_f64(), fitted.shape.get(1)) else { return Ok(()) };
    let complete = values.chunks(width.max(1)).filter(|row| row.iter().all(|value| !value.is_nan())).count();
    let all = fitted.shape.first().copied().unwrap_or_default();
    let neighbors = step.int("n_neighbors").and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
    if complete < neighbors.min(all) {
        return Err(
            step.would_answer_otherwise("rows that share no feature with the one to fill are left out of the mean")
        );
    }
    Ok(())
}

fn out_of_range(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("method", "box-cox") {
        step.note("`inverse_transform` of values that no row is mapped to may be other numbers, or NaN");
    }
    Ok(())
}

fn logarithms(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("classes_") {
        step.note("`predict_log_proba` is -inf before scikit-learn 1.6 where a probability is 0, and a number since");
    }
    Ok(())
}

fn pattern(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.text("verbose_feature_names_out").is_some() {
        return Err(step.would_answer_otherwise("names of columns follow no pattern"));
    }
    Ok(())
}

fn no_empty_features(step: &mut Step<'_>) -> Result<(), Refused> {
    let flags = step.array("_is_empty_feature").and_then(|flags| flags.to_i64());
    if flags.is_some_and(|flags| flags.contains(&1)) {
        return Err(step.would_answer_otherwise("features without a value take part in the rounds"));
    }
    Ok(())
}
