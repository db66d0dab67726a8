//! From scikit-learn 1.7 to 1.8.

use skiff_files::numpy::nodes;
use skiff_files::{NdArray, Node, NodeId, Scalar};

use crate::error::Refused;
use crate::rule::{Boundary, Rule, nothing};
use crate::step::Step;
use crate::values;

pub(crate) const BOUNDARY: Boundary = Boundary {
    renames: &[],
    values: &[],
    rules: &[
        Rule { classes: &["SimpleImputer"], up: fill_dtype, down: empty_features },
        Rule { classes: &["MaxAbsScaler"], up: nothing, down: not_clipped },
        Rule { classes: &["OneHotEncoder"], up: nothing, down: infrequent },
        Rule { classes: &["RidgeClassifier", "RidgeClassifierCV"], up: ridge_classes, down: two_axes },
        Rule { classes: &["LogisticRegression", "LogisticRegressionCV"], up: one_link, down: links },
        Rule { classes: &["GradientBoostingClassifier"], up: certain, down: certain },
        Rule { classes: &["OneVsRestClassifier"], up: first_of_equals, down: last_of_equals },
        Rule { classes: &["OneHotEncoder"], up: warn_as_infrequent, down: nothing },
        Rule { classes: &["MDS"], up: metric_mds, down: nothing },
        Rule { classes: &["SparseCoder"], up: n_components, down: nothing },
        Rule { classes: &["Tree"], up: missing_paths, down: missing_paths },
        Rule { classes: CODERS, up: rounds, down: rounds },
        Rule { classes: &["StandardScaler"], up: single_rows, down: single_rows },
    ],
};

/// Estimators whose codes may be found by coordinate descent.
const CODERS: &[&str] = &["DictionaryLearning", "MiniBatchDictionaryLearning", "SparseCoder"];
/// Estimators whose scores are equal for many rows.
const STEPWISE: &[&str] = &[
    "BaggingClassifier",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
    "ExtraTreesClassifier",
    "KNeighborsClassifier",
    "RandomForestClassifier",
];

/// `transform` casts the statistics to the dtype that `fit` saw, which is theirs.
fn fill_dtype(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(array) = step.array("statistics_") {
        let dtype = nodes::dtype(step.graph(), &array.dtype);
        step.add("_fill_dtype", dtype);
    }
    Ok(())
}

/// `classes_` was a property over the binarizer.
fn ridge_classes(step: &mut Step<'_>) -> Result<(), Refused> {
    let binarizer = step.get("_label_binarizer");
    let classes = binarizer.and_then(|binarizer| step.other(binarizer)?.get("classes_"));
    if let Some(classes) = classes {
        step.add("classes_", classes);
    }
    Ok(())
}

/// How near to 0 and 1 the shares may be that trees are added to: `init` can give such, and its own cannot.
fn certain(step: &mut Step<'_>) -> Result<(), Refused> {
    let Some(init) = step.get("init_") else { return Ok(()) };
    let is_own = step.is("init_", "zero") || step.other(init).is_some_and(|init| init.class() == "DummyClassifier");
    if is_own { Ok(()) } else { Err(step.would_answer_otherwise("the probabilities of `init` are cut off elsewhere")) }
}

/// `multi_class` is gone: two classes have the logistic function, more have softmax. One against the rest is
/// `OneVsRestClassifier`'s.
fn one_link(step: &mut Step<'_>) -> Result<(), Refused> {
    no_penalty(step);
    let Some(classes) = step.array("classes_") else {
        step.take("multi_class");
        return Ok(());
    };
    let is_binary = classes.len() == 2;
    let is_liblinear = step.is("solver", "liblinear");
    match step.text("multi_class").as_deref() {
        Some("multinomial") if is_binary => {
            let what = "`multi_class='multinomial'` of two classes has probabilities that no state gives there";
            return Err(step.would_answer_otherwise(what));
        }
        Some("multinomial") => {}
        Some("auto" | "deprecated") if !is_liblinear => {}
        _ if is_binary => {}
        _ => return one_versus_rest(step, &classes),
    }
    // Its meaning stays.
    step.take("multi_class");
    Ok(())
}

