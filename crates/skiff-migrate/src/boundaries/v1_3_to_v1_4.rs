//! From scikit-learn 1.3 to 1.4.

use skiff_files::{DType, Node, NodeId, Scalar};

use crate::classes::{BOOSTED, HISTOGRAMS, STOCHASTIC, TREES};
use crate::error::Refused;
use crate::losses::Loss;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[(STOCHASTIC, "loss_function_", "_loss_function_")],
    values: &[],
    rules: &[
        Rule { classes: TREES, up: fractions, down: counts },
        Rule { classes: BOOSTED, up: loss, down: old_loss },
        Rule { classes: HISTOGRAMS, up: preprocessor, down: no_preprocessor },
        Rule { classes: &["GradientBoostingClassifier"], up: equal_scores, down: equal_scores },
        Rule { classes: NEIGHBORS, up: rounded_distances, down: rounded_distances },
        Rule { classes: &["RadiusNeighborsClassifier"], up: outliers, down: outliers },
        Rule { classes: &["ColumnTransformer"], up: passthrough, down: no_passthrough },
        Rule { classes: NAIVE_BAYES, up: force_alpha, down: nothing },
        Rule { classes: &["AgglomerativeClustering", "FeatureAgglomeration"], up: metric, down: nothing },
        Rule { classes: &["_PredictScorer", "_ProbaScorer", "_ThresholdScorer"], up: scorer, down: nothing },
    ],
};

const NEIGHBORS: &[&str] = &[
    "KNeighborsClassifier",
    "KNeighborsRegressor",
    "KNeighborsTransformer",
    "LocalOutlierFactor",
    "NearestNeighbors",
    "RadiusNeighborsRegressor",
    "RadiusNeighborsTransformer",
];

const NAIVE_BAYES: &[&str] = &["BernoulliNB", "CategoricalNB", "ComplementNB", "MultinomialNB"];

/// The values of a classifier's nodes are the shares of the classes, which were their weights.
fn fractions(step: &mut Step<'_>) -> Result<(), Refused> {
    each_value(step, |values, classes, _| {
        for row in values.chunks_mut(classes) {
            let sum: f64 = row.iter().sum();
            if sum != 0.0 {
                row.iter_mut().for_each(|value| *value /= sum);
            }
        }
    })
}

fn counts(step: &mut Step<'_>) -> Result<(), Refused> {
    each_value(step, |values, classes, weights| {
        let outputs = values.len() / classes.max(1) / weights.len().max(1);
        for (rows, weight) in values.chunks_mut((classes * outputs).max(1)).zip(weights) {
            rows.iter_mut().for_each(|value| *value *= weight);
        }
    })
}

/// Changes the values of a tree, of which several owners may know, once.
fn each_value(step: &mut Step<'_>, change: fn(&mut [f64], usize, &[f64])) -> Result<(), Refused> {
    let Some(id) = step.get("tree_").filter(|id| !step.migration.done.contains(id)) else { return Ok(()) };
    step.migration.done.push(id);
    let Some(mut tree) = step.other(id) else { return Ok(()) };
    let Some(array) = tree.array("values") else { return Ok(()) };
    let weights = tree.array("nodes").and_then(|nodes| nodes.field("weighted_n_node_samples")?.to_f64());
    match (array.to_f64(), &*array.shape, weights) {
        (Some(mut values), &[_, _, classes], Some(weights)) if classes > 0 => {
            change(&mut values, classes, &weights);
            tree.set_f64("values", &array.shape, &values);
            Ok(())
        }
        _ => Err(tree.refused("`values` are no numbers of nodes, outputs and classes")),
    }
}

