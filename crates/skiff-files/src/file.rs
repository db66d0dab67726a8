//! A model file of any format, as one graph.

use std::io;
use std::path::Path;

use skiff_pickle::{Bytes, Graph, Limits, Node, NodeId};

use crate::decompress::{Codec, Inflation};
use crate::joblib::{Joblib, Layout};
use crate::sniff::{Sniffed, sniff, text_kind};
use crate::{Error, ErrorKind, container, dill, history, mapped, model_json, npy, skops, zip};

/// The content of a model file.
#[derive(Debug)]
pub struct ModelFile {
    /// The object graph.
    pub graph: Graph,
    /// The roots of consecutive pickles; usually one. The first is the graph's root, and what
    /// Python's loaders return.
    pub roots: Vec<NodeId>,
    /// Where the first pickle ends in the content; the content's length in other formats.
    pub first_end: usize,
    /// The format of the file.
    pub format: Format,
    /// The content of the layers.
    pub content: Bytes,
    /// The size of the file in bytes, without companion files.
    pub size: u64,
    /// The names of the companion files that were read, which are in the file's folder.
    pub companions: Vec<String>,
    /// Trailing bytes after the model.
    pub trailing: Trailing,
    /// The passport of a `.skiff` that has one: the text of a JSON object.
    pub passport: Option<String>,
    /// The root of the recorded rows of a `.skiff`.
    pub samples: Option<NodeId>,
    /// Which conversions the model went through: the text of a JSON list. A `.skiff` has it in its passport.
    pub history: Option<String>,
}

/// The format of a file, from the outside in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The layers around the content, the outermost first.
    pub layers: Vec<Layer>,
    /// The format of the content.
    pub content: Content,
}

/// One layer around a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Compression.
    Compressed(Codec),
    /// Encryption by age, which was decrypted before.
    Encrypted,
    /// A zip with this one file in it.
    Zip(String),
}

/// The format of the innermost bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A pickle. Protocols 0 and 1 are not declared in the file; both are 0 here.
    Pickle {
        /// The protocol of the first pickle.
        protocol: u8,
    },
    /// A pickle with arrays outside of its opcodes.
    Joblib {
        /// The protocol of the first pickle.
        protocol: u8,
        /// The location of the arrays.
        layout: Layout,
    },
    /// One array.
    Npy,
    /// Named arrays: a dict from names to arrays.
    Npz,
    /// skops' zip of a schema and arrays.
    Skops,
    /// skiff's own container of tensors and a graph.
    Skiff,
    /// A model as JSON.
    Json,
}

impl Format {
    /// A description, from the outside in: `zlib`, `joblib, pickle protocol 4`.
    pub fn describe(&self) -> Vec<String> {
        let layer = |layer: &Layer| match layer {
            Layer::Compressed(codec) => codec.to_string(),
            Layer::Encrypted => "age".to_owned(),
            Layer::Zip(name) => format!("zip of `{name}`"),
        };
        let content = match self.content {
            Content::Pickle { protocol } => format!("pickle protocol {protocol}"),
            Content::Joblib { protocol, layout: Layout::Companions } => {
                format!("joblib with companion files, pickle protocol {protocol}")
            }
            Content::Joblib { protocol, .. } => format!("joblib, pickle protocol {protocol}"),
            Content::Npy => "npy".to_owned(),
            Content::Npz => "npz".to_owned(),
            Content::Skops => "skops".to_owned(),
            Content::Skiff => "skiff".to_owned(),
            Content::Json => "JSON".to_owned(),
        };
        self.layers.iter().map(layer).chain([content]).collect()
    }
}

/// Bytes that are not part of the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trailing {
    /// After the compressed layers, in total.
    pub compressed: u64,
    /// After the last pickle or array.
    pub content: u64,
}

/// The most nested layers; more are an attack.
const MOST_LAYERS: usize = 4;

/// Opens a file of any format. Large files are mapped, so that only accessed pages are read: if such a file is truncated
/// while it is open, the process is killed.
///
/// # Errors
/// A file that cannot be read, is damaged, is not a model, or exceeds `limits`.
pub fn open(path: &Path, limits: &Limits) -> Result<ModelFile, Error> {
    read(bytes(path, limits)?, Some(path), limits)
}

