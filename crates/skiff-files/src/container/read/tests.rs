//! Damage of every kind, behind digests that match.

use super::super::write;
use super::*;
use crate::numpy::nodes;
use crate::write::SkiffOptions;
use crate::{DType, Endian, Field, NdArray, Order};

/// Two arrays of records, which are a group, and one that is mapped; `length` elements each.
fn graph(length: u32) -> Graph {
    let endian = Endian::Little;
    let fields = vec![
        Field { name: "left_child".into(), dtype: DType::Int { size: 8, endian }, offset: 0 },
        Field { name: "impurity".into(), dtype: DType::Float { size: 8, endian }, offset: 8 },
        Field { name: "threshold".into(), dtype: DType::Float { size: 4, endian }, offset: 16 },
        Field { name: "c".into(), dtype: DType::UInt { size: 1, endian }, offset: 20 },
    ];
    let record = DType::Struct { fields, itemsize: 24 };
    let mut graph = Graph::new();
    let mut items = Vec::new();
    for number in 0..2 {
        let mut bytes = Vec::new();
        for place in 0..length {
            bytes.extend(u64::from(place + number).to_le_bytes());
            bytes.extend((f64::from(place % 3) / 7.0).to_le_bytes());
            bytes.extend(f64::from(place).sqrt().to_string().parse::<f32>().unwrap().to_le_bytes());
            bytes.extend([9, 0, 0, 0]);
        }
        let records = graph.keep(&bytes);
        let lengths = [usize::try_from(length).unwrap()];
        items.push(nodes::array(&mut graph, &record, &lengths, Order::C, records));
    }
    let numbers: Vec<u8> = (0..length).flat_map(|place| f64::from(place % 50).to_le_bytes()).collect();
    let numbers = graph.keep(&numbers);
    let lengths = [2, usize::try_from(length).unwrap() / 2];
    let double = DType::Float { size: 8, endian };
    items.push(nodes::array(&mut graph, &double, &lengths, Order::F, numbers));
    let root = graph.push(Node::List(items));
    graph.set_root(root);
    graph
}

fn file(length: u32, compression: Option<i32>) -> Vec<u8> {
    let (passport, samples) = (Some(r#"{"a": [1, 2]}"#), graph(60));
    let samples = Some(&samples);
    let mut out = Vec::new();
    let options = SkiffOptions { compression, passport, samples, ..SkiffOptions::default() };
    write(&graph(length), &options, &mut out).unwrap();
    out
}

/// Small files are all head; in large ones all parts are there.
const LENGTHS: [u32; 2] = [100, 60_000];
const PROFILES: [Option<i32>; 2] = [None, Some(3)];

/// Corrects the digests, as a malicious writer would; nothing if there is no header any more.
fn signed(mut file: Vec<u8>) -> Option<Vec<u8>> {
    let header = Header::read(&file).ok()?;
    let head = header.data.checked_add(header.metadata.get("skiff.head_size")?.parse().ok()?)?;
    let pieces = digest::of_pieces(&[file.get(head..)?]);
    if let Some(tensor) = header.tensors.get(DIGESTS) {
        file.get_mut(tensor.bytes.clone()).filter(|place| place.len() == pieces.len())?.copy_from_slice(&pieces);
    }
    digest::place(&mut file, digest::ZEROS)?;
    let digest = digest::of_head([file.get(..head)?]);
    digest::place(&mut file, digest)?;
    Some(file)
}

/// A header's text and the bytes after it, with digests.
fn with_header(text: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{text:width$}", width = (text.len() + 8).next_multiple_of(64) - 8);
    signed([&u64::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes(), data].concat()).unwrap()
}

/// A file that is all head with another list of arrays, which is not compressed.
fn with_list(file: &[u8], list: &str) -> Vec<u8> {
    let header = Header::read(file).unwrap();
    let text: serde_json::Value = serde_json::from_slice(&file[8..header.data]).unwrap();
    let (mut entries, mut data) = (String::new(), Vec::new());
    for (name, entry) in text.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__") {
        let bytes = match &**name {
            ARRAYS => list.as_bytes(),
            _ => &file[header.tensors[name].bytes.clone()],
        };
        let mut entry = entry.clone();
        entry["data_offsets"] = serde_json::json!([data.len(), data.len() + bytes.len()]);
        if name == ARRAYS {
            entry["shape"] = serde_json::json!([bytes.len()]);
        }
        entries += &format!(",{name:?}:{entry}");
        data.extend(bytes);
    }
    let zeros = "0".repeat(64);
    let metadata = format!("\"skiff.head_size\":\"{}\",\"skiff.version\":\"1\",\"skiff.profile\":\"zstd\"", data.len());
    with_header(&format!("{}{zeros}\",{metadata}}}{entries}}}", digest::BEFORE), &data)
}

fn read_whole(bytes: Vec<u8>) -> Result<Contents, Error> {
    let limits = Limits::default();
    read(&Bytes::from(bytes), &limits, &mut Inflation::new(&limits, 0))
}

/// Reads all arrays; false if one is damaged.
fn is_read(contents: &Contents) -> bool {
    let graph = &contents.graph;
    graph.ids().filter_map(|id| NdArray::read(graph, id).transpose()).all(|array| {
        let Ok(array) = array else { return false };
        let fields =
            ["left_child", "impurity", "threshold", "c"].map(|name| array.field(name).map(|field| field.to_f64()));
        let is_record = matches!(array.dtype, DType::Struct { .. });
        let are_read = if is_record { fields.iter().all(Option::is_some) } else { array.to_f64().is_some() };
        are_read && array.bytes().is_some_and(|bytes| !bytes.is_empty())
    })
}

#[test]
fn signing_changes_nothing() {
    for (length, profile) in LENGTHS.into_iter().flat_map(|length| PROFILES.map(|profile| (length, profile))) {
        let file = file(length, profile);
        verify(&Bytes::from(file.clone())).unwrap();
        assert!(signed(file.clone()) == Some(file.clone()), "{length} {profile:?}");
        let contents = read_whole(file).unwrap();
        assert!(is_read(&contents) && contents.passport.is_some() && contents.samples.is_some());
    }
}

#[test]
fn each_flipped_bit_is_found() {
    for profile in PROFILES {
        let file = file(50, profile);
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&Bytes::from(flipped)).is_err(), "bit {bit} flipped unseen");
        }
    }
}

