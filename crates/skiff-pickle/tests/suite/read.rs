//! What the reader makes of small pickles.

use skiff_pickle::{Bytes, Graph, Limits, Node, read};

fn graph(bytes: &[u8]) -> Graph {
    read(&Bytes::from(bytes.to_vec()), &Limits::default()).expect("a whole pickle")
}

#[test]
fn a_dict_of_protocol_4() {
    // pickle.dumps({"a": [1, None], b"b": (2.5, True)}, 4)
    let graph = graph(
        b"\x80\x04\x95 \x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x01NeC\x01b\x94G@\x04\x00\x00\x00\x00\x00\x00\x88\x86\x94u.",
    );
    let Node::Dict(items) = graph.node(graph.root()) else { panic!("no dict") };
    let &[(a, list), (b, tuple)] = items.as_slice() else { panic!("not two items") };
    assert_eq!(graph.str_of(a), Some("a"));
    let &[one, none] = graph.items(list).unwrap() else { panic!("not two items") };
    assert_eq!((graph.node(one), graph.node(none)), (&Node::Int(1), &Node::None));
    let &Node::Bytes(span) = graph.node(b) else { panic!("no bytes") };
    assert_eq!(graph.bytes(span), b"b");
    let &[float, yes] = graph.items(tuple).unwrap() else { panic!("not two items") };
    assert_eq!((graph.node(float), graph.node(yes)), (&Node::Float(2.5), &Node::Bool(true)));
}

#[test]
fn the_same_list_twice_stays_one() {
    // l = []; pickle.dumps([l, l], 2)
    let graph = graph(b"\x80\x02]q\x00(]q\x01h\x01e.");
    let &[first, second] = graph.items(graph.root()).unwrap() else { panic!("not two items") };
    assert_eq!(first, second);
}

/// CPython passes white space around numbers, and changes buffers that can be written to.
#[test]
fn what_no_pickler_writes_and_each_unpickler_reads() {
    let numbers = graph(b"(I 5\nL\t-7 L\nI1\x0b\nt.");
    let items = numbers.items(numbers.root()).unwrap();
    assert_eq!(
        items.iter().map(|&id| numbers.node(id)).collect::<Vec<_>>(),
        [&Node::Int(5), &Node::Int(-7), &Node::Int(1)]
    );
    let buffer = graph(b"\x80\x05\x97K\x01a.");
    assert_eq!(buffer.changes(buffer.root()).len(), 1);
}