/// Reads a file of any format from its bytes. `name` is the location of companion files; it is not opened.
///
/// # Errors
/// Bytes that are damaged, are not a model, or exceed `limits`.
pub fn read(bytes: Bytes, name: Option<&Path>, limits: &Limits) -> Result<ModelFile, Error> {
    let limits = &limits.started();
    let size = length(bytes.len());
    let mut inflation = Inflation::new(limits, length(bytes.len()));
    let Peeled { content, layers, mut trailing } = Peeled::of(bytes, &mut inflation)?;
    let inside = !layers.is_empty();
    let whole = |graph: Graph, kind: Content, trailing: Trailing| ModelFile {
        roots: vec![graph.root()],
        first_end: content.len(),
        graph,
        content: content.clone(),
        format: Format { layers: layers.clone(), content: kind },
        size,
        companions: Vec::new(),
        trailing,
        passport: None,
        samples: None,
        history: None,
    };
    match sniff(&content) {
        Sniffed::Zip => {
            let archive = zip::Archive::read(&content).map_err(|error| error.decompressed(inside))?;
            let mut budget = inflation.budget();
            match archive.kind()? {
                zip::Kind::Arrays => {
                    Ok(whole(zip::arrays(&archive, &mut inflation, &mut budget)?, Content::Npz, trailing))
                }
                zip::Kind::Skops => {
                    let skops::Contents { graph, history, .. } = skops::read(&archive, &mut inflation, &mut budget)?;
                    Ok(ModelFile { history, ..whole(graph, Content::Skops, trailing) })
                }
                zip::Kind::Foreign(name) => Err(Error::new(ErrorKind::Foreign(name))),
                zip::Kind::One(_) => Err(Error::new(ErrorKind::Layers)),
            }
        }
        Sniffed::Npy => {
            let (mut graph, mut budget) = (Graph::new(), inflation.budget());
            let (root, end) =
                npy::read_into(&mut graph, &content, &mut budget).map_err(|error| error.decompressed(inside))?;
            graph.set_root(root);
            trailing.content = length(content.len().saturating_sub(end));
            Ok(whole(graph, Content::Npy, trailing))
        }
        Sniffed::ModelJson => {
            let (graph, history) =
                model_json::read(&content, &mut inflation.budget()).map_err(|error| error.decompressed(inside))?;
            Ok(ModelFile { history, ..whole(graph, Content::Json, trailing) })
        }
        Sniffed::Skiff => {
            let container::Contents { graph, passport, samples } =
                container::read(&content, limits, &mut inflation).map_err(|error| error.decompressed(inside))?;
            Ok(ModelFile { passport, samples, ..whole(graph, Content::Skiff, trailing) })
        }
        Sniffed::Foreign(name) => Err(Error::new(ErrorKind::Foreign(name))),
        Sniffed::Encrypted => Err(Error::new(ErrorKind::Encrypted)),
        Sniffed::Pointer(name) => Err(Error::new(ErrorKind::Pointer(name))),
        Sniffed::Compressed(_) => Err(Error::new(ErrorKind::Layers)),
        Sniffed::Pickle | Sniffed::Other => {
            let mut host = Joblib::new(directory(name), &mut inflation);
            let pickles = Pickles::read(&content, &mut host).map_err(|error| error.decompressed(inside))?;
            trailing.content = pickles.left;
            let protocol = match *content {
                [0x80, protocol, ..] => protocol,
                _ => 0,
            };
            let kind = match host.layout {
                Layout::Plain => Content::Pickle { protocol },
                layout => Content::Joblib { protocol, layout },
            };
            let companions = host.companions();
            let Pickles { graph, roots, first_end, .. } = pickles;
            let history = history::of_pickle(&content);
            Ok(ModelFile { roots, first_end, companions, history, ..whole(graph, kind, trailing) })
        }
    }
}