/// The losses of gradient boosting became those of histogram boosting.
fn loss(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("estimators_") {
        return Ok(());
    }
    let trees = match step.array("estimators_").map(|trees| trees.shape) {
        Some(shape) if shape.len() == 2 => i64::try_from(shape[1]).unwrap_or(i64::MAX),
        _ => return Err(step.refused("`estimators_` are not of two axes")),
    };
    let quantile = step.float("alpha").unwrap_or(0.9);
    let loss = match step.text("loss").as_deref() {
        Some("log_loss" | "deviance") if trees == 1 => Loss::binomial(),
        Some("log_loss" | "deviance") => Loss::multinomial(trees),
        Some("exponential") => Loss::exponential(),
        Some("squared_error" | "ls") => Loss::squared(),
        Some("absolute_error" | "lad") => Loss::absolute(),
        Some("quantile") => Loss::pinball(quantile),
        Some("huber") => {
            let delta = step.get("_loss").and_then(|loss| step.other(loss)?.float("gamma"));
            Loss::huber(delta.unwrap_or(0.5))
        }
        _ => return Err(step.refused("its loss is not known")),
    };
    let is_huber = loss.compiled == "CyHuberLoss";
    let is_multiclass = loss.compiled == "CyHalfMultinomialLoss";
    let node = loss.node(step);
    if is_huber {
        let quantile = values::float(step.graph(), quantile);
        if let Some(mut loss) = step.other(node) {
            loss.set("quantile", quantile);
        }
    }
    step.set("_loss", node);
    step.set_int("n_trees_per_iteration_", trees);
    if is_multiclass {
        return shares_in_trees(step);
    }
    if step.class() == "GradientBoostingClassifier" {
        step.note(&format!(
            "of scores that are exactly zero, scikit-learn {} predicts the second class, not the first",
            step.to
        ));
    }
    Ok(())
}

/// Trees of more than two classes are added to the logarithms of the classes' shares, which are centered since: so the
/// first trees take them up, and `init_` is zero.
fn shares_in_trees(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("init_", "zero") {
        return Ok(());
    }
    let refused = "`decision_function` of several classes is centered, which `init` as it is does not allow for";
    let Some(logarithms) = logarithms_of_shares(step) else { return Err(step.would_answer_otherwise(refused)) };
    raise_first_trees(step, &logarithms)?;
    step.set_text("init_", "zero");
    Ok(())
}

/// On the way back the first trees take up what they are no longer centered by.
fn center_in_trees(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("init_", "zero") {
        return Ok(());
    }
    let refused = "`decision_function` of several classes is not centered, which `init` as it is does not allow for";
    let Some(logarithms) = logarithms_of_shares(step) else { return Err(step.would_answer_otherwise(refused)) };
    let mean = logarithms.iter().sum::<f64>() / logarithms.len() as f64;
    raise_first_trees(step, &vec![-mean; logarithms.len()])
}

/// What trees are added to, if that is the same for all rows.
fn logarithms_of_shares(step: &mut Step<'_>) -> Option<Vec<f64>> {
    let init = step.get("init_")?;
    let init = step.other(init)?;
    let is_constant =
        init.class() == "DummyClassifier" && (init.is("strategy", "prior") || init.is("_strategy", "prior"));
    let shares = init.array("class_prior_").filter(|_| is_constant)?.to_f64()?;
    // As it was computed: shares are cut off at the precision of single numbers.
    let least = f64::from(f32::EPSILON);
    Some(shares.iter().map(|share| share.clamp(least, 1.0 - least).ln()).collect())
}

/// Adds to the values of each class's first tree what the trees were added to.
pub(crate) fn raise_first_trees(step: &mut Step<'_>, raise: &[f64]) -> Result<(), Refused> {
    let rate = step.float("learning_rate").filter(|rate| *rate != 0.0);
    let trees = step.items("estimators_").filter(|trees| trees.len() >= raise.len());
    let (Some(rate), Some(trees)) = (rate, trees) else {
        return Err(step.refused("it has fewer trees than classes, or learned nothing"));
    };
    for (tree, by) in trees.into_iter().zip(raise) {
        let by = by / rate;
        let tree = step.other(tree).and_then(|tree| tree.get("tree_"));
        let Some(mut tree) = tree.and_then(|tree| step.other(tree)) else {
            return Err(step.refused("a tree is missing"));
        };
        let Some(values) = tree.array("values") else { return Err(tree.refused("it has no values")) };
        let Some(numbers) = values.to_f64() else { return Err(tree.refused("its values are no numbers")) };
        let raised: Vec<f64> = numbers.iter().map(|value| value + by).collect();
        tree.set_f64("values", &values.shape, &raised);
    }
    Ok(())
}

