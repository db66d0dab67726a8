//! Large dicts from strings to integers, the vocabularies of vectorizers: the text of all words and an array of numbers.
//!
//! In the pickle each is replaced by a persistent id: an index into the list.

use skiff_pickle::{Budget, Bytes, Graph, Node, NodeId};

use super::encode::{low, narrowest};
use super::header::damaged;
use super::kind::Kind;
use super::list::List;
use crate::Error;
use crate::decompress::Inflation;
use crate::write::vocabulary;

/// A dict that was removed from a graph.
pub(super) struct Vocabulary {
    /// Its node.
    pub id: NodeId,
    /// Its keys, separated by NUL.
    pub words: Vec<u8>,
    /// Its values.
    pub numbers: Vec<u8>,
    pub kind: Kind,
}

/// Replaces vocabularies by persistent ids, from 0 on. Replaces none if the graph has its own persistent ids,
/// which would be mistaken for them.
pub(super) fn take(graph: &mut Graph) -> Vec<Vocabulary> {
    let large: Vec<NodeId> = graph.ids().filter(|&id| vocabulary::is_large(graph, id)).collect();
    if large.is_empty() || graph.ids().any(|id| matches!(graph.node(id), Node::Persistent(_))) {
        return Vec::new();
    }
    let references = graph.references();
    let is_its_own = |id: NodeId| references.get(id.index()) == Some(&1);
    let mut taken = Vec::new();
    for id in large {
        // A key or value that is referred to elsewhere must stay one object.
        let Node::Dict(pairs) = graph.node(id) else { continue };
        if !pairs.iter().all(|&(key, value)| is_its_own(key) && is_its_own(value)) {
            continue;
        }
        let Some((words, values)) = vocabulary::joined(graph, id) else { continue };
        let bits: Vec<u64> = values.iter().map(|value| value.cast_unsigned()).collect();
        let kind = narrowest(Kind::I64, &bits);
        let Ok(number) = i64::try_from(taken.len()) else { break };
        let number = graph.push(Node::Int(number));
        *graph.node_mut(id) = Node::Persistent(number);
        taken.push(Vocabulary { id, words, numbers: low(&bits, kind.size()), kind });
    }
    taken
}

/// Restores the dicts from persistent ids. Each may occur only once: a list that repeats one many times
/// would take unbounded memory.
pub(super) fn put_back(
    graph: &mut Graph,
    list: &List<'_>,
    budget: &mut Budget,
    inflation: &mut Inflation,
) -> Result<(), Error> {
    let mut is_used = vec![false; list.vocabularies()];
    for id in graph.ids() {
        let Node::Persistent(number) = *graph.node(id) else { continue };
        let &Node::Int(number) = graph.node(number) else { continue };
        // Any other id stays.
        let Ok(number) = usize::try_from(number) else { continue };
        let Some(is_used) = is_used.get_mut(number) else { continue };
        if std::mem::replace(is_used, true) {
            return Err(damaged("a vocabulary occurs twice"));
        }
        let (words, kind, numbers) = list.vocabulary(number, inflation)?;
        *graph.node_mut(id) = Node::Dict(pairs(graph, &words, kind, &numbers, budget)?);
    }
    Ok(())
}

