//! numpy's `.npy`: one array with its header, as written by `numpy.lib.format.write_array`.

use std::fmt::Write as _;

use crate::numpy::{DType, Field, Order};

/// The alignment of the elements.
const ALIGNMENT: usize = 64;

/// The header of an array; `None` for a dtype that `.npy` cannot represent: objects, and records whose
/// fields overlap or are in another order than their names.
pub(crate) fn header(dtype: &DType, shape: &[usize], order: Order) -> Option<Vec<u8>> {
    let mut text = "{'descr': ".to_owned();
    descr(&mut text, dtype, 16)?;
    let lengths: String = shape.iter().fold(String::new(), |mut text, length| {
        let _ = write!(text, "{length},");
        text
    });
    // As numpy has it for each array that is contiguous both ways.
    let is_fortran = if order == Order::F && shape.len() > 1 { "True" } else { "False" };
    let lengths = if shape.len() == 1 { lengths.as_str() } else { lengths.trim_end_matches(',') };
    let _ = write!(text, ", 'fortran_order': {is_fortran}, 'shape': ({lengths}), }}");
    // Version 1 for Latin-1, 3 for UTF-8; 2 if the length exceeds 16 bits.
    let latin: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    let (mut version, text) = match latin {
        Some(latin) => (1, latin),
        None => (3, text.into_bytes()),
    };
    let padded = |before: usize| (before + text.len() + 1).next_multiple_of(ALIGNMENT) - before;
    if version == 1 && padded(10) > usize::from(u16::MAX) {
        version = 2;
    }
    let before = if version == 1 { 10 } else { 12 };
    let length = padded(before);
    let mut out = b"\x93NUMPY".to_vec();
    out.extend([version, 0]);
    match version {
        1 => out.extend(u16::try_from(length).ok()?.to_le_bytes()),
        _ => out.extend(u32::try_from(length).ok()?.to_le_bytes()),
    }
    out.extend(&text);
    out.extend(std::iter::repeat_n(b' ', length.checked_sub(text.len() + 1)?));
    out.push(b'\n');
    Some(out)
}

/// `numpy.lib.format.dtype_to_descr`.
fn descr(out: &mut String, dtype: &DType, depth: u32) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    match dtype {
        DType::Object => return None,
        DType::Struct { fields, itemsize } => {
            out.push('[');
            let mut end = 0_usize;
            for Field { name, dtype, offset } in fields {
                padding(out, offset.checked_sub(end)?);
                out.push('(');
                literal(out, name)?;
                out.push_str(", ");
                match dtype {
                    DType::Sub { dtype, shape } => {
                        descr(out, dtype, depth)?;
                        lengths(out, shape);
                    }
                    dtype => descr(out, dtype, depth)?,
                }
                out.push_str("), ");
                end = offset.checked_add(dtype.itemsize()?)?;
            }
            padding(out, itemsize.checked_sub(end)?);
            out.push(']');
        }
        DType::Sub { dtype, shape } => {
            out.push('(');
            descr(out, dtype, depth)?;
            lengths(out, shape);
            out.push(')');
        }
        dtype => {
            let _ = write!(out, "'{}'", dtype.code());
        }
    }
    Some(())
}

fn lengths(out: &mut String, shape: &[usize]) {
    out.push_str(", (");
    for length in shape {
        let _ = write!(out, "{length},");
    }
    out.push(')');
}

/// Bytes between fields: a field without a name.
fn padding(out: &mut String, bytes: usize) {
    if bytes > 0 {
        let _ = write!(out, "('', '|V{bytes}'), ");
    }
}

/// A name as Python's literal. An empty one would be read as padding.
fn literal(out: &mut String, name: &str) -> Option<()> {
    if name.is_empty() {
        return None;
    }
    out.push('\'');
    for character in name.chars() {
        match character {
            '\'' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            character if character.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(character));
            }
            character => out.push(character),
        }
    }
    out.push('\'');
    Some(())
}

#[cfg(test)]
mod tests {
    use skiff_pickle::{Budget, Bytes, Graph};

    use super::*;
    use crate::{Endian, NdArray};
    use skiff_pickle::Limits;

    #[test]
    fn headers_come_back() {
        let float = DType::Float { size: 8, endian: Endian::Big };
        let record = |name: &str, offset| DType::Struct {
            fields: vec![
                Field { name: name.to_owned(), dtype: DType::Bool, offset: 0 },
                Field {
                    name: "b".to_owned(),
                    dtype: DType::Sub { dtype: Box::new(float.clone()), shape: vec![2, 1] },
                    offset,
                },
            ],
            itemsize: 32,
        };
        for (dtype, shape, order) in [
            (float.clone(), vec![2, 3], Order::F),
            (float.clone(), vec![], Order::C),
            (DType::Str { chars: 2, endian: Endian::Little }, vec![4], Order::C),
            (record("größe", 1), vec![1], Order::C),
            (record("it's \\", 8), vec![1], Order::C),
            (record("\u{6f6}", 16), vec![0, 3], Order::C),
            (record(&"long".repeat(20_000), 16), vec![0], Order::C),
        ] {
            let size = shape.iter().product::<usize>() * dtype.itemsize().unwrap();
            let mut bytes = header(&dtype, &shape, order).unwrap();
            assert_eq!(bytes.len() % 64, 0);
            bytes.extend((0..size).map(|at| u8::try_from(at % 251).unwrap()));
            let mut graph = Graph::new();
            let limits = Limits::default();
            let (id, end) =
                crate::npy::read_into(&mut graph, &Bytes::from(bytes.clone()), &mut Budget::new(&limits)).unwrap();
            assert_eq!(end, bytes.len());
            let array = NdArray::read(&graph, id).unwrap().unwrap();
            assert_eq!((&array.dtype, &array.shape, array.order), (&dtype, &shape, order));
        }
        let overlapping = record("a", 0);
        assert_eq!(header(&overlapping, &[1], Order::C), None);
        assert_eq!(header(&DType::Object, &[1], Order::C), None);
    }
}