/// `l1_ratio` and `C` say what `penalty` said.
fn no_penalty(step: &mut Step<'_>) {
    if step.class() != "LogisticRegression" {
        return;
    }
    match step.text("penalty").as_deref() {
        Some("l1") => step.set_float("l1_ratio", 1.0),
        Some("l2") => step.set_float("l1_ratio", 0.0),
        Some("elasticnet") => {}
        _ => {
            step.set_float("l1_ratio", 0.0);
            step.set_float("C", f64::INFINITY);
        }
    }
    step.set_text("penalty", "deprecated");
}

/// What `penalty` said before, of `l1_ratio` and `C`.
fn penalty(step: &mut Step<'_>) {
    if step.class() != "LogisticRegression" || !step.is("penalty", "deprecated") {
        return;
    }
    let ratio = step.float("l1_ratio").unwrap_or(0.0);
    if step.float("C") == Some(f64::INFINITY) {
        step.set_none("penalty");
        step.set_float("C", 1.0);
    } else if ratio == 0.0 {
        step.set_text("penalty", "l2");
    } else if ratio == 1.0 {
        step.set_text("penalty", "l1");
    } else {
        step.set_text("penalty", "elasticnet");
        return;
    }
    step.set_none("l1_ratio");
}

fn one_versus_rest(step: &mut Step<'_>, classes: &NdArray) -> Result<(), Refused> {
    const OWN: &str = "sklearn.linear_model._logistic.LogisticRegression";
    const CROSS_VALIDATED: &str = "sklearn.linear_model._logistic.LogisticRegressionCV";
    let path = if step.class() == "LogisticRegression" { OWN } else { CROSS_VALIDATED };
    let (Some(coef), Some(intercepts_array)) = (step.array("coef_"), step.array("intercept_")) else {
        return Err(step.would_answer_otherwise("`multi_class='ovr'` with sparse coefficients is gone"));
    };
    let (rows, intercepts) = match (coef.to_f64(), intercepts_array.to_f64()) {
        (Some(rows), Some(intercepts)) if coef.ndim() == 2 && intercepts.len() == classes.len() => (rows, intercepts),
        _ => return Err(step.refused("its coefficients are not of one row for each class")),
    };
    let class = step.subject().class;
    let own: Vec<(String, NodeId)> =
        step.subject().names().into_iter().filter_map(|name| Some((name.clone(), step.get(&name)?))).collect();
    let is_parameter = |name: &&(String, NodeId)| class.parameter(&name.0).is_some() && name.0 != "multi_class";
    let mut parameters: Vec<(&str, NodeId)> =
        own.iter().filter(is_parameter).map(|(name, value)| (name.as_str(), *value)).collect();
    if path == CROSS_VALIDATED {
        let warn = values::text(step.graph(), "warn");
        parameters.push(("use_legacy_attributes", warn));
    }
    let estimator = step.instance(path, &parameters);
    let kept = ["classes_", "n_features_in_", "feature_names_in_"];
    let shared: Vec<(&str, NodeId)> = kept.iter().skip(1).filter_map(|name| Some((*name, step.get(name)?))).collect();
    let mut estimators = Vec::new();
    let width = coef.shape.get(1).copied().unwrap_or_default().max(1);
    for (row, &intercept) in rows.chunks(width).zip(&intercepts) {
        let two = values::i64_array(step.graph(), &[2], &[0, 1]);
        let coef = step.floats(&coef.dtype, &[1, row.len()], row);
        let intercept = step.floats(&intercepts_array.dtype, &[1], &[intercept]);
        let mut attributes = parameters.clone();
        attributes.extend([("classes_", two), ("coef_", coef), ("intercept_", intercept)]);
        attributes.extend(shared.iter().copied());
        estimators.push(step.instance(path, &attributes));
    }
    let estimators = values::list(step.graph(), estimators);
    let binarizer = binarizer(step);
    let jobs = step.get("n_jobs");
    for (name, _) in &own {
        if !kept.contains(&name.as_str()) && name != "_sklearn_version" {
            step.take(name);
        }
    }
    step.become_class("sklearn.multiclass.OneVsRestClassifier");
    step.set("estimator", estimator);
    match jobs {
        Some(jobs) => step.set("n_jobs", jobs),
        None => step.set_none("n_jobs"),
    }
    step.set_int("verbose", 0);
    step.set("estimators_", estimators);
    step.set("label_binarizer_", binarizer);
    step.note("stands for a logistic regression with `multi_class='ovr'`, which scikit-learn 1.8 has no more; its coefficients \
         are those of `estimators_`");
    Ok(())
}

