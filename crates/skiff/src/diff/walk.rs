//! Two graphs, node by node.

use std::collections::{HashMap, HashSet};

use skiff_files::{ArrayData, Column, DType, Graph, Instance, NdArray, Node, NodeId, Scalar, Sparse};
use skiff_pickle::{Change, Object};

use super::elements::{Elements, is_same};
use super::{Diff, Difference, Side, Subject};
use crate::inspect::{Left, SHOWN, attribute, parameter};

/// Attributes that say nothing of the model: who wrote it, and the address of an object in the memory of that process.
const NOT_OF_THE_MODEL: [&str; 2] = ["_sklearn_version", "_stop_words_id"];

/// The most differences that are listed.
const MOST: usize = 10_000;
/// Up to so many elements of an array are shown.
const FEW: usize = 6;

/// Two values that are to be compared.
struct Pair {
    nodes: [NodeId; 2],
    path: String,
    /// What a difference of values is here.
    subject: Subject,
}

struct Walk<'g> {
    graphs: [&'g Graph; 2],
    left: [Left; 2],
    open: Vec<Pair>,
    /// Pairs that were compared, but for scalars: objects may be shared, and may hold themselves.
    seen: HashSet<[NodeId; 2]>,
    diff: Diff,
}

/// Compares what is at `roots`.
pub(super) fn walk(graphs: [&Graph; 2], roots: [NodeId; 2]) -> Diff {
    let empty = || Side { format: Vec::new(), size: 0, written_by: Vec::new(), passport: Vec::new() };
    let diff = Diff { files: [empty(), empty()], differences: Vec::new(), same: 0, left_out: 0, is_complete: true };
    let root = Pair { nodes: roots, path: String::new(), subject: Subject::Attribute };
    let mut walk = Walk { graphs, left: graphs.map(Left::of), open: vec![root], seen: HashSet::new(), diff };
    while let Some(pair) = walk.open.pop() {
        if !walk.spend(1 + pair.path.len()) || pair.path.len() > SHOWN {
            walk.diff.is_complete = false;
        } else {
            let before = walk.open.len();
            walk.compare(&pair);
            // Pairs are pushed in the file's order and popped from the end.
            if let Some(new) = walk.open.get_mut(before..) {
                new.reverse();
            }
        }
    }
    walk.diff
}

/// The same of both graphs, if both have it and it is not damaged.
macro_rules! both {
    ($walk:expr, $pair:expr, $read:path) => {{
        let ([first, second], [left, right]) = ($walk.graphs, $pair.nodes);
        match ($read(first, left), $read(second, right)) {
            (Ok(Some(first)), Ok(Some(second))) => Some([first, second]),
            _ => None,
        }
    }};
}

