//! A pickle for Python's unpickler, with the elements of large arrays as out-of-band buffers.

use std::collections::HashSet;

use rayon::prelude::*;
use skiff_pickle::{Bytes, Global, Graph, Make, Node, NodeId, Object, Out, Span, python3_name};

use super::arrays::{self, Holder, Spelling};
use super::{WriteError, dtypes, vocabulary};

/// A pickle of protocol 5, and its out-of-band buffers, in order.
#[derive(Debug)]
pub struct Apart {
    /// The pickle.
    pub pickle: Vec<u8>,
    /// The `buffers` for `pickle.loads`.
    pub buffers: Vec<Buffer>,
    /// Module and name of everything that the pickle imports, as in Python 3.
    pub names: Vec<(String, String)>,
}

/// The elements of one array.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// The bytes.
    pub bytes: Bytes,
    /// Their range in the graph's buffers.
    pub span: Span,
    /// Whether the array is read-only.
    pub readonly: bool,
}

/// Copies the bytes of each buffer into the given memory, on all cores; false if some could not be read.
pub fn copy_buffers(parts: Vec<(&Buffer, &mut [u8])>) -> bool {
    parts.into_par_iter().all(|(buffer, out)| {
        let is_whole = buffer.bytes.copy_to(out);
        buffer.bytes.release();
        is_whole
    })
}

/// Writes the node at `root` as a pickle of protocol 5, with the elements of plain arrays of `least` bytes and more
/// as out-of-band buffers.
///
/// dtypes are written from what was read, not copied from the file. numpy's functions have numpy 2's names (`numpy._core.numeric._frombuffer`), independent of the graph: the
/// unpickler looks them up where its own numpy has them. Large dicts from strings to integers are calls of [`MAPPING`].
///
/// # Errors
/// A value that a pickle cannot represent.
pub fn pickle_with_buffers(graph: &Graph, root: NodeId, least: usize) -> Result<Apart, WriteError> {
    let mut graph = graph.clone_with_room();
    // First, so that nothing else visits hundreds of thousands of words.
    join_vocabularies(&mut graph);
    dtypes::respell(&mut graph);
    let mut graph = arrays::respell(graph, Spelling::Loaded)?;
    let buffers = take_buffers(&mut graph, least);
    let mut pickle = Vec::new();
    let order = skiff_pickle::write(&graph, root, 5, &mut Out::new(&mut pickle), &mut ())?;
    let asked = |index: u32| {
        let buffer = usize::try_from(index).ok().and_then(|index| buffers.get(index));
        // Another buffer came without its bytes.
        buffer.cloned().ok_or(WriteError::Buffers(1))
    };
    let buffers = order.into_iter().map(asked).collect::<Result<_, _>>()?;
    Ok(Apart { pickle, buffers, names: names(&graph, root) })
}

/// The names that are reachable from the root.
fn names(graph: &Graph, root: NodeId) -> Vec<(String, String)> {
    let (mut names, mut told) = (Vec::new(), HashSet::new());
    let (mut seen, mut todo) = (vec![false; graph.len()], vec![root]);
    while let Some(id) = todo.pop() {
        match seen.get_mut(id.index()) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        if let Some((module, name)) = graph.global(id)
            && told.insert((module, name))
        {
            let (module, name) = python3_name(module, name);
            names.push((module.to_owned(), name.to_owned()));
        }
        graph.each_child(id, |child| todo.push(child));
    }
    names
}

/// The function that builds a dict from its keys, joined by NUL, and its values, integers of eight bytes in the order of this machine.
pub const MAPPING: (&str, &str) = ("skiff._load", "_mapping");

/// Replaces large dicts from strings to integers, the vocabularies of vectorizers, by calls of [`MAPPING`]: Python
/// splits a text and reads numbers from bytes several times as fast as it reads opcodes for each.
fn join_vocabularies(graph: &mut Graph) {
    let ids: Vec<NodeId> = graph.ids().collect();
    for id in ids {
        let Some((keys, values)) = vocabulary::joined(graph, id) else { continue };
        let values = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let mut part = |bytes: Vec<u8>| {
            let (len, buffer) = (bytes.len(), graph.add_buffer(Bytes::from(bytes)));
            graph.span(buffer, 0, len).expect("a buffer holds all of itself")
        };
        let (keys, values) = (part(keys), part(values));
        let arguments = [graph.push(Node::Str(keys)), graph.push(Node::Bytes(values))];
        let arguments = graph.push(Node::Tuple(arguments.into()));
        let (module, name) = (graph.keep(MAPPING.0.as_bytes()), graph.keep(MAPPING.1.as_bytes()));
        let callable = graph.push(Node::Global(Global { module, name }));
        let object = Object { make: Make::Reduce, callable, arguments, keywords: None, changes: Vec::new() };
        *graph.node_mut(id) = Node::Object(Box::new(object));
    }
}

