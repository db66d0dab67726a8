//! The allow-list: which names a model may hold, and in which ways they may be called. What is not here is *unknown*.
//!
//! An entry is here because CPython, when it makes such an object of any arguments and any state that this room lets
//! pass, runs no code of the file's choosing and touches no file, process, network or module table.

use skiff_pickle::{Graph, Make, Node, NodeId, Object, python3_name};

use super::sklearn_names::NAMES;
use crate::call::{bytes_of, is_numpy_module};
use crate::pyarrow;

/// What may be done to an object once it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub state: State,
    pub items: Items,
}

/// Which states `BUILD` may hand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// None at all.
    Nothing,
    /// A dict of attributes.
    Attributes,
    /// Whatever is inert: the class takes it apart itself, in compiled code or in Python that calls nothing of it.
    Own,
    /// `functools.partial`: a callable that is on the list, then whatever is inert.
    Partial,
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
    match module {
        // `sorted` calls nothing but what it is given by keyword.
        "builtins" => BUILTIN_CLASSES.contains(&name) || name.ends_with("Warning") || name == "sorted",
        "collections" => matches!(name, "OrderedDict" | "defaultdict" | "Counter" | "deque"),
        "types" => name == "SimpleNamespace",
        "datetime" => matches!(name, "datetime" | "date" | "time" | "timedelta" | "timezone"),
        "decimal" => name == "Decimal",
        "numpy" => NUMPY.contains(&name) || UFUNCS.contains(&name),
        "pandas" | "pandas._libs.missing" => name == "NA" || is_class(module, name),
        "numpy.ma" | "numpy.ma.core" => name == "MaskedArray",
        "numpy.lib.function_base" | "numpy.lib._function_base_impl" => name == "median",
        "numpy.random" | "numpy.random.mtrand" => matches!(name, "RandomState" | "Generator"),
        "numpy.random.bit_generator" => name == "SeedSequence",
        _ if module.starts_with("numpy.random._") => is_bit_generator(module, name),
        _ if is_numpy_module(module, "_multiarray_umath") || is_numpy_module(module, "umath") => UFUNCS.contains(&name),
        _ if is_numpy_module(module, "fromnumeric") => FROM_NUMERIC.contains(&name),
        _ => is_class(module, name) || is_cython_class(module, name) || is_sklearn(module, name),
    }
}

/// Whether `functools.partial` may bind arguments to a name: functions of the list. Classes of it open files that their
/// arguments name (`xgboost.Booster(model_file=…)`).
pub(super) fn may_be_bound(module: &str, name: &str) -> bool {
    may_stand(module, name) && !name.starts_with(|first: char| first.is_uppercase())
}

/// Whether a name is on the list at all, if only as what makes an object.
pub(super) fn is_listed(module: &str, name: &str) -> bool {
    may_stand(module, name) || is_constructor(module, name)
}

/// Functions that may be called as `call` says, and may not stand alone.
fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        "_codecs" => name == "encode",
        "builtins" => name == "getattr",
        "copyreg" => matches!(name, "_reconstructor" | "__newobj__"),
        "functools" => name == "partial",
        "re" => name == "_compile",
        "numpy.core" | "numpy._core" => name == "_ufunc_reconstruct",
        "numpy.ma.core" => name == "_mareconstruct",
        "numpy.random" => name == "__RandomState_ctor",
        "numpy.random._pickle" => matches!(name, "__randomstate_ctor" | "__bit_generator_ctor" | "__generator_ctor"),
        "numpy.random.bit_generator" => name == "__pyx_unpickle_SeedSequence",
        "pandas.core.indexes.base" | "pandas.indexes.base" => name == "_new_Index",
        "pandas._libs.internals" => name == "_unpickle_block",
        "pyarrow.lib" => matches!(name, "_restore_array" | "type_for_alias" | "py_buffer"),
        "pandas._libs.arrays" => name == "__pyx_unpickle_NDArrayBacked",
        "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle" => {
            matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")
        }
        "joblib.numpy_pickle_compat" | "sklearn.externals.joblib.numpy_pickle_compat" => {
            matches!(name, "NDArrayWrapper" | "ZNDArrayWrapper")
        }
        _ if is_numpy_module(module, "multiarray") => matches!(name, "_reconstruct" | "scalar"),
        _ if is_numpy_module(module, "numeric") => name == "_frombuffer",
        _ if has_new_obj(module) => name == "newObj",
        _ => pyx_class(module, name).is_some(),
    }
}

