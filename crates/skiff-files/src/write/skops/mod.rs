//! The object graph into skops' zip: `schema.json`, a tree of nodes with their loaders, and the
//! arrays as `.npy`. The file is what skops would have written for the same object; what skops' loaders would
//! load differently is an error.
//!
//! A repeated node repeats only its `__id__` and its names: skops' loader reads nothing else. So
//! that it reads the complete one first, the parts of a node are in the order in which skops loads them.

mod calls;
mod keys;
mod made;
mod numpy;
mod schema;

use std::io;

use skiff_pickle::Graph;

use super::WriteError;
use super::quoted_text;
use super::zip::Zip;
use crate::history::SKOPS_HISTORY;
pub(crate) use numpy::scalar_class;

/// Options of writing a `.skops`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SkopsOptions<'a> {
    /// The level, 0 to 9, at which the files in the zip are deflated; without one they are stored uncompressed, as
    /// skops does.
    pub deflate: Option<u32>,
    /// The [history](crate::ModelFile::history), a JSON list.
    pub history: Option<&'a str>,
}

/// The version of skops that this format corresponds to, in `_skops_version`.
const LIKE_SKOPS: &str = "0.16.0";

/// The protocol that skops writes since 0.10.
const PROTOCOL: u32 = 2;

pub(super) fn write(graph: &Graph, options: &SkopsOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    let mut zip = Zip::new(out, options.deflate);
    let mut schema = schema::Schema::of(graph, &mut zip)?;
    // After the brace of the root, which is removed.
    if schema.pop() != Some(b'}') {
        return Err(WriteError::Content);
    }
    let written_by = concat!("skiff ", env!("CARGO_PKG_VERSION"));
    let mut tail =
        format!(",\"protocol\":{PROTOCOL},\"_skops_version\":\"{LIKE_SKOPS}\",\"_written_by\":\"{written_by}\"")
            .into_bytes();
    if let Some(history) = options.history {
        tail.extend(format!(",\"{SKOPS_HISTORY}\":").as_bytes());
        // A string: what is in it cannot be taken for nodes.
        quoted_text(&mut tail, history.as_bytes());
    }
    tail.push(b'}');
    zip.file("schema.json", &[&schema, &tail])?;
    zip.finish()
}
