//! What the catalog knows of a boundary: where classes are, and which parameters and attributes come and go.

use skiff_files::{Node, Scalar};
use skiff_sklearn::{Class, Version};

use crate::error::Refused;
use crate::literal;
use crate::step::Step;

/// Families whose objects keep their constructor's parameters under their names.
const WITH_PARAMETERS: [&str; 2] = ["sklearn.base.BaseEstimator", "sklearn.gaussian_process.kernels.Kernel"];

/// Parameters that came after their class and after 0.20, that a fitted model asks for in its answers, and that no rule of
/// a boundary is about. Without them it answers as if they had their defaults.
const ASKED_FOR: &[(&[&str], &[&str])] = &[
    (&["IterativeImputer"], &["fill_value", "keep_empty_features"]),
    (&["KBinsDiscretizer"], &["dtype"]),
    (&["KNNImputer"], &["keep_empty_features"]),
    (&["NuSVC", "SVC"], &["break_ties"]),
    (&["OneHotEncoder"], &["drop"]),
    (&["OrdinalEncoder"], &["handle_unknown", "unknown_value"]),
    (&["SelectFromModel"], &["importance_getter"]),
    (&["SplineTransformer"], &["handle_missing", "sparse_output"]),
];
/// Those that names of columns alone depend on.
const OF_NAMES: &[(&[&str], &[&str])] = &[
    (&["ColumnTransformer", "FeatureUnion"], &["verbose_feature_names_out"]),
    (&["FunctionTransformer"], &["feature_names_out"]),
    (&["OneHotEncoder"], &["feature_name_combiner"]),
];

fn is_among(table: &[(&[&str], &[&str])], class: &str, name: &str) -> bool {
    table.iter().any(|(classes, names)| classes.contains(&class) && names.contains(&name))
}

/// Takes from an object what the other side does not have, and gives it the parameters that are new there.
pub(crate) fn cross(step: &mut Step<'_>, from: Version, to: Version) -> Result<(), Refused> {
    let class = step.subject().class;
    if !step.subject().is_plain() {
        return Ok(());
    }
    let has_parameters = WITH_PARAMETERS.contains(&class.family());
    for name in step.subject().names() {
        if let Some(parameter) = class.parameter(&name)
            && has_parameters
        {
            if parameter.versions.contains(from) && !parameter.versions.contains(to) {
                drop_parameter(step, class, &name)?;
            } else if step.is(&name, "deprecated")
                && let Some(default) = default(parameter, to).filter(|default| *default != "'deprecated'")
                && let Some(value) = literal::node(step.graph(), default)
            {
                step.set(&name, value);
            }
        } else if let Some(attribute) = class.attribute(&name)
            && attribute.versions.contains(from)
            && !attribute.versions.contains(to)
        {
            step.take(&name);
        }
    }
    if !has_parameters {
        return Ok(());
    }
    let mut new: Vec<_> = class
        .parameters()
        .filter(|(_, parameter)| parameter.versions.contains(to) && !parameter.versions.contains(from))
        .filter_map(|(name, parameter)| Some((name, default(parameter, to)?)))
        .collect();
    new.sort_unstable();
    for (name, default) in new {
        if !step.holds(name)
            && let Some(value) = literal::node(step.graph(), default)
        {
            step.set(name, value);
        }
    }
    Ok(())
}

/// Gives an object the parameters of its class that it does not have, by their defaults on the other side.
pub(crate) fn add_defaults(step: &mut Step<'_>) {
    let (class, to) = (step.subject().class, step.to);
    let mut missing: Vec<_> = class
        .parameters()
        .filter(|(name, parameter)| parameter.versions.contains(to) && !step.holds(name))
        .filter_map(|(name, parameter)| Some((name, default(parameter, to)?)))
        .collect();
    missing.sort_unstable();
    for (name, default) in missing {
        if let Some(value) = literal::node(step.graph(), default) {
            step.set(name, value);
        }
    }
}