/// What the call that `object` stands for makes, if the call may be made.
pub(super) fn made(graph: &Graph, object: &Object) -> Result<Made, &'static str> {
    const NO_TUPLE: &str = "is called with something else than a tuple of arguments";
    let Some((module, name)) = name_of(graph, object.callable) else {
        return Err("calls what another call made");
    };
    let arguments = match graph.node(object.arguments) {
        Node::Tuple(items) => &**items,
        _ => return Err(NO_TUPLE),
    };
    if object.keywords.is_some() {
        return Err("is made with keyword arguments, as no model is");
    }
    match object.make {
        Make::Reduce => call(graph, module, name, arguments),
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

fn is_named_tuple(module: &str, name: &str) -> bool {
    matches!(
        (module, name),
        ("sklearn._loss.glm_distribution", "DistributionBoundary")
            | ("sklearn.gaussian_process.kernels", "Hyperparameter")
            | ("sklearn.grid_search", "_CVScoreTuple")
            | ("sklearn.impute" | "sklearn.impute._iterative", "_ImputerTriplet")
    )
}

/// What an empty instance of a class of the list may be given.
fn class(module: &str, name: &str) -> Option<Made> {
    if matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper") && is_constructor(module, name) {
        return Some(Made::of(State::Attributes));
    }
    if module.starts_with("scipy.stats.") && is_class(module, name) {
        let state = if name.ends_with("_gen") { State::Distribution } else { State::Attributes };
        return Some(Made::of(state));
    }
    match (module, name) {
        ("numpy", "vectorize") | ("types", "SimpleNamespace") => return Some(Made::of(State::Attributes)),
        ("builtins", "object") => return Some(Made::of(State::Nothing)),
        ("collections", "OrderedDict" | "Counter" | "defaultdict") => {
            return Some(Made::of(State::Attributes).with(Items::Pairs));
        }
        _ => {}
    }
    if is_pandas(module) && is_class(module, name) {
        return Some(Made::of(State::Own));
    }
    let is_function = name.starts_with(|first: char| first.is_ascii_lowercase()) && name != "make_column_selector";
    if is_class(module, name) || (is_sklearn(module, name) && !is_function) {
        let items = match name {
            "Bunch" | "DeprecationDict" | "_DictWithDeprecatedKeys" => Items::Pairs,
            "_RemainderColsList" => Items::List,
            _ => Items::Nothing,
        };
        return Some(Made::of(State::Attributes).with(items));
    }
    None
}

