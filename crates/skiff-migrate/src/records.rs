//! Arrays of records in another layout: the nodes of trees.

use skiff_files::{DType, Endian, Field, NdArray, NodeId, Order};

use crate::error::Refused;
use crate::step::Step;
use crate::values;

/// A field: its name, the name that it had (none where it is new, and zero), its dtype and offset.
pub(crate) type Column = (&'static str, &'static str, DType, usize);

pub(crate) const U1: DType = DType::UInt { size: 1, endian: Endian::Little };
pub(crate) const U4: DType = DType::UInt { size: 4, endian: Endian::Little };

/// Puts the records of an attribute into another layout.
pub(crate) fn lay_out(step: &mut Step<'_>, name: &str, columns: &[Column], itemsize: usize) -> Result<(), Refused> {
    let Some(array) = step.array(name) else { return Ok(()) };
    let bytes =
        convert(&array, columns, itemsize).ok_or_else(|| step.refused(format!("`{name}` is in another layout")))?;
    let fields = columns.iter().map(|(name, _, dtype, offset)| Field {
        name: (*name).to_owned(),
        dtype: dtype.clone(),
        offset: *offset,
    });
    let dtype = DType::Struct { fields: fields.collect(), itemsize };
    let node: NodeId = values::array(step.graph(), &dtype, &array.shape, Order::C, bytes);
    step.set(name, node);
    Ok(())
}

fn convert(array: &NdArray, columns: &[Column], itemsize: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; array.len().checked_mul(itemsize)?];
    for (_, old, dtype, offset) in columns {
        if old.is_empty() {
            continue;
        }
        let column = array.field(old)?;
        let records = bytes.chunks_exact_mut(itemsize);
        match *dtype {
            DType::Float { size: 8, .. } => {
                for (record, value) in records.zip(column.to_f64()?) {
                    record.get_mut(*offset..)?.get_mut(..8)?.copy_from_slice(&value.to_le_bytes());
                }
            }
            DType::Int { size, .. } | DType::UInt { size, .. } => {
                for (record, value) in records.zip(column.to_i64()?) {
                    record.get_mut(*offset..)?.get_mut(..size)?.copy_from_slice(value.to_le_bytes().get(..size)?);
                }
            }
            _ => return None,
        }
    }
    Some(bytes)
}
