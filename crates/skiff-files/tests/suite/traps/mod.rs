//! One test for each trap in reading files, named after what a careless reader gets wrong.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

mod joblib;
mod numpy;
mod skops;

use std::path::{Path, PathBuf};

use skiff_files::{Bytes, Content, Error, Limits, ModelFile, NdArray, Node, NodeId, Sparse, open, read};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(data(path)).unwrap()
}

fn load(path: &str) -> ModelFile {
    open(&data(path), &Limits::default()).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn try_read(bytes: &[u8]) -> Result<ModelFile, Error> {
    read(Bytes::from(bytes.to_vec()), None, &Limits::default())
}

fn read_array(file: &ModelFile, id: NodeId) -> NdArray {
    NdArray::read(&file.graph, id).unwrap().expect("an array")
}

fn item(file: &ModelFile, name: &str) -> NodeId {
    let Node::Dict(pairs) = file.graph.node(file.graph.root()) else { panic!("a dict") };
    pairs.iter().find(|(key, _)| file.graph.str_of(*key) == Some(name)).unwrap().1
}

#[test]
fn npz_of_scipy() {
    for directory in ["py313-numpy2.5", "py310-numpy1.23", "py37-numpy1.16"] {
        let file = load(&format!("{directory}/matrix.npz"));
        assert_eq!(file.format.content, Content::Npz);
        let sparse = Sparse::read_npz(&file.graph, file.graph.root()).unwrap().expect("a sparse matrix");
        assert_eq!(sparse.to_dense(100), Some(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]));
    }
}

#[test]
fn several_pickles_in_a_row() {
    let one = bytes("py313-numpy2.5/scalars.2.pkl");
    let file = try_read(&[&one[..], &one[..], b"\x00rest"].concat()).unwrap();
    assert_eq!((file.roots.len(), file.trailing.content), (2, 5));
}

#[test]
fn what_is_no_model_is_refused_by_name() {
    let refusal = |bytes: &[u8]| try_read(bytes).unwrap_err().to_string();
    assert_eq!(refusal(b""), "the file is empty");
    assert!(refusal(b"\x89HDF\r\n\x1a\n....").starts_with("HDF5 (Keras) is not supported"));
    assert!(refusal(b"version https://git-lfs.github.com/spec/v1\n").starts_with("this is a Git LFS pointer"));
    assert!(refusal(b"<!DOCTYPE html><html>").starts_with("this is a web page"));
    assert_eq!(refusal(b"hello, world\n"), "not a model file: it is text");
    assert_eq!(refusal(b"a,b\n1,2\n"), "not a model file: it is a CSV table");
    assert_eq!(refusal(b"# train\nimport joblib\n"), "not a model file: it is a script");
    assert!(refusal(b"hello, world\x01\n").starts_with("not a model file: neither joblib"));
    assert!(refusal(b"{\"a\": 1}").starts_with("JSON is not supported"));
    assert_eq!(refusal(b"\x80\x04"), "damaged pickle: expected 1 more bytes, found 0, at byte 2");
}