/// The default that a version has.
fn default(parameter: &skiff_sklearn::Parameter, version: Version) -> Option<&'static str> {
    parameter.defaults.iter().find(|(versions, _)| versions.contains(version)).and_then(|(_, default)| *default)
}

/// Takes a parameter that the other side does not have, after the boundary's rules.
fn drop_parameter(step: &mut Step<'_>, class: &'static Class, name: &str) -> Result<(), Refused> {
    let Some(value) = step.get(name) else { return Ok(()) };
    let defaults = class.parameter(name).map(|parameter| parameter.defaults.clone()).unwrap_or_default();
    let shown = match step.migration.graph.node(value) {
        Node::None => "None".to_owned(),
        _ => step.scalar(name).map_or_else(String::new, |value| shown(&value)),
    };
    // Defaults, of this version or one before, are nobody's choice.
    let is_default = defaults.iter().any(|(_, default)| *default == Some(&*shown))
        || matches!(&*shown, "'deprecated'" | "'warn'" | "'auto'" | "None");
    step.take(name);
    if is_default {
        return Ok(());
    }
    let value = if shown.is_empty() { "its value".to_owned() } else { format!("`{name}={shown}`") };
    if is_among(ASKED_FOR, step.class(), name) {
        return Err(step.would_answer_otherwise(&format!("it has no parameter `{name}`, and here {value} counts")));
    }
    let asks =
        if is_among(OF_NAMES, step.class(), name) { "the names of columns come from" } else { "only `fit` asks for" };
    step.note(&format!("scikit-learn {} has no parameter `{name}`; {value} is lost, which {asks}", step.to));
    Ok(())
}

/// As Python prints it.
fn shown(value: &Scalar) -> String {
    match value {
        Scalar::Str(text) => format!("'{text}'"),
        value => value.to_string(),
    }
}

/// Module and name of a class or function, given by any path that it has had, as a version has it.
pub(crate) fn path(module: &str, name: &str, version: Version) -> Option<(String, String)> {
    let module = if module == "_loss" { "sklearn._loss._loss" } else { module };
    if let Some(class) = skiff_sklearn::class(module, name) {
        let path = class.paths().iter().find(|(_, versions)| versions.contains(version));
        let (module, name) = path?.0.rsplit_once('.')?;
        return Some((module.to_owned(), name.to_owned()));
    }
    let mut module = module.to_owned();
    // In the order of time, then back.
    for (since, old, new) in MOVED {
        if Version::parse(since).is_some_and(|since| since <= version) && module == *old {
            (*new).clone_into(&mut module);
        }
    }
    for (since, old, new) in MOVED.iter().rev() {
        if Version::parse(since).is_some_and(|since| since > version) && module == *new {
            (*old).clone_into(&mut module);
        }
    }
    Some((module, name.to_owned()))
}

/// Modules of functions that moved: the version, the old name and the new one.
const MOVED: &[(&str, &str, &str)] = &[
    ("0.22", "sklearn.feature_selection.mutual_info_", "sklearn.feature_selection._mutual_info"),
    ("0.22", "sklearn.feature_selection.univariate_selection", "sklearn.feature_selection._univariate_selection"),
    ("0.22", "sklearn.metrics.classification", "sklearn.metrics._classification"),
    ("0.22", "sklearn.metrics.regression", "sklearn.metrics._regression"),
    ("0.22", "sklearn.metrics.ranking", "sklearn.metrics._ranking"),
    ("0.22", "sklearn.metrics.scorer", "sklearn.metrics._scorer"),
    ("0.22", "sklearn.neighbors.ball_tree", "sklearn.neighbors._ball_tree"),
    ("0.22", "sklearn.neighbors.dist_metrics", "sklearn.neighbors._dist_metrics"),
    ("0.22", "sklearn.neighbors.kd_tree", "sklearn.neighbors._kd_tree"),
    ("0.22", "sklearn.preprocessing.data", "sklearn.preprocessing._data"),
    ("1.0", "sklearn.neighbors._dist_metrics", "sklearn.metrics._dist_metrics"),
];
