//! scikit-learn's names, and how its compiled classes are made.

use super::super::sklearn_names::NAMES;
use super::{Call, Called, Made, State};

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    is_cython_class(module, name) || is_listed(module, name)
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    if has_new_obj(module) { name == "newObj" } else { pyx_class(module, name).is_some() }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, .. } = *call;
    let own = Ok(Made::of(State::Own));
    Some(match (module, name) {
        (_, "newObj") if has_new_obj(module) => match call.global(0) {
            Some((module, name)) if call.count() == 1 && has_new_obj(module) && is_cython_class(module, name) => own,
            _ => Err(""),
        },
        (_, "Tree") if module == "sklearn.tree._tree" && call.count() == 3 => own,
        _ if is_cython_class(module, name) && call.is_plain() && call.count() <= 2 => own,
        _ => match (pyx_class(module, name)?, call.global(0)) {
            (class, Some((_, found))) if found == class && call.count() == 3 => own,
            _ => Err(""),
        },
    })
}

pub(super) fn is_named_tuple(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("sklearn._loss.glm_distribution", "DistributionBoundary")
            | ("sklearn.gaussian_process.kernels", "Hyperparameter")
            | ("sklearn.grid_search", "_CVScoreTuple")
            | ("sklearn.impute" | "sklearn.impute._iterative", "_ImputerTriplet")
    )
}

pub(super) fn is_listed(module: &str, name: &str) -> bool {
    let found = NAMES.binary_search_by(|(entry, _)| (*entry).cmp(module)).ok().and_then(|place| NAMES.get(place));
    found.is_some_and(|(_, names)| names.contains(&name))
}

/// Whether objects of a class are estimators, or parts of them, that nobody can call.
pub(super) fn is_estimator(module: &str, name: &str) -> bool {
    let is_class = name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase());
    let has_call = ["scorer", "kernels", "loss", "dist_metrics", "correlation_models", "regression_models"]
        .iter()
        .any(|part| module.contains(part));
    is_class && !has_call && is_listed(module, name)
}

/// Classes in compiled code, whose state is taken apart there.
fn is_cython_class(module: &str, name: &str) -> bool {
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
    MODULES.contains(&module) && (is_listed(module, name) || is_distance())
}

/// The losses call their module `_loss` as well.
fn is_loss(name: &str) -> bool {
    is_listed("sklearn._loss._loss", name)
}

/// `__pyx_unpickle_CyHuberLoss` of its module: the class that it makes.
fn pyx_class<'n>(module: &str, name: &'n str) -> Option<&'n str> {
    let class = name.strip_prefix("__pyx_unpickle_")?;
    (matches!(module, "_loss" | "sklearn._loss._loss") && is_loss(class)).then_some(class)
}

pub(crate) fn has_new_obj(module: &str) -> bool {
    matches!(
        module,
        "sklearn.metrics._dist_metrics"
            | "sklearn.neighbors._ball_tree"
            | "sklearn.neighbors._dist_metrics"
            | "sklearn.neighbors._kd_tree"
            | "sklearn.neighbors.ball_tree"
            | "sklearn.neighbors.dist_metrics"
            | "sklearn.neighbors.kd_tree"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted_by_key(|(module, _)| module));
    }
}
