//! Python's own names, and `copyreg`'s ways of making objects.

use skiff_pickle::{Graph, Node, NodeId};

use super::call::{Call, Called};
use super::kind::{Kind, Sort};
use super::made::{Items, Made, State, name_of};
use super::range::{LONGEST_RANGE, integer, is_short};
use super::sort::sort;
use super::{may_be_bound, new, pattern, scikit_learn};

/// What an empty instance of a class may be given.
pub(super) fn class(module: &str, name: &str) -> Option<Made> {
    Some(match (module, name) {
        ("types", "SimpleNamespace") => Made::of(State::Form(NAMESPACE)),
        ("builtins", "object") => Made::of(State::Nothing),
        ("collections", "OrderedDict" | "Counter" | "defaultdict") => Made::of(State::Nothing).with(Items::Pairs),
        _ => return None,
    })
}

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    match module {
        // `sorted` calls nothing but what it is given by keyword.
        "builtins" => BUILTIN_CLASSES.contains(&name) || name.ends_with("Warning") || matches!(name, "abs" | "sorted"),
        "collections" => matches!(name, "OrderedDict" | "defaultdict" | "Counter" | "deque"),
        "types" => name == "SimpleNamespace",
        "datetime" => matches!(name, "datetime" | "date" | "time" | "timedelta" | "timezone"),
        "decimal" => name == "Decimal",
        "zoneinfo" => name == "ZoneInfo",
        _ => false,
    }
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        "_codecs" => name == "encode",
        "builtins" => name == "getattr",
        "copyreg" => matches!(name, "_reconstructor" | "__newobj__"),
        "fractions" => name == "Fraction",
        "functools" => name == "partial",
        "logging" => name == "getLogger",
        "pathlib" | "pathlib._local" => PATHS.contains(&name),
        "pytz" => matches!(name, "_UTC" | "_p"),
        "re" => name == "_compile",
        _ => false,
    }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { module, name, arguments, .. } = *call;
    let graph = call.graph();
    let nothing = Ok(Made::of(State::Nothing));
    Some(match (module, name) {
        ("_codecs", "encode") => match call.text(1) {
            Some("latin1" | "latin-1" | "iso-8859-1") => call.makes(2, &[Kind::Text, Kind::Text], State::Nothing),
            // Other encodings are modules, imported by name.
            _ => Err("is called for another encoding than latin-1"),
        },
        ("builtins", "set" | "frozenset" | "list" | "tuple" | "dict") if call.count() <= 1 => {
            match call.argument(0).map(|id| graph.node(id)) {
                None | Some(Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Set(_)) => nothing,
                Some(_) => Err(""),
            }
        }
        ("builtins", "slice") => call.makes(1, &[Kind::Plain; 3], State::Nothing),
        ("builtins", "complex") => call.makes(1, &[Kind::Number; 2], State::Nothing),
        ("builtins", "range") => match call.makes(1, &[Kind::Int; 3], State::Nothing) {
            Ok(made) if is_short_range(graph, arguments) => Ok(made),
            Ok(_) => Err("is a range of more numbers than anybody waits for"),
            Err(why) => Err(why),
        },
        // Of a number they would be that long.
        ("builtins", "bytes" | "bytearray") => match arguments {
            [] => nothing,
            [id] => match graph.node(*id) {
                Node::Bytes(_) | Node::ByteStr(_) => nothing,
                Node::List(_) if call.values.fits(*id, Kind::Each(&Kind::Int)) => nothing,
                Node::Object(inner) if name_of(graph, inner.callable) == Some(("_codecs", "encode")) => nothing,
                _ => Err(""),
            },
            [_, _] if matches!(call.text(1), Some("latin1" | "latin-1")) => {
                call.makes(2, &[Kind::Text, Kind::Text], State::Nothing)
            }
            _ => Err(""),
        },
        ("builtins", "object") if call.count() == 0 => nothing,
        ("builtins", "getattr") => bound_method(graph, arguments),
        ("copyreg", "_reconstructor") => reconstructor(graph, arguments),
        ("copyreg", "__newobj__") => match call.global(0) {
            Some((module, name)) => new(module, name, arguments.get(1..).unwrap_or_default()),
            None => Err(""),
        },
        ("functools", "partial") => match call.global(0) {
            // pandas 1.3 calls it for its blocks: what is bound is judged with that call.
            Some(("pandas.core.internals.blocks", "new_block")) => Ok(Made::of(State::Form(BLOCK_OF_PANDAS_1_3))),
            Some((module, name)) if may_be_bound(module, name) && call.count() == 1 => {
                Ok(Made::of(State::Form(PARTIAL)))
            }
            _ => Err("binds arguments to a function that is not on the list"),
        },
        // Python 2 hands in pairs as lists; `OrderedDict(x)` of anything else would call `x.keys()`.
        ("collections", "OrderedDict") => {
            let pairs = Kind::Each(&Kind::Pair);
            let made = call.makes(0, &[pairs], State::Nothing);
            made.map(|made| made.with(Items::Pairs))
        }
        ("collections", "Counter") => match call.argument(0) {
            None => nothing.map(|made| made.with(Items::Pairs)),
            Some(_) => call.makes(1, &[Kind::Mapping], State::Nothing),
        },
        ("collections", "defaultdict") if call.count() <= 1 => {
            let factory = call.global(0).is_none_or(|(module, name)| {
                (module == "builtins" && BUILTIN_CLASSES.contains(&name)) || module == "collections"
            });
            let is_global = call.argument(0).is_none_or(|id| call.global(0).is_some() || *graph.node(id) == Node::None);
            if factory && is_global {
                Ok(Made::of(State::Nothing).with(Items::Pairs))
            } else {
                Err("has a factory that is not one of Python's own classes")
            }
        }
        ("collections", "deque") => {
            // Items of an object would be drawn from it, however many it has.
            let longest = Kind::Or(&[Kind::Int, Kind::None]);
            call.makes(0, &[Kind::Each(&Kind::Any), longest], State::Nothing).map(|made| made.with(Items::List))
        }
        ("types", "SimpleNamespace") => call.makes(0, &[], State::Form(NAMESPACE)),
        ("datetime", "date") => call.makes(1, &[Kind::Bytes], State::Nothing),
        ("datetime", "datetime" | "time") => call.makes(1, &[Kind::Bytes, ZONE], State::Nothing),
        ("datetime", "timedelta") => call.makes(0, &[Kind::Int; 3], State::Nothing),
        ("datetime", "timezone") => call.makes(1, &[Kind::Of(&[Sort::Time]), Kind::Text], State::Nothing),
        ("decimal", "Decimal") => call.makes(1, &[Kind::Text], State::Nothing),
        // Of an exponent it would reckon the power.
        ("fractions", "Fraction") if call.count() == 1 => match call.text(0) {
            Some(text) if is_ratio(text) => nothing,
            _ => Err("is no ratio of two integers"),
        },
        ("fractions", "Fraction") => call.makes(2, &[Kind::Int, Kind::Int], State::Nothing),
        // It finds or makes the logger of that name, which has the handlers of the program that loads it.
        ("logging", "getLogger") => call.makes(0, &[Kind::Text], State::Nothing),
        ("pathlib" | "pathlib._local", _) if PATHS.contains(&name) => match call.values.each(arguments, Kind::Text) {
            true => nothing,
            false => Err(""),
        },
        ("pytz", "_UTC") => call.makes(0, &[], State::Nothing),
        // A time zone by its name, which has to be one of the database's.
        ("pytz", "_p") => call.makes(1, &[Kind::Text, Kind::Int, Kind::Int, Kind::Text], State::Nothing),
        ("re", "_compile") => match call.makes(2, &[Kind::Or(&[Kind::Text, Kind::Bytes]), Kind::Int], State::Nothing) {
            Ok(made) if pattern::is_quick(graph, arguments) => Ok(made),
            Ok(_) => Err("is a regular expression that takes long to compile, or prints what it is compiled to"),
            Err(why) => Err(why),
        },
        _ => return None,
    })
}

