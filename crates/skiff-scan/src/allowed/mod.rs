//! The allow-list: which names a model may hold, and in which ways they may be called. What is not here is *unknown*.
//!
//! An entry is here because CPython, when it makes such an object of any arguments and any state that the list lets
//! pass, runs no code of the file's choosing and touches no file, process, network or module table. `python`, `numpy`,
//! `scikit_learn` and `packages` say it of their names.

mod call;
mod form;
mod frames;
mod kind;
mod made;
mod numpy;
mod packages;
mod pandas;
mod pattern;
mod python;
mod range;
mod scikit_learn;
mod scipy;
mod sort;
mod splitters;
mod zone;

use skiff_pickle::{Make, Node, NodeId, Object};

use call::{Call, Called};
pub(super) use form::Values;
pub(super) use frames::length_of_index;
use kind::Sort;
pub(super) use made::{Items, Made, State, name_of};
pub(super) use pandas::table;
pub(super) use scikit_learn::{holds_items, is_named_tuple, made_by_skops};
pub(super) use scipy::{EXECUTED, distribution};

/// Whether a name may stand in a model as a value: a class, or a function that harms nobody whoever calls it.
pub(super) fn may_stand(module: &str, name: &str) -> bool {
    python::may_stand(module, name)
        || numpy::may_stand(module, name)
        || packages::may_stand(module, name)
        || pandas::may_stand(module, name)
        || scipy::may_stand(module, name)
        || scikit_learn::may_stand(module, name)
}

/// Whether `functools.partial` may bind arguments to a name: functions of the list. Classes of it open files that their
/// arguments name (`xgboost.Booster(model_file=…)`).
pub(super) fn may_be_bound(module: &str, name: &str) -> bool {
    may_stand(module, name) && !name.starts_with(|first: char| first.is_uppercase() || first == '_')
}

/// Functions of scikit-learn that take arrays which it has checked itself, and believe them: they are attributes of the
/// estimators that call them, and nothing that anybody else may call.
pub(super) fn is_unchecked(module: &str, name: &str) -> bool {
    (module, name) == ("sklearn.cluster._kmeans", "_kmeans_single_lloyd")
}

/// Whether a name is on the list at all, if only as what makes an object.
pub(super) fn is_listed(module: &str, name: &str) -> bool {
    may_stand(module, name) || is_constructor(module, name)
}

/// Moments, spans of time and intervals of pandas, which are values like numbers.
pub(super) fn is_moment(module: &str, name: &str) -> bool {
    matches!(pandas::sort(module, name), Some(Sort::Time | Sort::Interval | Sort::Offset))
}

/// `numpy.memmap`, by any of its names.
pub(super) fn is_mapped_array(module: &str, name: &str) -> bool {
    name == "memmap" && numpy::is_constructor(module, name)
}

/// Classes whose objects execute text of their state, unless it is what scipy wrote.
pub(super) fn is_distribution(module: &str, name: &str) -> bool {
    matches!(scipy::class(module, name), Some(Made { state: State::Distribution, .. }))
}

/// Functions that may be called as `call` says, and may not stand alone.
fn is_constructor(module: &str, name: &str) -> bool {
    python::is_constructor(module, name)
        || numpy::is_constructor(module, name)
        || packages::is_constructor(module, name)
        || pandas::is_constructor(module, name)
        || splitters::is_constructor(module, name)
        || scikit_learn::is_constructor(module, name)
}

/// What the call that `object` stands for makes, if the call may be made.
pub(super) fn made(values: &Values<'_>, object: &Object) -> Result<Made, &'static str> {
    let graph = values.graph;
    const NO_TUPLE: &str = "is called with something else than a tuple of arguments";
    let arguments = match graph.node(object.arguments) {
        Node::Tuple(items) => &**items,
        _ => return Err(NO_TUPLE),
    };
    let Some((module, name)) = name_of(graph, object.callable) else {
        let call = Call { values, module: "", name: "", arguments };
        let of_a_call = if object.make == Make::Reduce { call_of_a_call(&call, object.callable) } else { None };
        return of_a_call.unwrap_or(Err("calls what another call made"));
    };
    if object.keywords.is_some() {
        return Err("is made with keyword arguments, as no model is");
    }
    match object.make {
        Make::Reduce => call(values, module, name, arguments),
        // Without arguments CPython makes an empty instance here, too.
        Make::NewObj | Make::NewObjEx => new(module, name, arguments),
        Make::Inst | Make::Obj if arguments.is_empty() => new(module, name, arguments),
        Make::Inst | Make::Obj => Err("is called with arguments in the way of protocol 0"),
    }
    .map_err(|why| if why.is_empty() { "is called in a way in which no model calls it" } else { why })
}

/// `class.__new__(class, *arguments)`.
fn new(module: &str, name: &str, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let made = class(module, name).ok_or("")?;
    // Named tuples are made of their parts.
    if arguments.is_empty() || is_named_tuple(module, name) { Ok(made) } else { Err("") }
}

/// Classes by which joblib announces arrays that lie outside of the opcodes.
pub(super) fn is_array_wrapper(name: &str) -> bool {
    matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")
}

/// What an empty instance of a class of the list may be given.
fn class(module: &str, name: &str) -> Option<Made> {
    if is_array_wrapper(name) && is_constructor(module, name) {
        return Some(Made::of(State::Wrapper));
    }
    if let Some(made) = python::class(module, name)
        .or_else(|| numpy::class(module, name))
        .or_else(|| pandas::class(module, name))
        .or_else(|| scipy::class(module, name))
        .or_else(|| packages::class(module, name))
    {
        return Some(made);
    }
    let is_function = name.starts_with(|first: char| first.is_ascii_lowercase()) && name != "make_column_selector";
    if packages::is_class(module, name) {
        return Some(Made::of(State::Estimator));
    }
    if (skiff_sklearn::is_held(module, name) || scikit_learn::is_cython_class(module, name)) && !is_function {
        return scikit_learn::class(module, name);
    }
    None
}

/// `function(*arguments)`.
fn call(values: &Values<'_>, module: &str, name: &str, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let call = Call { values, module, name, arguments };
    python::call(&call)
        .or_else(|| numpy::call(&call))
        .or_else(|| packages::call(&call))
        .or_else(|| pandas::call(&call))
        .or_else(|| splitters::call(&call))
        .or_else(|| scikit_learn::call(&call))
        .unwrap_or(Err(""))
}

/// `made(…)(*arguments)`: the few calls of this kind that packages write.
fn call_of_a_call(call: &Call<'_>, callable: NodeId) -> Called {
    let graph = call.graph();
    if pandas::is_new_block(graph, callable) {
        return Some(pandas::block_of_1_3(call));
    }
    zone::is_zone_by_key(graph, callable).then(|| python::zone_by_key(call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_dangerous_stands() {
        for (module, name) in
            [("builtins", "eval"), ("numpy", "load"), ("operator", "attrgetter"), ("builtins", "getattr")]
        {
            assert!(!may_stand(module, name), "{module}.{name}");
        }
    }
}
