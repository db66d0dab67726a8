//! Reads a `.skiff` file into the object graph: arrays are not read until they are used.

use std::borrow::Cow;

use skiff_pickle::{Budget, Bytes, Graph, Limits, Node, NodeId};

use super::coding::{self, Coding};
use super::header::{Header, damaged};
use super::list::List;
use super::{ARRAYS, ARRAYS_SIZE, DIGESTS, GRAPH, PASSPORT, SAMPLES, VERSION, digest, vocabularies};
use crate::decompress::Inflation;
use crate::json::{Document, Json};
use crate::{Error, ErrorKind};

/// The content of a file.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The model, and the samples.
    pub graph: Graph,
    /// The passport.
    pub passport: Option<String>,
    /// The root of the samples.
    pub samples: Option<NodeId>,
}

/// Reads a file. The hot columns are compared with their digests; the rest is not read (see [`verify`]).
pub(crate) fn read(file: &Bytes, limits: &Limits, inflation: &mut Inflation) -> Result<Contents, Error> {
    let header = Header::read(file)?;
    let head = Head::check(&header, file)?;
    head.check_pieces(head.hot)?;
    let list = List::read(file, &header, &head.arrays(inflation)?, limits, inflation)?;
    let mut graph = Graph::new();
    let whole = graph.add_buffer(file.clone());
    let mut budget = inflation.budget();
    let root = pickle(&mut graph, head.content(GRAPH, &list, inflation)?, &mut budget)?;
    graph.set_root(root);
    vocabularies::put_back(&mut graph, &list, &mut budget, inflation)?;
    let models = graph.len();
    let samples = match header.tensors.contains_key(SAMPLES) {
        true => Some(pickle(&mut graph, head.content(SAMPLES, &list, inflation)?, &mut budget)?),
        false => None,
    };
    // The number of buffers of the model: those of the samples continue the numbering.
    let mut count = 0_usize;
    for id in graph.ids() {
        let Node::Buffer { index, readonly } = *graph.node(id) else { continue };
        let index = usize::try_from(index).map_err(|_| damaged("an array is missing from its list"))?;
        let index = if id.index() < models {
            count = count.max(index.saturating_add(1));
            index
        } else {
            index.saturating_add(count)
        };
        let span = list.buffer(index, &mut graph, whole, inflation)?;
        *graph.node_mut(id) = if readonly { Node::Bytes(span) } else { Node::ByteArray(span) };
    }
    let passport = match header.tensors.contains_key(PASSPORT) {
        true => Some(passport(&head.content(PASSPORT, &list, inflation)?, limits)?),
        false => None,
    };
    Ok(Contents { graph, passport, samples })
}

/// Reads a pickle that is a tensor into the graph.
fn pickle(graph: &mut Graph, pickle: Bytes, budget: &mut Budget) -> Result<NodeId, Error> {
    let length = pickle.len();
    let buffer = graph.add_buffer(pickle);
    let end = skiff_pickle::read_into(graph, buffer, 0, budget, &mut ())?;
    if end.offset == length { Ok(end.root) } else { Err(damaged("a pickle in it has trailing bytes")) }
}

fn passport(text: &[u8], limits: &Limits) -> Result<String, Error> {
    let wrong = damaged("its passport is not a JSON object");
    match std::str::from_utf8(text) {
        Ok(text) if is_object(text, limits.nodes) => Ok(text.to_owned()),
        _ => Err(wrong),
    }
}

/// Whether a text is a JSON object, of at most `most` values.
pub(super) fn is_object(text: &str, most: u64) -> bool {
    Document::parse(text.as_bytes(), most).is_ok_and(|document| matches!(document.value(0), Json::Object(_)))
}

/// Compares all bytes of a file with its digests.
pub(crate) fn verify(file: &Bytes) -> Result<(), Error> {
    let header = Header::read(file)?;
    let head = Head::check(&header, file)?;
    head.check_pieces(head.rest.len())
}

fn check_version(header: &Header) -> Result<(), Error> {
    let version = header.metadata.get("skiff.version").and_then(|version| version.parse::<u32>().ok());
    match version.ok_or(damaged("it has no version"))? {
        1..=VERSION => Ok(()),
        version => Err(Error::new(ErrorKind::ContainerVersion { most: VERSION, found: version })),
    }
}

/// The part of a file that is read whenever it is opened, with a verified digest.
struct Head<'a> {
    header: &'a Header,
    file: &'a Bytes,
    /// Its end.
    end: usize,
    /// The bytes after it.
    rest: Bytes,
    /// How many bytes of the rest are columns that predictions read.
    hot: usize,
}

impl<'a> Head<'a> {
    fn check(header: &'a Header, file: &'a Bytes) -> Result<Self, Error> {
        check_version(header)?;
        let size = |name| header.metadata.get(name).and_then(|size| size.parse::<usize>().ok());
        let end = size("skiff.head_size").and_then(|size| header.data.checked_add(size));
        let end =
            end.filter(|&end| end <= file.len()).ok_or(damaged("the size of its head is missing or too large"))?;
        if !file.get(..end).is_some_and(digest::is_head_whole) {
            return Err(Error::new(ErrorKind::Digest));
        }
        let rest = file.slice(end, file.len().saturating_sub(end)).unwrap_or_default();
        let hot = match header.metadata.contains_key("skiff.hot_size") {
            true => size("skiff.hot_size").filter(|&hot| hot <= rest.len()),
            false => Some(0),
        };
        let hot = hot.ok_or(damaged("the size of its hot columns is missing"))?;
        Ok(Self { header, file, end, rest, hot })
    }

    /// Compares the pieces after the head that contain the first `most` bytes with their digests.
    fn check_pieces(&self, most: usize) -> Result<(), Error> {
        let digests = if self.rest.is_empty() { &[] } else { self.tensor(DIGESTS)? };
        if digest::are_pieces_whole(&self.rest, digests, most) { Ok(()) } else { Err(Error::new(ErrorKind::Digest)) }
    }

    /// The bytes of a tensor of the head.
    fn tensor(&self, name: &str) -> Result<&'a [u8], Error> {
        let place = self.header.tensor(name)?.bytes.clone();
        let bytes = self.file.get(place.clone()).filter(|_| place.end <= self.end);
        bytes.ok_or(damaged("a part of its head is out of range"))
    }

    /// The list of arrays, which is compressed if the metadata has its uncompressed size.
    fn arrays(&self, inflation: &mut Inflation) -> Result<Cow<'a, [u8]>, Error> {
        let bytes = self.tensor(ARRAYS)?;
        let Some(length) = self.header.metadata.get(ARRAYS_SIZE) else { return Ok(Cow::Borrowed(bytes)) };
        let length = length.parse().ok().filter(|length| isize::try_from(*length).is_ok());
        let length: usize = length.ok_or(damaged("the size of its list of arrays is missing"))?;
        inflation.reserve(length, bytes.len())?;
        Ok(Cow::Owned(coding::decode_now(bytes, Coding { length, shuffle: 1, nonzeros: None })?))
    }

    /// A tensor of the head, which may be compressed.
    fn content(&self, name: &str, list: &List<'_>, inflation: &mut Inflation) -> Result<Bytes, Error> {
        self.tensor(name)?;
        list.content(name, inflation)
    }
}

#[cfg(test)]
mod tests {
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
        let metadata =
            format!("\"skiff.head_size\":\"{}\",\"skiff.version\":\"1\",\"skiff.profile\":\"zstd\"", data.len());
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
        for (length, profile, step) in
            [(50, None, 1), (50, Some(3), 1), (60_000, None, 19_973), (60_000, Some(3), 4_999)]
        {
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
}
