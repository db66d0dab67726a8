//! One test for each trap in reading arrays, named after what a careless reader gets wrong.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

mod say;

use std::path::{Path, PathBuf};

use serde_json::json;
use skiff_files::{
    Bytes, Codec, Content, DType, Error, ErrorKind, Layer, Layout, Limits, ModelFile, NdArray, Node, NodeId, Order,
    Scalar, Sparse, ValueErrorKind, open, read, read_with_buffers,
};

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

fn pickle(text: &str) -> ModelFile {
    try_read(&[text.as_bytes(), b"."].concat()).unwrap_or_else(|error| panic!("{error}"))
}

/// What is wrong with the array that a pickle of protocol 0 describes.
fn array_error(text: &str) -> ValueErrorKind {
    let file = pickle(text);
    NdArray::read(&file.graph, file.graph.root()).expect_err("a damaged array is refused").kind
}

/// `_reconstruct(ndarray, (0,), 'b')` with a state.
fn array(state: &str) -> String {
    format!("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR{state}b")
}

/// A dtype with a state.
fn dtype(code: &str, state: &str) -> String {
    format!("cnumpy\ndtype\n(S'{code}'\nI0\nI1\ntR{state}b")
}

fn f8() -> String {
    dtype("f8", "(I3\nS'<'\nNNNI-1\nI-1\nI0\nt")
}

fn read_array(file: &ModelFile, id: NodeId) -> NdArray {
    NdArray::read(&file.graph, id).unwrap().expect("an array")
}

fn item(file: &ModelFile, name: &str) -> NodeId {
    let Node::Dict(pairs) = file.graph.node(file.graph.root()) else { panic!("a dict") };
    pairs.iter().find(|(key, _)| file.graph.str_of(*key) == Some(name)).unwrap().1
}

#[test]
fn trap_13_old_states_without_a_version() {
    let file = pickle(&array(&format!(
        "((I2\nt{}I00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?\\x00\\x00\\x00\\x00\\x00\\x00\\x00@'\nt",
        f8()
    )));
    assert_eq!(read_array(&file, file.graph.root()).to_f64(), Some(vec![1.0, 2.0]));
}

#[test]
fn trap_13_sizes_that_disagree_overflow_or_are_negative() {
    let state = |shape: &str| array(&format!("(I1\n{shape}{}I00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\nt", f8()));
    assert_eq!(array_error(&state("(I2\nt")), ValueErrorKind::ArraySize { expected: 16, found: 8 });
    assert_eq!(array_error(&state("(I-1\nt")), ValueErrorKind::ArrayShape);
    assert_eq!(array_error(&state("(I4611686018427387904\nI4\nt")), ValueErrorKind::ArrayShape);
    assert_eq!(array_error(&state("(I0\nI4611686018427387904\nI4\nt")), ValueErrorKind::ArrayShape);
    assert_eq!(array_error(&state("(L9223372036854775808L\nt")), ValueErrorKind::ArrayShape);
    assert_eq!(array_error(&state(&format!("({}t", "I1\n".repeat(65)))), ValueErrorKind::ArrayShape);
    let file = pickle(&state("(I1\nt"));
    assert_eq!(read_array(&file, file.graph.root()).to_f64(), Some(vec![1.0]));
}

#[test]
fn trap_13_elements_without_bytes_are_not_counted_to_the_end() {
    let empty = dtype("V0", "(I3\nS'|'\nNNNI0\nI1\nI0\nt");
    let state = format!("(I1\n(I1000000000000\nt{empty}I00\nS''\nt");
    assert_eq!(array_error(&array(&state)), ValueErrorKind::ArrayShape);
}

#[test]
fn trap_14_the_order_k_with_its_axes() {
    let file = load("py313-numpy2.5/arrays.5.pkl");
    let array = read_array(&file, item(&file, "K"));
    assert_eq!((array.shape.as_slice(), array.order), ([3, 2, 4].as_slice(), Order::C));
    // Twice the same axis, and one too few.
    for axes in ["(I0\nI0\nt", "(I0\nt"] {
        let buffer = "S'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\n";
        let call = format!("cnumpy._core.numeric\n_frombuffer\n({buffer}{}(I1\nI1\ntS'K'\n{axes}tR", f8());
        assert_eq!(array_error(&call), ValueErrorKind::ArrayOrder);
    }
}

