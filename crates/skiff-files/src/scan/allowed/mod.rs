//! The allow-list: which names a model may hold, and in which ways they may be called. What is not here is *unknown*.
//!
//! An entry is here because CPython, when it makes such an object of any arguments and any state that the list lets
//! pass, runs no code of the file's choosing and touches no file, process, network or module table. `python`, `numpy`,
//! `scikit_learn` and `packages` say it of their names.

mod form;
mod frames;
mod numpy;
mod packages;
mod pandas;
mod pattern;
mod python;
mod scikit_learn;
mod scipy;
mod sort;
mod splitters;

use skiff_pickle::{Graph, Make, Node, NodeId, Object, python3_name};
use skiff_sklearn::Class;

pub(super) use form::{Kind, Values};
pub(super) use frames::length_of_index;
pub(super) use pandas::table;
pub(crate) use scikit_learn::has_new_obj;
pub(super) use scikit_learn::{holds_items, is_named_tuple, made_by_skops};
pub(super) use scipy::{EXECUTED, distribution};

use crate::call::is_numpy_module;

/// What may be done to an object once it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub state: State,
    pub items: Items,
}

/// Which states `BUILD` may hand in.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// None at all.
    Nothing,
    /// A dict of attributes of an estimator of another package than scikit-learn.
    Estimator,
    /// A dict of the attributes that this class of scikit-learn can have.
    Class(&'static Class),
    /// What this compiled class of scikit-learn takes apart itself: a dict of its attributes, or a tuple of plain data.
    Compiled(&'static Class),
    /// Whatever is inert: the class takes it apart itself, in compiled code or in Python that calls nothing of it.
    Own,
    /// A value of this kind.
    Form(Kind),
    /// What joblib's array wrappers hold, and nothing else.
    Wrapper,
    /// What the blocks of pandas' tables were given before 1.3.
    Table,
    /// A distribution of scipy, which *executes the text* `_parse_arg_template` of its state.
    Distribution,
}

/// What may be put into an object opcode by opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    Nothing,
    List,
    Pairs,
    Set,
}

impl State {
    /// Whether it becomes attributes, and nothing in it is taken apart.
    pub fn is_of_attributes(self) -> bool {
        matches!(self, Self::Estimator | Self::Class(_) | Self::Distribution | Self::Wrapper)
    }
}

impl Made {
    const fn of(state: State) -> Self {
        Self { state, items: Items::Nothing }
    }

    const fn with(self, items: Items) -> Self {
        Self { items, ..self }
    }
}

/// Module and name as Python 3 knows them.
pub(super) fn name_of(graph: &Graph, id: NodeId) -> Option<(&str, &str)> {
    let (module, name) = graph.global(id)?;
    Some(python3_name(module, name))
}

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
    matches!(pandas::sort(module, name), Some(sort::Sort::Time | sort::Sort::Interval | sort::Sort::Offset))
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

/// A call, as the rooms of the packages look at it.
#[derive(Clone, Copy)]
struct Call<'g> {
    values: &'g Values<'g>,
    module: &'g str,
    name: &'g str,
    arguments: &'g [NodeId],
}

/// `None` for a name of another package.
type Called = Option<Result<Made, &'static str>>;

impl<'g> Call<'g> {
    fn graph(&self) -> &'g Graph {
        self.values.graph
    }

    fn argument(&self, index: usize) -> Option<NodeId> {
        self.arguments.get(index).copied()
    }

    fn global(&self, index: usize) -> Option<(&'g str, &'g str)> {
        self.argument(index).and_then(|id| name_of(self.graph(), id))
    }

    fn text(&self, index: usize) -> Option<&'g str> {
        self.argument(index).and_then(|id| self.graph().str_of(id))
    }

    /// What it makes of at least `least` arguments of these kinds.
    fn makes(&self, least: usize, kinds: &[Kind], state: State) -> Result<Made, &'static str> {
        if self.count() >= least && self.values.all_fit(self.arguments, kinds) { Ok(Made::of(state)) } else { Err("") }
    }

    fn count(&self) -> usize {
        self.arguments.len()
    }

    /// Whether all arguments are numbers, texts, bytes or `None`.
    fn is_plain(&self) -> bool {
        self.arguments.iter().all(|&argument| is_plain(self.graph(), argument))
    }
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
    python::is_zone_by_key(graph, callable).then(|| python::zone_by_key(call))
}

/// A number, a text, bytes, `None`, or a call of `_codecs.encode` that is judged on its own.
fn is_plain(graph: &Graph, id: NodeId) -> bool {
    match graph.node(id) {
        Node::None | Node::Bool(_) | Node::Int(_) | Node::BigInt(_) | Node::Float(_) => true,
        Node::Bytes(_) | Node::ByteArray(_) | Node::Str(_) | Node::ByteStr(_) => true,
        Node::Object(object) => name_of(graph, object.callable).is_some_and(|(module, name)| {
            (is_numpy_module(module, "multiarray") && name == "scalar") || (module, name) == ("_codecs", "encode")
        }),
        _ => false,
    }
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
