//! Pickles made to exhaust their reader.

use std::time::{Duration, Instant};

use skiff_pickle::{Bytes, ErrorKind, Graph, Limits, Node, WriteError, disassemble, isomorphic, read, to_bytes};

fn limits() -> Limits {
    Limits { nodes: 4 << 20, ..Limits::default() }
}

/// Reads, writes, reads, compares, prints: no step may recurse or take longer than its input deserves.
fn through(bytes: Vec<u8>) -> Graph {
    let began = Instant::now();
    let mut text = Vec::new();
    disassemble(&bytes, &[], &mut text).expect("memory to write to");
    let graph = read(&Bytes::from(bytes), &limits()).expect("a pickle");
    let written = to_bytes(&graph, 4).expect("a graph that can be written");
    let again = read(&Bytes::from(written), &limits()).expect("a pickle");
    assert!(isomorphic(&graph, &again));
    assert!(began.elapsed() < Duration::from_secs(60));
    graph
}

#[test]
fn a_million_lists_in_each_other() {
    let mut bytes = b"]".repeat(1_000_000);
    bytes.extend(b"a".repeat(999_999));
    bytes.push(b'.');
    assert_eq!(through(bytes).len(), 1_000_001);
}

#[test]
fn a_million_tuples_in_each_other() {
    let mut bytes = b"N".to_vec();
    bytes.extend(b"\x85".repeat(1_000_000));
    bytes.push(b'.');
    through(bytes);
}

#[test]
fn a_million_calls_on_each_other() {
    let mut bytes = b"ca\nb\n".to_vec();
    bytes.extend(b")R".repeat(1_000_000));
    bytes.extend(b"\x85Nb.");
    through(bytes);
}

#[test]
fn a_million_marks() {
    let mut bytes = b"(".repeat(1_000_000);
    assert!(read(&Bytes::from(bytes.clone()), &limits()).is_err());
    bytes.extend(b"t".repeat(1_000_000));
    bytes.push(b'.');
    through(bytes);
}

#[test]
fn a_billion_laughs() {
    // Each list holds the last one ten times.
    let mut bytes = b"]\x94".to_vec();
    for level in 0u8..100 {
        bytes.extend(b"](");
        bytes.extend([b'h', level].repeat(10));
        bytes.extend(b"e\x94");
    }
    bytes.push(b'.');
    assert!(through(bytes).len() < 200);
    // The same with `DUP`.
    let mut bytes = b"N".to_vec();
    bytes.extend(b"22\x87".repeat(1_000));
    bytes.push(b'.');
    assert!(through(bytes).len() < 1_100);
}

#[test]
fn numbers_of_the_memo_are_no_lengths() {
    // From the last place that is accepted down: nothing is made for those before it.
    let mut bytes = b"N".to_vec();
    for key in 0u32..1_000 {
        bytes.push(b'r');
        bytes.extend((65_536 - key * 64).to_le_bytes());
    }
    bytes.push(b'.');
    assert_eq!(through(bytes).len(), 2);
}

#[test]
fn what_would_grow_with_its_square_is_refused() {
    // t = (l0, l1, …), and each list holds t.
    let mut bytes = b"(".to_vec();
    let count = 20_000u32;
    for _ in 0..count {
        bytes.extend(b"]\x94");
    }
    bytes.extend(b"t\x94");
    for list in 0..count {
        for key in [list, count] {
            bytes.push(b'j');
            bytes.extend(key.to_le_bytes());
        }
        bytes.extend(b"a0");
    }
    bytes.push(b'.');
    let graph = read(&Bytes::from(bytes), &limits()).unwrap();
    assert!(matches!(to_bytes(&graph, 4), Err(WriteError::Entangled)));
}

#[test]
fn budgets_end() {
    let small = Limits { nodes: 10, decoded: 10, ..Limits::default() };
    let error = read(&Bytes::from([b"]".repeat(11), b".".to_vec()].concat()), &small).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Limit { name: "nodes", most: 10 }));
    assert_eq!(error.offset, 10);
    let error = read(&Bytes::from(b"S'\\x41\\x41\\x41'\n.".to_vec()), &small).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Limit { name: "decoded", most: 10 }));
}

#[test]
fn large_bytes_are_not_looked_at() {
    // 256 MB of one value: a span, not a copy.
    let len = 256usize << 20;
    let mut bytes = vec![0x8e];
    bytes.extend(u64::try_from(len).unwrap().to_le_bytes());
    bytes.resize(bytes.len() + len, 0);
    bytes.push(b'.');
    let bytes = Bytes::from(bytes);
    let began = Instant::now();
    let graph = read(&bytes, &limits()).unwrap();
    assert!(began.elapsed() < Duration::from_millis(50));
    assert!(matches!(graph.node(graph.root()), Node::Bytes(span) if span.len == len && span.buffer == 1));
}
