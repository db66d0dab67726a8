//! Answers as Arrow arrays: each column by itself, for files, or all of an answer as one array, for functions of SQL.

mod labels;
mod nested;

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, Float32Array, Float64Array, ListArray, PrimitiveArray, StringArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use skiff::table::{Column, Dicts};
use skiff::value::{IntKind, NumberLists, NumberType, Precision, Value};
use skiff::{Answer, OutputType, Scalar};

pub use nested::array;

use crate::Error;

/// The most elements that a sparse matrix may have when it is written out.
const MOST_DENSE: usize = 1 << 28;

/// The columns of an answer, in order: those of each array, from the first to the last.
///
/// # Errors
/// When a sparse matrix would take far more memory than it does now.
pub fn columns(answer: &Answer) -> Result<Vec<ArrayRef>, Error> {
    match answer {
        Answer::One(value, _) => of_value(value),
        Answer::List(items) | Answer::Tuple(items) => {
            let each = items.iter().map(columns).collect::<Result<Vec<_>, _>>()?;
            Ok(each.into_iter().flatten().collect())
        }
    }
}

/// An answer of this type without rows, from which its Arrow types are known; `None` where they depend on the rows.
pub fn empty(output: &OutputType) -> Option<Answer> {
    let all = |items: &[OutputType]| items.iter().map(empty).collect::<Option<Vec<_>>>();
    Some(match output {
        OutputType::One(value, rank) => Answer::One(value.empty()?, *rank),
        OutputType::List(items) => Answer::List(all(items)?),
        OutputType::Tuple(items) => Answer::Tuple(all(items)?),
        OutputType::Constant(_) => return None,
    })
}

fn of_value(value: &Value<'_>) -> Result<Vec<ArrayRef>, Error> {
    Ok(match value {
        Value::Floats(matrix, precision) => {
            (0..matrix.cols).map(|column| floats(&strided(&matrix.data, column, matrix.cols), *precision)).collect()
        }
        Value::Ints(matrix, kind) => {
            (0..matrix.cols).map(|column| ints(&strided(&matrix.data, column, matrix.cols), *kind)).collect()
        }
        Value::Sparse(csr) => {
            if csr.rows.saturating_mul(csr.cols) > MOST_DENSE {
                let (rows, cols) = (csr.rows, csr.cols);
                return Err(Error::new(format!(
                    "the answer is a sparse matrix of {rows} × {cols}, too large to write out"
                )));
            }
            let dense = csr.to_dense();
            (0..dense.cols).map(|column| numbers(&strided(&dense.data, column, dense.cols), csr.dtype)).collect()
        }
        Value::Labels(labels) => (0..labels.cols).map(|column| labels::column(labels, column)).collect(),
        Value::Columns(columns) => columns.columns.iter().map(of_column).collect(),
        Value::Texts(texts) => vec![Arc::new(StringArray::from_iter_values(texts.iter()))],
        Value::Dicts(dicts) => vec![mappings(dicts)],
        Value::TermLists(lists) => {
            let mut builder = ListBuilder::new(StringBuilder::new());
            for row in 0..lists.len() {
                lists.row(row).for_each(|term| builder.values().append_value(term));
                builder.append(true);
            }
            vec![Arc::new(builder.finish())]
        }
        Value::NumberLists(lists) => vec![number_lists(lists)],
        Value::Many(values) => {
            let each = values.iter().map(of_value).collect::<Result<Vec<_>, _>>()?;
            each.into_iter().flatten().collect()
        }
    })
}

/// One column of elements in C order.
fn strided<T: Copy>(elements: &[T], column: usize, cols: usize) -> Cow<'_, [T]> {
    match cols {
        1 => Cow::Borrowed(elements),
        _ => elements.iter().skip(column).step_by(cols.max(1)).copied().collect(),
    }
}

fn floats(values: &[f64], precision: Precision) -> ArrayRef {
    match precision {
        Precision::Double => Arc::new(Float64Array::from_iter_values(values.iter().copied())),
        #[expect(clippy::cast_possible_truncation, reason = "the values are float32")]
        Precision::Single => Arc::new(Float32Array::from_iter_values(values.iter().map(|&value| value as f32))),
    }
}