fn pairs(
    graph: &mut Graph,
    words: &Bytes,
    kind: Kind,
    numbers: &[u8],
    budget: &mut Budget,
) -> Result<Vec<(NodeId, NodeId)>, Error> {
    let wrong = || damaged("a vocabulary is inconsistent");
    let count = numbers.len().checked_div(kind.size()).unwrap_or(0);
    let is_text = std::str::from_utf8(words).is_ok();
    let nuls = words.iter().filter(|&&byte| byte == 0).count();
    if !is_text || nuls.checked_add(1) != Some(count) || numbers.len() != count.saturating_mul(kind.size()) {
        return Err(wrong());
    }
    budget.nodes(u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(2), 0)?;
    let buffer = graph.add_buffer(words.clone());
    let mut pairs = Vec::with_capacity(count);
    let mut start = 0_usize;
    for (word, number) in words.split(|&byte| byte == 0).zip(numbers.chunks_exact(kind.size())) {
        let span = graph.span(buffer, start, word.len()).ok_or_else(wrong)?;
        start = start.saturating_add(word.len()).saturating_add(1);
        let mut bits = [0; 8];
        bits.iter_mut().zip(number).for_each(|(to, byte)| *to = *byte);
        let value = kind.widen(u64::from_le_bytes(bits), Kind::I64).ok_or_else(wrong)?.cast_signed();
        pairs.push((graph.push(Node::Str(span)), graph.push(Node::Int(value))));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::super::{read, write};
    use super::*;
    use crate::write::SkiffOptions;
    use skiff_pickle::Limits;

    type Pairs = Vec<(NodeId, NodeId)>;

    /// A list of dicts of so many words.
    fn graph(counts: &[u32], spoil: impl Fn(&mut Graph, &mut Pairs)) -> Graph {
        let mut graph = Graph::new();
        let mut dicts = Vec::new();
        for &count in counts {
            let mut pairs = Vec::new();
            for place in 0..count {
                let word = graph.keep(format!("wörd{place}").as_bytes());
                let value = i64::from(count) - i64::from(place) - 1;
                pairs.push((graph.push(Node::Str(word)), graph.push(Node::Int(value))));
            }
            spoil(&mut graph, &mut pairs);
            dicts.push(graph.push(Node::Dict(pairs)));
        }
        let root = graph.push(Node::List(dicts));
        graph.set_root(root);
        graph
    }

    /// The rest for the pickle, and whether it is restored to the same graph.
    fn there_and_back(graph: &Graph, compression: Option<i32>) -> (usize, bool) {
        let left = take(&mut graph.clone()).len();
        let mut file = Vec::new();
        write(graph, &SkiffOptions { compression, ..SkiffOptions::default() }, &mut file).unwrap();
        let limits = Limits::default();
        let back = read(&Bytes::from(file), &limits, &mut Inflation::new(&limits, 0)).unwrap().graph;
        (left, skiff_pickle::isomorphic(graph, &back))
    }

    #[test]
    fn vocabularies_come_back() {
        for compression in [None, Some(3)] {
            assert_eq!(there_and_back(&graph(&[2_000, 3, 70_000], |_, _| {}), compression), (2, true));
        }
        let wide = graph(&[2_000], |graph, pairs| pairs[5].1 = graph.push(Node::Int(i64::MIN)));
        assert_eq!(there_and_back(&wide, None), (1, true));
    }

    #[test]
    fn vocabularies_that_contradict_themselves_are_refused() {
        let limits = Limits::default();
        let made = |words: &[u8], kind, numbers: &[u8], limits: &Limits| {
            let (mut graph, words) = (Graph::new(), Bytes::from(words.to_vec()));
            pairs(&mut graph, &words, kind, numbers, &mut Budget::new(limits)).map(|pairs| pairs.len())
        };
        assert_eq!(made(b"a\0b\0", Kind::U8, &[1, 0, 2], &limits).unwrap(), 3, "a word may be empty");
        for (words, kind, numbers) in [
            (&b"a\0b"[..], Kind::U8, &[1][..]),
            (b"a\0b", Kind::U8, &[1, 0, 2]),
            (b"a\0b", Kind::U16, &[1, 0, 2]),
            (b"a\0b", Kind::I64, &[]),
            (b"", Kind::U8, &[]),
            (b"a\0\xff", Kind::U8, &[1, 0]),
            (b"a\0b", Kind::F64, &[0; 16]),
        ] {
            assert!(made(words, kind, numbers, &limits).is_err(), "{words:?} {kind:?} {numbers:?}");
        }
        let few = Limits { nodes: 3, ..Limits::default() };
        assert!(made(b"a\0b", Kind::U8, &[1, 0], &few).is_err(), "four nodes of three");
    }

    #[test]
    fn persistent_ids_are_taken_for_no_vocabulary() {
        let mut graph = graph(&[2_000], |_, _| {});
        let zero = graph.push(Node::Int(0));
        let own = graph.push(Node::Persistent(zero));
        let root = graph.push(Node::List(vec![graph.root(), own]));
        graph.set_root(root);
        assert_eq!(there_and_back(&graph, None), (0, true));
    }

    #[test]
    fn dicts_that_are_no_vocabularies_stay() {
        let spoils: [fn(&mut Graph, &mut Pairs); 4] = [
            |graph, pairs| pairs[5].1 = graph.push(Node::Float(0.5)),
            |graph, pairs| pairs[5].0 = graph.push(Node::Int(5)),
            |graph, pairs| {
                let word = graph.keep(b"with\0NUL");
                pairs[5].0 = graph.push(Node::Str(word));
            },
            |_, pairs| pairs[5].0 = pairs[6].0,
        ];
        for spoil in spoils {
            assert_eq!(there_and_back(&graph(&[2_000], spoil), None), (0, true));
        }
    }
}