#[test]
fn trap_14_buffers_that_came_apart() {
    let buffers = [0, 1].map(|index| Bytes::from(bytes(&format!("py313-numpy2.5/buffers.{index}"))));
    let pickle = Bytes::from(bytes("py313-numpy2.5/buffers.pkl"));
    let file = read_with_buffers(pickle.clone(), buffers, &Limits::default()).unwrap();
    let said: serde_json::Value = serde_json::from_slice(&bytes("py313-numpy2.5/buffers.json")).unwrap();
    assert_eq!(say::say(&file.graph, file.graph.root()), said);

    let without = read_with_buffers(pickle, [], &Limits::default()).unwrap();
    let error = NdArray::read(&without.graph, item(&without, "a")).unwrap_err();
    assert_eq!(error.kind, ValueErrorKind::ArrayData);
}

#[test]
fn trap_15_dtype_states_of_eight_and_nine_items() {
    for state in ["(I3\nS'>'\nNNNI-1\nI-1\nI0\nt", "(I4\nS'>'\nNNNI-1\nI-1\nI0\nNt"] {
        let file = pickle(&dtype("f8", state));
        let dtype = DType::read(&file.graph, file.graph.root()).unwrap().unwrap();
        assert_eq!(dtype.code(), ">f8", "{state}");
    }
    // numpy itself takes some of these: shorter ones were written before its version 1.
    for state in [
        "(S'>'\nNNI-1\nI-1\nt",
        "(I1\nS'>'\nNNI-1\nI-1\nt",
        "(I2\nS'>'\nNNNI-1\nI-1\nt",
        "(I3\nS'>'\nt",
        "(I4\nS'>'\nNNNI-1\nI-1\nI0\nt",
        "(I3\nS'='\nNNNI-1\nI-1\nI0\nt",
        "(I3\nS'>'\nNNNI4\nI4\nI0\nt",
        "(I3\nS'>'\nNNNI-1\nI-1\nI1\nt",
    ] {
        let file = pickle(&dtype("f8", state));
        let error = DType::read(&file.graph, file.graph.root()).unwrap_err();
        assert_eq!(error.kind, ValueErrorKind::DTypeState, "{state}");
    }
}

#[test]
fn trap_15_flags_and_sizes_that_numpy_does_not_have() {
    let object = |flags: u8| dtype("O8", &format!("(I3\nS'|'\nNNNI-1\nI-1\nI{flags}\nt"));
    let record = |inner: &str, size: usize, alignment: usize, flags: i64| {
        dtype(
            &format!("V{size}"),
            &format!("(I3\nS'|'\nN(S'a'\nt(dS'a'\n({inner}I0\ntsI{size}\nI{alignment}\nI{flags}\nt"),
        )
    };
    let text = |elsize: i64, alignment: u8| dtype("U2", &format!("(I3\nS'<'\nNNNI{elsize}\nI{alignment}\nI8\nt"));
    let right = [
        object(63),
        record(&f8(), 8, 1, 16),
        // Aligned as C would, in numpy 2 and before.
        record(&f8(), 8, 8, 144),
        record(&f8(), 8, 8, -112),
        record(&object(63), 8, 1, 27),
        text(8, 4),
    ];
    for text in right {
        let file = pickle(&text);
        assert!(DType::read(&file.graph, file.graph.root()).is_ok(), "{text}");
    }
    let wrong = [
        object(0),
        object(2),
        record(&f8(), 8, 1, 0),
        record(&f8(), 8, 1, 27),
        record(&f8(), 8, 1, 144),
        record(&f8(), 8, 8, 16),
        record(&object(63), 8, 1, 16),
        record(&object(63), 4, 1, 27),
        text(8, 1),
        text(12, 4),
        text(-8, 4),
    ];
    for text in wrong {
        let file = pickle(&text);
        assert!(DType::read(&file.graph, file.graph.root()).is_err(), "{text}");
    }
}