/// `-1/3`, as `str` writes a fraction. Python takes no longer integers.
fn is_ratio(text: &str) -> bool {
    let is_integer = |text: &str| (1..=4_300).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (above, below) = text.split_once('/').unwrap_or((text, "1"));
    is_integer(above) && is_integer(below)
}

/// Whether `range(*arguments)` has no more numbers than a table has columns or a fit has rows.
fn is_short_range(graph: &Graph, arguments: &[NodeId]) -> bool {
    let numbers: Option<Vec<i64>> = arguments.iter().map(|&id| integer(graph, id)).collect();
    let (start, stop, step) = match numbers.as_deref() {
        Some(&[stop]) => (0, stop, 1),
        Some(&[start, stop]) => (start, stop, 1),
        Some(&[start, stop, step]) => (start, stop, step),
        _ => return false,
    };
    is_short(start, stop, step, LONGEST_RANGE)
}

/// `copyreg._reconstructor(class, base, state)`.
fn reconstructor(graph: &Graph, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let [class_id, base, state] = *arguments else { return Err("") };
    let (module, name) = name_of(graph, class_id).ok_or("")?;
    let made = super::class(module, name).ok_or("makes an object of a class that is not on the list")?;
    match (name_of(graph, base), graph.node(state)) {
        (Some(("builtins", "object")), Node::None) => Ok(made),
        (Some(("builtins", "dict")), Node::Dict(_)) if made.items == Items::Pairs => Ok(made),
        (Some(("builtins", "list")), Node::List(_)) if made.items == Items::List => Ok(made),
        (Some(("builtins", "tuple")), Node::Tuple(_)) if scikit_learn::is_named_tuple(module, name) => Ok(made),
        _ => Err(""),
    }
}

