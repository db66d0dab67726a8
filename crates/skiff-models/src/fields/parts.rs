//! The parts of a helper object, such as a tree, for views that are read from a graph alone. The paths of their errors are
//! those of the parts within the object.

use skiff_files::{NdArray, Scalar};
use skiff_pickle::{Graph, NodeId};

use super::{ReadError, ReadErrorKind};

/// The error for a part that contradicts itself or another one.
pub(crate) fn damaged(part: &str, what: String) -> ReadError {
    ReadError::new(part.to_owned(), ReadErrorKind::Damaged(what))
}

/// The error for a part of another type than `expected`.
pub(crate) fn unexpected(graph: &Graph, id: NodeId, part: &str, expected: &'static str) -> ReadError {
    ReadError::new(part.to_owned(), ReadErrorKind::Unexpected { expected, found: skiff_files::describe(graph, id) })
}

/// A part that is an array.
pub(crate) fn array(graph: &Graph, id: NodeId, part: &str) -> Result<NdArray, ReadError> {
    match NdArray::read(graph, id) {
        Ok(Some(array)) => Ok(array),
        Ok(None) => Err(unexpected(graph, id, part, "an array")),
        Err(error) => Err(ReadError::new(part.to_owned(), ReadErrorKind::Value(error))),
    }
}

/// A part that is a count.
pub(crate) fn count(graph: &Graph, id: NodeId, part: &str) -> Result<usize, ReadError> {
    let scalar = match Scalar::read(graph, id) {
        Ok(scalar) => scalar,
        Err(error) => return Err(ReadError::new(part.to_owned(), ReadErrorKind::Value(error))),
    };
    let count = scalar.and_then(|scalar| scalar.as_i64()).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| unexpected(graph, id, part, "a count"))
}
