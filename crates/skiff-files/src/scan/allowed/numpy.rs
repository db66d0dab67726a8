//! numpy's names, and how arrays, scalars and random states are made.

use skiff_pickle::{Graph, Node, NodeId};

use super::{Call, Called, Made, State, name_of};
use crate::call::is_numpy_module;

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
        _ if is_numpy_module(module, "multiarray") => matches!(name, "_reconstruct" | "scalar"),
        _ if is_numpy_module(module, "numeric") => name == "_frombuffer",
        _ => false,
    }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { graph, module, name, .. } = *call;
    let nothing = Ok(Made::of(State::Nothing));
    let own = Ok(Made::of(State::Own));
    Some(match (module, name) {
        ("numpy", "dtype") => match call.argument(0) {
            Some(id) if graph.str_of(id).is_some() || call.global(0).is_some() => own,
            _ => Err(""),
        },
        ("numpy.core" | "numpy._core", "_ufunc_reconstruct") => {
            // It imports the one and takes the other from it.
            match (call.text(0), call.text(1)) {
                (Some(module), Some(name)) if call.count() == 2 && is_ufunc(module, name) => nothing,
                _ => Err("would import a module by name and take something out of it that is no known ufunc"),
            }
        }
        ("numpy.ma.core", "_mareconstruct") => match (call.global(0), call.global(1)) {
            (Some(("numpy.ma" | "numpy.ma.core", "MaskedArray")), Some(("numpy", "ndarray")))
                if call.count() == 4 && is_empty_shape(graph, call.argument(2)) =>
            {
                own
            }
            _ => Err(""),
        },
        ("numpy.random", "__RandomState_ctor") if call.count() == 0 => own,
        ("numpy.random._pickle", "__randomstate_ctor" | "__bit_generator_ctor" | "__generator_ctor") => {
            let generator = |index| match (call.global(index), call.text(index)) {
                (Some((module, name)), _) => is_bit_generator(module, name),
                (None, Some(text)) => BIT_GENERATORS.contains(&text),
                (None, None) => call.argument(index).and_then(|id| graph.object(id)).is_some_and(|inner| {
                    name_of(graph, inner.callable) == Some(("numpy.random._pickle", "__bit_generator_ctor"))
                }),
            };
            match call.count() {
                0 | 1 if (0..call.count()).all(generator) => own,
                // The second is a constructor of its own, which it calls.
                2 if generator(0) && is_listed_at(graph, call.argument(1), "numpy.random._pickle") => own,
                _ => Err(""),
            }
        }
        ("numpy.random.bit_generator", "__pyx_unpickle_SeedSequence") => match call.global(0) {
            Some(("numpy.random.bit_generator", "SeedSequence")) if call.count() == 3 => own,
            _ => Err(""),
        },
        _ if is_numpy_module(module, "multiarray") && name == "_reconstruct" => match call.global(0) {
            Some(("numpy", class)) if call.count() == 3 && ARRAY_CLASSES.contains(&class) => {
                // A shape of its own would be allocated.
                if is_empty_shape(graph, call.argument(1)) { own } else { Err("would allocate an array of any size") }
            }
            _ => Err(""),
        },
        _ if is_numpy_module(module, "multiarray") && name == "scalar" && call.count() <= 2 => nothing,
        _ if is_numpy_module(module, "numeric") && name == "_frombuffer" => nothing,
        _ => return None,
    })
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

fn is_ufunc(module: &str, name: &str) -> bool {
    let known = module == "numpy" || is_numpy_module(module, "_multiarray_umath") || is_numpy_module(module, "umath");
    known && UFUNCS.contains(&name)
}

const BIT_GENERATORS: [&str; 5] = ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"];

const ARRAY_CLASSES: [&str; 4] = ["chararray", "matrix", "ndarray", "recarray"];

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