/// `getattr(distribution, '_entropy')`, a method of one of scipy's distributions, and `str.split`. Everything else that
/// `getattr` does is the way from innocent to dangerous code.
fn bound_method(graph: &Graph, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let [owner, name] = *arguments else { return Err("") };
    let is_distribution = sort(graph, owner) == Some(Sort::Distribution);
    match (graph.str_of(name), name_of(graph, owner)) {
        (Some("_entropy" | "_pdf" | "_cdf" | "_ppf" | "_pmf" | "_mom0_sc" | "_mom1_sc"), _) if is_distribution => {
            Ok(Made::of(State::Nothing))
        }
        (Some(method), Some(("builtins", "str"))) if STR_METHODS.contains(&method) => Ok(Made::of(State::Nothing)),
        // It is called with the name of a time zone, and nothing else is done with it.
        (Some("_unpickle"), Some(("zoneinfo", "ZoneInfo"))) => Ok(Made::of(State::Nothing)),
        _ => Err("takes an attribute by name"),
    }
}

/// `ZoneInfo._unpickle('Europe/Berlin', True)`: it reads the entry of the database of time zones, and the name may lead
/// to nothing else.
pub(super) fn zone_by_key(call: &Call<'_>) -> Result<Made, &'static str> {
    let is_key = |key: &str| {
        let is_part = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        };
        key.len() < 64 && key.split('/').all(is_part)
    };
    match call.text(0) {
        Some(key) if is_key(key) => call.makes(1, &[Kind::Text, Kind::Or(&[Kind::Bool, Kind::Int])], State::Nothing),
        _ => Err("is no name of a time zone"),
    }
}

const ZONE: Kind = Kind::Or(&[Kind::None, Kind::Of(&[Sort::Zone])]);

/// Attributes of a namespace have any name: what Python calls by its name may not be among them.
const NAMESPACE: Kind = Kind::Attributes(&Kind::NotCallable);

/// `functools.partial.__reduce__`: function, arguments, keywords, attributes. The function takes its arguments apart by
/// their methods, so they are data, or types of numbers.
const PARTIAL: Kind = Kind::Tuple(&[
    Kind::Name(may_be_bound),
    Kind::Each(&BOUND),
    Kind::Attributes(&BOUND),
    Kind::Or(&[Kind::None, Kind::Attributes(&Kind::Data)]),
]);
const BOUND: Kind = Kind::Or(&[BOUND_ONE, Kind::Each(&BOUND_ONE)]);
const BOUND_ONE: Kind = Kind::Or(&[Kind::Data, Kind::Name(super::numpy::is_type)]);
const BLOCK_OF_PANDAS_1_3: Kind =
    Kind::Tuple(&[Kind::Any, Kind::Tuple(&[]), Kind::Keys(&[("ndim", Kind::Int)]), Kind::None]);

/// Methods of texts that give texts, or lists of them.
const STR_METHODS: [&str; 16] = [
    "capitalize",
    "casefold",
    "isalnum",
    "isalpha",
    "isdigit",
    "isnumeric",
    "lower",
    "lstrip",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "swapcase",
    "title",
    "upper",
];

const PATHS: [&str; 6] = ["Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath"];

pub(super) const BUILTIN_CLASSES: [&str; 15] = [
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
    "range",
    "set",
    "slice",
    "str",
    "tuple",
];