#[test]
fn trap_15_fields_beyond_their_item() {
    for (offset, names) in [
        ("1", "(S'a'\nt"),
        ("-1", "(S'a'\nt"),
        ("9223372036854775807", "(S'a'\nt"),
        ("0", "(S'b'\nt"),
        ("0", "(S'a'\nS'a'\nt"),
    ] {
        let state = format!("(I3\nS'|'\nN{names}(dS'a'\n({}I{offset}\ntsI8\nI1\nI16\nt", f8());
        let file = pickle(&dtype("V8", &state));
        let kind = DType::read(&file.graph, file.graph.root()).unwrap_err().kind;
        assert!(matches!(kind, ValueErrorKind::DTypeField(_)), "offset {offset}: {kind}");
    }
}

#[test]
fn trap_15_a_dtype_within_itself() {
    // The dict of fields holds the dtype whose state it is.
    let text = "cnumpy\ndtype\n(S'V8'\nI0\nI1\ntRp0\n(I3\nS'|'\nN(S'a'\nt(dS'a'\n(g0\nI0\ntsI8\nI1\nI0\ntb";
    let file = pickle(text);
    assert!(DType::read(&file.graph, file.graph.root()).is_err());
}

#[test]
fn trap_15_dtypes_that_multiply() {
    // Each of twenty dtypes has two fields of the one before.
    let mut text = dtype("f8", "(I3\nS'<'\nNNNI-1\nI-1\nI0\nt") + "p0\n0";
    for level in 1..20 {
        let inner = level - 1;
        text += &dtype(
            "V8",
            &format!("(I3\nS'|'\nN(S'a'\nS'b'\nt(dS'a'\n(g{inner}\nI0\ntsS'b'\n(g{inner}\nI0\ntsI8\nI1\nI16\nt"),
        );
        text += &format!("p{level}\n0");
    }
    for level in [10, 15, 19] {
        let file = pickle(&format!("{text}g{level}\n"));
        let started = std::time::Instant::now();
        let read = DType::read(&file.graph, file.graph.root());
        assert!(started.elapsed().as_secs() < 5);
        assert_eq!(read.is_ok(), level == 10);
    }
}

#[test]
fn trap_15_objects_from_bytes() {
    let object = dtype("O8", "(I3\nS'|'\nNNNI-1\nI-1\nI63\nt");
    let state = format!("(I1\n(I1\nt{object}I00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\nt");
    assert_eq!(array_error(&array(&state)), ValueErrorKind::ObjectsFromBytes);
    let buffer = "S'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\n";
    let call = format!("cnumpy.core.numeric\n_frombuffer\n({buffer}{object}(I1\ntS'C'\ntR");
    assert_eq!(array_error(&call), ValueErrorKind::ObjectsFromBytes);
}

#[test]
fn trap_16_scalars() {
    let scalar = |dtype: &str, bytes: &str| {
        let file = pickle(&format!("cnumpy.core.multiarray\nscalar\n({dtype}S'{bytes}'\ntR"));
        Scalar::read(&file.graph, file.graph.root())
    };
    assert_eq!(scalar(&f8(), "\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?"), Ok(Some(Scalar::Float(1.0))));
    assert_eq!(scalar(&f8(), "\\x00").unwrap_err().kind, ValueErrorKind::ScalarData);
    let object = dtype("O8", "(I3\nS'|'\nNNNI-1\nI-1\nI63\nt");
    assert_eq!(scalar(&object, "abcdefgh").unwrap_err().kind, ValueErrorKind::ObjectsFromBytes);
}

#[test]
fn trap_18_masks_of_another_size() {
    let state = format!("(I1\n(I1\nt{}I00\nS'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'\nS'\\x00\\x00'\nNt", f8());
    let file = pickle(&format!(
        "cnumpy.ma.core\n_mareconstruct\n(cnumpy.ma.core\nMaskedArray\ncnumpy\nndarray\n(I0\ntS'b'\ntR{state}b"
    ));
    let error = skiff_files::MaskedArray::read(&file.graph, file.graph.root()).unwrap_err();
    assert_eq!(error.kind, ValueErrorKind::ArraySize { expected: 1, found: 2 });
}