/// Compares all bytes of the `.skiff` file at `path` with its digest, and reads it.
///
/// # Errors
/// As [`open`]; [`ErrorKind::Digest`] when any bit was modified; another format, which has no
/// digest.
pub fn verify(path: &Path, limits: &Limits) -> Result<ModelFile, Error> {
    let bytes = bytes(path, limits)?;
    verify_bytes(&bytes)?;
    read(bytes, Some(path), limits)
}

/// Compares all bytes of a `.skiff` file with its digest, without reading the model.
///
/// # Errors
/// [`ErrorKind::Digest`] when any bit was modified; another format, which has no digest.
pub fn verify_bytes(bytes: &Bytes) -> Result<(), Error> {
    if !container::is_skiff(bytes) {
        return Err(Error::new(ErrorKind::NoDigest));
    }
    container::verify(bytes)
}

/// The bytes of the file at `path`, mapped if it is large: see [`open`].
///
/// # Errors
/// A file that cannot be read, or is larger than `limits` allow.
pub fn bytes(path: &Path, limits: &Limits) -> Result<Bytes, Error> {
    mapped::bytes(path, limits.decompressed).map_err(|error| Error::new(ErrorKind::Io(error)))
}

/// A copy of the bytes of the file at `path`, in memory: for files that others may write to meanwhile, which could end
/// the process if they were mapped.
///
/// # Errors
/// As [`bytes`], and when the file is longer than the limits allow.
pub fn copied_bytes(path: &Path, limits: &Limits) -> Result<Bytes, Error> {
    mapped::copied(path, limits.decompressed).map_err(|error| Error::new(ErrorKind::Io(error)))
}

/// Prints the opcodes of the pickles in a file, decompressed, without joblib's arrays. A file that is
/// damaged is printed up to the damage; the last line then reports it.
///
/// # Errors
/// A file that cannot be read or decompressed, and errors of `out`.
pub fn disassemble(path: &Path, limits: &Limits, out: &mut dyn io::Write) -> Result<(), Error> {
    disassemble_bytes(bytes(path, limits)?, Some(path), limits, out)
}

/// Like [`disassemble`], for the bytes of a file. `name` is the location of companion files.
///
/// # Errors
/// As [`disassemble`].
pub fn disassemble_bytes(
    bytes: Bytes,
    name: Option<&Path>,
    limits: &Limits,
    out: &mut dyn io::Write,
) -> Result<(), Error> {
    let mut inflation = Inflation::new(limits, length(bytes.len()));
    let content = Peeled::of(bytes, &mut inflation)?.content;
    match sniff(&content) {
        Sniffed::Foreign(name) => return Err(Error::new(ErrorKind::Foreign(name))),
        Sniffed::Encrypted => return Err(Error::new(ErrorKind::Encrypted)),
        Sniffed::Pointer(name) => return Err(Error::new(ErrorKind::Pointer(name))),
        Sniffed::Zip | Sniffed::Npy | Sniffed::Skiff | Sniffed::ModelJson => {
            return Err(Error::new(ErrorKind::NoModel(None)));
        }
        Sniffed::Compressed(_) => return Err(Error::new(ErrorKind::Layers)),
        Sniffed::Pickle | Sniffed::Other => {}
    }
    let mut host = Joblib::new(directory(name), &mut inflation);
    // It need not be complete: what could be read gives the positions of arrays.
    let _ = Pickles::read(&content, &mut host);
    match skiff_pickle::disassemble(&content, &host.gaps, out) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::new(ErrorKind::Io(error))),
    }
}

/// A file without its layers of compression.
struct Peeled {
    content: Bytes,
    layers: Vec<Layer>,
    trailing: Trailing,
}

