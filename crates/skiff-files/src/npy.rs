//! numpy's `.npy`: one array, versions 1 to 3.

use skiff_pickle::{Budget, Bytes, Graph, NodeId};

use crate::numpy::nodes;
use crate::numpy::{DType, Field, Order, count};
use crate::python_literal::Literal;
use crate::{Error, ErrorKind};

/// The longest header: numpy itself stops at 10,000 bytes by default.
const LONGEST_HEADER: usize = 1 << 20;

/// Reads the array at the beginning of `bytes` as a node; returns it, and the number of bytes read.
///
/// # Errors
/// When it is damaged or exceeds the limits.
pub fn read_into(graph: &mut Graph, bytes: &Bytes, budget: &mut Budget) -> Result<(NodeId, usize), Error> {
    let header = Header::read(bytes)?;
    let buffer = graph.add_buffer(bytes.clone());
    if header.dtype.has_objects() {
        // numpy pickles the array itself, which repeats the header.
        let end = skiff_pickle::read_into(graph, buffer, header.data, budget, &mut ())?;
        return Ok((end.root, end.offset));
    }
    let size = || {
        let itemsize = header.dtype.itemsize()?;
        count(&header.shape, itemsize, graph.root()).ok()?.checked_mul(itemsize)
    };
    let size = size().ok_or_else(|| wrong("its shape is too large"))?;
    budget.array(u64::try_from(size).unwrap_or(u64::MAX), header.data)?;
    let found = bytes.len().saturating_sub(header.data);
    let span = graph.span(buffer, header.data, size).ok_or_else(|| {
        let kind = skiff_pickle::ErrorKind::Truncated {
            expected: u64::try_from(size).unwrap_or(u64::MAX),
            found: u64::try_from(found).unwrap_or(u64::MAX),
        };
        Error::from(skiff_pickle::Error { offset: header.data, kind })
    })?;
    budget.nodes(80_u64.saturating_add(nodes::dtype_cost(&header.dtype)), header.data)?;
    let array = nodes::array(graph, &header.dtype, &header.shape, header.order, span);
    Ok((array, header.data.saturating_add(size)))
}

/// The start of the pickle of an array of objects, if the bytes begin with one.
pub fn objects_at(bytes: &[u8]) -> Option<usize> {
    Header::read(bytes).ok().filter(|header| header.dtype.has_objects()).map(|header| header.data)
}

fn wrong(what: &'static str) -> Error {
    Error::at(ErrorKind::NpyHeader(what), 0)
}

/// The header before the elements.
struct Header {
    dtype: DType,
    shape: Vec<usize>,
    order: Order,
    /// The offset of the elements.
    data: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        let cut = || wrong("it ends too early");
        let (&version, rest) = bytes.get(6..).and_then(<[u8]>::split_first).ok_or_else(cut)?;
        let rest = rest.get(1..).ok_or_else(cut)?;
        let (length, start) = match version {
            1 => (usize::from(u16::from_le_bytes(*rest.first_chunk().ok_or_else(cut)?)), 10),
            2 | 3 => {
                let length = u32::from_le_bytes(*rest.first_chunk().ok_or_else(cut)?);
                (usize::try_from(length).unwrap_or(usize::MAX), 12)
            }
            _ => return Err(wrong("expected version 1, 2 or 3")),
        };
        if length > LONGEST_HEADER {
            return Err(wrong("it is longer than a megabyte"));
        }
        let data = start + length;
        let text = bytes.get(start..data).ok_or_else(cut)?;
        let text = match version {
            3 => String::from_utf8(text.to_vec()).map_err(|_| wrong("it is not UTF-8"))?,
            _ => text.iter().copied().map(char::from).collect(),
        };
        let header = Literal::parse(&text).ok_or_else(|| wrong("it is not a Python literal"))?;
        let dtype = header.get("descr").and_then(|descr| dtype(descr, 16)).ok_or_else(|| wrong("unknown `descr`"))?;
        let Some(Literal::Items(lengths)) = header.get("shape") else { return Err(wrong("`shape` is not a tuple")) };
        let shape = shape(lengths).ok_or_else(|| wrong("`shape` does not consist of lengths"))?;
        let order = match header.get("fortran_order") {
            Some(Literal::Bool(false)) => Order::C,
            Some(Literal::Bool(true)) => Order::F,
            _ => return Err(wrong("`fortran_order` is neither `True` nor `False`")),
        };
        Ok(Self { dtype, shape, order, data })
    }
}

fn shape(lengths: &[Literal]) -> Option<Vec<usize>> {
    if lengths.len() > 64 {
        return None;
    }
    let length = |length: &Literal| match length {
        Literal::Int(length) => usize::try_from(*length).ok(),
        _ => None,
    };
    lengths.iter().map(length).collect()
}

/// `numpy.lib.format.descr_to_dtype`.
fn dtype(descr: &Literal, depth: u32) -> Option<DType> {
    let depth = depth.checked_sub(1)?;
    match descr {
        Literal::Str(code) => DType::from_code(code),
        // A small array in each element: `(descr, shape)`. The parser does not distinguish tuples from lists.
        Literal::Items(items) => match items.as_slice() {
            [inner @ (Literal::Str(_) | Literal::Items(_)), Literal::Items(lengths)]
                if lengths.iter().all(|length| matches!(length, Literal::Int(_))) =>
            {
                sub(dtype(inner, depth)?, lengths)
            }
            fields => record(fields, depth),
        },
        _ => None,
    }
}

fn sub(dtype: DType, lengths: &[Literal]) -> Option<DType> {
    let dtype = DType::Sub { dtype: Box::new(dtype), shape: shape(lengths)? };
    dtype.itemsize().map(|_| dtype)
}

fn record(descr: &[Literal], depth: u32) -> Option<DType> {
    let (mut fields, mut offset) = (Vec::new(), 0_usize);
    let mut names = std::collections::HashSet::new();
    for field in descr {
        let Literal::Items(parts) = field else { return None };
        let (name, inner) = match parts.as_slice() {
            [name, inner] => (name, dtype(inner, depth)?),
            [name, inner, Literal::Items(lengths)] => (name, sub(dtype(inner, depth)?, lengths)?),
            [name, inner, length @ Literal::Int(_)] => (name, sub(dtype(inner, depth)?, std::slice::from_ref(length))?),
            _ => return None,
        };
        let name = match name {
            Literal::Str(name) => name,
            // `(title, name)`.
            Literal::Items(both) => match both.as_slice() {
                [_, Literal::Str(name)] => name,
                _ => return None,
            },
            _ => return None,
        };
        // Objects in records are pointers of eight bytes.
        let size = if inner == DType::Object { 8 } else { inner.itemsize()? };
        let end = offset.checked_add(size)?;
        // A field without a name is padding.
        let is_padding = name.is_empty() && matches!(inner, DType::Void { .. });
        if !is_padding {
            if !names.insert(name.clone()) {
                return None;
            }
            fields.push(Field { name: name.clone(), dtype: inner, offset });
        }
        offset = end;
    }
    Some(DType::Struct { fields, itemsize: offset })
}