/// Replaces bytes that only arrays use by out-of-band buffers.
fn take_buffers(graph: &mut Graph, least: usize) -> Vec<Buffer> {
    // The number of arrays over each range of bytes, and the number of references to it. There may be millions of nodes.
    let (mut holders, references) = (vec![0_u32; graph.len()], graph.references());
    for id in graph.ids() {
        if let Some((_, Holder::Buffer { node, .. })) = arrays::parts(graph, id)
            && let Node::Bytes(span) | Node::ByteArray(span) = graph.node(node)
            && span.len >= least
            && let Some(count) = holders.get_mut(node.index())
        {
            *count = count.saturating_add(1);
        }
    }
    let mut buffers = Vec::new();
    for id in graph.ids() {
        let (held, referred) = (holders.get(id.index()), references.get(id.index()));
        if held != referred || held.is_none_or(|&held| held == 0) {
            continue;
        }
        let (span, readonly) = match graph.node(id) {
            Node::Bytes(span) => (*span, true),
            Node::ByteArray(span) => (*span, false),
            _ => continue,
        };
        let Ok(index) = u32::try_from(buffers.len()) else { break };
        buffers.push(Buffer { bytes: graph.shared_bytes(span), span, readonly });
        *graph.node_mut(id) = Node::Buffer { index, readonly };
    }
    buffers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numpy::nodes;
    use crate::{DType, Endian, NdArray, Order, read_with_buffers};
    use skiff_pickle::Limits;

    /// A list of the same array twice, a small one and a large one.
    fn graph() -> Graph {
        let mut graph = Graph::new();
        let dtype = DType::Float { size: 8, endian: Endian::Little };
        let bytes: Vec<u8> = (0..=255).cycle().take(8_000).collect();
        let large = graph.add_buffer(Bytes::from(bytes));
        let large = graph.span(large, 0, 8_000).unwrap();
        let large = nodes::array(&mut graph, &dtype, &[10, 100], Order::F, large);
        let small = graph.keep(&[1; 16]);
        let small = nodes::array(&mut graph, &dtype, &[2], Order::C, small);
        let root = graph.push(Node::List(vec![large, small, large]));
        graph.set_root(root);
        graph
    }

    #[test]
    fn large_arrays_lie_beside() {
        let graph = graph();
        let apart = pickle_with_buffers(&graph, graph.root(), 1_000).unwrap();
        let [buffer] = &*apart.buffers else { panic!("one array is large: {:?}", apart.buffers) };
        assert_eq!((buffer.bytes.len(), buffer.readonly), (8_000, false));
        assert!(apart.pickle.len() < 1_000);
        let back =
            read_with_buffers(Bytes::from(apart.pickle), [buffer.bytes.clone()], &Limits::default()).unwrap().graph;
        let &[first, small, again] = back.items(back.root()).unwrap() else { panic!("three items") };
        assert_eq!(first, again);
        let first = NdArray::read(&back, first).unwrap().unwrap();
        assert_eq!((first.order, &*first.shape, first.bytes().unwrap()), (Order::F, &[10, 100][..], &*buffer.bytes));
        assert_eq!(NdArray::read(&back, small).unwrap().unwrap().bytes().unwrap(), [1; 16]);
    }

    #[test]
    fn bytes_that_are_somebody_elses_too_stay() {
        let mut graph = graph();
        let apart = pickle_with_buffers(&graph, graph.root(), 1_000).unwrap();
        let buffers: Vec<_> = apart.buffers.iter().map(|buffer| buffer.bytes.clone()).collect();
        graph = read_with_buffers(Bytes::from(apart.pickle), buffers, &Limits::default()).unwrap().graph;
        let array = graph.items(graph.root()).unwrap()[0];
        let holder = graph.items(graph.object(array).unwrap().arguments).unwrap()[0];
        let root = graph.push(Node::List(vec![array, holder]));
        graph.set_root(root);
        assert!(pickle_with_buffers(&graph, root, 1_000).unwrap().buffers.is_empty());
    }

    #[test]
    fn vocabularies_are_joined() {
        let mut graph = Graph::new();
        let mut pairs = Vec::new();
        for number in 0..2_000_i64 {
            let key = graph.keep(format!("wörd{number}").as_bytes());
            pairs.push((graph.push(Node::Str(key)), graph.push(Node::Int(1_000 - number))));
        }
        let dict = graph.push(Node::Dict(pairs.clone()));
        graph.set_root(dict);
        let pickle = pickle_with_buffers(&graph, dict, 1_000).unwrap();
        assert_eq!(pickle.names, [("skiff._load".to_owned(), "_mapping".to_owned())]);
        let value = graph.push(Node::Float(0.5));
        pairs[7].1 = value;
        let mixed = graph.push(Node::Dict(pairs));
        assert!(pickle_with_buffers(&graph, mixed, 1_000).unwrap().names.is_empty());
    }
}