fn old_loss(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.holds("estimators_") {
        return Ok(());
    }
    let count = step.int("n_classes_").unwrap_or(1);
    if count > 2 {
        center_in_trees(step)?;
    }
    let outputs = values::int(step.graph(), if count > 2 { count } else { 1 });
    let alpha = step.float("alpha").unwrap_or(0.9);
    let (class, with_alpha) = match step.text("loss").as_deref() {
        Some("log_loss") if count > 2 => ("sklearn.ensemble._gb_losses.MultinomialDeviance", false),
        Some("log_loss") => ("sklearn.ensemble._gb_losses.BinomialDeviance", false),
        Some("exponential") => ("sklearn.ensemble._gb_losses.ExponentialLoss", false),
        Some("squared_error") => ("sklearn.ensemble._gb_losses.LeastSquaresError", false),
        Some("absolute_error") => ("sklearn.ensemble._gb_losses.LeastAbsoluteError", false),
        Some("huber") => ("sklearn.ensemble._gb_losses.HuberLossFunction", true),
        Some("quantile") => ("sklearn.ensemble._gb_losses.QuantileLossFunction", true),
        _ => return Err(step.refused("its loss is not known")),
    };
    let mut attributes = vec![("K", outputs)];
    if with_alpha {
        let (alpha, percentile) = {
            let graph = step.graph();
            (values::float(graph, alpha), values::float(graph, alpha * 100.0))
        };
        attributes.push(("alpha", alpha));
        if class.ends_with("HuberLossFunction") {
            let gamma = values::none(step.graph());
            attributes.push(("gamma", gamma));
        } else {
            attributes.push(("percentile", percentile));
        }
    }
    let loss = step.instance(class, &attributes);
    step.set("_loss", loss);
    Ok(())
}

/// Categories are encoded by a transformer since; what was fitted on codes has none.
fn preprocessor(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("_predictors") {
        step.set_none("_preprocessor");
        let is_categorical = step.get("is_categorical_");
        match is_categorical {
            Some(flags) => step.set("_is_categorical_remapped", flags),
            None => step.set_none("_is_categorical_remapped"),
        }
    }
    Ok(())
}

fn no_preprocessor(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.has("_preprocessor") {
        return Err(step.refused(format!("scikit-learn {} does not encode categories by itself", step.to)));
    }
    Ok(())
}

/// Columns that pass through do so through a transformer, which was a word.
fn passthrough(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(transformers) = step.items("transformers_") else { return Ok(()) };
    let mut changed = Vec::new();
    for transformer in transformers {
        let parts = step.migration.graph.items(transformer).map(<[NodeId]>::to_vec);
        let Some(parts @ [name, what, columns]) = parts.and_then(|parts| <[NodeId; 3]>::try_from(parts).ok()) else {
            return Err(step.refused("`transformers_` are not of a name, a transformer and columns"));
        };
        if step.migration.graph.str_of(what) == Some("passthrough") {
            let name = step.migration.graph.str_of(name).unwrap_or_default().to_owned();
            let identity = identity(step, &name);
            changed.push(values::tuple(step.graph(), vec![parts[0], identity, columns]));
        } else {
            changed.push(transformer);
        }
    }
    let changed = values::list(step.graph(), changed);
    step.set("transformers_", changed);
    Ok(())
}

/// `FunctionTransformer(accept_sparse=True, check_inverse=False, feature_names_out="one-to-one")`.
fn identity(step: &mut Step<'_>, name: &str) -> NodeId {
    let places = places_of(step, name);
    let names = step.items("feature_names_in_");
    let config = step.get("_sklearn_output_config");
    let graph = step.graph();
    let none = values::none(graph);
    let (yes, no) = (values::bool(graph, true), values::bool(graph, false));
    let one_to_one = values::text(graph, "one-to-one");
    let mut attributes = vec![
        ("func", none),
        ("inverse_func", none),
        ("validate", no),
        ("accept_sparse", yes),
        ("check_inverse", no),
        ("feature_names_out", one_to_one),
        ("kw_args", none),
        ("inv_kw_args", none),
    ];
    if let Some(places) = places {
        let count = values::int(graph, i64::try_from(places.len()).unwrap_or(i64::MAX));
        attributes.push(("n_features_in_", count));
        let names = names.and_then(|names| places.iter().map(|&place| names.get(place).copied()).collect());
        if let Some(names) = names {
            attributes.push(("feature_names_in_", values::object_array(graph, names)));
        }
    }
    attributes.extend(config.map(|config| ("_sklearn_output_config", config)));
    step.instance("sklearn.preprocessing._function_transformer.FunctionTransformer", &attributes)
}

