//! What is written is read back as the same values, with the same sharing, whatever file it came from.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::path::Path;

use skiff_files::write::{self, Compression};
use skiff_files::{Bytes, Codec, Graph, Limits, NdArray, open, read};

fn back(bytes: Vec<u8>) -> Graph {
    read(Bytes::from(bytes), None, &Limits::default()).unwrap().graph
}

/// In one spelling, both graphs say the same.
fn same(a: &Graph, b: &Graph) -> bool {
    skiff_pickle::isomorphic(&write::in_opcodes(a).unwrap(), &write::in_opcodes(b).unwrap())
}

#[test]
fn fixtures_come_back_from_pickles_and_joblib() {
    let mut wrong = Vec::new();
    for (name, opened) in crate::models::some(29) {
        let Ok(file) = opened else { continue };
        for protocol in [4, 5] {
            let (mut pickle, mut joblib) = (Vec::new(), Vec::new());
            let outcome = write::pickle(&file.graph, protocol, &mut pickle)
                .and_then(|()| write::joblib(&file.graph, protocol, None, &mut joblib));
            if let Err(error) = outcome {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
            // Writing renames what Python 2 called otherwise: what is compared has been written once.
            let first = back(pickle);
            let mut again = Vec::new();
            write::pickle(&first, protocol, &mut again).unwrap();
            if !same(&first, &back(again)) {
                wrong.push(format!("{name}: protocol {protocol} is not stable"));
            }
            if !same(&first, &back(joblib)) {
                wrong.push(format!("{name}: joblib differs from protocol {protocol}"));
            }
            let (before, after) = (arrays(&file.graph), arrays(&first));
            if before != after {
                wrong.push(format!("{name}: {} arrays became {}", before.len(), after.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every array that the root leads to, as dtype, shape, order and bytes, sorted.
fn arrays(graph: &Graph) -> Vec<String> {
    let mut seen = vec![false; graph.len()];
    let mut todo = vec![graph.root()];
    let mut found = Vec::new();
    while let Some(id) = todo.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        if let Some(array) = NdArray::read(graph, id).unwrap() {
            let order = (!array.is_c_order()).then_some('F');
            found.push(format!("{:?} {:?} {order:?} {:?}", array.dtype, array.shape, array.bytes()));
            if let Some(objects) = array.objects() {
                todo.extend(objects);
            }
            continue;
        }
        graph.each_child(id, |child| todo.push(child));
    }
    found.sort();
    found
}

#[test]
fn each_codec_comes_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/iris-svc.joblib");
    let file = open(&path, &Limits::default()).unwrap();
    for codec in [Codec::Zlib, Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Lzma, Codec::Lz4] {
        let mut bytes = Vec::new();
        write::joblib(&file.graph, 4, Some(Compression { codec, level: None }), &mut bytes).unwrap();
        assert!(same(&file.graph, &back(bytes)), "{codec}");
    }
}
