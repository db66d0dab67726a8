//! Zip files, read strictly: whoever disagrees about a zip's content can hide something in it.
//!
//! The directory and the entries' own headers must agree, names must be unique, data must not overlap, and lengths
//! and checksums must be right. Encrypted, patched and split archives are refused.

use std::collections::HashMap;

use skiff_pickle::{Budget, Bytes, Graph, Node, NodeId};

use crate::decompress::{Codec, Inflation};
use crate::numpy::nodes;
use crate::{Error, ErrorKind, npy};

/// A zip's directory.
#[derive(Debug)]
pub(crate) struct Archive {
    bytes: Bytes,
    pub entries: Vec<Entry>,
    /// Where in `entries` each name is.
    names: HashMap<String, usize>,
}

/// A file in a zip.
#[derive(Debug)]
pub(crate) struct Entry {
    pub name: String,
    codec: Codec,
    checksum: u32,
    size: u64,
    /// Of its data.
    start: usize,
    packed: usize,
}

/// What a zip is, by the names in it.
pub(crate) enum Kind<'a> {
    /// One file, whatever it is.
    One(&'a Entry),
    /// `.npz`.
    Arrays,
    Skops,
    Foreign(&'static str),
}

fn wrong(what: &'static str, offset: usize) -> Error {
    Error::at(ErrorKind::Zip(what), offset)
}

impl Archive {
    pub fn read(bytes: &Bytes) -> Result<Self, Error> {
        let directory = Directory::find(bytes)?;
        let mut at = directory.start;
        let (mut entries, mut names) = (Vec::new(), HashMap::new());
        for _ in 0..directory.count {
            let (entry, next) = read_entry(bytes, at)?;
            if names.insert(entry.name.clone(), entries.len()).is_some() {
                return Err(wrong("two entries of one name", at));
            }
            entries.push(entry);
            at = next;
        }
        if at != directory.end {
            return Err(wrong("its directory has another length than it says", at));
        }
        let mut places: Vec<(usize, usize)> =
            entries.iter().map(|entry| (entry.start, entry.start.saturating_add(entry.packed))).collect();
        places.sort_unstable();
        let ends = places.iter().map(|place| place.1);
        let next = places.iter().skip(1).map(|place| place.0).chain([directory.start]);
        if ends.zip(next).any(|(end, next)| end > next) {
            return Err(wrong("entries overlap", 0));
        }
        Ok(Self { bytes: bytes.clone(), entries, names })
    }

    pub fn kind(&self) -> Result<Kind<'_>, Error> {
        let has = |test: &dyn Fn(&str) -> bool| self.entries.iter().any(|entry| test(&entry.name));
        if has(&|name| name == "schema.json") {
            return Ok(Kind::Skops);
        }
        for (suffix, format) in [
            ("data.pkl", "PyTorch's format"),
            ("model.weights.h5", "Keras' format"),
            ("META-INF/MANIFEST.MF", "a Java archive"),
            ("[Content_Types].xml", "an Office document"),
        ] {
            if self.entries.len() > 1 && has(&|name| name == suffix || name.ends_with(&format!("/{suffix}"))) {
                return Ok(Kind::Foreign(format));
            }
        }
        // Directories have no content.
        let mut files = self.entries.iter().filter(|entry| !entry.name.ends_with('/'));
        // `numpy.savez` of nothing is an empty zip.
        if files.clone().all(|entry| entry.name.ends_with(".npy")) {
            return Ok(Kind::Arrays);
        }
        match (files.next(), files.next()) {
            (Some(only), None) => Ok(Kind::One(only)),
            _ => {
                let names = self.entries.iter().map(|entry| entry.name.clone()).collect();
                Err(Error::new(ErrorKind::ZipContent(names)))
            }
        }
    }

    /// The content of the entry of a name.
    pub fn named(&self, name: &str, inflation: &mut Inflation) -> Result<Bytes, Error> {
        let place = self.names.get(name).and_then(|&place| self.entries.get(place));
        self.content(place.ok_or_else(|| wrong("a file that is named in it is missing", 0))?, inflation)
    }

    /// The content of an entry: shared with the file when it is stored as it is.
    pub fn content(&self, entry: &Entry, inflation: &mut Inflation) -> Result<Bytes, Error> {
        let packed = self.bytes.slice(entry.start, entry.packed);
        let packed = packed.ok_or_else(|| wrong("an entry ends behind the file", entry.start))?;
        let content = match entry.codec {
            Codec::Stored => packed,
            codec => {
                let (content, left) = inflation.decompress(codec, &packed)?;
                if left != 0 {
                    return Err(wrong("an entry's compressed content ends too early", entry.start));
                }
                Bytes::from(content)
            }
        };
        if u64::try_from(content.len()) != Ok(entry.size) {
            return Err(wrong("an entry has another length than it says", entry.start));
        }
        let mut checksum = flate2::Crc::new();
        checksum.update(&content);
        if checksum.sum() != entry.checksum {
            return Err(wrong("an entry's checksum is wrong", entry.start));
        }
        Ok(content)
    }
}