impl Walk<'_> {
    /// Spends `work` of both sides; false when less is left of one.
    fn spend(&self, work: usize) -> bool {
        self.left.iter().all(|left| left.spend(work))
    }

    fn compare(&mut self, pair: &Pair) {
        let ([first, second], [left, right]) = (self.graphs, pair.nodes);
        // Of a value of a class that is not known, a scalar does not hold all.
        let is_known = |scalars: &[Scalar; 2]| !scalars.iter().any(|scalar| matches!(scalar, Scalar::Object(_)));
        if let Some([one, other]) = both!(self, pair, Scalar::read).filter(is_known) {
            match is_same(&one, &other) {
                true => self.diff.same += 1,
                false => self.differ(pair, pair.subject),
            }
        } else if !self.seen.insert(pair.nodes) {
            // Said where it was met first.
        } else if let Some(arrays) = both!(self, pair, NdArray::read) {
            self.compare_arrays(pair, arrays.each_ref());
        } else if let Some(matrices) = both!(self, pair, Sparse::read) {
            self.compare_sparse(pair, matrices.each_ref());
        } else if let (Some(one), Some(other)) = (Instance::read(first, left), Instance::read(second, right)) {
            self.compare_instances(pair, [&one, &other]);
        } else {
            self.compare_nodes(pair);
        }
    }

    /// Containers, names and calls.
    fn compare_nodes(&mut self, pair: &Pair) {
        let ([first, second], [left, right]) = (self.graphs, pair.nodes);
        match (first.node(left), second.node(right)) {
            (Node::List(one), Node::List(other)) => self.compare_items(pair, [one, other]),
            (Node::Tuple(one), Node::Tuple(other)) => self.compare_items(pair, [one, other]),
            (Node::Dict(one), Node::Dict(other)) => self.compare_dicts(pair, [one.as_slice(), other.as_slice()]),
            (Node::Set(_) | Node::FrozenSet(_), Node::Set(_) | Node::FrozenSet(_)) => self.compare_sets(pair),
            (Node::Global(_), Node::Global(_)) => match self.names(pair.nodes) {
                [one, other] if one == other => self.diff.same += 1,
                _ => self.differ(pair, pair.subject),
            },
            (Node::Object(one), Node::Object(other)) => self.compare_calls(pair, [one, other]),
            // Text with lone surrogates, and integers too long to be written in decimal.
            (Node::Str(one), Node::Str(other)) | (Node::BigInt(one), Node::BigInt(other)) => {
                match first.bytes(*one) == second.bytes(*other) {
                    true => self.diff.same += 1,
                    false => self.differ(pair, pair.subject),
                }
            }
            (Node::Persistent(one), Node::Persistent(other)) => self.push(pair, [*one, *other], pair.path.clone()),
            (Node::Extension(one), Node::Extension(other)) if one == other => self.diff.same += 1,
            // What is not in the files, damaged values, and content that no reader takes apart.
            (Node::Buffer { .. }, Node::Buffer { .. }) | (Node::Payload { .. }, Node::Payload { .. }) => {
                self.diff.is_complete = false;
            }
            _ => self.differ(pair, pair.subject),
        }
    }

    /// The canonical paths of two globals.
    fn names(&self, nodes: [NodeId; 2]) -> [Option<String>; 2] {
        let [first, second] = self.graphs;
        let [left, right] = nodes;
        [first.global(left), second.global(right)].map(|name| name.map(|(module, name)| canonical(module, name)))
    }

    fn compare_instances(&mut self, pair: &Pair, [one, other]: [&Instance<'_>; 2]) {
        if !self.spend(one.entries().max(other.entries())) {
            self.diff.is_complete = false;
            return;
        }
        let class = skiff_sklearn::class(one.module, one.name);
        if canonical(one.module, one.name) != canonical(other.module, other.name) {
            return self.differ(pair, Subject::Class);
        }
        let is_parameter = |name: &str| match class {
            Some(class) if class.is_estimator() => class.parameter(name).is_some(),
            _ => false,
        };
        let below = |name: &str| match pair.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        let others: HashMap<&str, NodeId> = other.attributes().collect();
        let mut found = HashSet::new();
        // The version that wrote an estimator is said of the file.
        for (name, value) in one.attributes().filter(|(name, _)| !NOT_OF_THE_MODEL.contains(name)) {
            found.insert(name);
            let inherited = pair.subject == Subject::Hyperparameter;
            let subject = if inherited || is_parameter(name) { Subject::Hyperparameter } else { Subject::Attribute };
            match others.get(name) {
                Some(&right) => self.open.push(Pair { nodes: [value, right], path: below(name), subject }),
                None => self.only(0, value, below(name), subject),
            }
        }
        for (name, value) in other.attributes().filter(|(name, _)| !NOT_OF_THE_MODEL.contains(name)) {
            if !found.contains(name) {
                let subject = if is_parameter(name) { Subject::Hyperparameter } else { Subject::Attribute };
                self.only(1, value, below(name), subject);
            }
        }
        let items = [one, other].map(|instance| instance.items().collect::<Vec<_>>());
        match items.each_ref().map(Vec::is_empty) {
            // The arguments of such a class are the dict that it was made of.
            [false, _] | [_, false] => self.compare_dicts(pair, items.each_ref().map(Vec::as_slice)),
            _ => self.compare_each(pair, [one.arguments(), other.arguments()], ".args"),
        }
        if one.has_foreign_state() || other.has_foreign_state() {
            match [one.state(), other.state()] {
                [Some(left), Some(right)] => self.push(pair, [left, right], below("state")),
                [None, None] => {}
                _ => self.diff.is_complete = false,
            }
        }
    }

    /// What would have been called, with what, and what was done to the result.
    fn compare_calls(&mut self, pair: &Pair, [one, other]: [&Object; 2]) {
        self.push(pair, [one.callable, other.callable], pair.path.clone());
        self.push(pair, [one.arguments, other.arguments], format!("{}.args", pair.path));
        let states = [one, other].map(Object::state);
        if let [Some(left), Some(right)] = states {
            self.push(pair, [left, right], format!("{}.state", pair.path));
        }
        let counts = [one, other].map(|object| {
            let is_state = |change: &&Change| matches!(change, Change::Build(_));
            (object.keywords.is_some(), object.changes.len(), object.changes.iter().filter(is_state).count())
        });
        let [(has_keywords, changes, builds), with] = counts;
        if (has_keywords, changes, builds) != with || has_keywords || changes != builds || builds > 1 {
            self.diff.is_complete = false;
        }
    }

    /// Items of lists and tuples, by name where all are tuples that begin with one: the steps of a pipeline.
    fn compare_items(&mut self, pair: &Pair, items: [&[NodeId]; 2]) {
        let [one, other] = items;
        if !self.spend(one.len().max(other.len())) {
            self.diff.is_complete = false;
            return;
        }
        let [Some(names), Some(others)] = [0, 1].map(|side| self.named(side, items)) else {
            return self.compare_each(pair, items, "");
        };
        if names == others {
            return self.compare_steps(pair, one.iter().copied().zip(other.iter().copied()).enumerate());
        }
        let order = |names: &[String]| format!("[{}]", names.join(", "));
        self.add(Difference {
            path: pair.path.clone(),
            subject: Subject::Structure,
            values: [Some(order(&names)), Some(order(&others))],
            elements: None,
        });
        let places: HashMap<&String, usize> = others.iter().zip(0..).collect();
        let place = |(index, name): (usize, &String)| {
            let node = *other.get(*places.get(name)?)?;
            Some((index, (*one.get(index)?, node)))
        };
        let matched: Vec<_> = names.iter().enumerate().filter_map(place).collect();
        self.compare_steps(pair, matched.into_iter());
    }

    /// `(name, object, …)` of both sides, each with its place on the first.
    fn compare_steps(&mut self, pair: &Pair, steps: impl Iterator<Item = (usize, (NodeId, NodeId))>) {
        let [first, second] = self.graphs;
        for (index, (left, right)) in steps {
            let path = format!("{}[{index}]", pair.path);
            let (Some(one), Some(other)) = (first.items(left), second.items(right)) else { continue };
            for (place, (&left, &right)) in one.iter().zip(other).enumerate().skip(1) {
                // The address of a step is that of its estimator.
                let path = if place == 1 { path.clone() } else { format!("{path}[{place}]") };
                let subject = if place == 1 { Subject::Attribute } else { pair.subject };
                self.open.push(Pair { nodes: [left, right], path, subject });
            }
            if one.len() != other.len() {
                self.differ(&Pair { nodes: [left, right], path, subject: Subject::Structure }, Subject::Structure);
            }
        }
    }

    /// The names of items that are all tuples of a name, different ones, and something else.
    fn named(&self, side: usize, items: [&[NodeId]; 2]) -> Option<Vec<String>> {
        let (graph, items) = (self.graphs.get(side)?, items.get(side)?);
        let name = |&item: &NodeId| match (graph.node(item), graph.items(item)) {
            (Node::Tuple(_), Some([name, _, ..])) => {
                graph.str_of(*name).filter(|name| name.len() <= SHOWN).map(str::to_owned)
            }
            _ => None,
        };
        let names: Vec<String> = items.iter().map(name).collect::<Option<_>>()?;
        let different: HashSet<&String> = names.iter().collect();
        (!names.is_empty() && different.len() == names.len()).then_some(names)
    }

    /// Items one after the other, as far as both have them.
    fn compare_each(&mut self, pair: &Pair, [one, other]: [&[NodeId]; 2], what: &str) {
        if one.len() != other.len() {
            let values = [one, other].map(|items| Some(format!("{} items", items.len())));
            let path = format!("{}{what}", pair.path);
            self.add(Difference { path, subject: Subject::Structure, values, elements: None });
        }
        for (index, (&left, &right)) in one.iter().zip(other).enumerate() {
            if !self.spend(1 + pair.path.len()) {
                self.diff.is_complete = false;
                return;
            }
            self.push(pair, [left, right], format!("{}{what}[{index}]", pair.path));
        }
    }

    fn compare_dicts(&mut self, pair: &Pair, pairs: [&[(NodeId, NodeId)]; 2]) {
        let [one, other] = pairs;
        if !self.spend((one.len() + other.len()).saturating_mul(2 + pair.path.len())) {
            self.diff.is_complete = false;
            return;
        }
        let [first, second] = self.graphs;
        // Of equal keys the last one counts, in the place of the first.
        let last = |graph: &Graph, pairs: &[(NodeId, NodeId)]| -> HashMap<String, NodeId> {
            pairs.iter().map(|(key, value)| (parameter(graph, *key, 3), *value)).collect()
        };
        let (mut ones, others) = (last(first, one), last(second, other));
        let mut shown = HashSet::new();
        for (key, _) in one {
            let key = parameter(first, *key, 3);
            let Some(value) = ones.remove(&key) else { continue };
            let path = format!("{}[{key}]", pair.path);
            match others.get(&key) {
                Some(&right) => self.push(pair, [value, right], path),
                None => self.only(0, value, path, pair.subject),
            }
            shown.insert(key);
        }
        for (key, _) in other {
            let key = parameter(second, *key, 3);
            if let Some(&value) = others.get(&key).filter(|_| !shown.contains(&key)) {
                self.only(1, value, format!("{}[{key}]", pair.path), pair.subject);
                shown.insert(key);
            }
        }
    }

    /// Sets, by what their items are.
    fn compare_sets(&mut self, pair: &Pair) {
        let ([first, second], [left, right]) = (self.graphs, pair.nodes);
        let items = |graph: &Graph, node: NodeId| -> HashSet<String> {
            match graph.node(node) {
                Node::Set(items) => items.iter().map(|&item| parameter(graph, item, 3)).collect(),
                Node::FrozenSet(items) => items.iter().map(|&item| parameter(graph, item, 3)).collect(),
                _ => HashSet::new(),
            }
        };
        let [one, other] = [items(first, left), items(second, right)];
        if !self.spend(one.len() + other.len()) {
            self.diff.is_complete = false;
        } else if one == other {
            self.diff.same += 1;
        } else {
            self.differ(pair, pair.subject);
        }
    }

    fn compare_arrays(&mut self, pair: &Pair, [one, other]: [&NdArray; 2]) {
        let size = |array: &NdArray| match &array.data {
            ArrayData::Raw(bytes) => bytes.len(),
            ArrayData::Objects(items) => items.len(),
        };
        if !self.spend(size(one).max(size(other))) {
            self.diff.is_complete = false;
            return;
        }
        if one.shape != other.shape {
            return self.differ(pair, pair.subject);
        }
        if let (Some(items), Some(others)) = (one.objects(), other.objects()) {
            return self.compare_each(pair, [items, others], "");
        }
        let is_text = |array: &NdArray| matches!(array.dtype, DType::Str { .. } | DType::Bytes { .. });
        if let (DType::Struct { fields, .. }, DType::Struct { fields: others, .. }) = (&one.dtype, &other.dtype) {
            for field in fields {
                let path = format!("{}['{}']", pair.path, field.name);
                match (one.field(&field.name), other.field(&field.name)) {
                    (Some(left), Some(right)) => self.compare_columns(pair, path, [&left, &right]),
                    _ => self.only_field(0, path, field.dtype.to_string()),
                }
            }
            for field in others.iter().filter(|field| one.field(&field.name).is_none()) {
                self.only_field(1, format!("{}['{}']", pair.path, field.name), field.dtype.to_string());
            }
        } else if one.dtype.to_string() != other.dtype.to_string() && !(is_text(one) && is_text(other)) {
            self.differ(pair, pair.subject);
        } else if let (Some(left), Some(right)) = (one.column(), other.column()) {
            self.compare_columns(pair, pair.path.clone(), [&left, &right]);
        } else {
            self.diff.is_complete = false;
        }
    }

    fn compare_columns(&mut self, pair: &Pair, path: String, columns: [&Column<'_>; 2]) {
        let [one, other] = columns;
        match Elements::of(one, other) {
            Ok(None) => self.diff.same += 1,
            Err(()) => self.diff.is_complete = false,
            Ok(Some(elements)) => {
                let values = columns.map(|column| Some(shown(column)));
                self.add(Difference { path, subject: pair.subject, values, elements: Some(elements) });
            }
        }
    }

    fn compare_sparse(&mut self, pair: &Pair, matrices: [&Sparse; 2]) {
        let [one, other] = matrices;
        if one.shape != other.shape || one.format != other.format || one.stored() != other.stored() {
            return self.differ(pair, pair.subject);
        }
        for (name, arrays) in [
            ("data", [&one.data, &other.data]),
            ("indices", [&one.indices, &other.indices]),
            ("indptr", [&one.indptr, &other.indptr]),
        ] {
            let path = format!("{}.{name}", pair.path);
            self.compare_arrays(&Pair { nodes: pair.nodes, path, subject: pair.subject }, arrays);
        }
    }

    fn push(&mut self, pair: &Pair, nodes: [NodeId; 2], path: String) {
        self.open.push(Pair { nodes, path, subject: pair.subject });
    }

    /// The values of a pair differ.
    fn differ(&mut self, pair: &Pair, subject: Subject) {
        let ([first, second], [left, right]) = (self.graphs, pair.nodes);
        let values = [value(first, left, subject), value(second, right, subject)];
        let values = values.map(Some);
        self.add(Difference { path: pair.path.clone(), subject, values, elements: None });
    }

    /// A value that one side has alone.
    fn only(&mut self, side: usize, node: NodeId, path: String, subject: Subject) {
        let Some(graph) = self.graphs.get(side) else { return };
        let shown = value(graph, node, subject);
        self.only_shown(side, path, subject, shown);
    }

    /// A field of records that one side has alone.
    fn only_field(&mut self, side: usize, path: String, dtype: String) {
        self.only_shown(side, path, Subject::Attribute, dtype);
    }

    fn only_shown(&mut self, side: usize, path: String, subject: Subject, shown: String) {
        let values = if side == 0 { [Some(shown), None] } else { [None, Some(shown)] };
        self.add(Difference { path, subject, values, elements: None });
    }

    fn add(&mut self, difference: Difference) {
        match self.diff.differences.len() < MOST {
            true => self.diff.differences.push(difference),
            false => self.diff.left_out += 1,
        }
    }
}

/// A value as a difference shows it.
fn value(graph: &Graph, node: NodeId, subject: Subject) -> String {
    if subject == Subject::Class {
        return skiff_files::class_path(graph, node).unwrap_or_default();
    }
    match (subject, NdArray::read(graph, node), graph.node(node)) {
        (_, Ok(Some(array)), _) => match array.column().filter(|column| column.len() <= FEW) {
            Some(column) => shown(&column),
            None => array.describe(),
        },
        (Subject::Hyperparameter, ..) | (_, _, Node::List(_) | Node::Tuple(_) | Node::Global(_)) => {
            parameter(graph, node, 3)
        }
        _ => attribute(graph, node),
    }
}

/// The elements of a short array, or what it is.
fn shown(column: &Column<'_>) -> String {
    match column.to_scalars().filter(|scalars| scalars.len() <= FEW) {
        Some(scalars) => {
            let scalars: Vec<String> = scalars.iter().map(ToString::to_string).collect();
            format!("[{}]", scalars.join(", "))
        }
        None => format!("{} × {}", column.len(), column.dtype()),
    }
}

/// The newest path of a class that has moved, and one name for modules that are the same.
fn canonical(module: &str, name: &str) -> String {
    if let Some(class) = skiff_sklearn::class(module, name) {
        return class.path().to_owned();
    }
    let module = match module {
        "__builtin__" => "builtins",
        "copy_reg" => "copyreg",
        module => module,
    };
    match module.strip_prefix("numpy.core.") {
        Some(rest) => format!("numpy._core.{rest}.{name}"),
        None => format!("{module}.{name}"),
    }
}