#[test]
fn trap_23_sparse_indices() {
    let file = load("py313-numpy2.5/sparse.2.pkl");
    let sparse = Sparse::read(&file.graph, item(&file, "csr")).unwrap().unwrap();
    let numbers = |values: &[i64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dtype = DType::from_code("<i8").unwrap();
        NdArray::from_bytes(dtype, vec![values.len()], Order::C, bytes.into(), file.graph.root()).unwrap()
    };
    let check = |indices: &[i64], indptr: &[i64]| {
        let (data, id) = (sparse.data.clone(), file.graph.root());
        Sparse::from_parts(sparse.format, (4, 4), data, numbers(indices), numbers(indptr), id).is_ok()
    };
    assert!(check(&[1, 0, 3, 1, 3], &[0, 1, 1, 3, 5]));
    assert!(!check(&[1, 0, 4, 1, 3], &[0, 1, 1, 3, 5]), "a column beyond the shape");
    assert!(!check(&[1, 0, -1, 1, 3], &[0, 1, 1, 3, 5]), "a negative column");
    assert!(!check(&[1, 0, 3, 1], &[0, 1, 1, 3, 4]), "fewer indices than values");
    assert!(!check(&[1, 0, 3, 1, 3], &[0, 1, 1, 3, 6]), "a row beyond the values");
    assert!(!check(&[1, 0, 3, 1, 3], &[0, 3, 1, 3, 5]), "a row of negative length");
    assert!(!check(&[1, 0, 3, 1, 3], &[1, 1, 1, 3, 5]), "values before the first row");
    assert!(!check(&[1, 0, 3, 1, 3], &[0, 1, 3, 5]), "a row too few");
}

#[test]
fn trap_24_arrays_beside_the_opcodes_stay_in_the_file() {
    let file = load("py313-numpy2.5/arrays.joblib");
    assert_eq!(file.format.content, Content::Joblib { protocol: 4, layout: Layout::Inline });
    let mapped = Bytes::from(bytes("py313-numpy2.5/arrays.joblib"));
    let file = read(mapped.clone(), None, &Limits::default()).unwrap();
    let array = read_array(&file, item(&file, "C"));
    assert!(mapped.as_slice().as_ptr_range().contains(&array.bytes().unwrap().as_ptr()), "copied out of the file");
}

#[test]
fn trap_25_padding_aligns() {
    let mapped = Bytes::from(bytes("py313-numpy2.5/arrays.joblib"));
    let file = read(mapped.clone(), None, &Limits::default()).unwrap();
    for name in ["C", "F", "f4", "i8", "U", "record"] {
        let array = read_array(&file, item(&file, name));
        let offset = array.bytes().unwrap().as_ptr().addr() - mapped.as_slice().as_ptr().addr();
        assert_eq!(offset % 16, 0, "{name}");
    }
}

#[test]
fn trap_25_any_padding_is_read() {
    let whole = bytes("py313-numpy2.5/arrays.joblib");
    let file = try_read(&whole).unwrap();
    let first = read_array(&file, item(&file, "C")).to_f64().unwrap();
    let needle = first.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let start = whole.windows(needle.len()).position(|window| window == needle).unwrap();
    // The length byte precedes its 1 to 16 bytes of 0xff.
    let padding = whole[..start].iter().rev().take_while(|&&byte| byte == 0xff).count();
    for other in [0, 1, 7, 255] {
        let mut changed = whole[..start - padding - 1].to_vec();
        changed.push(other);
        changed.extend(std::iter::repeat_n(0xff, other.into()));
        changed.extend_from_slice(&whole[start..]);
        let file = try_read(&changed).unwrap();
        assert_eq!(read_array(&file, item(&file, "C")).to_f64().unwrap(), first);
    }
}

#[test]
fn trap_29_the_codec_is_in_the_content() {
    for (name, codec) in [
        ("zlib", Codec::Zlib),
        ("gzip", Codec::Gzip),
        ("bz2", Codec::Bzip2),
        ("xz", Codec::Xz),
        ("lzma", Codec::Lzma),
        ("lz4", Codec::Lz4),
    ] {
        let file = load(&format!("py313-numpy2.5/small.{name}.joblib"));
        assert_eq!(file.format.layers, [Layer::Compressed(codec)]);
    }
}

