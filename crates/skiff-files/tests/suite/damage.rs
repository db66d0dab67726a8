//! No damage to a file makes a reader panic, loop or take memory without bounds.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::path::Path;

use skiff_files::pandas::{self, DataFrame};
use skiff_files::{Bytes, Graph, Instance, Limits, MaskedArray, NdArray, NodeId, Scalar, Sparse, describe, read};

fn limits() -> Limits {
    Limits { decompressed: 1 << 22, nodes: 1 << 18, decoded: 1 << 22, ..Limits::default() }
}

/// Reads bytes, and each node as everything that it could be.
fn look(bytes: &[u8]) {
    let Ok(file) = read(Bytes::from(bytes.to_vec()), None, &limits()) else { return };
    for id in file.graph.ids() {
        look_at(&file.graph, id);
    }
}

fn look_at(graph: &Graph, id: NodeId) {
    let text = describe(graph, id);
    assert!(text.len() < 100_000, "a long description");
    if let Ok(Some(array)) = NdArray::read(graph, id) {
        let _ = (array.to_f64(), array.to_f32(), array.to_i64(), array.to_bool(), array.to_strings(graph));
        let _ = (array.as_f64(), array.as_f32(), array.as_i64(), array.as_i32(), array.to_scalars(graph));
        let _ = (array.field("a").map(|field| field.to_f64()), array.field("x").map(|field| field.to_scalars()));
    }
    if let Ok(Some(sparse)) = Sparse::read(graph, id) {
        let _ = (sparse.to_csr(), sparse.to_dense(1 << 16));
    }
    let _ = (Scalar::read(graph, id), MaskedArray::read(graph, id), Sparse::read_npz(graph, id));
    let _ = (pandas::values(graph, id), pandas::categories(graph, id), DataFrame::read(graph, id));
    if let Some(instance) = Instance::read(graph, id) {
        let _ = (instance.attributes().count(), instance.items().count());
    }
}

fn data(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)).unwrap()
}

const FILES: [&str; 28] = [
    "py313-numpy2.5/arrays.5.pkl",
    "py313-numpy2.5/arrays.joblib",
    "py313-numpy2.5/sparse.4.pkl",
    "py313-numpy2.5/frames.2.pkl",
    "py313-numpy2.5/others.5.pkl",
    "py313-numpy2.5/scalars.3.pkl",
    "py27-numpy1.11/arrays.0.pkl",
    "py27-numpy1.11/sparse.1.pkl",
    "py313-numpy2.5/small.zlib.joblib",
    "py313-numpy2.5/small.gzip.joblib",
    "py313-numpy2.5/small.bz2.joblib",
    "py313-numpy2.5/small.xz.joblib",
    "py313-numpy2.5/small.lzma.joblib",
    "py313-numpy2.5/small.lz4.joblib",
    "py313-numpy2.5/npz.npz",
    "py313-numpy2.5/npz.packed.npz",
    "py313-numpy2.5/matrix.npz",
    "py313-numpy2.5/npy_record.npy",
    "py313-numpy2.5/npy_nested.npy",
    "py313-numpy2.5/npy_O.npy",
    "py313-numpy2.5/npy_version_3.npy",
    "py313-numpy2.5/skops_arrays.skops",
    "py313-numpy2.5/skops_others.packed.skops",
    "py313-numpy2.5/skops_keys.skops",
    "py313-numpy2.5/skops_sparse.skops",
    "joblib/joblib_0.9.2_compressed_pickle_py35_np19.gz",
    "joblib/joblib_0.9.2_pickle_py27_np17.pkl",
    "joblib/joblib_0.10.0_pickle_py27_np17.pkl",
];

#[test]
fn every_prefix() {
    for name in FILES {
        let whole = data(name);
        // Every length of small files, some hundreds of large ones.
        for length in (0..whole.len()).step_by(1 + whole.len() / 500) {
            look(&whole[..length]);
        }
    }
}

#[test]
fn every_byte_changed() {
    for name in FILES {
        let mut whole = data(name);
        let step = 1 + whole.len() / 500;
        for at in (0..whole.len()).step_by(step) {
            let honest = whole[at];
            for changed in [honest ^ 1, honest ^ 0x80, 0, 0xff] {
                whole[at] = changed;
                look(&whole);
            }
            whole[at] = honest;
        }
    }
}

/// A zip's checksums keep most damage from its readers: here the schema is damaged and stored with the right one.
#[test]
fn every_byte_of_a_schema_changed() {
    for name in ["skops_others", "skops_model", "skops_keys", "skops_sparse"] {
        let whole = data(&format!("py313-numpy2.5/{name}.skops"));
        // The schema is the last entry, both in the directory and before it.
        let number = |at: usize| u32::from_le_bytes(whole[at..at + 4].try_into().unwrap()) as usize;
        let directory = number(whole.len() - 6);
        let record = whole.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
        let local = number(record + 42);
        let start = local + 30 + "schema.json".len();
        let step = 1 + (directory - start) / 500;
        for at in (start..directory).step_by(step) {
            for changed in [whole[at] ^ 1, b'"', b'0', b'}', 0x80, b'N'] {
                let mut bytes = whole.clone();
                bytes[at] = changed;
                let mut checksum = flate2::Crc::new();
                checksum.update(&bytes[start..directory]);
                bytes[record + 16..record + 20].copy_from_slice(&checksum.sum().to_le_bytes());
                look(&bytes);
            }
        }
    }
}

#[test]
fn noise_behind_each_magic() {
    let magics: [&[u8]; 14] = [
        b"",
        b"\x80\x04",
        b"\x80\x05\x95",
        b"\x78\x9c",
        b"\x1f\x8b\x08\0",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0\0\x04",
        b"\x5d\0\0\x80\0",
        b"\x04\x22\x4d\x18",
        b"\x28\xb5\x2f\xfd",
        b"ZF0x10               \x78\x9c",
        b"PK\x03\x04",
        b"\x93NUMPY\x01\0",
        b"\x93NUMPY\x01\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': ",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..400 {
        for magic in magics {
            let mut bytes = magic.to_vec();
            for _ in 0..round % 97 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                bytes.push(state.to_le_bytes()[3]);
            }
            look(&bytes);
        }
    }
}
