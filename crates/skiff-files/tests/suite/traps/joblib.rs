//! Arrays between the opcodes, codecs, and the companion files of old joblib.

use std::path::Path;

use serde_json::json;
use skiff_files::{Bytes, Codec, Content, ErrorKind, Layer, Layout, Limits, ModelFile, read};

use super::{bytes, data, item, load, read_array, try_read};

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
    let expected = crate::say::say(
        &load("py313-numpy2.5/small.gzip.joblib").graph,
        load("py313-numpy2.5/small.gzip.joblib").graph.root(),
    );
    for name in ["zlib", "gzip", "bz2", "xz", "lz4"] {
        let whole = bytes(&format!("py313-numpy2.5/small.{name}.joblib"));
        // Bytes after the first member end the reading: joblib 1.6 loops forever on 34 such bytes.
        let file = try_read(&[&whole[..], b"behind"].concat()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.trailing.compressed, 6, "{name}");
        assert_eq!(crate::say::say(&file.graph, file.graph.root()), expected, "{name}");
        // A second member goes on where the first ended: here with a second pickle.
        let file = try_read(&[&whole[..], &whole[..]].concat()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (roots, left) = if name == "zlib" { (1, whole.len() as u64) } else { (2, 0) };
        assert_eq!((file.roots.len(), file.trailing.compressed), (roots, left), "{name}");
        assert_eq!(crate::say::say(&file.graph, *file.roots.last().unwrap()), expected, "{name}");
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
    json!([items.len(), crate::say::say(&file.graph, objects.objects().unwrap()[0]), objects.len()])
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