/// `function(*arguments)`.
fn call(graph: &Graph, module: &str, name: &str, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let nothing = Ok(Made::of(State::Nothing));
    let own = Ok(Made::of(State::Own));
    let argument = |index: usize| arguments.get(index).copied();
    let global = |index: usize| argument(index).and_then(|id| name_of(graph, id));
    let plain = || arguments.iter().all(|&argument| is_plain(graph, argument));
    let count = arguments.len();
    match (module, name) {
        // Python's own.
        ("_codecs", "encode") => match argument(1).and_then(|id| graph.str_of(id)) {
            Some("latin1" | "latin-1" | "iso-8859-1") if count == 2 && plain() => nothing,
            // Other encodings are modules, imported by name.
            _ => Err("is called for another encoding than latin-1"),
        },
        ("builtins", "set" | "frozenset" | "list" | "tuple" | "dict") if count <= 1 => {
            match argument(0).map(|id| graph.node(id)) {
                None | Some(Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Set(_)) => nothing,
                Some(_) => Err(""),
            }
        }
        ("builtins", "slice" | "complex" | "range") if (1..=3).contains(&count) => nothing,
        // Of a number they would be that long.
        ("builtins", "bytes" | "bytearray") => match arguments {
            [] => nothing,
            [id] => match graph.node(*id) {
                Node::Bytes(_) | Node::ByteStr(_) | Node::List(_) => nothing,
                Node::Object(inner) if name_of(graph, inner.callable) == Some(("_codecs", "encode")) => nothing,
                _ => Err(""),
            },
            [_, _] if plain() && matches!(argument(1).and_then(|id| graph.str_of(id)), Some("latin1" | "latin-1")) => {
                nothing
            }
            _ => Err(""),
        },
        ("builtins", "object") if count == 0 => nothing,
        ("builtins", "getattr") => bound_method(graph, arguments),
        ("copyreg", "_reconstructor") => reconstructor(graph, arguments),
        ("copyreg", "__newobj__") => {
            let (module, name) = global(0).ok_or("")?;
            new(module, name, arguments.get(1..).unwrap_or_default())
        }
        ("functools", "partial") => match global(0) {
            Some((module, name)) if may_be_bound(module, name) => Ok(Made::of(State::Partial)),
            _ => Err("binds arguments to a function that is not on the list"),
        },
        ("collections", "OrderedDict" | "Counter") if count <= 1 => Ok(Made::of(State::Attributes).with(Items::Pairs)),
        ("collections", "defaultdict") if count <= 1 => {
            let factory = global(0).is_none_or(|(module, name)| {
                (module == "builtins" && BUILTIN_CLASSES.contains(&name)) || module == "collections"
            });
            let is_global = argument(0).is_none_or(|id| global(0).is_some() || *graph.node(id) == Node::None);
            if factory && is_global {
                return Ok(Made::of(State::Attributes).with(Items::Pairs));
            }
            Err("has a factory that is not one of Python's own classes")
        }
        ("collections", "deque") => Ok(Made::of(State::Attributes).with(Items::List)),
        ("types", "SimpleNamespace") if count == 0 => Ok(Made::of(State::Attributes)),
        ("datetime", "datetime" | "date" | "time" | "timedelta" | "timezone") => nothing,
        ("decimal", "Decimal") if count == 1 && plain() => nothing,
        ("re", "_compile") if count == 2 && plain() => nothing,

        // numpy.
        ("numpy", "dtype") => match argument(0) {
            Some(id) if graph.str_of(id).is_some() || global(0).is_some() => own,
            _ => Err(""),
        },
        ("numpy.core" | "numpy._core", "_ufunc_reconstruct") => {
            // It imports the one and takes the other from it.
            match (argument(0).and_then(|id| graph.str_of(id)), argument(1).and_then(|id| graph.str_of(id))) {
                (Some(module), Some(name)) if count == 2 && is_ufunc(module, name) => nothing,
                _ => Err("would import a module by name and take something out of it that is no known ufunc"),
            }
        }
        ("numpy.ma.core", "_mareconstruct") => match (global(0), global(1)) {
            (Some(("numpy.ma" | "numpy.ma.core", "MaskedArray")), Some(("numpy", "ndarray")))
                if count == 4 && is_empty_shape(graph, argument(2)) =>
            {
                own
            }
            _ => Err(""),
        },
        ("numpy.random", "__RandomState_ctor") if count == 0 => own,
        ("numpy.random._pickle", "__randomstate_ctor" | "__bit_generator_ctor" | "__generator_ctor") => {
            let generator = |index| match (global(index), argument(index).and_then(|id| graph.str_of(id))) {
                (Some((module, name)), _) => is_bit_generator(module, name),
                (None, Some(text)) => BIT_GENERATORS.contains(&text),
                (None, None) => argument(index).and_then(|id| graph.object(id)).is_some_and(|inner| {
                    name_of(graph, inner.callable) == Some(("numpy.random._pickle", "__bit_generator_ctor"))
                }),
            };
            match count {
                0 | 1 if (0..count).all(generator) => own,
                // The second is a constructor of its own, which it calls.
                2 if generator(0) && is_listed_at(graph, argument(1), "numpy.random._pickle") => own,
                _ => Err(""),
            }
        }
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence") => match global(0) {
            Some(("numpy.random.bit_generator", "SeedSequence")) if count == 3 => own,
            _ => Err(""),
        },
        _ if is_numpy_module(module, "multiarray") && name == "_reconstruct" => match global(0) {
            Some(("numpy", class)) if count == 3 && ARRAY_CLASSES.contains(&class) => {
                // A shape of its own would be allocated.
                if is_empty_shape(graph, argument(1)) { own } else { Err("would allocate an array of any size") }
            }
            _ => Err(""),
        },
        _ if is_numpy_module(module, "multiarray") && name == "scalar" && count <= 2 => nothing,
        _ if is_numpy_module(module, "numeric") && name == "_frombuffer" => nothing,

        // pandas.
        ("pandas.core.indexes.base" | "pandas.indexes.base", "_new_Index") => match global(0) {
            Some((module, name)) if count == 2 && is_pandas(module) && is_class(module, name) => nothing,
            _ => Err(""),
        },
        ("pandas" | "pandas.core.arrays.string_", "StringDtype") if count <= 2 => {
            // What it imports for them is pandas' own choice.
            let is_missing =
                |id| global(id) == Some(("pandas._libs.missing", "NA")) || global(id) == Some(("pandas", "NA"));
            let storage = argument(0).is_none_or(|id| matches!(graph.str_of(id), Some("python" | "pyarrow")));
            let missing = argument(1).is_none_or(|id| is_plain(graph, id) || is_missing(1));
            if storage && missing { nothing } else { Err("") }
        }
        ("pandas._libs.internals", "_unpickle_block") if count == 3 => nothing,
        ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked") => match global(0) {
            Some((module, name)) if is_pandas(module) && is_class(module, name) => own,
            _ => Err(""),
        },

        // pyarrow, whose arrays of text hold the names of columns since pandas 3. Their numbers are judged with the array.
        ("pyarrow.lib", "type_for_alias") if pyarrow::is_alias(graph, module, name, arguments) => nothing,
        ("pyarrow.lib", "py_buffer") if count == 1 => match argument(0).and_then(|id| bytes_of(graph, id)) {
            Some(_) => nothing,
            None => Err(""),
        },
        ("pyarrow.lib", "_restore_array") if count == 1 => nothing,

        // scikit-learn's compiled classes.
        (_, "newObj") if has_new_obj(module) => match global(0) {
            Some((module, name)) if count == 1 && has_new_obj(module) && is_cython_class(module, name) => own,
            _ => Err(""),
        },
        (_, "Tree") if module == "sklearn.tree._tree" && count == 3 => own,
        _ if is_cython_class(module, name) && plain() && count <= 2 => own,
        _ => match (pyx_class(module, name), global(0)) {
            (Some(class), Some((_, found))) if found == class && count == 3 => own,
            _ => Err(""),
        },
    }
}

