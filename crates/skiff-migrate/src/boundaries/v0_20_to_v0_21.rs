//! From scikit-learn 0.20 to 0.21.

use skiff_files::{Instance, Node, NodeId};

use super::v1_3_to_v1_4::raise_first_trees;
use crate::classes::BOOSTED;
use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[],
    values: &[],
    rules: &[
        Rule { classes: &["SimpleImputer"], up: nothing, down: no_indicator },
        Rule { classes: &["LinearDiscriminantAnalysis"], up: softmax, down: softmax },
        Rule { classes: &["FeatureHasher", "HashingVectorizer"], up: signs, down: nothing },
        Rule { classes: &["MultiLabelBinarizer"], up: no_cache, down: nothing },
        Rule { classes: &["OneHotEncoder"], up: no_drop, down: nothing },
        Rule { classes: &["NuSVC", "SVC"], up: votes_of_a_batch, down: votes_of_a_batch },
        Rule { classes: &["OneVsOneClassifier"], up: votes_of_pairs, down: votes_of_pairs },
        Rule { classes: &["IsolationForest"], up: path_lengths, down: path_lengths },
        Rule { classes: &["QuantileTransformer"], up: bounds, down: bounds },
        Rule { classes: &["FunctionTransformer"], up: bounds_of_function, down: bounds_of_function },
        Rule { classes: &["VotingClassifier"], up: not_flat, down: nothing },
        Rule { classes: &["DeprecationDict"], up: plain_dict, down: nothing },
        Rule { classes: BOOSTED, up: init, down: no_init },
    ],
};

/// Probabilities of several classes are of softmax since.
fn softmax(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.array("classes_").is_some_and(|classes| classes.len() != 2) {
        return Err(step.would_answer_otherwise("`predict_proba` of several classes is normalized in another way"));
    }
    Ok(())
}

/// The numbers of the classes are looked up in a dict that is made by the first `transform`.
fn no_cache(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.has("classes_") {
        step.set_none("_cached_dict");
    }
    Ok(())
}

fn signs(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("non_negative") {
        return Err(step.would_answer_otherwise("`non_negative` is gone"));
    }
    Ok(())
}

fn no_drop(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("categories_") {
        step.set_none("drop_idx_");
    }
    Ok(())
}

/// Scores of one class against the rest were scaled by those of all rows of a batch.
const BATCH: &str = "`decision_function` of several classes is scaled row by row, and not over the batch";

fn votes_of_a_batch(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_binary = step.array("classes_").is_none_or(|classes| classes.len() <= 2);
    if !is_binary && !step.is("decision_function_shape", "ovo") {
        return Err(step.would_answer_otherwise(BATCH));
    }
    Ok(())
}

fn votes_of_pairs(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("estimators_") {
        return Err(step.would_answer_otherwise(BATCH));
    }
    Ok(())
}

fn path_lengths(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("estimators_") {
        return Err(
            step.would_answer_otherwise("the expected lengths of paths in leaves of one and two rows are others")
        );
    }
    Ok(())
}

fn bounds(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("quantiles_") && step.is("output_distribution", "uniform") {
        return Err(step.would_answer_otherwise(AT_BOUNDS));
    }
    Ok(())
}

const AT_BOUNDS: &str = "values at the bounds are mapped to 0 and 1, and not next to them";

fn bounds_of_function(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_uniform = step.keyword("kw_args", "output_distribution").is_none_or(|name| name.as_str() == Some("uniform"));
    if step.function("func") == Some("quantile_transform") && is_uniform {
        return Err(step.would_answer_otherwise(AT_BOUNDS));
    }
    Ok(())
}

/// `None` stood for `False`.
fn not_flat(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("flatten_transform") && !step.has("flatten_transform") {
        step.set_bool("flatten_transform", false);
    }
    Ok(())
}