/// The arrays of an `.npz` as a dict.
pub(crate) fn arrays(archive: &Archive, inflation: &mut Inflation, budget: &mut Budget) -> Result<Graph, Error> {
    let mut graph = Graph::new();
    let arrays = arrays_into(&mut graph, archive, inflation, budget)?;
    let pairs = arrays.iter().map(|(name, array)| (nodes::text(&mut graph, name), *array)).collect();
    let root = graph.push(Node::Dict(pairs));
    graph.set_root(root);
    Ok(graph)
}

/// The arrays of an `.npz` and their names.
pub(crate) fn arrays_into(
    graph: &mut Graph,
    archive: &Archive,
    inflation: &mut Inflation,
    budget: &mut Budget,
) -> Result<Vec<(String, NodeId)>, Error> {
    let mut arrays = Vec::new();
    for entry in archive.entries.iter().filter(|entry| !entry.name.ends_with('/')) {
        let content = archive.content(entry, inflation)?;
        if !content.starts_with(b"\x93NUMPY") {
            return Err(wrong("an entry named as an array is none", entry.start));
        }
        budget.nodes(1, entry.start)?;
        let name = entry.name.strip_suffix(".npy").unwrap_or(&entry.name);
        let (array, _) = npy::read_into(graph, &content, budget)?;
        arrays.push((name.to_owned(), array));
    }
    Ok(arrays)
}

/// Where the directory is.
struct Directory {
    start: usize,
    end: usize,
    count: u64,
}

impl Directory {
    fn find(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || wrong("it has no directory at its end", bytes.len());
        // The record's 22 bytes and a comment of at most 65,535.
        let from = bytes.len().saturating_sub(22 + 65_535);
        let tail = bytes.get(from..).unwrap_or_default();
        let at = tail
            .windows(22)
            .enumerate()
            .rev()
            .find(|(at, window)| {
                let comment = field(window, 20, 2).unwrap_or(u64::MAX);
                window.starts_with(b"PK\x05\x06") && usize::try_from(comment) == Ok(tail.len() - at - 22)
            })
            .map(|(at, _)| from + at)
            .ok_or_else(cut)?;
        let record = bytes.get(at..).unwrap_or_default();
        let number = |offset, width| field(record, offset, width).ok_or_else(cut);
        if number(4, 2)? != 0 || number(6, 2)? != 0 {
            return Err(wrong("it is one of several volumes", at));
        }
        let (mut count, mut size, mut start) = (number(10, 2)?, number(12, 4)?, number(16, 4)?);
        let mut limit = at;
        if count == 0xffff || size == 0xffff_ffff || start == 0xffff_ffff {
            // The locator of the 64-bit record stands right before.
            let locator = at.checked_sub(20).and_then(|at| bytes.get(at..)).filter(|l| l.starts_with(b"PK\x06\x07"));
            if let Some(locator) = locator {
                let place = usize::try_from(field(locator, 8, 8).ok_or_else(cut)?).map_err(|_| cut())?;
                let record = bytes.get(place..).filter(|record| record.starts_with(b"PK\x06\x06")).ok_or_else(cut)?;
                let number = |offset, width| field(record, offset, width).ok_or_else(cut);
                (count, size, start) = (number(32, 8)?, number(40, 8)?, number(48, 8)?);
                limit = place;
            }
        }
        let start = usize::try_from(start).map_err(|_| cut())?;
        let end = usize::try_from(size).ok().and_then(|size| start.checked_add(size)).ok_or_else(cut)?;
        // Between the directory and its record nothing stands, so nothing can be hidden there.
        if end != limit {
            return Err(wrong("its directory is not where it says", at));
        }
        Ok(Self { start, end, count })
    }
}

