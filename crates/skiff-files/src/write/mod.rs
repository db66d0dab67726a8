//! Writes object graphs: pickles and joblib's files that Python reads as the same objects, and other formats.
//!
//! The original format of a graph does not matter: arrays are re-encoded for the new one (`arrays`), everything
//! else is unchanged. Shared values stay shared, in joblib's files too, where joblib itself writes an
//! array twice.

pub(crate) mod arrays;
mod buffers;
mod compress;
mod dtypes;
mod error;
mod joblib;
mod json;
mod json_text;
mod npy;
mod place;
mod skops;
pub(crate) mod vocabulary;
mod whole_file;
mod zip;

use std::io;

use skiff_pickle::{Graph, Out};

use crate::{container, history};
use arrays::Spelling;
pub use buffers::{Apart, Buffer, MAPPING, copy_buffers, pickle_with_buffers};
pub use compress::{Compression, codec_name, compressed, level_range};
pub use error::WriteError;
pub use json::JsonOptions;
pub(crate) use json_text::quoted_text;
pub use skops::SkopsOptions;
pub(crate) use skops::scalar_class;
pub use whole_file::{NewFile, remove_unfinished, whole_file};

/// The default protocol of Python 3.8 to 3.13: every Python from 3.4 on reads it.
pub const DEFAULT_PROTOCOL: u8 = 4;

/// Writes the graph's root as a pickle in `protocol` (2 to 5): with arrays in the opcodes.
///
/// # Errors
/// A value that the protocol cannot represent, and errors of `out`.
pub fn pickle(graph: &Graph, protocol: u8, out: &mut dyn io::Write) -> Result<(), WriteError> {
    pickle_with_history(graph, protocol, None, out)
}

/// As [`pickle`], with a [history](crate::ModelFile::history).
///
/// # Errors
/// As [`pickle`].
pub fn pickle_with_history(
    graph: &Graph,
    protocol: u8,
    history: Option<&str>,
    out: &mut dyn io::Write,
) -> Result<(), WriteError> {
    let comment = history.map(history::to_comment);
    let spelling = if protocol >= 5 { Spelling::FromBuffer } else { Spelling::Reconstruct };
    let graph = arrays::respell(graph.clone_with_room(), spelling)?;
    let mut out = Out::new(out).with_comment(comment.as_deref());
    let buffers = skiff_pickle::write(&graph, graph.root(), protocol, &mut out, &mut ())?;
    error::no_buffers(&buffers)
}

/// Writes the graph's root as joblib does since 1.2: the bytes of arrays are between the opcodes, aligned.
///
/// Arrays of objects, and those whose byte order joblib would change on loading, are in the opcodes: there joblib
/// does not change them, and elements that are shared with the rest stay shared.
///
/// # Errors
/// A value that the protocol cannot represent, a level that the codec does not have, and errors of `out`.
pub fn joblib(
    graph: &Graph,
    protocol: u8,
    compression: Option<Compression>,
    out: &mut dyn io::Write,
) -> Result<(), WriteError> {
    joblib_of(graph, &JoblibOptions { protocol, compression, is_unaligned: false, history: None }, out)
}

/// How a file of joblib's is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct JoblibOptions<'a> {
    /// The protocol, 2 to 5.
    pub protocol: u8,
    /// The compression; `None` writes arrays that can be mapped.
    pub compression: Option<Compression>,
    /// Whether arrays are not aligned, as in joblib before 1.2: each version reads that.
    pub is_unaligned: bool,
    /// The [history](crate::ModelFile::history).
    pub history: Option<&'a str>,
}

/// As [`joblib`], with more options.
///
/// # Errors
/// As [`joblib`].
pub fn joblib_of(graph: &Graph, options: &JoblibOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    let &JoblibOptions { protocol, compression, is_unaligned, history } = options;
    let (aligned, comment) = (!is_unaligned, history.map(history::to_comment));
    let spelling = Spelling::Wrapped { mapped: compression.is_none(), aligned };
    let graph = arrays::respell(graph.clone_with_room(), spelling)?;
    compressed(compression, out, &mut |out| {
        let mut arrays = joblib::Arrays { aligned };
        let mut out = Out::new(out).with_comment(comment.as_deref());
        let buffers = skiff_pickle::write(&graph, graph.root(), protocol, &mut out, &mut arrays)?;
        error::no_buffers(&buffers)
    })
}

/// Options of writing a `.skiff`: its content in addition to the model, and compression.
#[derive(Clone, Copy, Debug, Default)]
pub struct SkiffOptions<'a> {
    /// Metadata of the file, such as who wrote the model: pairs of a name, which must not begin with `skiff.`, and a
    /// text.
    pub notes: &'a [(String, String)],
    /// The zstd level of tensors; `None` writes uncompressed arrays, which can be mapped.
    pub compression: Option<i32>,
    /// The passport: the text of a JSON object.
    pub passport: Option<&'a str>,
    /// Recorded rows with their results: the root of this graph.
    pub samples: Option<&'a Graph>,
}

/// Writes the graph's root as a `.skiff`, as specified in `docs/format.md`.
///
/// # Errors
/// A value that protocol 5 cannot represent, a passport that is not a JSON object, and errors of `out`.
pub fn skiff(graph: &Graph, options: &SkiffOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    container::write(graph, options, out)
}

/// Writes the graph's root as skops' zip of a schema and arrays, protocol 2, which skops loads since its version 0.10.
///
/// # Errors
/// A value that skops cannot represent, or would load differently; an invalid level; errors of `out`.
pub fn skops(graph: &Graph, options: &SkopsOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    skops::write(graph, options, out)
}

/// Writes the content of the graph's root as JSON, as specified in `docs/json.md`. It cannot be read back.
///
/// # Errors
/// Damaged values, and those that only an application can interpret; errors of `out`.
pub fn json(graph: &Graph, options: &JsonOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    json::write(graph, options, out)
}

/// How large a file that repeats shared values may become: regular models stay far below.
pub(crate) fn most_written(graph: &Graph) -> u64 {
    u64::try_from(graph.size()).unwrap_or(u64::MAX).saturating_add(1 << 20).saturating_mul(256)
}

/// The graph with all of its arrays in the opcodes, in one encoding: graphs that differ only in
/// the file format become equal.
///
/// # Errors
/// Content between the opcodes that is not an array.
pub fn in_opcodes(graph: &Graph) -> Result<Graph, WriteError> {
    arrays::respell(graph.clone_with_room(), Spelling::Alike)
}