#[test]
fn trap_29_several_members_and_what_stands_behind_them() {
    let expected = say::say(
        &load("py313-numpy2.5/small.gzip.joblib").graph,
        load("py313-numpy2.5/small.gzip.joblib").graph.root(),
    );
    for name in ["zlib", "gzip", "bz2", "xz", "lz4"] {
        let whole = bytes(&format!("py313-numpy2.5/small.{name}.joblib"));
        // Bytes after the first member end the reading: joblib 1.6 loops forever on 34 such bytes.
        let file = try_read(&[&whole[..], b"behind"].concat()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.trailing.compressed, 6, "{name}");
        assert_eq!(say::say(&file.graph, file.graph.root()), expected, "{name}");
        // A second member goes on where the first ended: here with a second pickle.
        let file = try_read(&[&whole[..], &whole[..]].concat()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (roots, left) = if name == "zlib" { (1, whole.len() as u64) } else { (2, 0) };
        assert_eq!((file.roots.len(), file.trailing.compressed), (roots, left), "{name}");
        assert_eq!(say::say(&file.graph, *file.roots.last().unwrap()), expected, "{name}");
    }
}

#[test]
fn trap_29_zstd_and_layers() {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    let pack = |bytes: &[u8]| compress_to_vec(bytes, CompressionLevel::Fastest);
    let plain = bytes("py313-numpy2.5/small.gzip.joblib");
    let file = try_read(&pack(&plain)).unwrap();
    assert_eq!(file.format.layers, [Layer::Compressed(Codec::Zstd), Layer::Compressed(Codec::Gzip)]);
    let deep = (0..4).fold(plain, |bytes, _| pack(&bytes));
    assert!(matches!(try_read(&deep).unwrap_err().kind, ErrorKind::Layers));
}

#[test]
fn trap_29_bombs() {
    let limits = Limits { decompressed: 1 << 20, ..Limits::default() };
    for name in ["zlib", "gzip", "bz2", "xz", "lzma", "lz4"] {
        let whole = bytes(&format!("py313-numpy2.5/small.{name}.joblib"));
        let small = Limits { decompressed: 100, ..limits.clone() };
        let error = read(Bytes::from(whole), None, &small).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Limit { name: "decompressed", most: 100 }), "{name}: {error}");
    }
}

