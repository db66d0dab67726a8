//! The `.skiff` file: what it holds is what was written, and no bit of it flips unseen.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::path::{Path, PathBuf};

use skiff_files::write::{self, SkiffOptions};
use skiff_files::{ArrayData, Bytes, Content, DType, ErrorKind, Graph, Limits, NdArray, open, read, verify};
use skiff_testing::RecordedModel;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn skiff(graph: &Graph) -> Vec<u8> {
    skiff_as(graph, None)
}

fn skiff_as(graph: &Graph, compression: Option<i32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let notes = [("model.name".to_owned(), "a \"test\"\n".to_owned())];
    write::skiff(graph, &SkiffOptions { notes: &notes, compression, ..SkiffOptions::default() }, &mut bytes).unwrap();
    bytes
}

fn back(bytes: &[u8]) -> Graph {
    let file = read(Bytes::from(bytes.to_vec()), None, &Limits::default()).unwrap();
    assert_eq!(file.format.content, Content::Skiff);
    file.graph
}

/// A file of that content, for this test alone.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("skiff-container-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn fixtures_come_back() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, opened) in crate::models::some(23) {
        let Ok(opened) = opened else { continue };
        count += 1;
        let mut pickle = Vec::new();
        write::pickle(&opened.graph, 5, &mut pickle).unwrap();
        let plain = read(Bytes::from(pickle), None, &Limits::default()).unwrap().graph;
        let first = back(&skiff(&opened.graph));
        // Out of columns into compressed columns, and out of these.
        let again = back(&skiff(&back(&skiff_as(&first, Some(1)))));
        let known = |graph: &Graph| write::in_opcodes(graph).unwrap();
        let (plain, first, again) = (known(&plain), known(&first), known(&again));
        if !skiff_pickle::isomorphic(&plain, &first) || !skiff_pickle::isomorphic(&first, &again) {
            wrong.push(name);
        }
    }
    assert!(count > 100, "only {count} models were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn constant_tree() -> Graph {
    RecordedModel::named("1.9.1/tree/decision_tree_regressor_constant").open().unwrap().graph
}

/// A small model with a tree and arrays of several dtypes.
fn small() -> Vec<u8> {
    skiff(&constant_tree())
}

#[test]
fn flipped_bits_are_found() {
    let whole = small();
    let path = file("bits.skiff", &whole);
    verify(&path, &Limits::default()).unwrap();
    for bit in (0..whole.len() * 8).step_by(331) {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &flipped).unwrap();
        assert!(verify(&path, &Limits::default()).is_err(), "bit {bit} flipped unseen");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn each_truncation_is_found() {
    let whole = small();
    for length in 0..whole.len() {
        assert!(read(Bytes::from(whole[..length].to_vec()), None, &Limits::default()).is_err(), "{length}");
    }
    let mut longer = whole;
    longer.push(0);
    assert!(read(Bytes::from(longer), None, &Limits::default()).is_err());
}

#[test]
fn what_is_read_at_once_is_held_against_the_digest_of_the_head() {
    let mut bytes = small();
    // Version 1 becomes version 3, which does not exist.
    let place = bytes.windows(19).position(|text| text == b"\"skiff.version\":\"1\"").unwrap() + 17;
    bytes[place] = b'3';
    let error = read(Bytes::from(bytes.clone()), None, &Limits::default()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::ContainerVersion { found: 3, .. }), "{error}");
    bytes[place] = b'1';
    let place = bytes.windows(7).position(|text| text == b"sklearn").unwrap();
    bytes[place] = b'S';
    let error = read(Bytes::from(bytes), None, &Limits::default()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Digest), "{error}");
}

#[test]
fn arrays_are_mapped_where_they_lie_and_aligned() {
    let path = here("../../examples/iris-svc.joblib");
    let bytes = Bytes::from(skiff(&open(&path, &Limits::default()).unwrap().graph));
    // Small arrays lie in the pickle, anywhere.
    let large = |elements: &Bytes| elements.len() > 256;
    let inside = bytes.as_ptr_range();
    let graph = read(bytes.clone(), None, &Limits::default()).unwrap().graph;
    let mut count = 0;
    for id in graph.ids() {
        let Ok(Some(array)) = NdArray::read(&graph, id) else { continue };
        let ArrayData::Raw(elements) = &array.data else { continue };
        assert!(inside.contains(&elements.as_ptr()) || elements.is_empty(), "{}", array.describe());
        if !large(elements) {
            continue;
        }
        let offset = elements.as_ptr().addr() - inside.start.addr();
        let alignment = match &array.dtype {
            DType::Str { .. } => 4,
            dtype => dtype.itemsize().unwrap().clamp(1, 8),
        };
        assert_eq!(offset % alignment, 0, "{}", array.describe());
        count += 1;
    }
    assert!(count > 2, "only {count} arrays");
}

#[test]
fn the_trees_of_a_forest_share_their_columns() {
    let forest = RecordedModel::named("1.9.1/ensemble/extra_trees_classifier").open().unwrap().graph;
    for compression in [None, Some(3)] {
        let bytes = skiff_as(&forest, compression);
        let header = String::from_utf8_lossy(&bytes);
        let columns = header.matches(".tree_.nodes.left_child\":{\"dtype\"").count();
        assert_eq!(columns, 1, "one tensor for the column of all trees");
        let graph = back(&bytes);
        let mut trees = 0;
        for id in graph.ids() {
            let Ok(Some(array)) = NdArray::read(&graph, id) else { continue };
            let Some(left) = array.field("left_child") else { continue };
            let left = left.to_i64().unwrap();
            // The same from the records that are put together.
            let bytes = array.bytes().unwrap();
            let records: Vec<i64> =
                bytes.chunks_exact(64).map(|node| i64::from_le_bytes(*node.first_chunk().unwrap())).collect();
            assert_eq!(left, records);
            trees += 1;
        }
        assert!(trees > 1, "only {trees} trees");
    }
}

#[test]
fn files_of_other_kinds_have_no_digest() {
    let error = verify(&here("../../examples/iris-svc.joblib"), &Limits::default()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NoDigest), "{error}");
}

#[test]
fn passport_and_samples_come_back_beside_the_model() {
    let model = constant_tree();
    let samples = open(&here("../../examples/iris-svc.joblib"), &Limits::default()).unwrap().graph;
    let passport = r#"{"schema": 1, "notes": "groß"}"#;
    let options = SkiffOptions { passport: Some(passport), samples: Some(&samples), ..SkiffOptions::default() };
    let mut bytes = Vec::new();
    write::skiff(&model, &options, &mut bytes).unwrap();
    let file = read(Bytes::from(bytes.clone()), None, &Limits::default()).unwrap();
    assert_eq!(file.passport.as_deref(), Some(passport));
    let known = |graph: &Graph| write::in_opcodes(graph).unwrap();
    let mut recorded = known(&file.graph);
    assert!(skiff_pickle::isomorphic(&known(&back(&skiff(&model))), &recorded));
    recorded.set_root(file.samples.unwrap());
    assert!(skiff_pickle::isomorphic(&known(&back(&skiff(&samples))), &recorded));

    let plain = read(Bytes::from(skiff(&model)), None, &Limits::default()).unwrap();
    assert!(plain.passport.is_none() && plain.samples.is_none());
    for wrong in ["", "[1]", "{", "1", "{}x"] {
        let options = SkiffOptions { passport: Some(wrong), ..SkiffOptions::default() };
        let outcome = write::skiff(&model, &options, &mut Vec::new());
        assert!(matches!(outcome, Err(write::WriteError::Passport)), "{wrong}");
    }
}
