//! numpy's names, and how arrays, scalars and random states are made.

use skiff_files::is_numpy_module;
use skiff_files::numpy::is_array_class;
use skiff_pickle::{Graph, Node, NodeId};

use super::call::{Call, Called};
use super::kind::{Kind, Sort};
use super::made::{Made, State, name_of};
use super::sort::sort;

/// What an empty instance of a class may be given.
pub(super) fn class(module: &str, name: &str) -> Option<Made> {
    ((module, name) == ("numpy", "vectorize")).then(|| Made::of(State::Form(VECTORIZED)))
}

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    match module {
        "numpy" => NUMPY.contains(&name) || UFUNCS.contains(&name),
        "numpy.ma" | "numpy.ma.core" => name == "MaskedArray",
        "numpy.lib.function_base" | "numpy.lib._function_base_impl" => name == "median",
        "numpy.random" | "numpy.random.mtrand" => matches!(name, "RandomState" | "Generator"),
        "numpy.random.bit_generator" => name == "SeedSequence",
        _ if module.starts_with("numpy.random._") => is_bit_generator(module, name),
        _ if is_numpy_module(module, "_multiarray_umath") || is_numpy_module(module, "umath") => UFUNCS.contains(&name),
        _ if is_numpy_module(module, "fromnumeric") => FROM_NUMERIC.contains(&name),
        _ => false,
    }
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        "numpy.core" | "numpy._core" => name == "_ufunc_reconstruct",
        "numpy.ma.core" => name == "_mareconstruct",
        "numpy.random" => name == "__RandomState_ctor",
        "numpy.random._pickle" => matches!(name, "__randomstate_ctor" | "__bit_generator_ctor" | "__generator_ctor"),
        "numpy.random.bit_generator" => name == "__pyx_unpickle_SeedSequence",
        // It opens a file where it is called; `_reconstruct` makes an empty one, which is an array like any other.
        "numpy" | "numpy.core.memmap" | "numpy.memmap" => name == "memmap",
        // They are read as pickle spells what they make.
        "dill._dill" | "dill.dill" => matches!(name, "_create_array" | "_load_type"),
        _ if is_numpy_module(module, "memmap") => name == "memmap",
        _ if is_numpy_module(module, "_internal") => name == "_convert_to_stringdtype_kwargs",
        _ if is_numpy_module(module, "multiarray") => matches!(name, "_reconstruct" | "scalar"),
        _ if is_numpy_module(module, "numeric") => name == "_frombuffer",
        _ => false,
    }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, .. } = *call;
    let graph = call.graph();
    Some(match (module, name) {
        // What the state says is checked where the dtype is read.
        ("numpy", "dtype") => {
            let code = Kind::Or(&[Kind::Text, Kind::Name(is_record)]);
            let flag = Kind::Or(&[Kind::Bool, Kind::Int]);
            call.makes(1, &[code, flag, flag], State::Form(DTYPE_STATE))
        }
        ("numpy.core" | "numpy._core", "_ufunc_reconstruct") => {
            // It imports the one and takes the other from it.
            match (call.text(0), call.text(1)) {
                (Some(module), Some(name)) if call.count() == 2 && is_known_ufunc(module, name) => {
                    Ok(Made::of(State::Nothing))
                }
                _ => Err("would import a module by name and take something out of it that is no known ufunc"),
            }
        }
        ("numpy.ma.core", "_mareconstruct") => match (call.global(0), call.global(1)) {
            (Some(("numpy.ma" | "numpy.ma.core", "MaskedArray")), Some(("numpy", "ndarray")))
                if is_empty_shape(graph, call.argument(2)) =>
            {
                call.makes(4, &[Kind::Any, Kind::Any, Kind::Any, Kind::Bytes], State::Form(MASKED_STATE))
            }
            _ => Err(""),
        },
        ("numpy.random", "__RandomState_ctor") => call.makes(0, &[], State::Form(RANDOM_STATE)),
        ("numpy.random._pickle", "__randomstate_ctor" | "__bit_generator_ctor" | "__generator_ctor") => {
            random(call, name)
        }
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence") => {
            call.makes(3, &[Kind::Name(is_seed_sequence), Kind::Int, SEEDS_OR_NONE], State::Form(SEEDS))
        }
        _ if is_numpy_module(module, "multiarray") && name == "_reconstruct" => reconstruct(call),
        _ if is_numpy_module(module, "multiarray") && name == "scalar" => {
            call.makes(1, &[DTYPE, Kind::Or(&[Kind::Bytes, Kind::Data])], State::Nothing)
        }
        _ if is_numpy_module(module, "numeric") && name == "_frombuffer" => {
            let axes = Kind::Or(&[Kind::None, Kind::Each(&Kind::Int)]);
            call.makes(4, &[BUFFER, DTYPE, SHAPE, Kind::Text, axes], State::Nothing)
        }
        _ if is_numpy_module(module, "_internal") && name == "_convert_to_stringdtype_kwargs" => {
            call.makes(1, &[Kind::Int, Kind::Plain], State::Nothing)
        }
        _ => return None,
    })
}

