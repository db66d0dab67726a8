//! A whole answer as one array: a function of SQL or of a frame returns one column.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, FixedSizeListArray, ListArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields};
use skiff::value::Value;
use skiff::{Answer, Rank};

use super::{floats, ints, numbers, of_value};
use crate::Error;

/// One array with an element for each row: a value where the method returns one for each row, a list of fixed size where
/// it returns several of one type, a struct of columns of different types or of several arrays.
///
/// # Errors
/// As [`super::columns`].
pub fn array(answer: &Answer) -> Result<ArrayRef, Error> {
    match answer {
        Answer::One(value, rank) => of_one(value, *rank),
        Answer::List(items) | Answer::Tuple(items) => {
            let arrays = items.iter().map(array).collect::<Result<Vec<_>, _>>()?;
            structs(arrays, answer.rows(), None)
        }
    }
}

fn of_one(value: &Value<'_>, rank: Rank) -> Result<ArrayRef, Error> {
    let cols = value.cols();
    let is_flat = match rank {
        Rank::Zero | Rank::One => cols == 1,
        Rank::OneOrTwo => cols == 1,
        Rank::Two | Rank::Three { .. } => false,
    };
    if is_flat {
        return Ok(of_value(value)?.swap_remove(0));
    }
    let elements = match value {
        Value::Floats(matrix, precision) => floats(&matrix.data, *precision),
        Value::Ints(matrix, kind) => ints(&matrix.data, *kind),
        Value::Sparse(csr) => {
            // Checked by its columns.
            of_value(value)?;
            numbers(&csr.to_dense().data, csr.dtype)
        }
        Value::Columns(columns) => return structs(of_value(value)?, value.rows(), columns.names.as_deref()),
        Value::TermLists(_) | Value::NumberLists(_) | Value::Texts(_) | Value::Dicts(_) => {
            return Ok(of_value(value)?.swap_remove(0));
        }
        Value::Labels(_) | Value::Many(_) => return structs(of_value(value)?, value.rows(), None),
    };
    let rows = value.rows();
    match rank {
        Rank::Three { depth } if depth > 0 => lists(lists(elements, depth, rows * (cols / depth))?, cols / depth, rows),
        _ => lists(elements, cols, rows),
    }
}

/// Lists of `size` elements each.
fn lists(elements: ArrayRef, size: usize, rows: usize) -> Result<ArrayRef, Error> {
    let field = Arc::new(Field::new_list_field(elements.data_type().clone(), true));
    if size == 0 {
        // Lists of fixed size 0 do not know how many they are.
        let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(0, rows));
        return Ok(Arc::new(ListArray::new(field, offsets, elements, None)));
    }
    let size = i32::try_from(size).map_err(Error::new)?;
    Ok(Arc::new(FixedSizeListArray::try_new(field, size, elements, None).map_err(Error::new)?))
}

/// Columns next to each other, numbered unless they have names.
fn structs(arrays: Vec<ArrayRef>, rows: usize, names: Option<&[String]>) -> Result<ArrayRef, Error> {
    let name = |index: usize| names.and_then(|names| names.get(index).cloned()).unwrap_or_else(|| index.to_string());
    let types = arrays.iter().map(|array| array.data_type().clone());
    let fields: Fields =
        types.enumerate().map(|(index, of): (usize, DataType)| Field::new(name(index), of, true)).collect();
    Ok(Arc::new(StructArray::try_new_with_length(fields, arrays, None, rows).map_err(Error::new)?))
}