/// Integers of the width that they have in scikit-learn; elements of `uint64` keep their bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the values are of this width")]
fn ints(values: &[i64], kind: IntKind) -> ArrayRef {
    fn of<T: ArrowPrimitiveType>(values: &[i64], narrow: impl Fn(i64) -> T::Native) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::from_iter_values(values.iter().map(|&value| narrow(value))))
    }
    match kind {
        IntKind::Bool => Arc::new(values.iter().map(|&value| Some(value != 0)).collect::<BooleanArray>()),
        IntKind::Int { bytes: 1, signed: true } => of::<Int8Type>(values, |value| value as i8),
        IntKind::Int { bytes: 2, signed: true } => of::<Int16Type>(values, |value| value as i16),
        IntKind::Int { bytes: 4, signed: true } => of::<Int32Type>(values, |value| value as i32),
        IntKind::Int { signed: true, .. } => of::<Int64Type>(values, |value| value),
        IntKind::Int { bytes: 1, signed: false } => of::<UInt8Type>(values, |value| value as u8),
        IntKind::Int { bytes: 2, signed: false } => of::<UInt16Type>(values, |value| value as u16),
        IntKind::Int { bytes: 4, signed: false } => of::<UInt32Type>(values, |value| value as u32),
        IntKind::Int { signed: false, .. } => of::<UInt64Type>(values, |value| value as u64),
    }
}

/// Numbers that are held as `f64`, in their own dtype.
fn numbers(values: &[f64], dtype: NumberType) -> ArrayRef {
    match dtype {
        NumberType::Float(precision) => floats(values, precision),
        #[expect(clippy::cast_possible_truncation, reason = "integers are held exactly")]
        NumberType::Int(kind) => ints(&values.iter().map(|&value| value as i64).collect::<Vec<_>>(), kind),
    }
}

fn number_lists(lists: &NumberLists) -> ArrayRef {
    let values = numbers(&lists.numbers, lists.dtype);
    let lengths = lists.bounds.windows(2).map(|bounds| bounds[1] - bounds[0]);
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), values, None))
}

/// A column that a transformer passes on. Objects are text: their type may differ from row to row.
pub fn of_column(column: &Column<'_>) -> ArrayRef {
    match column {
        Column::Floats(values, precision) => floats(values, *precision),
        Column::Ints(values, kind) => ints(values, *kind),
        Column::Texts(texts) => Arc::new(StringArray::from_iter_values(texts.iter())),
        Column::Objects(values) => Arc::new(values.iter().map(text).collect::<StringArray>()),
    }
}

/// A scalar as text; a missing one is null.
fn text(scalar: &Scalar) -> Option<String> {
    match scalar {
        Scalar::None | Scalar::Na => None,
        Scalar::Float(value) if value.is_nan() => None,
        Scalar::Str(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// Mappings as JSON.
fn mappings(dicts: &Dicts<'_>) -> ArrayRef {
    use skiff::table::DictValue;

    let one = |scalar: &Scalar| match scalar {
        Scalar::Float(value) => serde_json::Value::from(*value),
        Scalar::Int(value) => serde_json::Value::from(*value),
        Scalar::Bool(value) => serde_json::Value::from(*value),
        other => text(other).into(),
    };
    let value = |value: &DictValue| match value {
        DictValue::One(scalar) => one(scalar),
        DictValue::Many(scalars) => scalars.iter().map(one).collect(),
    };
    let row = |row: &Vec<(String, DictValue)>| {
        let object = row.iter().map(|(name, of)| (name.clone(), value(of))).collect();
        serde_json::Value::Object(object).to_string()
    };
    Arc::new(StringArray::from_iter_values(dicts.rows.iter().map(row)))
}

/// Arrays of one type, one after the other.
///
/// # Errors
/// When their types differ.
#[cfg(feature = "ffi")]
pub fn concatenated(arrays: &[ArrayRef]) -> Result<ArrayRef, Error> {
    let arrays: Vec<&dyn arrow_array::Array> = arrays.iter().map(|array| &**array).collect();
    arrow_select::concat::concat(&arrays).map_err(Error::new)
}

/// The Arrow type of each column of an answer of this type.
///
/// # Errors
/// As [`columns`].
pub fn types(output: &OutputType) -> Result<Option<Vec<DataType>>, Error> {
    let Some(answer) = empty(output) else { return Ok(None) };
    Ok(Some(columns(&answer)?.iter().map(|array| array.data_type().clone()).collect()))
}