/// `copyreg._reconstructor(class, base, state)`.
fn reconstructor(graph: &Graph, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let [class_id, base, state] = *arguments else { return Err("") };
    let (module, name) = name_of(graph, class_id).ok_or("")?;
    let made = class(module, name).ok_or("makes an object of a class that is not on the list")?;
    match (name_of(graph, base), graph.node(state)) {
        (Some(("builtins", "object")), Node::None) => Ok(made),
        (Some(("builtins", "dict")), Node::Dict(_)) if made.items == Items::Pairs => Ok(made),
        (Some(("builtins", "list")), Node::List(_)) if made.items == Items::List => Ok(made),
        (Some(("builtins", "tuple")), Node::Tuple(_)) if is_named_tuple(module, name) => Ok(made),
        _ => Err(""),
    }
}

/// `getattr(distribution, '_entropy')`: a method of one of scipy's distributions. Everything else that `getattr` does
/// is the way from innocent to dangerous code.
fn bound_method(graph: &Graph, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let [owner, name] = *arguments else { return Err("") };
    let distribution = graph.object(owner).and_then(|owner| name_of(graph, owner.callable));
    let is_distribution =
        distribution.is_some_and(|(module, name)| module.starts_with("scipy.stats.") && is_class(module, name));
    match graph.str_of(name) {
        Some("_entropy" | "_pdf" | "_cdf" | "_ppf" | "_pmf" | "_mom0_sc" | "_mom1_sc") if is_distribution => {
            Ok(Made::of(State::Nothing))
        }
        _ => Err("takes an attribute by name"),
    }
}