/// What `create_numpy_pickle.py` of joblib put into its files, from Python 3 and from Python 2.
fn joblibs_own(file: &ModelFile) -> serde_json::Value {
    let items = file.graph.items(file.graph.root()).unwrap();
    let numbers = |index: usize| read_array(file, items[index]).to_f64().unwrap();
    assert_eq!(numbers(0), [0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(numbers(1), [0.0, 1.0, 2.0, 3.0, 4.0]);
    let objects = read_array(file, items[2]);
    json!([items.len(), say::say(&file.graph, objects.objects().unwrap()[0]), objects.len()])
}

#[test]
fn trap_30_joblib_before_0_10() {
    for (name, layers, layout) in [
        ("joblib_0.8.4_compressed_pickle_py27_np17.gz", Some(Codec::JoblibZ), Layout::Plain),
        ("joblib_0.9.2_compressed_pickle_py35_np19.gz", Some(Codec::JoblibZ), Layout::Plain),
        ("joblib_0.9.2_pickle_py27_np17.pkl", None, Layout::Companions),
        ("joblib_0.9.2_pickle_py35_np19.pkl", None, Layout::Companions),
        ("joblib_0.9.4.dev0_compressed_cache_size_pickle_py35_np19.gz", Some(Codec::JoblibZ), Layout::Companions),
        ("joblib_0.10.0_pickle_py27_np17.pkl", None, Layout::Inline),
        ("joblib_0.10.0_pickle_py35_np19.pkl.lzma", Some(Codec::Lzma), Layout::Inline),
        ("joblib_0.11.0_pickle_py36_np111.pkl.xz", Some(Codec::Xz), Layout::Inline),
    ] {
        let file = load(&format!("joblib/{name}"));
        let layers: Vec<Layer> = layers.into_iter().map(Layer::Compressed).collect();
        assert_eq!(file.format.layers, layers, "{name}");
        match file.format.content {
            Content::Pickle { .. } => assert_eq!(layout, Layout::Plain, "{name}"),
            Content::Joblib { layout: found, .. } => assert_eq!(layout, found, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        let said = joblibs_own(&file);
        assert_eq!(said[1], json!(["int", "1"]), "{name}");
    }
}

#[test]
fn trap_30_companions_stay_in_their_directory() {
    let whole = bytes("joblib/joblib_0.9.2_pickle_py35_np19.pkl");
    let name = b"joblib_0.9.2_pickle_py35_np19.pkl_01.npy";
    let at = whole.windows(name.len()).position(|window| window == name).unwrap();
    for other in ["../lib_0.9.2_pickle_py35_np19.pkl_01.npy", "/oblib_0.9.2_pickle_py35_np19.pkl_01.npy"] {
        let mut changed = whole.clone();
        changed[at..at + name.len()].copy_from_slice(other.as_bytes());
        let error = read(Bytes::from(changed), Some(&data("joblib/model.pkl")), &Limits::default()).unwrap_err();
        assert!(matches!(&error.kind, ErrorKind::CompanionName(name) if name == other), "{error}");
    }
    let error = try_read(&whole).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::CompanionWithoutPath(_)), "{error}");
    let error = read(Bytes::from(whole), Some(Path::new("nowhere/model.pkl")), &Limits::default()).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Companion(..)), "{error}");
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

#[test]
fn trap_31_skops_keeps_what_is_shared() {
    let file = load("py313-numpy2.5/skops_arrays.skops");
    assert_eq!(file.format.content, Content::Skops);
    let twice = file.graph.items(item(&file, "twice")).unwrap().to_vec();
    assert_eq!(twice[1], twice[2]);
    assert_eq!((twice[0], twice[1]), (item(&file, "frozen"), item(&file, "C")));
}

/// A zip with one stored file in it.
fn zip_of(name: &str, content: &[u8]) -> Vec<u8> {
    let mut checksum = flate2::Crc::new();
    checksum.update(content);
    let common = |version: &[u8]| {
        let size = (content.len() as u32).to_le_bytes();
        let lengths = [(name.len() as u16).to_le_bytes(), [0, 0]].concat();
        [version, &[0; 8], &checksum.sum().to_le_bytes(), &size, &size, &lengths].concat()
    };
    let local = [b"PK\x03\x04", &common(&[20, 0])[..], name.as_bytes(), content].concat();
    let record = [b"PK\x01\x02", &common(&[20, 0, 20, 0])[..], &[0; 14], name.as_bytes()].concat();
    let (start, size) = ((local.len() as u32).to_le_bytes(), (record.len() as u32).to_le_bytes());
    let end = [b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &size, &start, &[0, 0]].concat();
    [local, record, end].concat()
}

fn skops(schema: &str) -> Result<ModelFile, Error> {
    try_read(&zip_of("schema.json", schema.as_bytes()))
}

#[test]
fn trap_32_skops_values_that_are_python_s_json() {
    let value = |content: &str| {
        let file = skops(&format!(
            r#"{{"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": {content}, "protocol": 2}}"#
        ));
        file.map(|file| Scalar::read(&file.graph, file.graph.root()).unwrap())
    };
    assert!(matches!(value(r#""NaN""#).unwrap(), Some(Scalar::Float(value)) if value.is_nan()));
    assert_eq!(value(r#""-Infinity""#).unwrap(), Some(Scalar::Float(f64::NEG_INFINITY)));
    assert_eq!(value(&format!("\"{}\"", "7".repeat(400))).unwrap(), Some(Scalar::BigInt("7".repeat(400))));
    assert_eq!(value(r#""\"a\\u00fc\"""#).unwrap(), Some(Scalar::Str("aü".into())));
    // A surrogate alone is no Rust text, but it is read.
    assert_eq!(value(r#""\"\\ud800\"""#).unwrap(), None);
    assert!(value(r#""[1]""#).is_err());
    assert!(value(&format!("\"{}\"", "7".repeat(4_400))).is_err());
}

#[test]
fn trap_33_skops_keys_that_json_makes_alike() {
    let node = |class: &str, loader: &str, content: &str| {
        format!(
            r#"{{"__class__": "{class}", "__module__": "builtins", "__loader__": "{loader}", "content": {content}}}"#
        )
    };
    let kind =
        |class: &str| format!(r#"{{"__class__": "{class}", "__module__": "builtins", "__loader__": "TypeNode"}}"#);
    let value = |content: &str| node("str", "JsonNode", &format!("\"{content}\""));
    let types =
        node("list", "ListNode", &format!("[{}, {}, {}, {}]", kind("int"), kind("str"), kind("bool"), kind("bool")));
    let (a, b, c, d) = (value("10"), value("11"), value("12"), value("13"));
    let dict = |second: &str| {
        skops(&format!(
            r#"{{"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "protocol": 2, "key_types": {types},
                "content": {{"1": {a}, "{second}": {b}, "false": {c}, "true": {d}}}}}"#
        ))
    };
    let file = dict("2").unwrap();
    let said = json!({ "dict": [
        [["bool", "False"], ["int", "12"]], [["bool", "True"], ["int", "13"]],
        [["int", "1"], ["int", "10"]], [["str", "2"], ["int", "11"]],
    ] });
    assert_eq!(say::say(&file.graph, file.graph.root()), said);
    // Of these skops would read one, and give the next key its type.
    assert!(dict("1").unwrap_err().to_string().contains("a duplicate key"));
}

/// skops writes a dtype as an empty array of it, and arrays of objects as JSON: `SimpleImputer` of strings has one.
#[test]
fn skops_dtype_of_objects_is_in_no_file_of_its_own() {
    let shape = r#"{"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [
        {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "0", "is_json": true}]}"#;
    let file = skops(&format!(
        r#"{{"__class__": "dtype[object_]", "__module__": "numpy", "__loader__": "DTypeNode", "protocol": 2, "content":
            {{"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "content": [], "type": "json",
            "shape": {shape}}}}}"#
    ))
    .unwrap();
    assert_eq!(DType::read(&file.graph, file.graph.root()), Ok(Some(DType::Object)));
}

/// skops 0.6 has a loader of its own for the losses of `SGDClassifier`.
#[test]
fn skops_losses_of_old_are_calls_like_those_of_today() {
    for loader in ["SGDNode", "LossNode"] {
        let content = r#"{"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "1.0"}"#;
        let arguments = format!(
            r#"{{"__class__": "tuple", "__module__": "builtins", "__loader__": "TupleNode", "content": [{content}]}}"#
        );
        let file = skops(&format!(
            r#"{{"__class__": "Hinge", "__module__": "sklearn.linear_model._sgd_fast", "__loader__": "{loader}",
                "protocol": 0, "__reduce__": {{"args": {arguments}}}, "content": {content}}}"#
        ))
        .unwrap();
        assert!(matches!(file.graph.node(file.graph.root()), Node::Object(_)), "{loader}");
    }
}

#[test]
fn trap_34_zips_that_say_two_things() {
    let honest = zip_of("model.pkl", b"\x80\x02K\x07.");
    let file = try_read(&honest).unwrap();
    assert_eq!(file.format.layers, [Layer::Zip("model.pkl".into())]);
    assert_eq!(Scalar::read(&file.graph, file.graph.root()), Ok(Some(Scalar::Int(7))));

    let record = honest.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let damage = |at: usize, byte: u8| {
        let mut bytes = honest.clone();
        bytes[at] = byte;
        try_read(&bytes).unwrap_err().to_string()
    };
    assert!(damage(30, b'x').contains("local header differs"), "another name");
    assert!(damage(8, 8).contains("local header differs"), "another method");
    for flag in [0x01, 0x20, 0x40] {
        assert!(damage(record + 8, flag).contains("encrypted or patched"));
    }
    assert!(damage(record + 16, 1).contains("local header differs"), "another checksum");
    assert!(damage(record + 24, 9).contains("local header differs"), "another size");
    let mut twice = honest.clone();
    (twice[14], twice[record + 16]) = (1, 1);
    assert!(try_read(&twice).unwrap_err().to_string().contains("checksum"), "another checksum in both");
    let last = honest.len() - 1;
    assert!(damage(last, 1).contains("the length of its comment"), "a comment that is not there");
    // Bytes between the entries and their directory, or before the entries.
    let mut shifted = honest.clone();
    shifted.splice(record..record, *b"hidden");
    assert!(try_read(&shifted).is_err(), "bytes between the entries and their directory");
}