/// A little-endian number of `width` bytes.
fn field(bytes: &[u8], offset: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(offset..offset.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}

fn read_entry(bytes: &[u8], at: usize) -> Result<(Entry, usize), Error> {
    let cut = || wrong("its directory is cut", at);
    let record = bytes.get(at..).filter(|record| record.starts_with(b"PK\x01\x02")).ok_or_else(cut)?;
    let number = |offset, width| field(record, offset, width).ok_or_else(cut);
    let length = |offset| number(offset, 2).map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    let (flags, method) = (number(8, 2)?, number(10, 2)?);
    // Encrypted, patched, strongly encrypted, masked.
    if flags & 0x2061 != 0 {
        return Err(wrong("an entry is encrypted or patched", at));
    }
    let codec = match method {
        0 => Codec::Stored,
        8 => Codec::Deflate,
        12 => Codec::Bzip2,
        93 => Codec::Zstd,
        95 => Codec::Xz,
        _ => return Err(wrong("an entry is compressed in a way that is not read", at)),
    };
    let checksum = u32::try_from(number(16, 4)?).map_err(|_| cut())?;
    let (mut packed, mut size, mut local) = (number(20, 4)?, number(24, 4)?, number(42, 4)?);
    let (name_length, extra_length, comment_length) = (length(28)?, length(30)?, length(32)?);
    let name = record.get(46..46 + name_length).ok_or_else(cut)?;
    let extra = record.get(46 + name_length..46 + name_length + extra_length).ok_or_else(cut)?;
    widen(extra, [&mut size, &mut packed, &mut local]).ok_or_else(cut)?;
    let local = usize::try_from(local).map_err(|_| cut())?;
    let (start, packed) = local_data(bytes, local, name, method)
        .zip(usize::try_from(packed).ok())
        .ok_or_else(|| wrong("an entry's own header disagrees with the directory", local))?;
    if codec == Codec::Stored && u64::try_from(packed) != Ok(size) {
        return Err(wrong("a stored entry has two lengths", at));
    }
    let name = std::str::from_utf8(name).map_err(|_| wrong("a name is no UTF-8", at))?.to_owned();
    let next = at + 46 + name_length + extra_length + comment_length;
    Ok((Entry { name, codec, checksum, size, start, packed }, next))
}

/// Takes from the 64-bit extra field what the directory's own fields have no room for.
fn widen(mut extra: &[u8], fields: [&mut u64; 3]) -> Option<()> {
    if fields.iter().all(|field| **field != 0xffff_ffff) {
        return Some(());
    }
    while !extra.is_empty() {
        let (kind, length) = (field(extra, 0, 2)?, usize::try_from(field(extra, 2, 2)?).ok()?);
        let body = extra.get(4..length.checked_add(4)?)?;
        if kind == 1 {
            let mut at = 0;
            for value in fields {
                if *value == 0xffff_ffff {
                    *value = field(body, at, 8)?;
                    at += 8;
                }
            }
            return Some(());
        }
        extra = extra.get(length + 4..)?;
    }
    // A size of exactly this many bytes.
    Some(())
}

/// Where an entry's data begins, if its own header says the same as the directory.
fn local_data(bytes: &[u8], at: usize, name: &[u8], method: u64) -> Option<usize> {
    let header = bytes.get(at..)?;
    let name_length = usize::try_from(field(header, 26, 2)?).ok()?;
    let extra_length = usize::try_from(field(header, 28, 2)?).ok()?;
    let agrees = header.starts_with(b"PK\x03\x04")
        && field(header, 8, 2)? == method
        && field(header, 6, 2)? & 0x2061 == 0
        && header.get(30..30 + name_length)? == name;
    agrees.then_some(at.checked_add(30 + name_length + extra_length)?)
}
