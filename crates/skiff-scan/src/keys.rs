//! Whether two keys of a dict, or two items of a set, are one to Python: `1`, `1.0`, `True` and `numpy.int64(1)` are.
//!
//! Python keeps one of them, so a file that writes both means something else than it shows. This is a finding, and the
//! two are not merged: what was pickled is a dict or set, which has each key once, so nobody's honest file is refused; and
//! no reader has to know that the first of the keys and the last of the values count.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use skiff_files::Scalar;
use skiff_pickle::{Graph, IdMap, Node, NodeId};

use crate::allowed::name_of;

/// How many values Python may look at to hash one key. It hashes a tuple anew wherever it lies, so tuples that share
/// each other cost time that doubles with each level, and deep ones overflow its stack.
const MOST_WORK: u64 = 10_000;

/// What is wrong with the keys of one dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Two of them are equal.
    Equal,
    /// One of them is nested beyond what Python can hash.
    Entangled,
}

impl Fault {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Equal => "has two keys that are one to Python, which keeps one of their values",
            Self::Entangled => "has a key that nests too deep for Python to hash",
        }
    }
}

/// Hashes of keys. Tuples are remembered: each is hashed once.
#[derive(Default)]
pub(crate) struct Keys {
    nested: IdMap<Key>,
    /// Lists and tuples that calls make sets of (`true`) and dicts: thousands of calls may share one.
    lists: HashMap<(NodeId, bool), Option<Fault>>,
}

/// The hash of a key, equal for keys that are equal, and what Python does to hash it.
#[derive(Clone, Copy)]
struct Key {
    hash: u64,
    work: u64,
}

impl Keys {
    /// As [`Keys::fault`], for the items of a list or tuple that a set is made of, or for the first ones of the pairs in
    /// it.
    pub fn fault_in_list(&mut self, graph: &Graph, list: NodeId, is_set: bool) -> Option<Fault> {
        if let Some(known) = self.lists.get(&(list, is_set)) {
            return *known;
        }
        let items = graph.items(list)?;
        let key = |&item: &NodeId| match is_set {
            true => Some(item),
            false => graph.items(item).filter(|pair| pair.len() == 2)?.first().copied(),
        };
        let keys: Vec<NodeId> = items.iter().filter_map(key).collect();
        let fault = self.fault(graph, keys.into_iter());
        self.lists.insert((list, is_set), fault);
        fault
    }

    /// What is wrong with these keys, if anything.
    pub fn fault(&mut self, graph: &Graph, keys: impl ExactSizeIterator<Item = NodeId>) -> Option<Fault> {
        // Most dicts are short: comparing is faster than hashing again.
        const SHORT: usize = 16;
        let (mut short, mut long) = ([0_u64; SHORT], HashSet::<u64, BuildHasherDefault<Hashed>>::default());
        let is_short = keys.len() <= SHORT;
        if !is_short {
            long.reserve(keys.len());
        }
        for (place, id) in keys.enumerate() {
            let key = self.key(graph, id);
            if key.work > MOST_WORK {
                return Some(Fault::Entangled);
            }
            let is_new = match short.get_mut(place) {
                Some(free) if is_short => {
                    *free = key.hash;
                    !short.iter().take(place).any(|&known| known == key.hash)
                }
                _ => long.insert(key.hash),
            };
            if !is_new {
                return Some(Fault::Equal);
            }
        }
        None
    }

    fn key(&mut self, graph: &Graph, id: NodeId) -> Key {
        match graph.node(id) {
            Node::Tuple(_) | Node::FrozenSet(_) => self.nested(graph, id),
            _ => Key { hash: plain(graph, id), work: 1 },
        }
    }