/// `(0,)`
fn is_empty_shape(graph: &Graph, shape: Option<NodeId>) -> bool {
    matches!(shape.and_then(|shape| graph.items(shape)), Some([zero]) if *graph.node(*zero) == Node::Int(0))
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

fn is_listed_at(graph: &Graph, id: Option<NodeId>, module: &str) -> bool {
    id.and_then(|id| name_of(graph, id)).is_some_and(|(found, name)| found == module && is_constructor(found, name))
}

fn is_pandas(module: &str) -> bool {
    module == "pandas" || module.starts_with("pandas.")
}

fn is_sklearn(module: &str, name: &str) -> bool {
    let found = NAMES.binary_search_by(|(entry, _)| (*entry).cmp(module)).ok().and_then(|place| NAMES.get(place));
    found.is_some_and(|(_, names)| names.contains(&name))
}

/// Classes of other packages.
fn is_class(module: &str, name: &str) -> bool {
    let list = CLASSES.iter().find(|(entry, _)| *entry == module).map(|(_, names)| *names);
    list.is_some_and(|names| names.contains(&name))
        || (module == "scipy.stats._continuous_distns" || module == "scipy.stats._discrete_distns")
            && name.ends_with("_gen")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        || matches!(module.strip_prefix("scipy.sparse."), Some(rest) if is_sparse(rest, name))
}

fn is_sparse(module: &str, name: &str) -> bool {
    let format = module.trim_start_matches('_');
    ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"].contains(&format)
        && name.strip_prefix(format).is_some_and(|rest| matches!(rest, "_matrix" | "_array"))
}

/// Classes in compiled code, whose state is taken apart there.
fn is_cython_class(module: &str, name: &str) -> bool {
    if module == "_loss" {
        return LOSSES.contains(&name);
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
    MODULES.contains(&module) && (is_sklearn(module, name) || is_distance())
}

/// `__pyx_unpickle_CyHuberLoss` of its module: the class that it makes.
fn pyx_class<'n>(module: &str, name: &'n str) -> Option<&'n str> {
    let class = name.strip_prefix("__pyx_unpickle_")?;
    (matches!(module, "_loss" | "sklearn._loss._loss") && LOSSES.contains(&class)).then_some(class)
}

/// Compiled classes that a function `newObj` of their module makes.
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

fn is_bit_generator(module: &str, name: &str) -> bool {
    let file = module.strip_prefix("numpy.random._");
    file.is_some_and(|file| file.eq_ignore_ascii_case(name)) && BIT_GENERATORS.contains(&name)
}

fn is_ufunc(module: &str, name: &str) -> bool {
    let known = module == "numpy" || is_numpy_module(module, "_multiarray_umath") || is_numpy_module(module, "umath");
    known && UFUNCS.contains(&name)
}

const BIT_GENERATORS: [&str; 5] = ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"];

const ARRAY_CLASSES: [&str; 4] = ["chararray", "matrix", "ndarray", "recarray"];

const BUILTIN_CLASSES: [&str; 14] = [
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "set",
    "slice",
    "str",
    "tuple",
];

const LOSSES: [&str; 11] = [
    "CyAbsoluteError",
    "CyExponentialLoss",
    "CyHalfBinomialLoss",
    "CyHalfGammaLoss",
    "CyHalfMultinomialLoss",
    "CyHalfPoissonLoss",
    "CyHalfSquaredError",
    "CyHalfTweedieLoss",
    "CyHalfTweedieLossIdentity",
    "CyHuberLoss",
    "CyPinballLoss",
];

