//! Opcodes to a graph, and back.

use skiff_pickle::{Bytes, Decoder, Graph, Node, Out, isomorphic, python3_name, read, read_first, to_bytes, write};

/// A graph that was read is written in each protocol, and is the same when it is read again.
pub fn machine(bytes: &[u8]) -> bool {
    let limits = crate::limits();
    let Ok((graph, end)) = read_first(&Bytes::from(bytes.to_vec()), &limits) else { return true };
    assert!(end.offset <= bytes.len(), "it ends behind the bytes");
    assert!(graph.root().index() < graph.len(), "the root is not in the graph");
    assert!(Decoder::new(bytes, 0).all(|instruction| instruction.is_ok()), "read, and not decoded");
    for id in graph.ids() {
        graph.each_child(id, |child| assert!(child.index() < graph.len(), "a child is not in the graph"));
    }
    for protocol in 2..=5 {
        let mut written = Vec::new();
        let written_to = &mut Out::new(&mut written);
        let Ok(buffers) = write(&graph, graph.root(), protocol, written_to, &mut ()) else { continue };
        let again = reread(written, protocol);
        // Below protocol 5 some values become calls, and above 2 some names become Python 3's; buffers that nothing
        // refers to are not written again, which changes the numbers of the others.
        let keeps =
            protocol == 5 && !has_old_names(&graph) && (0..).zip(&buffers).all(|(place, &index)| place == index);
        assert!(!keeps || isomorphic(&graph, &again), "protocol 5 says something else");
        let twice = to_bytes(&again, protocol).unwrap_or_else(|error| panic!("protocol {protocol}: {error}"));
        assert!(isomorphic(&again, &reread(twice, protocol)), "protocol {protocol} says something else");
    }
    true
}

fn reread(bytes: Vec<u8>, protocol: u8) -> Graph {
    read(&Bytes::from(bytes), &skiff_pickle::Limits::default())
        .unwrap_or_else(|error| panic!("what was written in protocol {protocol} cannot be read: {error}"))
}

fn has_old_names(graph: &Graph) -> bool {
    let renamed = |id| graph.global(id).is_some_and(|(module, name)| python3_name(module, name) != (module, name));
    graph.ids().any(|id| matches!(graph.node(id), Node::Global(_)) && renamed(id))
}
