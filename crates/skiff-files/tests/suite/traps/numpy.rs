//! Arrays, dtypes, scalars and sparse matrices of numpy and scipy.

use skiff_files::{Bytes, DType, Limits, ModelFile, NdArray, Order, Scalar, Sparse, ValueErrorKind, read_with_buffers};

use super::{bytes, item, load, read_array, try_read};

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
    assert_eq!(crate::say::say(&file.graph, file.graph.root()), said);

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