/// `_reconstruct(class, (0,), b'b')`: an empty array, which is filled by its state.
fn reconstruct(call: &Call<'_>) -> Result<Made, &'static str> {
    match call.global(0) {
        Some((module, class)) if is_array_class(module, class) => {
            if is_empty_shape(call.graph(), call.argument(1)) {
                call.makes(3, &[Kind::Any, Kind::Any, Kind::Bytes], State::Form(ARRAY_STATE))
            } else {
                // A shape of its own would be allocated.
                Err("would allocate an array of any size")
            }
        }
        _ => Err(""),
    }
}

/// The constructors of random states, generators and bit generators.
fn random(call: &Call<'_>, name: &str) -> Result<Made, &'static str> {
    let graph = call.graph();
    let generator = |index| match (call.global(index), call.text(index)) {
        (Some((module, name)), _) => is_bit_generator(module, name),
        (None, Some(text)) => BIT_GENERATORS.contains(&text),
        (None, None) => call.argument(index).is_some_and(|id| sort(graph, id) == Some(Sort::BitGenerator)),
    };
    let state = match name {
        "__bit_generator_ctor" => BIT_GENERATOR_STATE,
        "__generator_ctor" => Kind::Or(&[BIT_GENERATOR_STATE, Kind::None]),
        _ => RANDOM_STATE,
    };
    match call.count() {
        0 | 1 if (0..call.count()).all(generator) => Ok(Made::of(State::Form(state))),
        // The second is a constructor of its own, which it calls.
        2 if generator(0) && is_listed_at(graph, call.argument(1), "numpy.random._pickle") => {
            Ok(Made::of(State::Form(state)))
        }
        _ => Err(""),
    }
}

/// `(0,)`
fn is_empty_shape(graph: &Graph, shape: Option<NodeId>) -> bool {
    matches!(shape.and_then(|shape| graph.items(shape)), Some([zero]) if *graph.node(*zero) == Node::Int(0))
}

fn is_listed_at(graph: &Graph, id: Option<NodeId>, module: &str) -> bool {
    id.and_then(|id| name_of(graph, id)).is_some_and(|(found, name)| found == module && is_constructor(found, name))
}

fn is_bit_generator(module: &str, name: &str) -> bool {
    let file = module.strip_prefix("numpy.random._");
    file.is_some_and(|file| file.eq_ignore_ascii_case(name)) && BIT_GENERATORS.contains(&name)
}

fn is_known_ufunc(module: &str, name: &str) -> bool {
    is_ufunc(module, name) || (module.starts_with("scipy.special") && super::scipy::may_stand(module, name))
}

/// Python 2 names a ufunc by the first module that has it: these have numpy's under the names of numpy.
const OTHER_MODULES_OF_UFUNCS: [&str; 3] = ["numpy.core.arrayprint", "numpy.matlib", "scipy.stats._discrete_distns"];

fn is_ufunc(module: &str, name: &str) -> bool {
    let known = module == "numpy" || is_numpy_module(module, "_multiarray_umath") || is_numpy_module(module, "umath");
    (known || OTHER_MODULES_OF_UFUNCS.contains(&module)) && UFUNCS.contains(&name)
}

const BIT_GENERATORS: [&str; 5] = ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"];

fn is_record(module: &str, name: &str) -> bool {
    module == "numpy" && matches!(name, "record" | "void")
}

fn is_seed_sequence(module: &str, name: &str) -> bool {
    (module, name) == ("numpy.random.bit_generator", "SeedSequence")
}

/// What `numpy.vectorize` calls. A name that is on no list has a finding of its own.
fn is_vectorized(module: &str, name: &str) -> bool {
    super::may_be_bound(module, name) || !super::is_listed(module, name)
}

/// A type of numbers, texts or containers.
pub(super) fn is_type(module: &str, name: &str) -> bool {
    match module {
        "builtins" => super::python::BUILTIN_CLASSES.contains(&name),
        "numpy" => {
            NUMBER_TYPES.iter().any(|kind| name.trim_end_matches('_').trim_end_matches(char::is_numeric) == *kind)
        }
        _ => false,
    }
}

const NUMBER_TYPES: [&str; 11] =
    ["bool", "bytes", "complex", "datetime", "float", "int", "longdouble", "object", "str", "timedelta", "uint"];

const DTYPE: Kind = Kind::Of(&[Sort::DType]);
const SHAPE: Kind = Kind::Or(&[Kind::Int, Kind::Each(&Kind::Int)]);
/// Protocol 5 hands in the elements themselves; as skiff writes them, they are an array of bytes.
const BUFFER: Kind = Kind::Or(&[Kind::Bytes, Kind::Buffer, Kind::Of(&[Sort::Array])]);

/// `ndarray.__reduce__`: version, shape, dtype, order, elements. Elements that are objects are judged on their own.
const ARRAY_STATE: Kind = Kind::Or(&[
    Kind::Tuple(&[Kind::Int, SHAPE, DTYPE, Kind::Int, ELEMENTS]),
    // It takes the text of whatever is no text.
    Kind::Tuple(&[Kind::Int, SHAPE, Kind::Of(&[Sort::TextDType]), Kind::Int, Kind::Each(&Kind::Plain)]),
    Kind::Tuple(&[SHAPE, DTYPE, Kind::Int, ELEMENTS]),
]);
const ELEMENTS: Kind = Kind::Or(&[Kind::Bytes, Kind::Each(&Kind::Any)]);

/// `MaskedArray.__reduce__`: as an array's, then the mask and the value that fills.
const MASKED_STATE: Kind = Kind::Tuple(&[Kind::Int, SHAPE, DTYPE, Kind::Int, ELEMENTS, Kind::Bytes, Kind::Data]);

/// `dtype.__reduce__`: a tuple that the dtype's reader takes apart.
const DTYPE_STATE: Kind = Kind::Each(&Kind::Data);

const ARRAY: Kind = Kind::Of(&[Sort::Array]);

/// `RandomState.get_state`: a tuple before numpy 1.17, a dict since.
const RANDOM_STATE: Kind =
    Kind::Or(&[Kind::Tuple(&[Kind::Text, KEY, Kind::Int, Kind::Int, Kind::Number]), BIT_GENERATOR_DICT]);
const KEY: Kind = Kind::Or(&[ARRAY, Kind::Each(&Kind::Int)]);
const BIT_GENERATOR_DICT: Kind = Kind::Keys(&[
    ("bit_generator", Kind::Text),
    (
        "state",
        Kind::Keys(&[
            ("key", KEY),
            ("pos", Kind::Int),
            ("state", Kind::Or(&[Kind::Int, KEY])),
            ("inc", Kind::Int),
            ("counter", KEY),
        ]),
    ),
    ("has_gauss", Kind::Int),
    ("gauss", Kind::Number),
    ("has_uint32", Kind::Int),
    ("uinteger", Kind::Int),
    ("buffer", KEY),
    ("buffer_pos", Kind::Int),
]);
/// Since numpy 2 with the seeds that it comes from.
const BIT_GENERATOR_STATE: Kind = Kind::Or(&[
    BIT_GENERATOR_DICT,
    Kind::Tuple(&[BIT_GENERATOR_DICT, Kind::Or(&[Kind::None, Kind::Of(&[Sort::SeedSequence])])]),
]);
const SEEDS: Kind = Kind::Tuple(&[Kind::Data, Kind::Int, ARRAY, Kind::Int, Kind::Each(&Kind::Int)]);
const SEEDS_OR_NONE: Kind = Kind::Or(&[Kind::None, SEEDS]);

/// `numpy.vectorize`: what it calls is a function of the list, or a method of one of scipy's distributions.
const VECTORIZED: Kind = Kind::Keys(&[
    ("pyfunc", Kind::Or(&[Kind::Name(is_vectorized), Kind::Of(&[Sort::Method])])),
    ("cache", Kind::Bool),
    ("signature", Kind::Or(&[Kind::None, Kind::Text])),
    ("__name__", Kind::Text),
    ("_ufunc", Kind::Or(&[Kind::None, Kind::Keys(&[])])),
    ("_doc", Kind::Or(&[Kind::None, Kind::Text])),
    ("__doc__", Kind::Or(&[Kind::None, Kind::Text])),
    ("otypes", Kind::Or(&[Kind::None, Kind::Text])),
    ("excluded", Kind::Data),
    ("nin", Kind::Or(&[Kind::None, Kind::Int])),
    ("_in_and_out_core_dims", Kind::Or(&[Kind::None, Kind::Data])),
]);

/// Functions of `numpy` that compute, element by element or over an axis, and its classes.
const NUMPY: [&str; 72] = [
    "abs",
    "absolute",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "array",
    "asanyarray",
    "asarray",
    "ascontiguousarray",
    "around",
    "nan_to_num",
    "round",
    "round_",
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
    "trunc",
    "timedelta64",
    "uint8",
    "var",
    "vectorize",
    "sinc",
];

/// Functions of numpy in C, element by element.
const UFUNCS: [&str; 49] = [
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
    "trunc",
];

const FROM_NUMERIC: [&str; 14] =
    ["amax", "amin", "argmax", "argmin", "clip", "cumsum", "max", "mean", "min", "prod", "std", "sum", "var", "ravel"];