    /// The key of a tuple or a frozenset: its parts first, by a list of tasks.
    fn nested(&mut self, graph: &Graph, id: NodeId) -> Key {
        let mut todo = vec![(id, false)];
        while let Some((id, are_parts_done)) = todo.pop() {
            if self.nested.contains_key(&id) {
                continue;
            }
            let (items, is_tuple) = match graph.node(id) {
                Node::Tuple(items) => (items, true),
                Node::FrozenSet(items) => (items, false),
                _ => continue,
            };
            if !are_parts_done {
                todo.push((id, true));
                todo.extend(items.iter().filter(|&&item| is_nested(graph, item)).map(|&item| (item, false)));
                continue;
            }
            let (mut hash, mut work) = (if is_tuple { 1 } else { 2 }, 1_u64);
            for &item in items {
                let part = match self.nested.get(&item) {
                    Some(part) => *part,
                    // Of itself, around a circle: Python never ends.
                    None if is_nested(graph, item) => Key { hash: 0, work: u64::MAX },
                    None => Key { hash: plain(graph, item), work: 1 },
                };
                work = work.saturating_add(part.work);
                // Sets have no order.
                hash = if is_tuple { mix(hash, part.hash) } else { hash.wrapping_add(mix(3, part.hash)) };
            }
            self.nested.insert(id, Key { hash, work });
        }
        self.nested.get(&id).copied().unwrap_or(Key { hash: 0, work: u64::MAX })
    }
}

fn is_nested(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.node(id), Node::Tuple(_) | Node::FrozenSet(_))
}

/// The hash of a key that holds no others.
fn plain(graph: &Graph, id: NodeId) -> u64 {
    match graph.node(id) {
        Node::None => mix(4, 0),
        Node::Bool(value) => integer(i64::from(*value)),
        Node::Int(value) => integer(*value),
        Node::Float(value) if value.is_nan() => identity(id),
        Node::Float(value) => float(*value),
        Node::BigInt(_) => scalar(graph, id),
        Node::Str(span) => bytes(5, graph.bytes(*span)),
        Node::ByteStr(span) => {
            let all = graph.bytes(*span);
            if all.is_ascii() {
                return bytes(5, all);
            }
            // As Python 3 reads it where it is told to: `encoding="latin1"`.
            let text: String = all.iter().copied().map(char::from).collect();
            bytes(5, text.as_bytes())
        }
        Node::Bytes(span) | Node::ByteArray(span) => bytes(6, graph.bytes(*span)),
        Node::Global(_) => match name_of(graph, id) {
            Some((module, name)) => mix(bytes(7, module.as_bytes()), bytes(7, name.as_bytes())),
            None => identity(id),
        },
        Node::Object(_) => scalar(graph, id),
        _ => identity(id),
    }
}

/// numpy's scalars equal Python's. Two calls of one function with the same plain arguments make equal objects, as far as
/// they are compared by what they hold.
fn scalar(graph: &Graph, id: NodeId) -> u64 {
    match Scalar::read(graph, id) {
        Ok(Some(Scalar::None)) => mix(4, 0),
        Ok(Some(Scalar::Bool(value))) => integer(i64::from(value)),
        Ok(Some(Scalar::Int(value))) => integer(value),
        Ok(Some(Scalar::BigInt(digits))) => bytes(8, digits.as_bytes()),
        Ok(Some(Scalar::Float(value))) if value.is_nan() => identity(id),
        Ok(Some(Scalar::Float(value))) => float(value),
        Ok(Some(Scalar::Complex(real, 0.0))) => float(real),
        Ok(Some(Scalar::Complex(real, imaginary))) => mix(float(real), float(imaginary)),
        Ok(Some(Scalar::Str(text))) => bytes(5, text.as_bytes()),
        Ok(Some(Scalar::Bytes(all))) => bytes(6, &all),
        Ok(Some(Scalar::DateTime(steps, unit) | Scalar::TimeDelta(steps, unit))) => {
            mix(mix(bytes(9, unit.name.as_bytes()), u64::from(unit.count)), integer(steps))
        }
        Ok(
            Some(Scalar::Na | Scalar::Timestamp(..) | Scalar::Interval(_) | Scalar::Object(_) | Scalar::Other(_))
            | None,
        )
        | Err(_) => call(graph, id),
    }
}

fn call(graph: &Graph, id: NodeId) -> u64 {
    let Some(object) = graph.object(id).filter(|object| object.changes.is_empty()) else { return identity(id) };
    let (Some((module, name)), Some(arguments)) = (name_of(graph, object.callable), graph.items(object.arguments))
    else {
        return identity(id);
    };
    // A number in another notation: `Decimal('1.0')`, `Fraction('1')`.
    let number = arguments.first().and_then(|&first| graph.str_of(first)).and_then(|text| text.parse::<f64>().ok());
    if let (Some(number), true) = (number, matches!(module, "decimal" | "fractions")) {
        return float(number);
    }
    let is_plain = |&argument: &NodeId| !matches!(graph.node(argument), Node::Object(_)) && !is_nested(graph, argument);
    // Objects of a class without arguments are told apart by what they are.
    if arguments.is_empty() || arguments.len() > 16 || !arguments.iter().all(is_plain) {
        return identity(id);
    }
    let start = mix(bytes(10, module.as_bytes()), bytes(10, name.as_bytes()));
    arguments.iter().fold(start, |hash, &argument| mix(hash, plain(graph, argument)))
}

