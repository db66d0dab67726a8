//! Judges an object graph: what CPython would import, call and change to make it.
//!
//! Every node that the machine made is looked at, also what was popped from the stack and is part of nothing: CPython
//! called it all the same.

mod first_danger;
mod states;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use skiff_files::numpy::MaskedArray;
use skiff_files::{DType, NdArray, Scalar, Sparse, ValueErrorKind, pyarrow};
use skiff_pickle::{Bytes, Graph, IdMap, IdSet, Limits, Node, NodeId, Object, Payload};

use crate::allowed::{self, Values};
use crate::attributes::Attributes;
use crate::estimators::Estimators;
use crate::keys::Keys;
use crate::numbers::Numbers;
use crate::paths::paths;
use crate::verdict::{Finding, Rating, UnknownAttribute};
use crate::{dangers, unfolded, wrappers};

/// What one pickle, or one file of another format, made in a graph.
pub(crate) struct Judged<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) values: Values<'g>,
    roots: &'g [NodeId],
    findings: Vec<(NodeId, Finding)>,
    /// How many findings there were of each rating. Nobody reads more of them than are kept.
    counts: HashMap<Rating, usize>,
    most: usize,
    counts_here: &'g Counts<'g>,
    numbers: Numbers,
    attributes: Attributes<'g>,
    /// Attributes of scikit-learn's objects that no version of their classes has, and that hold plain data.
    unknown: Vec<(NodeId, UnknownAttribute)>,
    pub(crate) keys: Keys,
    /// Where `numpy.memmap` stands, each with its name.
    mapped_arrays: Vec<(NodeId, NodeId)>,
    /// Where it may.
    array_parts: IdSet,
    /// What is wrong with a state of a class's objects, if anything: thousands of objects may share one.
    states_of: IdMap<Vec<(&'static str, Option<String>)>>,
    /// States of arrays that were looked at: thousands of arrays may share one.
    states: HashSet<(NodeId, Option<&'g str>)>,
    /// The time was over before all was looked at.
    pub is_late: bool,
    /// A name that opens pickles in byte strings stands in it.
    pub loads: bool,
}

/// How the graph came to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As the file's own kind wants it.
    Pickle,
    /// skops' loaders make some objects in ways of their own.
    Skops,
    /// As plain opcodes, although the file is something else: only what can be imported counts.
    Polyglot,
}

/// How a graph is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Care<'a> {
    /// Its time.
    pub limits: &'a Limits,
    /// Whether estimators are read.
    pub estimators: Estimators,
    /// How many findings of each rating are kept.
    pub most: usize,
    /// Which findings count at all. The others are dropped before they are counted: hundreds of them must not take the
    /// place of one that counts.
    pub counts: &'a Counts<'a>,
}

/// Whether a finding at a node counts.
pub(crate) type Counts<'a> = dyn Fn(NodeId, &Finding) -> bool + 'a;

/// Every finding counts.
pub(crate) const ALL: &Counts<'static> = &|_, _| true;

impl<'g> Judged<'g> {
    fn nothing_yet(
        graph: &'g Graph,
        roots: &'g [NodeId],
        reading: Reading,
        most: usize,
        counts: &'g Counts<'g>,
    ) -> Self {
        Self {
            graph,
            values: Values::of(graph),
            roots,
            findings: Vec::new(),
            counts: HashMap::new(),
            most,
            counts_here: counts,
            numbers: Numbers::of(graph),
            attributes: Attributes::of(graph, reading == Reading::Polyglot),
            unknown: Vec::new(),
            keys: Keys::default(),
            mapped_arrays: Vec::new(),
            array_parts: IdSet::default(),
            states_of: IdMap::default(),
            states: HashSet::new(),
            is_late: false,
            loads: false,
        }
    }

