//! A `.skiff` file into the object graph: arrays stay where they are, columns are put together.

use skiff_pickle::{Budget, Bytes, Graph, Node, NodeId, Span};

use super::columns::{self, Form, Of, Reading};
use super::digest;
use super::header::{Header, damaged, number};
use super::{ARRAYS, GRAPH, PASSPORT, SAMPLES, VERSION};
use crate::decompress::Inflation;
use crate::json::{Document, Id, Json};
use crate::{Error, ErrorKind, Limits};

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Contents {
    /// The model, and the samples beside it.
    pub graph: Graph,
    /// Where the model comes from.
    pub passport: Option<String>,
    /// The root of the samples.
    pub samples: Option<NodeId>,
}

/// Reads a file. What is read at once is held against its digest; what is mapped is not looked at ([`verify`] does).
pub(crate) fn read(file: &Bytes, limits: &Limits, inflation: &mut Inflation) -> Result<Contents, Error> {
    let header = Header::read(file)?;
    let head = check_head(&header, file)?;
    let mut graph = Graph::new();
    let whole = graph.add_buffer(file.clone());
    let in_head = |name: &str| {
        let place = header.tensor(name)?.bytes.clone();
        let lies_inside = damaged("a part of its head lies outside of it");
        if place.end > head {
            return Err(lies_inside);
        }
        file.slice(place.start, place.len()).ok_or(lies_inside)
    };
    let mut budget = Budget::new(limits);
    let root = pickle(&mut graph, in_head(GRAPH)?, &mut budget)?;
    graph.set_root(root);
    let models = graph.len();
    let samples = match header.tensors.contains_key(SAMPLES) {
        true => Some(pickle(&mut graph, in_head(SAMPLES)?, &mut budget)?),
        false => None,
    };
    let json = in_head(ARRAYS)?;
    let document = Document::parse(&json, limits.nodes).map_err(|_| damaged("its list of arrays is no JSON"))?;
    let arrays = match document.get(0, "arrays").map(|arrays| document.value(arrays)) {
        Some(Json::Array(arrays)) => arrays,
        _ => return Err(damaged("it has no list of arrays")),
    };
    let places = Places { header: &header, document: &document, file, head, whole };
    // How many buffers the model has: those of the samples are numbered on.
    let mut count = 0_usize;
    for id in graph.ids() {
        let Node::Buffer { index, readonly } = *graph.node(id) else { continue };
        let missing = || damaged("an array is missing in its list");
        let index = usize::try_from(index).map_err(|_| missing())?;
        let index = if id.index() < models {
            count = count.max(index.saturating_add(1));
            index
        } else {
            index.saturating_add(count)
        };
        let span = places.array(&mut graph, *arrays.get(index).ok_or_else(missing)?, inflation)?;
        *graph.node_mut(id) = if readonly { Node::Bytes(span) } else { Node::ByteArray(span) };
    }
    let passport = match header.tensors.contains_key(PASSPORT) {
        true => Some(passport(&in_head(PASSPORT)?, limits)?),
        false => None,
    };
    Ok(Contents { graph, passport, samples })
}

/// Reads a pickle that is a tensor into the graph.
fn pickle(graph: &mut Graph, pickle: Bytes, budget: &mut Budget) -> Result<NodeId, Error> {
    let length = pickle.len();
    let buffer = graph.add_buffer(pickle);
    let end = skiff_pickle::read_into(graph, buffer, 0, budget, &mut ())?;
    if end.offset == length { Ok(end.root) } else { Err(damaged("a pickle in it goes on behind its end")) }
}

fn passport(text: &[u8], limits: &Limits) -> Result<String, Error> {
    let wrong = damaged("its passport is no JSON object");
    match std::str::from_utf8(text) {
        Ok(text) if is_object(text, limits.nodes) => Ok(text.to_owned()),
        _ => Err(wrong),
    }
}

/// Whether a text is a JSON object, of at most so many values.
pub(super) fn is_object(text: &str, most: u64) -> bool {
    Document::parse(text.as_bytes(), most).is_ok_and(|document| matches!(document.value(0), Json::Object(_)))
}

/// Holds all bytes of a file against the digest of the whole.
pub(crate) fn verify(file: &[u8]) -> Result<(), Error> {
    let header = Header::read(file);
    if let Ok(header) = &header {
        check_version(header)?;
    }
    // Any damage is told as such first: why the header cannot be read follows from it.
    if !digest::is_whole(file) {
        return Err(Error::new(ErrorKind::Digest));
    }
    header.map(|_| ())
}

