//! Python's own names, and `copyreg`'s ways of making objects.

use skiff_pickle::{Graph, Node, NodeId};

use super::{Call, Called, Items, Made, State, class, may_be_bound, name_of, new, packages, scikit_learn};

pub(super) fn may_stand(module: &str, name: &str) -> bool {
    match module {
        // `sorted` calls nothing but what it is given by keyword.
        "builtins" => BUILTIN_CLASSES.contains(&name) || name.ends_with("Warning") || name == "sorted",
        "collections" => matches!(name, "OrderedDict" | "defaultdict" | "Counter" | "deque"),
        "types" => name == "SimpleNamespace",
        "datetime" => matches!(name, "datetime" | "date" | "time" | "timedelta" | "timezone"),
        "decimal" => name == "Decimal",
        _ => false,
    }
}

pub(super) fn is_constructor(module: &str, name: &str) -> bool {
    match module {
        "_codecs" => name == "encode",
        "builtins" => name == "getattr",
        "copyreg" => matches!(name, "_reconstructor" | "__newobj__"),
        "functools" => name == "partial",
        "re" => name == "_compile",
        _ => false,
    }
}

/// `function(*arguments)`.
pub(super) fn call(call: &Call<'_>) -> Called {
    let Call { graph, module, name, arguments } = *call;
    let nothing = Ok(Made::of(State::Nothing));
    Some(match (module, name) {
        ("_codecs", "encode") => match call.text(1) {
            Some("latin1" | "latin-1" | "iso-8859-1") if call.count() == 2 && call.is_plain() => nothing,
            // Other encodings are modules, imported by name.
            _ => Err("is called for another encoding than latin-1"),
        },
        ("builtins", "set" | "frozenset" | "list" | "tuple" | "dict") if call.count() <= 1 => {
            match call.argument(0).map(|id| graph.node(id)) {
                None | Some(Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Set(_)) => nothing,
                Some(_) => Err(""),
            }
        }
        ("builtins", "slice" | "complex" | "range") if (1..=3).contains(&call.count()) => nothing,
        // Of a number they would be that long.
        ("builtins", "bytes" | "bytearray") => match arguments {
            [] => nothing,
            [id] => match graph.node(*id) {
                Node::Bytes(_) | Node::ByteStr(_) | Node::List(_) => nothing,
                Node::Object(inner) if name_of(graph, inner.callable) == Some(("_codecs", "encode")) => nothing,
                _ => Err(""),
            },
            [_, _] if call.is_plain() && matches!(call.text(1), Some("latin1" | "latin-1")) => nothing,
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
            Some((module, name)) if may_be_bound(module, name) => Ok(Made::of(State::Partial)),
            _ => Err("binds arguments to a function that is not on the list"),
        },
        ("collections", "OrderedDict" | "Counter") if call.count() <= 1 => {
            Ok(Made::of(State::Attributes).with(Items::Pairs))
        }
        ("collections", "defaultdict") if call.count() <= 1 => {
            let factory = call.global(0).is_none_or(|(module, name)| {
                (module == "builtins" && BUILTIN_CLASSES.contains(&name)) || module == "collections"
            });
            let is_global = call.argument(0).is_none_or(|id| call.global(0).is_some() || *graph.node(id) == Node::None);
            if factory && is_global {
                Ok(Made::of(State::Attributes).with(Items::Pairs))
            } else {
                Err("has a factory that is not one of Python's own classes")
            }
        }
        ("collections", "deque") => Ok(Made::of(State::Attributes).with(Items::List)),
        ("types", "SimpleNamespace") if call.count() == 0 => Ok(Made::of(State::Attributes)),
        ("datetime", "datetime" | "date" | "time" | "timedelta" | "timezone") => nothing,
        ("decimal", "Decimal") if call.count() == 1 && call.is_plain() => nothing,
        ("re", "_compile") if call.count() == 2 && call.is_plain() => nothing,
        _ => return None,
    })
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
        (Some(("builtins", "tuple")), Node::Tuple(_)) if scikit_learn::is_named_tuple(module, name) => Ok(made),
        _ => Err(""),
    }
}

/// `getattr(distribution, '_entropy')`: a method of one of scipy's distributions. Everything else that `getattr` does
/// is the way from innocent to dangerous code.
fn bound_method(graph: &Graph, arguments: &[NodeId]) -> Result<Made, &'static str> {
    let [owner, name] = *arguments else { return Err("") };
    let distribution = graph.object(owner).and_then(|owner| name_of(graph, owner.callable));
    let is_distribution = distribution
        .is_some_and(|(module, name)| module.starts_with("scipy.stats.") && packages::is_class(module, name));
    match graph.str_of(name) {
        Some("_entropy" | "_pdf" | "_cdf" | "_ppf" | "_pmf" | "_mom0_sc" | "_mom1_sc") if is_distribution => {
            Ok(Made::of(State::Nothing))
        }
        _ => Err("takes an attribute by name"),
    }
}

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
