//! Companion files: `model.pkl_01.npy` next to `model.pkl`, as joblib wrote before 0.10.
//!
//! The name is in the pickle, and Python's joblib joins it to the directory unchecked: absolute paths and `..` can lead
//! anywhere. Here it must be a plain name in the model's own directory.

use std::path::Path;

use skiff_pickle::{Budget, Graph, Payload};

use crate::decompress::{Codec, Inflation};
use crate::{Error, ErrorKind, mapped, npy};

/// Reads the companion `name` of a model in `directory`: `.npy`, or only its elements, compressed (`.npy.z`).
pub(crate) fn read(
    directory: Option<&Path>,
    name: &str,
    zipped: bool,
    graph: &mut Graph,
    budget: &mut Budget,
    inflation: &mut Inflation,
) -> Result<Payload, Error> {
    if !is_plain(name) {
        return Err(Error::new(ErrorKind::CompanionName(name.to_owned())));
    }
    let Some(directory) = directory else {
        return Err(Error::new(ErrorKind::CompanionWithoutPath(name.to_owned())));
    };
    read_at(&directory.join(name), zipped, graph, budget, inflation)
        .map_err(|error| Error::new(ErrorKind::Companion(name.to_owned(), Box::new(error))))
}

fn read_at(
    path: &Path,
    zipped: bool,
    graph: &mut Graph,
    budget: &mut Budget,
    inflation: &mut Inflation,
) -> Result<Payload, Error> {
    let io = |error| Error::new(ErrorKind::Io(error));
    // Opening a pipe would wait for its writer.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(io(std::io::Error::from(std::io::ErrorKind::InvalidInput)));
    }
    let bytes = mapped::bytes(path, budget.limits().decompressed).map_err(io)?;
    if zipped {
        inflation.add_file(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let (bytes, _) = inflation.decompress(Codec::JoblibZ, &bytes)?;
        let len = bytes.len();
        let buffer = graph.add_buffer(bytes);
        let span = graph.span(buffer, 0, len).expect("a buffer holds all of itself");
        return Ok(Payload::Raw(span));
    }
    npy::read_into(graph, &bytes, budget).map(|(array, _)| Payload::Pickle(array))
}

/// A name without a directory, on any system.
pub fn is_plain(name: &str) -> bool {
    !name.is_empty() && !matches!(name, "." | "..") && !name.contains(['/', '\\', ':', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_directory() {
        assert!(is_plain("model.pkl_01.npy"));
        for name in ["", ".", "..", "../x", "/etc/passwd", "a/b", "C:\\x", "C:x", "a\\b", "a\0b"] {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