/// `cv_results_` was a dict that warned.
fn plain_dict(step: &mut Step<'_>) -> Result<(), Refused> {
    let id = step.subject().id;
    let graph = step.graph();
    let pairs: Vec<(NodeId, NodeId)> = Instance::read(graph, id).map(|dict| dict.items().collect()).unwrap_or_default();
    *graph.node_mut(id) = Node::Dict(pairs);
    Ok(())
}

/// What trees are added to is told by a dummy, where it was told by classes of gradient boosting's own.
fn init(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(init) = step.get("init_") else { return Ok(()) };
    let Some(inner) = step.other(init) else { return Ok(()) };
    let number = |name: &str| inner.float(name);
    match inner.class() {
        "MeanEstimator" => {
            let mean = number("mean").ok_or_else(|| inner.refused("it has no mean"))?;
            constant(step, "mean", None, mean);
        }
        "QuantileEstimator" => {
            let quantile = number("quantile").ok_or_else(|| inner.refused("it has no quantile"))?;
            let alpha = number("alpha").unwrap_or(0.5);
            constant(step, "quantile", Some(alpha), quantile);
        }
        "LogOddsEstimator" | "ScaledLogOddsEstimator" => {
            let prior = number("prior").ok_or_else(|| inner.refused("it has no prior"))?;
            let scale = if inner.class() == "LogOddsEstimator" { 1.0 } else { 2.0 };
            let share = 1.0 / (1.0 + (-scale * prior).exp());
            shares(step, &[1.0 - share, share]);
        }
        "PriorProbabilityEstimator" => {
            let priors = inner.array("priors").and_then(|priors| priors.to_f64());
            let priors = priors.ok_or_else(|| inner.refused("it has no priors"))?;
            raise_first_trees(step, &priors)?;
            step.set_text("init_", "zero");
        }
        "ZeroEstimator" => step.set_text("init_", "zero"),
        _ => {}
    }
    Ok(())
}

fn no_init(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("init_") {
        return Err(
            step.refused(format!("how scikit-learn {} keeps what trees are added to is not known here", step.to))
        );
    }
    Ok(())
}

fn constant(step: &mut Step<'_>, strategy: &str, quantile: Option<f64>, value: f64) {
    let graph = step.graph();
    let (none, one) = (values::none(graph), values::int(graph, 1));
    let strategy = values::text(graph, strategy);
    let quantile = quantile.map_or(none, |quantile| values::float(graph, quantile));
    let constant = values::f64_array(graph, &[1, 1], &[value]);
    let attributes = [
        ("strategy", strategy),
        ("constant", none),
        ("quantile", quantile),
        ("constant_", constant),
        ("n_outputs_", one),
    ];
    let dummy = step.instance("sklearn.dummy.DummyRegressor", &attributes);
    step.set("init_", dummy);
}

fn shares(step: &mut Step<'_>, shares: &[f64]) {
    let graph = step.graph();
    let (none, one) = (values::none(graph), values::int(graph, 1));
    let count = values::int(graph, i64::try_from(shares.len()).unwrap_or(i64::MAX));
    let strategy = values::text(graph, "prior");
    // Gradient boosting hands its classes over as numbers.
    let numbers: Vec<i64> = (0..).take(shares.len()).collect();
    let classes = values::i64_array(graph, &[numbers.len()], &numbers);
    let no = values::bool(graph, false);
    let shares = values::f64_array(graph, &[shares.len()], shares);
    let attributes = [
        ("strategy", strategy),
        ("random_state", none),
        ("constant", none),
        ("sparse_output_", no),
        ("classes_", classes),
        ("class_prior_", shares),
        ("n_classes_", count),
        ("n_outputs_", one),
    ];
    let dummy = step.instance("sklearn.dummy.DummyClassifier", &attributes);
    step.set("init_", dummy);
}

fn no_indicator(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("add_indicator") {
        return Err(step.would_answer_otherwise("`add_indicator` is not known"));
    }
    Ok(())
}
