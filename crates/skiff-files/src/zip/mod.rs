//! Zip files, read strictly: if two readers disagree about a zip, something can be hidden in it.
//!
//! The directory and the local headers must agree, names must be unique, data must not overlap, and lengths
//! and checksums must be right. Encrypted, patched and split archives are errors.

mod directory;

use std::collections::{HashMap, HashSet};

use skiff_pickle::{Budget, Bytes, Graph, Node, NodeId};

use crate::decompress::{Codec, Inflation};
use crate::numpy::nodes;
use crate::{Error, ErrorKind, npy};

pub use directory::archive_within;

/// A zip's directory.
#[derive(Debug)]
pub struct Archive {
    bytes: Bytes,
    /// Its files and folders.
    pub entries: Vec<Entry>,
    /// The index of each name in `entries`.
    names: HashMap<String, usize>,
}

/// A file in a zip.
#[derive(Debug)]
pub struct Entry {
    /// Its name, with slashes between folders, and at the end of a folder's.
    pub name: String,
    codec: Codec,
    checksum: u32,
    size: u64,
    /// The offset of its data.
    start: usize,
    packed: usize,
}

/// The kind of a zip, by the names in it.
#[derive(Debug)]
pub enum Kind<'a> {
    /// One file of any format.
    One(&'a Entry),
    /// `.npz`.
    Arrays,
    /// An object of skops'.
    Skops,
    /// A known format that is not supported.
    Foreign(&'static str),
}

fn wrong(what: &'static str, offset: usize) -> Error {
    Error::at(ErrorKind::Zip(what), offset)
}

impl Archive {
    /// Reads the directory.
    ///
    /// # Errors
    /// When readers of zips may disagree about the archive.
    pub fn read(bytes: &Bytes) -> Result<Self, Error> {
        let (entries, names) = directory::entries(bytes)?;
        Ok(Self { bytes: bytes.clone(), entries, names })
    }

    /// What the names in it say that it is.
    ///
    /// # Errors
    /// When its format is unknown.
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

    /// The content of the entry with a name.
    ///
    /// # Errors
    /// When there is none, and those of [`Archive::content`].
    pub fn named(&self, name: &str, inflation: &mut Inflation) -> Result<Bytes, Error> {
        let place = self.names.get(name).and_then(|&place| self.entries.get(place));
        self.content(place.ok_or_else(|| wrong("a file that is named in it is missing", 0))?, inflation)
    }

    /// The content of an entry: shared with the file if it is stored uncompressed.
    ///
    /// # Errors
    /// When it is damaged or exceeds the limits.
    pub fn content(&self, entry: &Entry, inflation: &mut Inflation) -> Result<Bytes, Error> {
        let packed = self.bytes.slice(entry.start, entry.packed);
        let packed = packed.ok_or_else(|| wrong("an entry ends after the end of the file", entry.start))?;
        let content = match entry.codec {
            Codec::Stored => packed,
            codec => {
                let (content, left) = inflation.decompress_entry(codec, &packed, entry.size)?;
                if left != 0 {
                    return Err(wrong("an entry's compressed content ends too early", entry.start));
                }
                content
            }
        };
        if u64::try_from(content.len()) != Ok(entry.size) {
            return Err(wrong("an entry differs from its declared length", entry.start));
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
    let (mut arrays, mut names) = (Vec::new(), HashSet::new());
    for entry in archive.entries.iter().filter(|entry| !entry.name.ends_with('/')) {
        let content = archive.content(entry, inflation)?;
        if !content.starts_with(b"\x93NUMPY") {
            return Err(wrong("an entry named like an array is not one", entry.start));
        }
        budget.nodes(1, entry.start)?;
        let name = entry.name.strip_suffix(".npy").unwrap_or(&entry.name);
        if !names.insert(name) {
            return Err(wrong("two arrays with the same name", entry.start));
        }
        let (array, _) = npy::read_into(graph, &content, budget)?;
        arrays.push((name.to_owned(), array));
    }
    Ok(arrays)
}
