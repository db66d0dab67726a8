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
pub struct Contents {
    /// The model, and the samples.
    pub graph: Graph,
    /// The passport.
    pub passport: Option<String>,
    /// The root of the samples.
    pub samples: Option<NodeId>,
}

/// Reads a file. The hot columns are compared with their digests; the rest is not read (see [`verify`](crate::verify)).
///
/// # Errors
/// When the file is damaged or exceeds the limits.
pub fn read(file: &Bytes, limits: &Limits, inflation: &mut Inflation) -> Result<Contents, Error> {
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
mod tests;
