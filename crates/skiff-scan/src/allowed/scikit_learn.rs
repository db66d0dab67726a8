//! scikit-learn's names, and how its compiled classes are made.

use skiff_files::has_new_obj;
use skiff_pickle::{Graph, Node, Object};
use skiff_sklearn::is_held;

use super::call::{Call, Called};
use super::made::{Items, Made, State, is_plain, name_of};

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    is_cython_class(module, name) || is_held(module, name) || is_function(module, name)
}

/// Functions that transform what they are given, and do nothing else.
fn is_function(module: &str, name: &str) -> bool {
    match module {
        "sklearn.preprocessing._data" | "sklearn.preprocessing.data" => SCALERS.contains(&name),
        "sklearn.feature_extraction.text" => {
            matches!(name, "strip_accents_ascii" | "strip_accents_unicode" | "strip_tags")
        }
        _ => false,
    }
}

const SCALERS: [&str; 9] = [
    "add_dummy_feature",
    "binarize",
    "maxabs_scale",
    "minmax_scale",
    "normalize",
    "power_transform",
    "quantile_transform",
    "robust_scale",
    "scale",
];

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    if has_new_obj(module) { name == "newObj" } else { pyx_class(module, name).is_some() }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, .. } = *call;
    Some(match (module, name) {
        (_, "newObj") if has_new_obj(module) => match call.global(0) {
            Some((module, name)) if call.count() == 1 && has_new_obj(module) && is_cython_class(module, name) => {
                compiled(module, name)
            }
            _ => Err(""),
        },
        (_, "Tree") if module == "sklearn.tree._tree" && call.count() == 3 => compiled(module, name),
        _ if is_cython_class(module, name) && call.is_plain() && call.count() <= 2 => compiled(module, name),
        _ => match (pyx_class(module, name)?, call.global(0)) {
            (class, Some((found_module, found))) if found == class && call.count() == 3 && has_plain_state(call) => {
                compiled(found_module, found)
            }
            _ => Err(""),
        },
    })
}

/// Whether the last argument of `__pyx_unpickle_…` is no state, or one of numbers.
fn has_plain_state(call: &Call<'_>) -> bool {
    match call.argument(2).map(|state| call.graph().node(state)) {
        Some(Node::Tuple(parts)) => parts.iter().all(|&part| is_plain(call.graph(), part)),
        Some(Node::None) => true,
        _ => false,
    }
}

/// An object of a compiled class, which takes its state apart itself.
fn compiled(module: &str, name: &str) -> Result<Made, &'static str> {
    skiff_sklearn::class(module, name).map(|class| Made::of(State::Compiled(class))).ok_or("")
}

/// What an empty instance of a class may be given.
pub(super) fn class(module: &str, name: &str) -> Option<Made> {
    let class = skiff_sklearn::class(module, name)?;
    if is_cython_class(module, name) {
        return Some(Made::of(State::Compiled(class)));
    }
    Some(Made::of(State::Class(class)).with(items(name)))
}

/// What may be put into an object of a class: subclasses of dict and list.
fn items(name: &str) -> Items {
    match name {
        "Bunch" | "DeprecationDict" | "_DictWithDeprecatedKeys" => Items::Pairs,
        "_RemainderColsList" => Items::List,
        _ => Items::Nothing,
    }
}

/// Whether a class derives from dict or list.
pub(crate) fn holds_items(module: &str, name: &str) -> bool {
    items(name) != Items::Nothing && is_held(module, name)
}

/// What skops makes by a call where pickle would make an empty instance and fill it: subclasses of dict and list, and
/// named tuples.
pub(crate) fn made_by_skops(graph: &Graph, object: &Object) -> Option<Made> {
    let (module, name) = name_of(graph, object.callable)?;
    let made = is_held(module, name).then(|| class(module, name))??;
    let arguments = graph.items(object.arguments)?;
    let is_whole = match (made.items, arguments) {
        (Items::Pairs, []) => true,
        (Items::List, [list]) => matches!(graph.node(*list), Node::List(_)),
        _ => is_named_tuple(module, name),
    };
    is_whole.then_some(made)
}

pub(crate) fn is_named_tuple(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("sklearn._loss.glm_distribution", "DistributionBoundary")
            | ("sklearn.grid_search", "_CVScoreTuple")
            | ("sklearn.impute" | "sklearn.impute._iterative", "_ImputerTriplet")
    )
}

/// Whether objects of a class are estimators, or parts of them, that nobody can call.
pub(super) fn is_estimator(module: &str, name: &str) -> bool {
    let is_class = name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase());
    let has_call = ["scorer", "kernels", "loss", "dist_metrics", "correlation_models", "regression_models"]
        .iter()
        .any(|part| module.contains(part));
    is_class && !has_call && is_held(module, name)
}

/// Classes in compiled code, whose state is taken apart there.
pub(super) fn is_cython_class(module: &str, name: &str) -> bool {
    if module == "_loss" {
        return is_loss(name);
    }
    const MODULES: [&str; 12] = [
        "sklearn._loss._loss",
        "sklearn.linear_model._sgd_fast",
        "sklearn.linear_model.sgd_fast",
        "sklearn.metrics._dist_metrics",
        "sklearn.neighbors._ball_tree",
        "sklearn.neighbors._dist_metrics",
        "sklearn.neighbors._kd_tree",
        "sklearn.neighbors.ball_tree",
        "sklearn.neighbors.dist_metrics",
        "sklearn.neighbors.kd_tree",
        "sklearn.tree._tree",
        "sklearn._loss",
    ];
    // A distance of the caller's own holds a function.
    let is_distance = || {
        let bare = name.strip_suffix("64").or_else(|| name.strip_suffix("32")).unwrap_or(name);
        module.ends_with("dist_metrics")
            && bare
                .strip_suffix("Distance")
                .is_some_and(|kind| kind != "PyFunc" && kind.bytes().all(|byte| byte.is_ascii_alphabetic()))
    };
    MODULES.contains(&module) && (is_held(module, name) || is_distance())
}

/// The losses call their module `_loss` as well.
fn is_loss(name: &str) -> bool {
    is_held("sklearn._loss._loss", name)
}

/// `__pyx_unpickle_CyHuberLoss` of its module: the class that it makes.
fn pyx_class<'n>(module: &str, name: &'n str) -> Option<&'n str> {
    let class = name.strip_prefix("__pyx_unpickle_")?;
    (matches!(module, "_loss" | "sklearn._loss._loss") && is_loss(class)).then_some(class)
}

#[cfg(test)]
mod tests {
    /// A class that the catalog does not know could not be judged.
    #[test]
    fn the_catalog_knows_every_class() {
        for path in skiff_sklearn::held() {
            let (module, name) = path.rsplit_once('.').expect("a dotted path");
            let is_class = name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase());
            assert!(!is_class || skiff_sklearn::class(module, name).is_some(), "{path}");
        }
    }

    #[test]
    fn names_are_sorted() {
        assert!(skiff_sklearn::held().is_sorted());
    }
}