/// Functions of `numpy` that compute, element by element or over an axis, and its classes.
const NUMPY: [&str; 65] = [
    "abs",
    "absolute",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "around",
    "nan_to_num",
    "round",
    "bool",
    "bool_",
    "bytes_",
    "cbrt",
    "chararray",
    "clip",
    "complex128",
    "complex64",
    "cos",
    "datetime64",
    "dtype",
    "exp",
    "exp2",
    "expm1",
    "float16",
    "float32",
    "float64",
    "floating",
    "int16",
    "int32",
    "int64",
    "int8",
    "integer",
    "isnan",
    "log",
    "log10",
    "log1p",
    "log2",
    "longdouble",
    "matrix",
    "max",
    "mean",
    "median",
    "min",
    "nanmean",
    "nanmedian",
    "ndarray",
    "negative",
    "number",
    "object_",
    "recarray",
    "reciprocal",
    "rint",
    "sign",
    "sin",
    "sqrt",
    "square",
    "std",
    "str_",
    "sum",
    "tan",
    "tanh",
    "timedelta64",
    "uint8",
    "var",
    "vectorize",
];

/// Functions of numpy in C, element by element.
const UFUNCS: [&str; 48] = [
    "absolute",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cbrt",
    "ceil",
    "clip",
    "conjugate",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "divide",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "greater",
    "isfinite",
    "isinf",
    "isnan",
    "log",
    "log10",
    "log1p",
    "log2",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "power",
    "rad2deg",
    "radians",
    "reciprocal",
    "rint",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tanh",
];

const FROM_NUMERIC: [&str; 14] =
    ["amax", "amin", "argmax", "argmin", "clip", "cumsum", "max", "mean", "min", "prod", "std", "sum", "var", "ravel"];

/// Classes of packages beside scikit-learn, by module: made empty, then given a dict of attributes (pandas: a state of
/// its own).
const CLASSES: &[(&str, &[&str])] = &[
    ("catboost.core", &["CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor"]),
    ("lightgbm.basic", &["Booster"]),
    ("lightgbm.sklearn", &["LGBMClassifier", "LGBMModel", "LGBMRanker", "LGBMRegressor"]),
    (
        "pandas",
        &["Categorical", "CategoricalDtype", "CategoricalIndex", "Index", "RangeIndex", "Series", "StringDtype"],
    ),
    ("pandas.arrays", &["ArrowStringArray", "StringArray"]),
    ("pandas.core.arrays.categorical", &["Categorical"]),
    ("pandas.core.arrays.datetimes", &["DatetimeArray"]),
    ("pandas.core.arrays.string_", &["StringArray", "StringDtype"]),
    ("pandas.core.dtypes.dtypes", &["CategoricalDtype"]),
    ("pandas.core.frame", &["DataFrame"]),
    ("pandas.core.indexes.base", &["Index"]),
    ("pandas.core.indexes.category", &["CategoricalIndex"]),
    ("pandas.core.indexes.datetimes", &["DatetimeIndex"]),
    ("pandas.core.indexes.multi", &["MultiIndex"]),
    ("pandas.core.indexes.numeric", &["Float64Index", "Int64Index", "UInt64Index"]),
    ("pandas.core.indexes.range", &["RangeIndex"]),
    ("pandas.core.internals", &["BlockManager"]),
    ("pandas.core.internals.managers", &["BlockManager", "SingleBlockManager"]),
    ("pandas.core.series", &["Series"]),
    ("pandas.indexes.base", &["Index"]),
    ("scipy.interpolate._bsplines", &["BSpline", "_BSpline"]),
    ("scipy.stats._distn_infrastructure", &["rv_continuous_frozen", "rv_discrete_frozen", "rv_frozen"]),
    ("xgboost.core", &["Booster"]),
    (
        "xgboost.sklearn",
        &["XGBClassifier", "XGBModel", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted_by_key(|(module, _)| module));
    }

    #[test]
    fn nothing_dangerous_stands() {
        for (module, name) in
            [("builtins", "eval"), ("numpy", "load"), ("operator", "attrgetter"), ("builtins", "getattr")]
        {
            assert!(!may_stand(module, name), "{module}.{name}");
        }
    }
}