/// The binarizer that `OneVsRestClassifier` was fitted with.
fn binarizer(step: &mut Step<'_>) -> NodeId {
    let graph = step.graph();
    let (zero, one) = (values::int(graph, 0), values::int(graph, 1));
    let (yes, no) = (values::bool(graph, true), values::bool(graph, false));
    let kind = values::text(graph, "multiclass");
    let mut attributes =
        vec![("neg_label", zero), ("pos_label", one), ("sparse_output", yes), ("y_type_", kind), ("sparse_input_", no)];
    attributes.extend(step.get("classes_").map(|classes| ("classes_", classes)));
    step.instance("sklearn.preprocessing._label.LabelBinarizer", &attributes)
}

fn links(step: &mut Step<'_>) -> Result<(), Refused> {
    penalty(step);
    // Softmax, however many classes there are and whichever solver found it.
    let is_binary = step.array("classes_").is_some_and(|classes| classes.len() == 2);
    if step.is("solver", "liblinear") && !is_binary && step.holds("coef_") {
        return Err(
            step.would_answer_otherwise("`solver='liblinear'` of several classes is one against the rest there")
        );
    }
    step.set_text("multi_class", if is_binary { "auto" } else { "multinomial" });
    Ok(())
}

/// Of classes with equal scores `predict` takes the first since 1.8; it took the last.
fn first_of_equals(step: &mut Step<'_>) -> Result<(), Refused> {
    equals(step, "of equal scores the first class wins, where the last one did")
}

fn last_of_equals(step: &mut Step<'_>) -> Result<(), Refused> {
    equals(step, "of equal scores the last class wins, where the first one did")
}

fn equals(step: &mut Step<'_>, what: &str) -> Result<(), Refused> {
    let is_single = step.items("estimators_").is_none_or(|estimators| estimators.len() < 2);
    if !is_single && step.get("estimator").is_some_and(|inner| is_stepwise(step, inner)) {
        return Err(step.would_answer_otherwise(what));
    }
    Ok(())
}

/// Whether the scores of an estimator, or of one that it hands rows on to, are equal for many rows.
fn is_stepwise(step: &mut Step<'_>, estimator: NodeId) -> bool {
    let mut todo = vec![estimator];
    let mut left = MOST_WITHIN;
    while let (Some(id), Some(less)) = (todo.pop(), left.checked_sub(1)) {
        left = less;
        let Some(inner) = step.other(id) else { continue };
        match inner.class() {
            class if STEPWISE.contains(&class) => return true,
            "CalibratedClassifierCV" if inner.is("method", "isotonic") => return true,
            "Pipeline" => todo.extend(inner.items("steps").and_then(|steps| steps.last().copied())),
            "VotingClassifier" => todo.extend(inner.items("estimators").unwrap_or_default()),
            "CalibratedClassifierCV"
            | "GridSearchCV"
            | "HalvingGridSearchCV"
            | "HalvingRandomSearchCV"
            | "RFE"
            | "RFECV"
            | "RandomizedSearchCV"
            | "SelfTrainingClassifier" => todo.extend(inner.get("estimator")),
            _ => {}
        }
        // A name and an estimator.
        let pairs = std::mem::take(&mut todo);
        let of_pair = |id| step.migration.graph.items(id).and_then(|pair| pair.get(1).copied()).unwrap_or(id);
        todo.extend(pairs.into_iter().map(of_pair));
    }
    false
}