fn check_version(header: &Header) -> Result<(), Error> {
    let version = header.metadata.get("skiff.version").and_then(|version| version.parse::<u32>().ok());
    match version.ok_or(damaged("it does not say its version"))? {
        1..=VERSION => Ok(()),
        version => Err(Error::new(ErrorKind::ContainerVersion { most: VERSION, found: version })),
    }
}

/// Checks version and digest of the head, and says where in the file it ends.
fn check_head(header: &Header, file: &[u8]) -> Result<usize, Error> {
    check_version(header)?;
    let size = header.metadata.get("skiff.head_size").and_then(|size| size.parse::<usize>().ok());
    let head = size.and_then(|size| header.data.checked_add(size)).filter(|&head| head <= file.len());
    let head = head.ok_or(damaged("it does not say where its head ends"))?;
    if digest::is_head_whole(file, head) { Ok(head) } else { Err(Error::new(ErrorKind::Digest)) }
}

struct Places<'a> {
    header: &'a Header,
    document: &'a Document<'a>,
    file: &'a Bytes,
    /// Where the head ends.
    head: usize,
    /// The graph's buffer that is the file.
    whole: u32,
}

impl Places<'_> {
    /// The elements of an array of the list.
    fn array(&self, graph: &mut Graph, array: Id, inflation: &mut Inflation) -> Result<Span, Error> {
        if let Some(name) = self.document.get(array, "tensor").and_then(|name| self.document.text_of(name)) {
            let place = &self.header.tensor(name)?.bytes;
            return graph.span(self.whole, place.start, place.len()).ok_or(damaged("a tensor lies outside"));
        }
        let wrong = damaged("an array in its list contradicts itself");
        let Some((length, size)) = self.number(array, "length").zip(self.number(array, "itemsize")) else {
            return Err(wrong);
        };
        let Some(bytes) = length.checked_mul(size).filter(|_| size > 0) else { return Err(wrong) };
        inflation.reserve(bytes, self.file.len())?;
        let mut elements = vec![0; bytes];
        let Some(Json::Array(columns)) = self.document.get(array, "columns").map(|list| self.document.value(list))
        else {
            return Err(wrong);
        };
        for &column in columns {
            let column = self.column(column)?;
            columns::decode(&column, size, &mut elements).ok_or(damaged("a column does not suit its array"))?;
        }
        let buffer = graph.add_buffer(elements.into());
        graph.span(buffer, 0, bytes).ok_or(wrong)
    }

    fn column(&self, column: Id) -> Result<Reading<'_>, Error> {
        let text = |name| self.document.get(column, name).and_then(|value| self.document.text_of(value));
        let wrong = || damaged("a column in its list contradicts itself");
        let at = self.number(column, "at").ok_or_else(wrong)?;
        let of = text("type").and_then(Of::parse).ok_or_else(wrong)?;
        let form = match (text("constant"), text("tensor"), text("table")) {
            (Some(constant), None, None) => Form::Constant(self.tensor(constant)?.1),
            (None, Some(tensor), None) => {
                let (kind, bytes) = self.tensor(tensor)?;
                Form::Plain(kind, bytes)
            }
            (None, Some(tensor), Some(table)) => {
                let ((kind, places), (of, table)) = (self.tensor(tensor)?, self.tensor(table)?);
                Form::Table { kind, places, of, table }
            }
            _ => return Err(wrong()),
        };
        Ok(Reading { at, of, form })
    }

    /// A tensor of the head.
    fn tensor(&self, name: &str) -> Result<(super::kind::Kind, &[u8]), Error> {
        let tensor = self.header.tensor(name)?;
        if tensor.bytes.end > self.head {
            return Err(damaged("a column lies outside of its head"));
        }
        let bytes = self.file.get(tensor.bytes.clone()).ok_or(damaged("a column lies outside"))?;
        Ok((tensor.kind, bytes))
    }

    fn number(&self, object: Id, name: &str) -> Option<usize> {
        number(self.document, self.document.get(object, name)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{digest, write};
    use super::*;
    use crate::Order;
    use crate::numpy::nodes;
    use crate::write::SkiffOptions;
    use crate::{DType, Endian, Field};

    /// A file of one array of records, and one that is mapped.
    fn file() -> Vec<u8> {
        let endian = Endian::Little;
        let fields = vec![
            Field { name: "a".into(), dtype: DType::Int { size: 8, endian }, offset: 0 },
            Field { name: "b".into(), dtype: DType::Float { size: 8, endian }, offset: 8 },
            Field { name: "c".into(), dtype: DType::UInt { size: 1, endian }, offset: 16 },
        ];
        let record = DType::Struct { fields, itemsize: 24 };
        let mut graph = Graph::new();
        let mut bytes = Vec::new();
        for place in 0..100_u8 {
            bytes.extend(u64::from(place).to_le_bytes());
            bytes.extend((f64::from(place % 3) / 7.0).to_le_bytes());
            bytes.extend([9, 0, 0, 0, 0, 0, 0, 0]);
        }
        let records = graph.keep(&bytes);
        let records = nodes::array(&mut graph, &record, &[100], Order::C, records);
        let numbers = graph.keep(&[7; 64]);
        let numbers = nodes::array(&mut graph, &DType::Float { size: 8, endian }, &[2, 4], Order::F, numbers);
        let root = graph.push(Node::List(vec![records, numbers]));
        graph.set_root(root);
        let mut out = Vec::new();
        write(&graph, &SkiffOptions::default(), &mut out).unwrap();
        out
    }

    /// Puts the digests right, as a hostile writer would; nothing when the header cannot be found any more.
    fn signed(mut file: Vec<u8>) -> Option<Vec<u8>> {
        let header = Header::read(&file).ok()?;
        let head = header.data.checked_add(header.metadata.get("skiff.head_size")?.parse().ok()?)?;
        digest::place(&mut file, [digest::ZEROS; 2])?;
        let digests = digest::of(&[file.get(..header.data)?, file.get(header.data..head)?, file.get(head..)?], 2)?;
        digest::place(&mut file, digests)?;
        Some(file)
    }

    fn read_whole(bytes: Vec<u8>) -> Result<Contents, Error> {
        let limits = Limits::default();
        read(&Bytes::from(bytes), &limits, &mut Inflation::new(&limits, 0))
    }

    #[test]
    fn signing_changes_nothing() {
        let file = file();
        verify(&file).unwrap();
        assert_eq!(signed(file.clone()), Some(file.clone()));
        assert!(read_whole(file).is_ok());
    }

    #[test]
    fn each_flipped_bit_is_found() {
        let file = file();
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&flipped).is_err(), "bit {bit} flipped unseen");
        }
    }

    #[test]
    fn damage_behind_good_digests_is_refused_or_read() {
        let file = file();
        let (mut refused, mut read) = (0, 0);
        for place in 0..file.len() {
            for value in [0, b'9', b'"', 0xff] {
                let mut damaged = file.clone();
                damaged[place] = value;
                let Some(damaged) = signed(damaged) else { continue };
                match read_whole(damaged) {
                    Ok(_) => read += 1,
                    Err(error) => {
                        assert!(!matches!(error.kind, ErrorKind::Digest), "byte {place}: the digest was put right");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 100 && read > 100, "{refused} were refused, {read} read");
    }

    #[test]
    fn lists_that_contradict_themselves_are_refused() {
        let file = file();
        for (from, to) in [
            (r#""length":100"#, r#""length":101"#),
            (r#""length":100"#, r#""length":9e9"#),
            (r#""itemsize":24"#, r#""itemsize":00"#),
            (r#""itemsize":24"#, r#""itemsize":16"#),
            (r#""type":"F64""#, r#""type":"F32""#),
            (r#""type":"I64""#, r#""type":"F16""#),
            (r#""at":16"#, r#""at":24"#),
            (r#""constant""#, r#""constand""#),
            (r#"skiff.table.0.b""#, r#"skiff.table.0.c""#),
            (r#"{"arrays""#, r#"{"arrayz""#),
        ] {
            let mut places = file.windows(from.len()).enumerate().filter(|(_, text)| *text == from.as_bytes());
            let (place, _) = places.next_back().unwrap();
            let mut damaged = file.clone();
            damaged[place..place + to.len()].copy_from_slice(to.as_bytes());
            let outcome = read_whole(signed(damaged).unwrap()).map(|contents| contents.graph.len());
            let is_refused = outcome.as_ref().is_err_and(|error| matches!(error.kind, ErrorKind::Container(_)));
            assert!(is_refused, "{from} → {to}: {outcome:?}");
        }
    }
}