    pub fn of(graph: &'g Graph, roots: &'g [NodeId], ids: Range<usize>, reading: Reading, care: Care<'g>) -> Self {
        let Care { limits, estimators, most, counts } = care;
        let mut judged = Self::nothing_yet(graph, roots, reading, most, counts);
        for id in graph.ids_in(ids.clone()) {
            if id.index().is_multiple_of(4_096) && limits.is_late() {
                judged.is_late = true;
                break;
            }
            judged.node(id, reading);
            judged.as_built(id);
            if !graph.changes(id).is_empty() {
                judged.changed(id);
            }
        }
        judged.mapped_arrays();
        let numbers = std::mem::replace(&mut judged.numbers, Numbers::of(graph));
        if reading != Reading::Polyglot || !roots.is_empty() {
            match numbers.finish(limits) {
                Ok(found) => found.into_iter().for_each(|(id, what)| judged.hostile(id, &what)),
                Err(()) => judged.is_late = true,
            }
            if !judged.is_late && !roots.is_empty() {
                let found = estimators.contradictions(graph, ids.clone(), limits);
                found.into_iter().for_each(|(id, what)| judged.hostile(id, &what));
            }
        }
        if reading == Reading::Polyglot {
            judged.unknown.clear();
        } else if let Some(id) = unfolded::endless(graph, ids) {
            judged.add(id, Rating::Unknown, None, ENDLESS);
        }
        judged
    }

    /// The findings, each with its path from a root, where it is part of one.
    pub fn findings(self) -> Vec<Finding> {
        self.found().0
    }

    /// The findings, and the attributes that are unknown and hold plain data, each with its path from a root.
    pub fn found(self) -> (Vec<Finding>, Vec<UnknownAttribute>) {
        let Self { graph, roots, findings, unknown, .. } = self;
        let found = findings.iter().map(|(id, _)| *id);
        let targets: HashSet<NodeId> = found.chain(unknown.iter().map(|(id, _)| *id)).collect();
        let paths = paths(graph, roots, targets);
        let path = |id: NodeId| paths.get(&id).cloned();
        let findings = findings.into_iter().map(|(id, finding)| Finding { path: path(id), ..finding }).collect();
        let unknown = unknown.into_iter().map(|(id, found)| UnknownAttribute { path: path(id), ..found }).collect();
        (findings, unknown)
    }

    pub(crate) fn add(&mut self, id: NodeId, rating: Rating, named: Option<NodeId>, sentence: impl Into<String>) {
        if self.counts.get(&rating).is_some_and(|&counted| counted >= self.most) {
            return;
        }
        let global = named.and_then(|named| match self.graph.node(named) {
            Node::Global(global) => Some(*global),
            _ => None,
        });
        let name = named.and_then(|named| self.graph.global(named)).map(|(module, name)| format!("{module}.{name}"));
        // Text that had to be decoded is no part of the file.
        let offset =
            global.filter(|global| global.name.buffer > 0).and_then(|global| u64::try_from(global.name.start).ok());
        let finding =
            Finding { rating, sentence: sentence.into(), name, offset, path: None, pickle: None, place: Vec::new() };
        if (self.counts_here)(id, &finding) {
            *self.counts.entry(rating).or_insert(0) += 1;
            self.findings.push((id, finding));
        }
    }

    fn node(&mut self, id: NodeId, reading: Reading) {
        let graph = self.graph;
        match graph.node(id) {
            Node::Global(_) => self.global(id),
            Node::Object(object) => {
                match allowed::made(&self.values, object) {
                    Ok(made) => {
                        self.array_part(object);
                        self.changes(id, &object.changes, made, reading);
                    }
                    Err(why) if reading == Reading::Skops => match allowed::made_by_skops(graph, object) {
                        Some(made) => self.changes(id, &object.changes, made, reading),
                        // Wrapped by skops: what a loader makes of inert parts.
                        None if is_made_by_skops(graph, object.callable) => {}
                        None => self.refused(id, object.callable, why),
                    },
                    Err(why) => self.refused(id, object.callable, why),
                }
                for &child in std::iter::once(&object.arguments).chain(&object.keywords) {
                    self.stands(id, child);
                }
                self.numbers.look(graph, id);
                // What a state means is up to the code that a dtype is made of, too.
                let code = graph.items(object.arguments).and_then(|arguments| graph.name_of(*arguments.first()?));
                if object.state().is_none_or(|state| self.states.insert((state, code))) {
                    self.values(id);
                }
            }
            Node::Extension(code) => {
                let why = format!("takes number {code} of the registry of extensions: nobody knows which name that is");
                self.add(id, Rating::Unknown, None, why);
            }
            Node::Persistent(_) => {
                self.add(id, Rating::Unknown, None, "hands a persistent id to the program that loads it");
            }
            Node::BigInt(span) if span.len > LONGEST_INTEGER => self.add(id, Rating::Unknown, None, LONG),
            Node::Buffer { .. } => self.add(id, Rating::Unknown, None, "takes a buffer that is not in the file"),
            Node::Payload { content: Payload::Raw(_), .. } => self.values(id),
            Node::Payload { object, content: Payload::Pickle(root) } if !wrappers::announces(graph, *object, *root) => {
                self.add(id, Rating::Unknown, None, "announces another array than follows");
            }
            Node::Tuple(_) | Node::List(_) | Node::Dict(_) | Node::Set(_) | Node::FrozenSet(_) => {
                let mut children = Vec::new();
                graph.each_child(id, |child| children.push(child));
                for child in children {
                    self.stands(id, child);
                }
            }
            _ => {}
        }
    }