#[test]
fn flipped_bits_of_a_large_file_are_found() {
    for profile in PROFILES {
        let mut file = file(60_000, profile);
        let length = file.len();
        assert!(length > 256 << 10 || profile.is_some(), "all parts are to be there");
        for byte in (0..length).step_by(length / 97).chain([length - 1]) {
            file[byte] ^= 16;
            assert!(verify(&Bytes::from(file.clone())).is_err(), "byte {byte} changed unseen");
            file[byte] ^= 16;
        }
        // The hot columns are checked on opening.
        let header = Header::read(&file).unwrap();
        let Some(tensor) = header.tensors.get("0-1.threshold").filter(|_| profile.is_none()) else { continue };
        let place = tensor.bytes.start + 5;
        file[place] ^= 1;
        let error = read_whole(file).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Digest), "{error}");
    }
}

#[test]
fn damage_behind_good_digests_is_refused_or_read() {
    for (length, profile, step) in [(50, None, 1), (50, Some(3), 1), (60_000, None, 19_973), (60_000, Some(3), 4_999)] {
        let file = file(length, profile);
        let (mut refused, mut read, mut late) = (0, 0, 0);
        for place in (0..file.len()).step_by(step) {
            for value in [b'9', b'"', 0xff] {
                let mut damaged = file.clone();
                damaged[place] = value;
                let Some(damaged) = signed(damaged) else { continue };
                match read_whole(damaged) {
                    Ok(contents) if is_read(&contents) => read += 1,
                    Ok(_) => late += 1,
                    Err(error) => {
                        assert!(!matches!(error.kind, ErrorKind::Digest), "byte {place}: the digest was put right");
                        refused += 1;
                    }
                }
            }
        }
        assert!(read > 10 && (step > 1 || refused > 100), "{refused} were refused, {read} read, {late} later");
    }
}