fn identity(id: NodeId) -> u64 {
    mix(11, u64::try_from(id.index()).unwrap_or(u64::MAX))
}

fn integer(value: i64) -> u64 {
    mix(12, value.cast_unsigned())
}

/// A float that is an integer equals it.
fn float(value: f64) -> u64 {
    if value.fract() != 0.0 || value.is_infinite() {
        return mix(13, value.to_bits());
    }
    // Adding 0 takes the sign of -0 away.
    let digits = format!("{:.0}", value + 0.0);
    digits.parse().map_or_else(|_| bytes(8, digits.as_bytes()), integer)
}

fn bytes(kind: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(mix(kind, 14), |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(1_u64, |rest, &byte| rest << 8 | u64::from(byte));
    mix(hash, rest)
}

/// Two words into one, by the two halves of a long product.
fn mix(left: u64, right: u64) -> u64 {
    let product = u128::from(left ^ 0x9e37_79b9_7f4a_7c15) * u128::from(right ^ 0xd1b5_4a32_d192_ed03);
    let halves = product.to_le_bytes();
    let (words, _) = halves.as_chunks::<8>();
    words.iter().fold(left.rotate_left(23), |mixed, word| mixed ^ u64::from_le_bytes(*word))
}

/// Takes a hash for a hash.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = self::bytes(self.0, bytes);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(graph: &mut Graph, text: &[u8]) -> NodeId {
        let span = graph.keep(text);
        graph.push(Node::Str(span))
    }

    #[test]
    fn equal_keys_are_found() {
        let mut graph = Graph::new();
        let latin = graph.keep(b"\xe9");
        let latin = graph.push(Node::ByteStr(latin));
        let accent = text(&mut graph, "é".as_bytes());
        let (one, again) = (graph.push(Node::Int(1)), graph.push(Node::Int(1)));
        let (float, yes) = (graph.push(Node::Float(1.0)), graph.push(Node::Bool(true)));
        let (zero, minus) = (graph.push(Node::Float(-0.0)), graph.push(Node::Int(0)));
        let (first, second) =
            (graph.push(Node::Tuple([one, accent].into())), graph.push(Node::Tuple([yes, latin].into())));
        for pair in [[one, again], [one, float], [float, yes], [zero, minus], [latin, accent], [first, second]] {
            assert_eq!(Keys::default().fault(&graph, pair.into_iter()), Some(Fault::Equal), "{pair:?}");
        }
        let nan = graph.push(Node::Float(f64::NAN));
        let other = graph.push(Node::Float(f64::NAN));
        assert_eq!(Keys::default().fault(&graph, [nan, nan].into_iter()), Some(Fault::Equal));
        let span = graph.keep(b"a");
        let (bytes, string) = (graph.push(Node::Bytes(span)), graph.push(Node::Str(span)));
        let half = graph.push(Node::Float(0.5));
        let apart = [nan, other, bytes, string, half, one, zero, first, accent];
        assert_eq!(Keys::default().fault(&graph, apart.into_iter()), None);
    }

    #[test]
    fn long_dicts_are_looked_through() {
        let mut graph = Graph::new();
        let mut keys: Vec<NodeId> =
            (0..5_000).map(|number| text(&mut graph, format!("word{number}").as_bytes())).collect();
        assert_eq!(Keys::default().fault(&graph, keys.iter().copied()), None);
        keys.push(text(&mut graph, b"word4711"));
        assert_eq!(Keys::default().fault(&graph, keys.iter().copied()), Some(Fault::Equal));
    }

    #[test]
    fn tuples_that_share_each_other_are_no_keys() {
        let mut graph = Graph::new();
        let mut key = graph.push(Node::Int(1));
        for _ in 0..100_000 {
            key = graph.push(Node::Tuple([key, key].into()));
        }
        assert_eq!(Keys::default().fault(&graph, [key].into_iter()), Some(Fault::Entangled));
    }
}