    /// `numpy.memmap` names what an array was. Called, it opens a file: it is nothing but the first argument of numpy's
    /// `_reconstruct`, and what joblib's wrappers say of an array.
    fn mapped_arrays(&mut self) {
        for (parent, class) in std::mem::take(&mut self.mapped_arrays) {
            if !self.array_parts.contains(&parent) {
                let sentence =
                    allowed::name_of(self.graph, class).and_then(|(module, name)| dangers::sentence(module, name));
                self.add(parent, Rating::Dangerous, Some(class), sentence.unwrap_or("opens a file when it is called"));
            }
        }
    }

    /// Remembers the arguments of `_reconstruct` and the states of joblib's wrappers.
    fn array_part(&mut self, object: &Object) {
        let part = match allowed::name_of(self.graph, object.callable) {
            Some((_, "_reconstruct")) => Some(object.arguments),
            Some((_, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper")) => object.state(),
            _ => None,
        };
        let is_mapped = |&id: &NodeId| {
            allowed::name_of(self.graph, id).is_some_and(|(module, name)| allowed::is_mapped_array(module, name))
        };
        let names_one = part.is_some_and(|part| match self.graph.node(part) {
            Node::Tuple(items) => items.first().is_some_and(is_mapped),
            Node::Dict(pairs) => pairs.iter().any(|(_, value)| is_mapped(value)),
            _ => false,
        });
        self.array_parts.extend(part.filter(|_| names_one));
    }

    fn global(&mut self, id: NodeId) {
        let Some((module, name)) = self.graph.global(id) else {
            return self.add(id, Rating::Unknown, Some(id), "is a name that is no text, or longer than any name");
        };
        let (module3, name3) = skiff_pickle::python3_name(module, name);
        self.loads |= dangers::is_loader(module3, name3);
        if allowed::is_listed(module3, name3) {
            return;
        }
        match dangers::sentence(module3, name3).or_else(|| dangers::sentence(module, name)) {
            Some(sentence) => self.add(id, Rating::Dangerous, Some(id), sentence),
            None => {
                let package = module.split('.').next().unwrap_or(module);
                let sentence = match package {
                    "sklearn" | "numpy" | "scipy" | "pandas" | "joblib" => {
                        format!("is a name of {package} that no known model holds")
                    }
                    _ => "is code that is not on the list: importing its module alone runs it".to_owned(),
                };
                self.add(id, Rating::Unknown, Some(id), sentence);
            }
        }
    }

    /// A name of the list that only makes objects stands where a value belongs.
    fn stands(&mut self, id: NodeId, child: NodeId) {
        if allowed::name_of(self.graph, child).is_some_and(|(module, name)| allowed::is_mapped_array(module, name)) {
            return self.mapped_arrays.push((id, child));
        }
        if let Some((module, name)) = allowed::name_of(self.graph, child)
            && allowed::is_listed(module, name)
            && !allowed::may_stand(module, name)
            && !is_own_constructor(name)
        {
            match dangers::sentence(module, name) {
                Some(sentence) => self.add(id, Rating::Dangerous, Some(child), sentence),
                None => self.add(id, Rating::Unknown, Some(child), AS_VALUE),
            }
        }
    }

    /// Numbers that no fit makes. The path tells which object has them; its class says what it is.
    fn hostile(&mut self, id: NodeId, what: &str) {
        let callable = self.graph.object(id).map(|object| object.callable);
        self.add(id, Rating::Unknown, callable, format!("{what}: {HOSTILE}"));
    }

    fn refused(&mut self, id: NodeId, callable: NodeId, why: &str) {
        let Some((module, name)) = allowed::name_of(self.graph, callable) else {
            return self.add(id, Rating::Unknown, None, why);
        };
        // A name that is not on the list has a finding of its own.
        if !allowed::is_listed(module, name) {
            return;
        }
        match dangers::sentence(module, name) {
            Some(sentence) => self.add(id, Rating::Dangerous, Some(callable), format!("{why}: {sentence}")),
            None => self.add(id, Rating::Unknown, Some(callable), why),
        }
    }

    /// A change to what no call made: a class, a module's dict, a list.
    fn changed(&mut self, id: NodeId) {
        if self.graph.global(id).is_some() {
            let why = "is changed itself: every later use of it, in the whole process, would do something else";
            self.add(id, Rating::Dangerous, Some(id), why);
        } else {
            self.add(id, Rating::Unknown, None, "changes a value in a way that no model needs");
        }
    }

    /// Arrays and numbers that contradict themselves: numpy is not asked to sort that out.
    fn values(&mut self, id: NodeId) {
        let graph = self.graph;
        let array = NdArray::read(graph, id).map(|_| ());
        let result = array
            .and_then(|()| MaskedArray::read(graph, id).map(|_| ()))
            .and_then(|()| DType::read(graph, id).map(|_| ()))
            .and_then(|()| Scalar::read(graph, id).map(|_| ()))
            .and_then(|()| pyarrow::texts(graph, id).map(|_| ()));
        // Matrices of other numbers than are read here may be honest; indices that lead outside are not.
        if let Err(error) = Sparse::read(graph, id)
            && matches!(error.kind, ValueErrorKind::SparseIndex(_))
        {
            self.hostile(id, &format!("is a sparse matrix that contradicts itself: {error}"));
        }
        if let Err(error) = result {
            self.add(id, Rating::Unknown, None, format!("{CONTRADICTS}: {error}"));
        }
    }
}

/// What is done to objects to which nothing is to be done.
pub(crate) const GIVEN: [&str; 4] = [
    "is given items, as no model gives it any",
    "is given keys and values, as no model gives it any",
    "is given a state, as no model gives it any",
    "is given a state that is no dict of attributes",
];

/// Bytes of 4,300 digits, which is where Python stops to print an integer since 3.11. Before, it took minutes.
const LONGEST_INTEGER: usize = 1_792;
const LONG: &str = "is an integer of more than 4,300 digits: Python would take long to print it, or refuse to";
const ENDLESS: &str = "shares what it contains on so many levels that Python would never end to print or compare it";

/// Said of a name of the list that only makes objects.
pub(crate) const AS_VALUE: &str = "stands as a value, where no model has it";
pub(crate) const CONTRADICTS: &str = "is an array or a number that contradicts itself";
pub(crate) const HOSTILE: &str = "scikit-learn would crash, hang or answer nonsense";
pub(crate) const OTHER_STATE: &str = "is given a state that its package never wrote";

/// Names that calls have for arguments: a class of joblib's wrappers, a constructor of random generators, and dill's of
/// arrays.
fn is_own_constructor(name: &str) -> bool {
    matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper" | "__bit_generator_ctor" | "_reconstruct")
}

/// Objects that skops' loaders make of parts that are judged on their own.
fn is_made_by_skops(graph: &Graph, callable: NodeId) -> bool {
    allowed::name_of(graph, callable).is_some_and(|(module, name)| {
        matches!((module, name), ("numpy.random", "RandomState" | "Generator") | ("numpy.ma", "MaskedArray"))
            || (module.starts_with("scipy.sparse.") && allowed::may_stand(module, name))
    })
}

/// Byte strings that look like pickles.
pub(crate) fn byte_strings(graph: &Graph, ids: Range<usize>) -> Vec<Bytes> {
    let mut found = Vec::new();
    for id in graph.ids_in(ids) {
        if let Node::Bytes(span) | Node::ByteArray(span) | Node::ByteStr(span) | Node::Str(span) = graph.node(id)
            && span.len > 2
        {
            found.push(graph.shared_bytes(*span));
        }
    }
    found
}