#[test]
fn lists_that_contradict_themselves_are_refused() {
    for (from, to) in [
        (r#""lengths":[100,100]"#, r#""lengths":[101,100]"#),
        (r#""lengths":[100,100]"#, r#""lengths":[1e9,100]"#),
        (r#""lengths":[100,100]"#, r#""lengths":[    200]"#),
        (r#""itemsize":24"#, r#""itemsize":00"#),
        (r#""itemsize":24"#, r#""itemsize":16"#),
        (r#""type":"F64""#, r#""type":"F32""#),
        (r#""type":"I64""#, r#""type":"F16""#),
        (r#""at":20"#, r#""at":24"#),
        (r#""at":16"#, r#""at":12"#),
        (r#""constant":"09"#, r#""constant":"0g"#),
        (r#""constant":"09"#, r#""constand":"09"#),
        (r#""tables":[3,3]"#, r#""tables":[3,4]"#),
        (r#""tables":[3,3]"#, r#""tables":[  6]"#),
        (r#"skiff.table.0-1.i"#, r#"skiff.table.0-1.j"#),
        (r#"{"arrays":[0"#, r#"{"arrays":[7"#),
        (r#"{"arrays""#, r#"{"arrayz""#),
    ] {
        let file = file(100, None);
        let mut places = file.windows(from.len()).enumerate().filter(|(_, text)| *text == from.as_bytes());
        let place = places.next_back().map(|(place, _)| place).unwrap_or_else(|| panic!("{from} is not there"));
        let mut damaged = file.clone();
        damaged[place..place + to.len()].copy_from_slice(to.as_bytes());
        let outcome = read_whole(signed(damaged).unwrap()).map(|contents| contents.graph.len());
        let is_refused = outcome.as_ref().is_err_and(|error| matches!(error.kind, ErrorKind::Container(_)));
        assert!(is_refused, "{from} → {to}: {outcome:?}");
    }
}

/// Three trees of three classes, as scikit-learn has them since 1.3; `weight` is that of each sample, and `noise` what
/// keeps values from being fractions.
fn trees(weight: f64, noise: f64) -> Graph {
    let endian = Endian::Little;
    let mut fields: Vec<Field> = ["left_child", "right_child", "n_node_samples"]
        .iter()
        .enumerate()
        .map(|(number, name)| Field {
            name: (*name).to_owned(),
            dtype: DType::Int { size: 8, endian },
            offset: 8 * number,
        })
        .collect();
    for (name, offset) in [("weighted_n_node_samples", 24), ("impurity", 32)] {
        fields.push(Field { name: name.into(), dtype: DType::Float { size: 8, endian }, offset });
    }
    let record = DType::Struct { fields, itemsize: 40 };
    let mut graph = Graph::new();
    let mut all = Vec::new();
    for number in 0..3_u32 {
        // Each node's right child is a leaf, so that the left ones make a chain.
        let inner = 40 + number;
        let count = usize::try_from(2 * inner + 1).unwrap();
        let (mut nodes, mut values) = (Vec::new(), Vec::new());
        for node in 0..2 * inner + 1 {
            // Nodes up to the first leaf have all leaves below them but those that came back already.
            let below = if node < inner { inner + 1 - node } else { 1 };
            let children = if node < inner { [i64::from(node + 1), i64::from(2 * inner - node)] } else { [-1, -1] };
            let weight = f64::from(below * 2) * weight;
            nodes.extend(children.iter().flat_map(|child| child.to_le_bytes()));
            nodes.extend(i64::from(below * 2).to_le_bytes());
            nodes.extend(weight.to_le_bytes());
            nodes.extend((1.0 - 2.0 * f64::from(below) * f64::from(below) / (weight * weight)).to_le_bytes());
            let value = f64::from(below) / weight + noise * f64::from(node);
            values.extend([value, 0.0, value].iter().flat_map(|value| value.to_le_bytes()));
        }
        let nodes = graph.keep(&nodes);
        let nodes = nodes::array(&mut graph, &record, &[count], Order::C, nodes);
        let values = graph.keep(&values);
        let double = DType::Float { size: 8, endian };
        let values = nodes::array(&mut graph, &double, &[count, 1, 3], Order::C, values);
        let pairs = [("nodes", nodes), ("values", values)].map(|(name, id)| (nodes::text(&mut graph, name), id));
        let state = graph.push(Node::Dict(pairs.to_vec()));
        let (module, name) = (graph.keep(b"sklearn.tree._tree"), graph.keep(b"Tree"));
        let callable = graph.push(Node::Global(skiff_pickle::Global { module, name }));
        let arguments = graph.push(Node::Tuple(Box::new([])));
        let (make, changes) = (skiff_pickle::Make::Reduce, vec![skiff_pickle::Change::Build(state)]);
        let object = skiff_pickle::Object { make, callable, arguments, keywords: None, changes };
        all.push(graph.push(Node::Object(Box::new(object))));
    }
    let root = graph.push(Node::List(all));
    graph.set_root(root);
    graph
}

fn bytes_of(graph: &Graph) -> Vec<Vec<u8>> {
    let mut arrays: Vec<Vec<u8>> = graph
        .ids()
        .filter_map(|id| NdArray::read(graph, id).ok().flatten())
        .map(|array| array.bytes().unwrap().to_vec())
        .collect();
    arrays.sort();
    arrays
}

fn list_of(file: &[u8]) -> String {
    let header = Header::read(file).unwrap();
    let bytes = &file[header.tensors[ARRAYS].bytes.clone()];
    let text = match header.metadata.get(ARRAYS_SIZE) {
        Some(length) => {
            let coding = Coding { length: length.parse().unwrap(), shuffle: 1, nonzeros: None };
            coding::decode_now(bytes, coding).unwrap()
        }
        None => bytes.to_vec(),
    };
    String::from_utf8(text).unwrap()
}

fn written(graph: &Graph, compression: Option<i32>) -> Vec<u8> {
    let mut file = Vec::new();
    write(graph, &SkiffOptions { compression, ..SkiffOptions::default() }, &mut file).unwrap();
    file
}

#[test]
fn what_follows_from_trees_is_not_stored() {
    for (weight, noise, expected) in [
        (1.0, 0.0, &["right", "sum", "count", "gini"][..]),
        (0.3, 0.0, &["right", "sum", "gini"]),
        (1.0, 0.1, &["right", "sum"]),
    ] {
        let graph = trees(weight, noise);
        let file = written(&graph, Some(3));
        let list = list_of(&file);
        let derived = |name: &&&str| list.contains(&format!("\"derived\":\"{name}\""));
        let found: Vec<&str> = ["right", "sum", "count", "gini"].iter().filter(derived).copied().collect();
        assert_eq!(found, expected, "{list}");
        assert_eq!(list.contains("\"counts\""), noise == 0.0, "{list}");
        let version = Header::read(&file).unwrap().metadata["skiff.version"].clone();
        assert_eq!(version, "2");
        let contents = read_whole(file).unwrap();
        assert!(bytes_of(&contents.graph) == bytes_of(&graph), "weights of {weight}");
        // Out of an uncompressed file, and back into one.
        let plain = read_whole(written(&contents.graph, None)).unwrap();
        assert!(bytes_of(&plain.graph) == bytes_of(&graph), "weights of {weight}");
    }
}

#[test]
fn trees_that_contradict_themselves_are_refused_or_damaged() {
    let file = written(&trees(1.0, 0.0), Some(3));
    let list = list_of(&file);
    let is_read = |contents: &Contents| {
        let graph = &contents.graph;
        let mut arrays = graph.ids().filter_map(|id| NdArray::read(graph, id).transpose());
        arrays.all(|array| array.is_ok_and(|array| array.bytes().is_some()))
    };
    assert!(is_read(&read_whole(with_list(&file, &list)).unwrap()), "a list may be as it is");
    for (from, to) in [
        ("\"derived\":\"right\"", "\"derived\":\"left\""),
        ("\"derived\":\"right\"", "\"derived\":\"sum\""),
        ("\"derived\":\"right\"", "\"derived\":\"gini\""),
        ("\"derived\":\"count\"", "\"derived\":\"right\""),
        ("\"derived\":\"sum\",\"tensor\"", "\"derived\":\"sum\",\"tenser\""),
        ("\"left\":0", "\"left\":1"),
        ("\"left\":0", "\"left\":8"),
        ("\"left\":0", "\"left\":24"),
        ("\"right\":8", "\"right\":16"),
        ("\"right\":8", "\"right\":0"),
        ("\"leaves\":[41,42,43]", "\"leaves\":[41,42]"),
        ("\"leaves\":[41,42,43]", "\"leaves\":[42,41,43]"),
        ("\"leaves\":[41,42,43]", "\"leaves\":[41,42,44]"),
        ("\"leaves\":[41,42,43]", "\"leaves\":[41,42,1e18]"),
        ("\"width\":3", "\"width\":0"),
        ("\"width\":3", "\"width\":4"),
        ("\"width\":3", "\"width\":1000000000000000000"),
        ("\"outputs\":1", "\"outputs\":0"),
        ("\"outputs\":1", "\"outputs\":2"),
        ("\"weight\":24", "\"weight\":32"),
        ("\"weight\":24", "\"weight\":16"),
        ("\"fractions\":true", "\"fractions\":1"),
        ("\"counts\":\"", "\"count\":\""),
        ("{\"counts\":0,", "{\"counts\":1,"),
    ] {
        assert!(list.contains(from), "{from} is not in {list}");
        let outcome = read_whole(with_list(&file, &list.replacen(from, to, 1)));
        assert!(!outcome.is_ok_and(|contents| is_read(&contents)), "{from} → {to}");
    }
    // Values that the limits do not allow are refused before they are assembled.
    let limits = Limits { decompressed: 12_000, ..Limits::default() };
    let error = read(&Bytes::from(file), &limits, &mut Inflation::new(&limits, 0)).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Limit { name: "decompressed", .. }), "{error}");
}

#[test]
fn what_would_be_too_large_is_refused_before() {
    // A thousand elements of a constant take no space in the file; a thousand million take none either.
    let limits = Limits { decompressed: 4_000, ..Limits::default() };
    let file = Bytes::from(file(100, None));
    let error = read(&file, &limits, &mut Inflation::new(&limits, 0)).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Limit { name: "decompressed", .. }), "{error}");
}

#[test]
fn compressed_tensors_that_claim_too_much_are_refused_before_they_are_decompressed() {
    let file = file(50, Some(3));
    let list = |file: &[u8]| {
        let header = Header::read(file).unwrap();
        let length = header.metadata[ARRAYS_SIZE].parse().unwrap();
        let coding = Coding { length, shuffle: 1, nonzeros: None };
        String::from_utf8(coding::decode_now(&file[header.tensors[ARRAYS].bytes.clone()], coding).unwrap()).unwrap()
    };
    assert!(is_read(&read_whole(with_list(&file, &list(&file))).unwrap()), "a list may be as it is");
    for (from, to) in [
        ("\"shape\":[100]", "\"shape\":[4e]"),
        ("\"shape\":[100]", "\"shape\":[999]"),
        ("\"shape\":[100]", "\"shape\":[999999999999]"),
        ("\"shuffle\":4", "\"shuffle\":4,\"nonzeros\":2"),
        ("\"shuffle\":4", "\"shuffle\":4,\"nonzeros\":999999999999"),
        ("\"shuffle\":4", "\"shuffle\":3"),
    ] {
        let list = list(&file);
        assert!(list.contains(from), "{list}");
        let outcome = read_whole(with_list(&file, &list.replace(from, to)));
        assert!(!outcome.is_ok_and(|contents| is_read(&contents)), "{from} → {to}");
    }
    // A length of the list itself that is none.
    for length in ["-1", "1", "x", "99999999999999999999", "9999999999999"] {
        let header = Header::read(&file).unwrap();
        let from = format!("\"{ARRAYS_SIZE}\":\"{}\"", header.metadata[ARRAYS_SIZE]);
        let text = String::from_utf8(file[8..header.data].to_vec()).unwrap();
        let text = text.trim_end().replace(&from, &format!("\"{ARRAYS_SIZE}\":\"{length}\""));
        assert!(read_whole(with_header(&text, &file[header.data..])).is_err(), "{length}");
    }
    // One limit of bytes in total: arrays and compressed tensors.
    let bytes = Bytes::from(file);
    let mut needed = None;
    for decompressed in (0..200_000).step_by(500) {
        let limits = Limits { decompressed, ..Limits::default() };
        match read(&bytes, &limits, &mut Inflation::new(&limits, 0)) {
            Ok(contents) => {
                assert!(is_read(&contents));
                needed = Some(decompressed);
                break;
            }
            Err(error) => assert!(matches!(error.kind, ErrorKind::Limit { name: "decompressed", .. }), "{error}"),
        }
    }
    // Two groups of records of 24 bytes.
    assert!(needed.is_some_and(|needed| needed >= 100 * 24 + 120 * 24), "{needed:?}");
}
