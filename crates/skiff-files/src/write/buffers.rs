//! A pickle for an unpickler at hand, with the elements of large arrays beside it: what Python calls out-of-band.

use std::collections::{HashMap, HashSet};

use skiff_pickle::{Bytes, Graph, Node, NodeId, Out, Span, python3_name};

use super::WriteError;
use super::arrays::{self, Holder, Spelling};

/// A pickle of protocol 5, and the buffers that it asks for, in this order.
#[derive(Debug)]
pub struct Apart {
    /// The pickle.
    pub pickle: Vec<u8>,
    /// What `pickle.loads` takes as `buffers`.
    pub buffers: Vec<Buffer>,
    /// Module and name of all that the pickle imports, as Python 3 knows them.
    pub names: Vec<(String, String)>,
}

/// The elements of one array.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// The bytes.
    pub bytes: Bytes,
    /// Where they lie in the graph's buffers.
    pub span: Span,
    /// Whether the array may not be written to.
    pub readonly: bool,
}

/// Writes what lies at `root` as a pickle of protocol 5, with the elements of plain arrays of `least` bytes and more
/// beside it.
///
/// numpy's functions are named as numpy 2 does (`numpy._core.numeric._frombuffer`), whoever wrote the graph: the
/// unpickler looks them up where its own numpy has them.
///
/// # Errors
/// What a pickle cannot say.
pub fn pickle_with_buffers(graph: &Graph, root: NodeId, least: usize) -> Result<Apart, WriteError> {
    let mut graph = arrays::respell(graph, Spelling::Loaded)?;
    let buffers = take_buffers(&mut graph, least);
    let mut pickle = Vec::new();
    let order = skiff_pickle::write(&graph, root, 5, &mut Out::new(&mut pickle), &mut ())?;
    let asked = |index: u32| {
        let buffer = usize::try_from(index).ok().and_then(|index| buffers.get(index));
        // A buffer that is none of ours came without its bytes.
        buffer.cloned().ok_or(WriteError::Buffers(1))
    };
    let buffers = order.into_iter().map(asked).collect::<Result<_, _>>()?;
    Ok(Apart { pickle, buffers, names: names(&graph, root) })
}

/// The names that the root leads to.
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

/// Puts an out-of-band buffer in the place of the bytes that nothing but arrays lie over.
fn take_buffers(graph: &mut Graph, least: usize) -> Vec<Buffer> {
    // How many arrays lie over each run of bytes.
    let mut holders: HashMap<NodeId, u32> = HashMap::new();
    for id in graph.ids() {
        if let Some((_, Holder::Buffer { node, .. })) = arrays::parts(graph, id)
            && let Node::Bytes(span) | Node::ByteArray(span) = graph.node(node)
            && span.len >= least
        {
            let count = holders.entry(node).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut references: HashMap<NodeId, u32> = HashMap::new();
    for id in graph.ids() {
        graph.each_child(id, |child| {
            if holders.contains_key(&child) {
                let count = references.entry(child).or_default();
                *count = count.saturating_add(1);
            }
        });
    }
    let mut buffers = Vec::new();
    for id in graph.ids() {
        if !holders.contains_key(&id) || holders.get(&id) != references.get(&id) {
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
    use crate::{DType, Endian, Limits, NdArray, Order, read_with_buffers};

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
}