/// The columns that a transformer of a name is given.
fn places_of(step: &Step<'_>, name: &str) -> Option<Vec<usize>> {
    let graph = &step.migration.graph;
    let Node::Dict(pairs) = graph.node(step.get("_transformer_to_input_indices")?) else { return None };
    let (_, places) = pairs.iter().find(|(key, _)| graph.str_of(*key) == Some(name))?;
    let places = match graph.items(*places) {
        Some(items) => {
            items.iter().map(|&item| Scalar::read(graph, item).ok()??.as_i64()).collect::<Option<Vec<_>>>()?
        }
        None => step.array_at(*places)?.to_i64()?,
    };
    places.into_iter().map(|place| usize::try_from(place).ok()).collect()
}

/// `'warn'` stood for `False`.
fn force_alpha(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("force_alpha", "warn") {
        step.set_bool("force_alpha", false);
    }
    Ok(())
}

/// `affinity` is `metric` since 1.2.
fn metric(step: &mut Step<'_>) -> Result<(), Refused> {
    if !step.has("metric") {
        step.take("metric");
        if step.is("affinity", "deprecated") || !step.has("affinity") {
            step.set_text("metric", "euclidean");
        } else {
            step.rename("affinity", "metric");
        }
    }
    Ok(())
}

/// One class of scorers asks for what three asked for.
fn scorer(step: &mut Step<'_>) -> Result<(), Refused> {
    let method = match step.class() {
        "_PredictScorer" => values::text(step.graph(), "predict"),
        "_ProbaScorer" => values::text(step.graph(), "predict_proba"),
        _ => {
            let graph = step.graph();
            let methods = vec![values::text(graph, "decision_function"), values::text(graph, "predict_proba")];
            values::tuple(graph, methods)
        }
    };
    step.become_class("sklearn.metrics._scorer._Scorer");
    step.set("_response_method", method);
    let is_call = step.get("_kwargs").is_none_or(|kwargs| matches!(step.migration.graph.node(kwargs), Node::Dict(_)));
    if !is_call {
        return Err(step.refused("`_kwargs` is no dict"));
    }
    Ok(())
}

/// Scores of exactly 0 are likely where boosting starts with it.
fn equal_scores(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_binary = step.array("classes_").is_some_and(|classes| classes.len() == 2);
    let shares = step.get("init_").and_then(|init| step.other(init)?.array("class_prior_")?.to_f64());
    let starts_at_zero = step.is("init_", "zero") || shares.is_some_and(|shares| shares == [0.5, 0.5]);
    if is_binary && starts_at_zero {
        step.note(
            "rows whose score is exactly 0 are of the second class since scikit-learn 1.4, and of the first before",
        );
    }
    Ok(())
}

/// Whether `RadiusNeighborsClassMode` may vote, which knows numbers for labels alone.
pub(super) fn votes_by_number(step: &Step<'_>) -> bool {
    let is_number =
        step.array("classes_").is_some_and(|classes| matches!(classes.dtype, DType::Int { .. } | DType::Float { .. }));
    let is_euclidean = step.is("effective_metric_", "euclidean") || step.is("effective_metric_", "sqeuclidean");
    is_number
        && !is_euclidean
        && !step.flag("outputs_2d_")
        && step.is("weights", "uniform")
        && step.is("_fit_method", "brute")
        && step.has("outlier_label")
}

/// `DistanceMetric32` returns `float32` since.
fn rounded_distances(step: &mut Step<'_>) -> Result<(), Refused> {
    let is_single = step.array("_fit_X").is_some_and(|points| matches!(points.dtype, DType::Float { size: 4, .. }));
    if is_single && step.is("_fit_method", "brute") && !step.is("effective_metric_", "sqeuclidean") {
        step.note("distances between rows of float32 are rounded to float32 since scikit-learn 1.4, and not before");
    }
    Ok(())
}

fn outliers(step: &mut Step<'_>) -> Result<(), Refused> {
    rounded_distances(step)?;
    if votes_by_number(step) && step.int("outlier_label").is_none() {
        return Err(step.would_answer_otherwise("the probabilities of outliers are 0 where their label is no integer"));
    }
    Ok(())
}

/// Columns that pass through have an estimator already.
fn no_passthrough(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.holds("transformers_") {
        let none = values::dict(step.graph(), &[]);
        step.set("_name_to_fitted_passthrough", none);
    }
    Ok(())
}