impl Peeled {
    fn of(bytes: Bytes, inflation: &mut Inflation) -> Result<Self, Error> {
        let (mut content, mut layers, mut trailing) = (bytes, Vec::new(), Trailing::default());
        loop {
            let inside = !layers.is_empty();
            let layer = match sniff(&content) {
                Sniffed::Compressed(codec) => {
                    let (inner, left) =
                        inflation.decompress(codec, &content).map_err(|error| error.decompressed(inside))?;
                    trailing.compressed = trailing.compressed.saturating_add(length(left));
                    content = inner;
                    Layer::Compressed(codec)
                }
                Sniffed::Zip => {
                    let archive = zip::Archive::read(&content).map_err(|error| error.decompressed(inside))?;
                    let zip::Kind::One(entry) = archive.kind()? else {
                        return Ok(Self { content, layers, trailing });
                    };
                    let name = entry.name.clone();
                    let inner = archive.content(entry, inflation).map_err(|error| error.decompressed(inside))?;
                    content = inner;
                    Layer::Zip(name)
                }
                _ => return Ok(Self { content, layers, trailing }),
            };
            if layers.len() >= MOST_LAYERS {
                return Err(Error::new(ErrorKind::Layers));
            }
            layers.push(layer);
        }
    }
}

/// The location of a file's companions.
fn directory(name: Option<&Path>) -> Option<&Path> {
    name.map(|name| name.parent().unwrap_or(Path::new("")))
}

/// Reads a pickle with out-of-band buffers (`buffer_callback=`), in order.
///
/// # Errors
/// As [`read`]; a pickle with more buffers than are given is read, but not those arrays.
pub fn read_with_buffers(
    bytes: Bytes,
    buffers: impl IntoIterator<Item = Bytes>,
    limits: &Limits,
) -> Result<ModelFile, Error> {
    let mut file = read(bytes, None, limits)?;
    let buffers: Vec<_> = buffers
        .into_iter()
        .map(|bytes| {
            let len = bytes.len();
            let buffer = file.graph.add_buffer(bytes);
            file.graph.span(buffer, 0, len).expect("a buffer holds all of itself")
        })
        .collect();
    for id in file.graph.ids() {
        if let Node::Buffer { index, readonly } = *file.graph.node(id)
            && let Some(&span) = usize::try_from(index).ok().and_then(|index| buffers.get(index))
        {
            *file.graph.node_mut(id) = if readonly { Node::Bytes(span) } else { Node::ByteArray(span) };
        }
    }
    Ok(file)
}

/// Consecutive pickles.
struct Pickles {
    graph: Graph,
    roots: Vec<NodeId>,
    /// The end of the first.
    first_end: usize,
    /// Bytes after the last.
    left: u64,
}

impl Pickles {
    fn read(bytes: &Bytes, host: &mut Joblib<'_>) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(Error::new(ErrorKind::Empty));
        }
        let (mut graph, mut budget) = (Graph::new(), host.inflation.budget());
        let buffer = graph.add_buffer(bytes.clone());
        let names_itself = sniff(bytes) == Sniffed::Pickle;
        let first = skiff_pickle::read_into(&mut graph, buffer, 0, &mut budget, host).map_err(|error| {
            let is_host =
                matches!(error.kind, skiff_pickle::ErrorKind::Host(_) | skiff_pickle::ErrorKind::Limit { .. });
            if names_itself || is_host {
                return Error::from(error);
            }
            if let Some(what) = text_kind(bytes) {
                return Error::new(ErrorKind::Text(what));
            }
            let offset = error.offset;
            Error::at(ErrorKind::NoModel(Some(Box::new(error))), offset)
        })?;
        graph.set_root(first.root);
        let first_end = first.offset.saturating_add(first.frame_left);
        let (mut roots, mut offset) = (vec![first.root], first_end);
        // Loaders stop here; a scan continues as long as something can be read.
        while offset < bytes.len() {
            match skiff_pickle::read_into(&mut graph, buffer, offset, &mut budget, host) {
                Ok(end) => {
                    roots.push(end.root);
                    offset = end.offset.saturating_add(end.frame_left);
                }
                Err(error) if matches!(error.kind, skiff_pickle::ErrorKind::Limit { .. }) => return Err(error.into()),
                Err(_) => break,
            }
        }
        let all = 0..graph.len();
        dill::respell(&mut graph, all);
        Ok(Self { graph, roots, first_end, left: length(bytes.len().saturating_sub(offset)) })
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
