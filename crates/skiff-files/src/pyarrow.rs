//! pyarrow's arrays of text, in which pandas 3 keeps the names of columns.

use skiff_pickle::{Bytes, Graph, Node, NodeId};

use crate::call::{Call, python_bytes};
use crate::{ValueError, ValueErrorKind as Kind};

/// The texts of a `pyarrow.lib._restore_array((type, length, null_count, offset, buffers, children, dictionary))`, nulls
/// as `None`; `None` if the node is not such a call.
///
/// Arrow itself checks nothing when it restores an array: an offset outside of the buffers reads
/// arbitrary memory.
///
/// # Errors
/// When it has another type than text, or is inconsistent.
pub fn texts(graph: &Graph, id: NodeId) -> Result<Option<Vec<Option<String>>>, ValueError> {
    let Some(call) = Call::read(graph, id).filter(|call| call.module == "pyarrow.lib" && call.name == "_restore_array")
    else {
        return Ok(None);
    };
    let error = || ValueError::new(Kind::PandasLayout("an array of pyarrow"), id);
    if !call.object.changes.is_empty() {
        return Err(error());
    }
    let array = Array::read(graph, call.arguments).ok_or_else(error)?;
    (0..array.length).map(|index| array.text(index)).collect::<Option<_>>().ok_or_else(error).map(Some)
}

struct Array {
    length: usize,
    first: usize,
    /// A validity bit for each element; `None` if all are valid.
    valid: Option<Bytes>,
    /// The start of each element, and the end of the last.
    offsets: Vec<usize>,
    content: Bytes,
}

impl Array {
    /// `None` if anything differs from what pyarrow writes.
    fn read(graph: &Graph, arguments: &[NodeId]) -> Option<Self> {
        let &[parts] = arguments else { return None };
        let Node::Tuple(parts) = graph.node(parts) else { return None };
        let &[kind, length, nulls, first, buffers, children, dictionary] = &**parts else { return None };
        let number = |id: NodeId| match graph.node(id) {
            Node::Int(value) => Some(*value),
            _ => None,
        };
        let (length, first) = (usize::try_from(number(length)?).ok()?, usize::try_from(number(first)?).ok()?);
        let nulls = number(nulls)?;
        if !graph.items(children)?.is_empty() || *graph.node(dictionary) != Node::None {
            return None;
        }
        let &[valid, offsets, content] = graph.items(buffers)? else { return None };
        let valid = buffer(graph, valid)?;
        let content = buffer(graph, content)?.unwrap_or_default();
        let end = first.checked_add(length)?;
        let offsets = buffer(graph, offsets)?.unwrap_or_default();
        let offsets: Vec<usize> = match width(graph, kind)? {
            // An empty array may have no offsets.
            _ if offsets.is_empty() && end == 0 => vec![0],
            4 => offsets
                .as_chunks::<4>()
                .0
                .iter()
                .map(|bytes| usize::try_from(i32::from_le_bytes(*bytes)).ok())
                .collect::<Option<_>>()?,
            _ => offsets
                .as_chunks::<8>()
                .0
                .iter()
                .map(|bytes| usize::try_from(i64::from_le_bytes(*bytes)).ok())
                .collect::<Option<_>>()?,
        };
        let used = offsets.get(..=end)?;
        if !used.is_sorted() || used.last().is_some_and(|&last| last > content.len()) {
            return None;
        }
        let array = Self { length, first, valid, offsets, content };
        let found = (0..length).filter(|&index| !array.is_valid(index)).count();
        let bits_are_there = array.valid.as_ref().is_none_or(|bits| bits.len() >= end.div_ceil(8));
        // -1 means that nulls were not counted.
        (bits_are_there && (nulls == -1 || i64::try_from(found).ok() == Some(nulls))).then_some(array)
    }

    fn is_valid(&self, index: usize) -> bool {
        let place = self.first.saturating_add(index);
        let bit = |bits: &Bytes| bits.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1);
        self.valid.as_ref().is_none_or(bit)
    }

    /// `None` for bytes that are not text; `Some(None)` for a null.
    fn text(&self, index: usize) -> Option<Option<String>> {
        let place = self.first.checked_add(index)?;
        let (start, end) = (*self.offsets.get(place)?, *self.offsets.get(place.checked_add(1)?)?);
        let text = std::str::from_utf8(self.content.get(start..end)?).ok()?;
        Some(self.is_valid(index).then(|| text.to_owned()))
    }
}

/// The bytes of an offset in an array of text of the type of `pyarrow.lib.type_for_alias(name)`.
fn width(graph: &Graph, id: NodeId) -> Option<usize> {
    let call = Call::read(graph, id).filter(|call| is_alias(graph, call.module, call.name, call.arguments))?;
    match graph.str_of(*call.arguments.first()?)? {
        "string" => Some(4),
        _ => Some(8),
    }
}

/// Whether it is a call that creates a text type.
pub fn is_alias(graph: &Graph, module: &str, name: &str, arguments: &[NodeId]) -> bool {
    let &[alias] = arguments else { return false };
    (module, name) == ("pyarrow.lib", "type_for_alias")
        && matches!(graph.str_of(alias), Some("string" | "large_string"))
}

/// `pyarrow.lib.py_buffer(bytes)`, or `None`.
#[expect(clippy::option_option, reason = "a buffer that is not there is as it should be; one that is none is not")]
fn buffer(graph: &Graph, id: NodeId) -> Option<Option<Bytes>> {
    if *graph.node(id) == Node::None {
        return Some(None);
    }
    let call = Call::read(graph, id)?;
    let &[bytes] = call.arguments else { return None };
    (call.module == "pyarrow.lib" && call.name == "py_buffer" && call.object.changes.is_empty())
        .then(|| python_bytes(graph, bytes))?
        .map(Some)
}
