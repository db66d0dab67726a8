//! The object graph back into files: pickles and joblib's files that Python reads as the same objects.
//!
//! Which file a graph came from does not matter: arrays are respelled for the file that is written (`arrays`), all
//! else is written as it is. Values that are shared stay shared, in joblib's files too, where joblib itself writes an
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

use crate::container;
use arrays::Spelling;
pub use buffers::{Apart, Buffer, MAPPING, copy_buffers, pickle_with_buffers};
pub use compress::{Compression, codec_name, compressed, level_range};
pub use error::WriteError;
pub use json::JsonOptions;
pub use skops::SkopsOptions;
pub(crate) use skops::scalar_class;
pub use whole_file::{NewFile, remove_unfinished, whole_file};

/// The protocol that Python 3.8 to 3.13 write when none is named: every Python from 3.4 on reads it.
pub const DEFAULT_PROTOCOL: u8 = 4;

/// Writes the graph's root as a pickle in `protocol` (2 to 5): arrays lie in the opcodes.
///
/// # Errors
/// What the protocol cannot say, and what `out` reports.
pub fn pickle(graph: &Graph, protocol: u8, out: &mut dyn io::Write) -> Result<(), WriteError> {
    let spelling = if protocol >= 5 { Spelling::FromBuffer } else { Spelling::Reconstruct };
    let graph = arrays::respell(graph.clone_with_room(), spelling)?;
    let buffers = skiff_pickle::write(&graph, graph.root(), protocol, &mut Out::new(out), &mut ())?;
    error::no_buffers(&buffers)
}

/// Writes the graph's root as joblib does since 1.2: the bytes of arrays stand beside the opcodes, aligned.
///
/// Arrays of objects, and those whose byte order joblib would change on loading, lie in the opcodes: there joblib
/// leaves them as they are, and what their elements share with the rest stays shared.
///
/// # Errors
/// What the protocol cannot say, a level that the codec does not have, and what `out` reports.
pub fn joblib(
    graph: &Graph,
    protocol: u8,
    compression: Option<Compression>,
    out: &mut dyn io::Write,
) -> Result<(), WriteError> {
    let graph = arrays::respell(graph.clone_with_room(), Spelling::Wrapped { mapped: compression.is_none() })?;
    compressed(compression, out, &mut |out| {
        let buffers = skiff_pickle::write(&graph, graph.root(), protocol, &mut Out::new(out), &mut joblib::Arrays)?;
        error::no_buffers(&buffers)
    })
}

/// What a `.skiff` holds besides the model.
#[derive(Clone, Copy, Debug, Default)]
pub struct SkiffOptions<'a> {
    /// Metadata of the file, such as who wrote the model: pairs of a name, which must not begin with `skiff.`, and a
    /// text.
    pub notes: &'a [(String, String)],
    /// The level of zstd by which each tensor is compressed; without one, arrays are as they are, to be mapped.
    pub compression: Option<i32>,
    /// Where the model comes from: the text of a JSON object.
    pub passport: Option<&'a str>,
    /// The root of this graph: rows that were recorded with their answers.
    pub samples: Option<&'a Graph>,
}

/// Writes the graph's root as a `.skiff`, which `docs/format.md` specifies.
///
/// # Errors
/// What a pickle of protocol 5 cannot say, a passport that is no JSON object, and what `out` reports.
pub fn skiff(graph: &Graph, options: &SkiffOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    container::write(graph, options, out)
}

/// Writes the graph's root as skops' zip of a schema and arrays, protocol 2, which skops loads since its version 0.10.
///
/// # Errors
/// What skops cannot say, or would make something else of on loading; a level that there is not; what `out` reports.
pub fn skops(graph: &Graph, options: &SkopsOptions, out: &mut dyn io::Write) -> Result<(), WriteError> {
    skops::write(graph, options, out)
}

/// Writes all that the graph's root holds as JSON to read, as `docs/json.md` specifies it. Nothing reads it back.
///
/// # Errors
/// Values that are damaged, and those whose meaning is an application's; what `out` reports.
pub fn json(graph: &Graph, options: &JsonOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    json::write(graph, options, out)
}

/// How long a file may become that repeats what the graph shares: honest models stay far below.
pub(crate) fn most_written(graph: &Graph) -> u64 {
    u64::try_from(graph.size()).unwrap_or(u64::MAX).saturating_add(1 << 20).saturating_mul(256)
}

/// The graph with each of its arrays in the opcodes, spelled alike: what two graphs have in common that differ in
/// nothing but the kind of file.
///
/// # Errors
/// Content beside the opcodes that is no array.
pub fn in_opcodes(graph: &Graph) -> Result<Graph, WriteError> {
    arrays::respell(graph.clone_with_room(), Spelling::Alike)
}