/// How many estimators within each other are looked at.
const MOST_WITHIN: usize = 200;

/// `handle_unknown='warn'` encoded what is unknown as zeros, and is `'infrequent_if_exist'` since.
fn warn_as_infrequent(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("handle_unknown", "warn") && step.flag("_infrequent_enabled") {
        step.set_text("handle_unknown", "ignore");
        step.note("has `handle_unknown='ignore'`, which encodes as `'warn'` did, but does not warn");
    }
    Ok(())
}

/// `metric`, a bool, became `metric_mds`; `metric` is that of the distances now, which was `dissimilarity`.
fn metric_mds(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.get("metric").is_some_and(|metric| matches!(step.migration.graph.node(metric), Node::Bool(_))) {
        step.rename("metric", "metric_mds");
        let metric = if step.is("dissimilarity", "precomputed") { "precomputed" } else { "euclidean" };
        step.set_text("metric", metric);
        step.set_text("dissimilarity", "deprecated");
    }
    Ok(())
}

/// `n_components_` was a property over the dictionary.
fn n_components(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(shape) = step.shape("dictionary")
        && let Some(&rows) = shape.first()
        && step.holds("n_features_in_")
    {
        step.set_int("n_components_", i64::try_from(rows).unwrap_or(i64::MAX));
    }
    Ok(())
}

fn rounds(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("transform_algorithm", "lasso_cd") {
        step.note("coordinate descent ends elsewhere within its tolerance, so that codes differ in their later digits");
    }
    Ok(())
}

fn single_rows(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.has("mean_") || step.has("scale_") {
        step.note(
            "rows of `float32` are scaled by statistics rounded to it since scikit-learn 1.8; far from 0 that shows",
        );
    }
    Ok(())
}

fn missing_paths(step: &mut Step<'_>) -> Result<(), Refused> {
    let goes_left = step.array("nodes").and_then(|nodes| nodes.field("missing_go_to_left")?.to_i64());
    if goes_left.is_some_and(|goes_left| goes_left.contains(&1)) {
        step.note("`decision_path` of missing values follows the tree since scikit-learn 1.8, and went right before");
    }
    Ok(())
}

/// The coefficients of two classes have one axis since.
fn two_axes(step: &mut Step<'_>) -> Result<(), Refused> {
    if let Some(coef) = step.array("coef_")
        && let &[width] = coef.shape.as_slice()
        && let Some(numbers) = coef.to_f64()
    {
        let array = step.floats(&coef.dtype, &[1, width], &numbers);
        step.set("coef_", array);
    }
    Ok(())
}

/// Features without a value are filled with a constant there, whatever `keep_empty_features` says.
fn empty_features(step: &mut Step<'_>) -> Result<(), Refused> {
    let statistics = step.array("statistics_").and_then(|statistics| match statistics.objects() {
        Some(objects) => {
            let graph = &step.migration.graph;
            Some(objects.iter().filter_map(|id| Scalar::read(graph, *id).ok()??.as_f64()).collect())
        }
        None => statistics.to_f64(),
    });
    let is_left_out = statistics.is_some_and(|statistics: Vec<f64>| statistics.iter().any(|value| value.is_nan()));
    if step.is("strategy", "constant") && !step.flag("keep_empty_features") && is_left_out {
        return Err(step.would_answer_otherwise("features without a value are kept"));
    }
    Ok(())
}

fn not_clipped(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.flag("clip") {
        return Err(step.would_answer_otherwise("`clip` is not known"));
    }
    Ok(())
}

/// `handle_unknown='warn'` encoded what is unknown by zeros.
fn infrequent(step: &mut Step<'_>) -> Result<(), Refused> {
    if step.is("handle_unknown", "warn") {
        step.set_text(
            "handle_unknown",
            if step.flag("_infrequent_enabled") { "infrequent_if_exist" } else { "ignore" },
        );
    }
    Ok(())
}
