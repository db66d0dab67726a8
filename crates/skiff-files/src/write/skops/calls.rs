//! The skops loader for each node: for a call in a pickle, the loader that builds the same object.

use skiff_pickle::{Change, Graph, Make, Node, NodeId, Object, python3_name};

use super::made::{Arguments, Made, Name, Refusal};
use super::numpy;
use crate::DType;
use crate::call::{is_numpy_module, python_bytes};
use crate::numpy::parse_name;
use crate::scalar::scalar_array;

/// Selects loaders for nodes.
pub(super) struct Calls<'g> {
    pub graph: &'g Graph,
    /// Whether numpy 2 wrote the graph, which names some types differently.
    pub numpy2: bool,
}

/// A call by any opcode.
#[derive(Clone, Copy)]
struct Call<'g> {
    id: NodeId,
    class: Name<'g>,
    arguments: &'g [NodeId],
    changes: &'g [Change],
    /// Whether it is `__new__` alone, without `__init__`.
    new: bool,
}

impl<'g> Calls<'g> {
    /// The loader's object for the node at `id`.
    pub fn made(&self, id: NodeId) -> Result<Made<'g>, Refusal> {
        let graph = self.graph;
        if !graph.changes(id).is_empty() {
            return Err(Refusal::new(id, "a change to a value that is not an object"));
        }
        Ok(match graph.node(id) {
            Node::None | Node::Bool(_) | Node::Int(_) | Node::Float(_) | Node::Str(_) | Node::BigInt(_) => Made::Json,
            Node::ByteStr(span) if graph.bytes(*span).is_ascii() => Made::Json,
            Node::ByteStr(_) => return Err(Refusal::new(id, "byte strings of Python 2 may or may not be text")),
            Node::Bytes(span) => Made::Bytes(graph.shared_bytes(*span)),
            Node::ByteArray(span) => Made::ByteArray(graph.shared_bytes(*span)),
            Node::Tuple(items) => Made::Tuple(items),
            Node::List(items) => Made::List(("builtins", "list"), items),
            Node::Set(items) => Made::Set(("builtins", "set"), items),
            Node::FrozenSet(items) => Made::Call(("builtins", "frozenset"), Arguments::List(items)),
            Node::Dict(pairs) => Made::Dict(("builtins", "dict"), pairs.clone()),
            Node::Global(_) => self.global(id)?,
            Node::Object(object) => self.object(id, object)?,
            Node::Payload { .. } => numpy::array(graph, id)?
                .ok_or_else(|| Refusal::new(id, "content between the opcodes is not an array"))?,
            Node::Extension(_) | Node::Persistent(_) | Node::Buffer { .. } => {
                return Err(Refusal::new(id, format!("it has no loader for {}", graph.node(id).kind())));
            }
        })
    }

    /// The name at `id`, as in Python 3.
    fn name(&self, id: NodeId) -> Option<Name<'g>> {
        self.graph.global(id).map(|(module, name)| python3_name(module, name))
    }

    /// A name that skops' `getattr` finds in its module.
    fn plain_name(&self, id: NodeId, name: NodeId) -> Result<Name<'g>, Refusal> {
        let found = self.name(name).ok_or_else(|| Refusal::new(id, "its callable is not a name in a module"))?;
        if found.1.contains('.') {
            return Err(Refusal::new(id, format!("it cannot resolve dotted names: `{}` in `{}`", found.1, found.0)));
        }
        Ok(found)
    }

    fn global(&self, id: NodeId) -> Result<Made<'g>, Refusal> {
        let (module, name) = self.plain_name(id, id)?;
        Ok(if is_class(module, name) || module == "builtins" {
            Made::Type((module, name))
        } else {
            Made::Function((module, name))
        })
    }

    fn object(&self, id: NodeId, object: &'g Object) -> Result<Made<'g>, Refusal> {
        let graph = self.graph;
        let Node::Tuple(arguments) = graph.node(object.arguments) else {
            return Err(Refusal::new(id, "the arguments of a call are not a tuple"));
        };
        let class = self.plain_name(id, object.callable)?;
        let new = object.make != Make::Reduce;
        if let Some(keywords) = object.keywords
            && !matches!(graph.node(keywords), Node::Dict(pairs) if pairs.is_empty())
        {
            return Err(Refusal::new(id, format!("`{}.{}` is called with keyword arguments", class.0, class.1)));
        }
        let call = Call { id, class, arguments, changes: &object.changes, new };
        if new {
            return self.sparse_or_instance(call);
        }
        match self.known(&call)? {
            Some(made) => Ok(made),
            None => self.instance(call),
        }
    }

    /// Functions of Python, numpy, scipy and scikit-learn, whose results are known.
    fn known(&self, call: &Call<'g>) -> Result<Option<Made<'g>>, Refusal> {
        let (graph, id) = (self.graph, call.id);
        let is_numpy = |module| is_numpy_module(call.class.0, module);
        Ok(Some(match (call.class.0, call.class.1, call.arguments) {
            (_, "_reconstruct", _) if is_numpy("multiarray") => return numpy::array(graph, id),
            (_, "_frombuffer", _) if is_numpy("numeric") => return numpy::array(graph, id),
            (_, "scalar", _) if is_numpy("multiarray") => {
                let array = scalar_array(graph, id)
                    .map_err(|error| Refusal::new(id, error))?
                    .ok_or_else(|| Refusal::new(id, "an invalid scalar"))?;
                let class = numpy::scalar_class(&array.dtype, self.numpy2)
                    .ok_or_else(|| Refusal::new(id, "it cannot store this kind of numpy scalar"))?;
                Made::Array(class, array)
            }
            ("numpy", "dtype", _) if !DType::is_string(graph, id) => {
                let dtype = DType::read(graph, id).map_err(|error| Refusal::new(id, error))?;
                Made::DType(dtype.ok_or_else(|| Refusal::new(id, "an invalid dtype"))?)
            }
            ("numpy.ma" | "numpy.ma.core", "_mareconstruct", &[class, ..]) => {
                let class = self.plain_name(id, class)?;
                return if matches!(class, ("numpy.ma" | "numpy.ma.core", "MaskedArray")) {
                    numpy::masked(graph, id, class)
                } else {
                    Err(Refusal::new(id, format!("it has no loader for `{}.{}`", class.0, class.1)))
                };
            }
            ("numpy.ma" | "numpy.ma.core", "MaskedArray", _) => return numpy::masked(graph, id, call.class),
            (_, "_ufunc_reconstruct", &[module, name]) if call.class.0.starts_with("numpy.") => {
                match (graph.str_of(module), graph.str_of(name)) {
                    (Some(module), Some(name)) => Made::Function((module, name)),
                    _ => return Ok(None),
                }
            }
            ("numpy.random._pickle", "__randomstate_ctor", _)
            | ("numpy.random", "__RandomState_ctor" | "RandomState", _)
            | ("numpy.random.mtrand", "RandomState", _) => self.random_state(call)?,
            ("numpy.random._pickle", "__generator_ctor", &[bits]) => self.generator(call, bits)?,
            ("functools", "partial", &[_]) => {
                let state = call.only_state()?.and_then(|state| graph.items(state));
                match state {
                    Some(&[function, arguments, keywords, attributes]) => {
                        Made::Partial([function, arguments, keywords, attributes])
                    }
                    _ => return Err(Refusal::new(id, "a `functools.partial` without its four parts")),
                }
            }
            ("builtins", "slice", &[start, stop, step]) if call.changes.is_empty() => Made::Slice([start, stop, step]),
            ("builtins", "getattr", &[owner, name]) if call.changes.is_empty() => match graph.str_of(name) {
                Some(name) if !name.contains('.') => Made::Method(owner, name),
                _ => return Ok(None),
            },
            ("operator" | "_operator", "itemgetter" | "attrgetter" | "methodcaller", arguments)
                if call.changes.is_empty() =>
            {
                Made::Operator(call.class.1, arguments)
            }
            ("collections", "defaultdict", &[factory]) => {
                let pairs = call.pairs().ok_or_else(|| call.refused("has items other than pairs"))?;
                if pairs.iter().any(|&(key, _)| graph.str_of(key).is_none()) {
                    return Err(Refusal::new(id, "it cannot load a `defaultdict` with keys other than strings"));
                }
                Made::DefaultDict(factory, pairs)
            }
            ("builtins", "set", &[items]) if call.changes.is_empty() => match graph.node(items) {
                Node::List(items) => Made::Set(call.class, items),
                _ => return Ok(None),
            },
            ("_codecs", "encode", _) | ("builtins", "bytes" | "bytearray", _) if call.changes.is_empty() => {
                match python_bytes(graph, id) {
                    Some(bytes) if call.class.1 == "bytearray" => Made::ByteArray(bytes),
                    Some(bytes) => Made::Bytes(bytes),
                    None => return Ok(None),
                }
            }
            // Without arguments only its `__new__` matters.
            ("types", "SimpleNamespace", []) => {
                let call = Call { changes: call.changes, class: call.class, arguments: &[], id, new: true };
                return self.instance(call).map(Some);
            }
            ("sklearn.tree._tree", "Tree", arguments) => {
                let (arguments, state) = (Arguments::These(arguments), call.only_state()?);
                Made::Reduce { loader: "TreeNode", class: call.class, arguments, state }
            }
            ("quantile_forest._quantile_forest_fast", "QuantileForest", arguments) => {
                let (arguments, state) = (Arguments::These(arguments), call.only_state()?);
                Made::Reduce { loader: "QuantileForestNode", class: call.class, arguments, state }
            }
            (module, name, _) if loss_module(module).is_some() => return self.loss(call, name).map(Some),
            // Each of these takes the class of its result.
            ("copyreg", "_reconstructor", &[class, base, state]) => {
                // A Bunch of protocols 0 and 1 is created from its dict, and ignores its state.
                if let (Some(name), Node::Dict(pairs)) =
                    (self.name(class).filter(|name| is_bunch(*name)), graph.node(state))
                    && matches!(call.changes, [] | [Change::Build(_)])
                {
                    return Ok(Some(Made::Dict(name, pairs.clone())));
                }
                let is_plain = self.name(base) == Some(("builtins", "object")) && *graph.node(state) == Node::None;
                if !is_plain {
                    return Ok(None);
                }
                return self.newly(call, class, &[]).map(Some);
            }
            ("copyreg", "__newobj__", [class, rest @ ..]) => return self.newly(call, *class, rest).map(Some),
            ("copyreg", "__newobj_ex__", &[class, arguments, keywords]) => {
                match (graph.node(arguments), graph.node(keywords)) {
                    (Node::Tuple(arguments), Node::Dict(keywords)) if keywords.is_empty() => {
                        return self.newly(call, class, arguments).map(Some);
                    }
                    _ => return Ok(None),
                }
            }
            (module, "newObj", &[class]) if module.starts_with("sklearn.") => {
                return self.newly(call, class, &[]).map(Some);
            }
            _ => return Ok(None),
        }))
    }

    fn newly(&self, call: &Call<'g>, class: NodeId, arguments: &'g [NodeId]) -> Result<Made<'g>, Refusal> {
        let class = self.plain_name(call.id, class)?;
        self.sparse_or_instance(Call { id: call.id, class, arguments, changes: call.changes, new: true })
    }

    fn sparse_or_instance(&self, call: Call<'g>) -> Result<Made<'g>, Refusal> {
        match numpy::sparse(self.graph, call.id, call.class)? {
            Some(made) => Ok(made),
            None => self.instance(call),
        }
    }

    /// An object of a class of which only the name is known.
    fn instance(&self, call: Call<'g>) -> Result<Made<'g>, Refusal> {
        let graph = self.graph;
        if !call.new && !is_class(call.class.0, call.class.1) {
            return Err(call.refused("is called, and it has no loader for the result"));
        }
        let changes = call.changes;
        // A Bunch ignores its state.
        let changes = match changes {
            [first @ Change::SetItems(_), Change::Build(_)] if is_bunch(call.class) => std::slice::from_ref(first),
            [Change::Build(_)] if is_bunch(call.class) => &[],
            changes => changes,
        };
        match (call.arguments, changes) {
            ([], [Change::SetItems(pairs)]) => Ok(Made::Dict(call.class, pairs.clone())),
            ([], [Change::Append(items)]) => Ok(Made::List(call.class, items)),
            ([], [Change::Add(items)]) => Ok(Made::Set(call.class, items)),
            // Without `__init__` the object is empty; of a dict it is the same.
            ([], []) if call.new && is_bunch(call.class) => Ok(Made::Dict(call.class, Vec::new())),
            ([], []) if call.new => Ok(Made::Object(call.class, None)),
            ([], [Change::Build(state)]) if call.new => {
                let slots = |parts: &[NodeId]| {
                    let is_part = |&part: &NodeId| matches!(graph.node(part), Node::Dict(_) | Node::None);
                    parts.len() == 2 && parts.iter().all(is_part)
                };
                match graph.node(*state) {
                    Node::Tuple(parts) if slots(parts) => Err(call.refused("has slots, which it does not set")),
                    Node::None => Err(call.refused("has the state `None`")),
                    _ => Ok(Made::Object(call.class, Some(*state))),
                }
            }
            // Tuples with names, dates, complex numbers: determined by the arguments alone.
            (arguments, []) => Ok(Made::Call(call.class, Arguments::These(arguments))),
            _ => Err(call.refused("is created by a call and then changed, and it has no loader for that")),
        }
    }

    /// Losses of scikit-learn are created by calling their class with at most one parameter.
    fn loss(&self, call: &Call<'g>, name: &'g str) -> Result<Made<'g>, Refusal> {
        let module = loss_module(call.class.0).unwrap_or(call.class.0);
        let state = call.only_state()?;
        let items = |id: Option<NodeId>| {
            id.map_or(Some(&[][..]), |id| match self.graph.node(id) {
                Node::None => Some(&[][..]),
                Node::Dict(pairs) if pairs.is_empty() => Some(&[][..]),
                _ => self.graph.items(id),
            })
        };
        let unknown = || call.refused("is created in a way that scikit-learn never used");
        let (name, arguments) = match (name.strip_prefix("__pyx_unpickle_"), call.arguments) {
            (Some(name), &[class, _, given]) => {
                if self.name(class).map(|(_, class)| class) != Some(name) {
                    return Err(unknown());
                }
                let (given, state) = (items(Some(given)).ok_or_else(unknown)?, items(state).ok_or_else(unknown)?);
                (name, if given.is_empty() { state } else { given })
            }
            (None, arguments) if items(state).is_some_and(<[NodeId]>::is_empty) => (name, arguments),
            _ => return Err(unknown()),
        };
        let arguments = Arguments::These(arguments);
        Ok(Made::Reduce { loader: "LossNode", class: (module, name), arguments, state: None })
    }

    fn random_state(&self, call: &Call<'g>) -> Result<Made<'g>, Refusal> {
        let graph = self.graph;
        let state = call.only_state()?.ok_or_else(|| call.refused("has no state"))?;
        // The bit generator may be another one; skops always creates the default.
        let name = match graph.node(state) {
            Node::Dict(pairs) => {
                pairs.iter().rev().find(|(key, _)| graph.str_of(*key) == Some("bit_generator")).map(|(_, name)| *name)
            }
            _ => graph.items(state).and_then(<[NodeId]>::first).copied(),
        };
        match name.and_then(|name| graph.str_of(name)) {
            Some("MT19937") => Ok(Made::RandomState(state)),
            _ => Err(call.refused("uses another generator than `MT19937`")),
        }
    }

    /// The generator draws from `bits`: `__bit_generator_ctor(class)` with a state and a seed.
    fn generator(&self, call: &Call<'g>, bits: NodeId) -> Result<Made<'g>, Refusal> {
        let graph = self.graph;
        let unknown = || call.refused("has no seed that skops can store");
        let state = graph.object(bits).and_then(Object::state).and_then(|state| graph.items(state));
        let &[state, seed] = state.ok_or_else(unknown)? else { return Err(unknown()) };
        // `(entropy, n_children_spawned, pool, pool_size, spawn_key)`.
        let seed = graph.object(seed).and_then(Object::state).and_then(|seed| graph.items(seed));
        let &[entropy, spawned, _, size, key] = seed.ok_or_else(unknown)? else { return Err(unknown()) };
        match graph.node(state) {
            Node::Dict(pairs) if pairs.len() <= 16 && call.changes.is_empty() => {
                Ok(Made::Generator { bits: state, seed: [entropy, key, size, spawned] })
            }
            _ => Err(unknown()),
        }
    }
}

impl<'g> Call<'g> {
    fn refused(&self, why: &str) -> Refusal {
        Refusal::new(self.id, format!("`{}.{}` {why}", self.class.0, self.class.1))
    }

    /// The state of the only `BUILD`, if there are no other changes.
    fn only_state(&self) -> Result<Option<NodeId>, Refusal> {
        match self.changes {
            [] => Ok(None),
            [Change::Build(state)] => Ok(Some(*state)),
            _ => Err(self.refused("is changed by more than its state")),
        }
    }

    /// The pairs that were set, if there are no other changes.
    fn pairs(&self) -> Option<Vec<(NodeId, NodeId)>> {
        match self.changes {
            [] => Some(Vec::new()),
            [Change::SetItems(pairs)] => Some(pairs.clone()),
            _ => None,
        }
    }
}

/// The module of losses in the newest scikit-learn, for an older one. Cython once shortened `sklearn._loss._loss`.
fn loss_module(module: &str) -> Option<&'static str> {
    match module {
        "_loss" | "sklearn._loss._loss" => Some("sklearn._loss._loss"),
        "sklearn.linear_model._sgd_fast" | "sklearn.linear_model.sgd_fast" => Some("sklearn.linear_model._sgd_fast"),
        _ => None,
    }
}

fn is_bunch(class: Name<'_>) -> bool {
    class.1 == "Bunch" && class.0.starts_with("sklearn.")
}

/// Whether a name looks like a class: a capital, or one of those that have none.
fn is_class(module: &str, name: &str) -> bool {
    match module {
        "builtins" => matches!(
            name,
            "bool"
                | "bytearray"
                | "bytes"
                | "complex"
                | "dict"
                | "float"
                | "frozenset"
                | "int"
                | "list"
                | "object"
                | "range"
                | "set"
                | "slice"
                | "str"
                | "tuple"
                | "type"
        ),
        "collections" => true,
        "datetime" => matches!(name, "date" | "datetime" | "time" | "timedelta" | "timezone"),
        // Types of numbers have small letters, as functions do.
        "numpy" => name.ends_with('_') || parse_name(name).is_some() || matches!(name, "number" | "generic" | "dtype"),
        _ => name.trim_start_matches('_').starts_with(char::is_uppercase),
    }
}
