//! One column: the type that it has for scikit-learn, and its cells.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, GenericStringArray, OffsetSizeTrait};
use arrow_schema::{DataType, TimeUnit};
use skiff::Scalar;
use skiff::table::{Column, Texts};
use skiff::value::{IntKind, Precision};

use super::cells::Cells;
use super::objects;
use crate::Error;

/// What is known of a column besides its type, before its rows are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whether any row of the whole column is null: pandas then has integers as floats, and bools as objects, also the
    /// rows of other batches.
    pub has_nulls: bool,
    /// Whether it has one of pandas' nullable dtypes, which scikit-learn converts to `float64`.
    pub is_nullable: bool,
    /// What a missing text is.
    pub missing: Scalar,
    /// What `float16` is read as; `None` where the model computes in it.
    pub half: Option<Precision>,
}

/// Reads the batches of one column, all as the same type.
#[derive(Clone, Debug)]
pub struct ColumnReader {
    form: Form,
    /// The type of the cells, of the dictionary's if there is one.
    data_type: DataType,
}

/// The type that a column has for scikit-learn.
#[derive(Clone, Debug)]
enum Form {
    Floats(Precision),
    Half(Option<Precision>),
    /// Integers as they are.
    Ints(IntKind),
    /// Integers or bools among which some are missing, as floats.
    IntsAsFloats,
    Bools,
    /// Bools among which some are missing.
    BoolsOrNone,
    Texts(Scalar),
    DateTimes(TimeUnit),
    Durations(TimeUnit),
    Decimals,
    Bytes,
    Nothing,
    Foreign,
}

impl ColumnReader {
    /// A reader for a column of this type.
    pub fn new(data_type: &DataType, reading: Reading) -> Self {
        let data_type = match data_type {
            DataType::Dictionary(_, values) => &**values,
            other => other,
        };
        let Reading { has_nulls, is_nullable, missing, half } = reading;
        let form = match data_type {
            DataType::Float16 => Form::Half(half),
            DataType::Float32 if is_nullable => Form::Floats(Precision::Double),
            DataType::Float32 => Form::Floats(Precision::Single),
            DataType::Float64 => Form::Floats(Precision::Double),
            DataType::Boolean if is_nullable => Form::IntsAsFloats,
            DataType::Boolean if has_nulls => Form::BoolsOrNone,
            DataType::Boolean => Form::Bools,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Form::Texts(missing),
            DataType::Timestamp(unit, None) => Form::DateTimes(*unit),
            DataType::Duration(unit) => Form::Durations(*unit),
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Form::Decimals
            }
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
                Form::Bytes
            }
            DataType::Null => Form::Nothing,
            other => match int_kind(other) {
                Some(_) if has_nulls || is_nullable => Form::IntsAsFloats,
                Some(kind) => Form::Ints(kind),
                None => Form::Foreign,
            },
        };
        Self { form, data_type: data_type.clone() }
    }

    /// Whether nulls anywhere in the column change the type of all its rows.
    pub fn depends_on_nulls(data_type: &DataType) -> bool {
        let data_type = match data_type {
            DataType::Dictionary(_, values) => &**values,
            other => other,
        };
        *data_type == DataType::Boolean || int_kind(data_type).is_some()
    }

    /// The rows of a batch.
    ///
    /// # Errors
    /// When the array has another type, or a cell has no place in a table.
    pub fn read<'a>(&self, array: &'a ArrayRef) -> Result<Column<'a>, Error> {
        let cells = Cells::of(array);
        let found = cells.values.data_type();
        if *found != self.data_type {
            return Err(Error::new(format!("expected the type {}, found {found}", self.data_type)));
        }
        Ok(match &self.form {
            Form::Floats(precision) => floats(&cells, *precision),
            Form::Half(None) => {
                return Err(Error::new(
                    "this model computes in float16, which is not supported: pass float32 or float64",
                ));
            }
            Form::Half(Some(precision)) => {
                let numbers = cells.numbers::<Float16Type, _>(|value| value.to_f64(), || f64::NAN);
                Column::Floats(numbers.into(), *precision)
            }
            Form::Ints(_) | Form::Bools if cells.has_nulls => {
                return Err(Error::new("expected no missing value, since the file's statistics count none"));
            }
            Form::Ints(kind) => ints(&cells, *kind)?,
            Form::IntsAsFloats => ints_as_floats(&cells),
            Form::Bools => {
                let bools = cells.values.as_boolean();
                let cell = |place: Option<usize>| i64::from(place.is_some_and(|place| bools.value(place)));
                Column::Ints(cells.places().map(cell).collect(), IntKind::Bool)
            }
            Form::BoolsOrNone => {
                let bools = cells.values.as_boolean();
                let cell = |place: Option<usize>| place.map_or(Scalar::None, |place| Scalar::Bool(bools.value(place)));
                Column::Objects(cells.places().map(cell).collect())
            }
            Form::Texts(missing) => match self.data_type {
                DataType::Utf8 => texts(&cells, cells.values.as_string::<i32>(), missing)?,
                DataType::LargeUtf8 => texts(&cells, cells.values.as_string::<i64>(), missing)?,
                _ => {
                    let views = cells.values.as_string_view();
                    each_text(&cells, |place| views.value(place), missing)
                }
            },
            Form::DateTimes(unit) => objects::date_times(&cells, *unit),
            Form::Durations(unit) => objects::durations(&cells, *unit),
            Form::Decimals => objects::decimals(&cells),
            Form::Bytes => objects::bytes(&cells),
            Form::Nothing => Column::Objects(vec![Scalar::None; array.len()].into()),
            Form::Foreign => objects::foreign(&cells),
        })
    }
}

/// The dtype of integers in numpy.
fn int_kind(data_type: &DataType) -> Option<IntKind> {
    let kind = |bytes, signed| Some(IntKind::Int { bytes, signed });
    match data_type {
        DataType::Int8 => kind(1, true),
        DataType::Int16 => kind(2, true),
        DataType::Int32 => kind(4, true),
        DataType::Int64 => kind(8, true),
        DataType::UInt8 => kind(1, false),
        DataType::UInt16 => kind(2, false),
        DataType::UInt32 => kind(4, false),
        DataType::UInt64 => kind(8, false),
        _ => None,
    }
}

/// Floats; a missing one is NaN.
fn floats<'a>(cells: &Cells<'a>, precision: Precision) -> Column<'a> {
    if *cells.values.data_type() == DataType::Float32 {
        let numbers = cells.numbers::<Float32Type, _>(f64::from, || f64::NAN);
        return Column::Floats(numbers.into(), precision);
    }
    if cells.is_plain() {
        let values: &'a [f64] = cells.values.as_primitive::<Float64Type>().values();
        return Column::Floats(values.into(), precision);
    }
    Column::Floats(cells.numbers::<Float64Type, _>(|value| value, || f64::NAN).into(), precision)
}

/// Integers, none of them missing.
fn ints<'a>(cells: &Cells<'a>, kind: IntKind) -> Result<Column<'a>, Error> {
    let numbers = match cells.values.data_type() {
        DataType::Int8 => cells.numbers::<Int8Type, _>(i64::from, || 0),
        DataType::Int16 => cells.numbers::<Int16Type, _>(i64::from, || 0),
        DataType::Int32 => cells.numbers::<Int32Type, _>(i64::from, || 0),
        DataType::UInt8 => cells.numbers::<UInt8Type, _>(i64::from, || 0),
        DataType::UInt16 => cells.numbers::<UInt16Type, _>(i64::from, || 0),
        DataType::UInt32 => cells.numbers::<UInt32Type, _>(i64::from, || 0),
        DataType::UInt64 => {
            let numbers = cells.numbers::<UInt64Type, _>(|value| i64::try_from(value).ok(), || Some(0));
            let numbers: Option<Vec<i64>> = numbers.into_iter().collect();
            numbers.ok_or_else(|| Error::new("integers beyond int64 are not supported"))?
        }
        _ if cells.is_plain() => {
            let values: &'a [i64] = cells.values.as_primitive::<Int64Type>().values();
            return Ok(Column::Ints(values.into(), kind));
        }
        _ => cells.numbers::<Int64Type, _>(|value| value, || 0),
    };
    Ok(Column::Ints(numbers.into(), kind))
}

/// Integers or bools as floats; a missing one is NaN.
#[expect(clippy::cast_precision_loss, reason = "as pandas converts them")]
fn ints_as_floats(cells: &Cells<'_>) -> Column<'static> {
    let missing = || f64::NAN;
    let numbers = match cells.values.data_type() {
        DataType::Int8 => cells.numbers::<Int8Type, _>(f64::from, missing),
        DataType::Int16 => cells.numbers::<Int16Type, _>(f64::from, missing),
        DataType::Int32 => cells.numbers::<Int32Type, _>(f64::from, missing),
        DataType::Int64 => cells.numbers::<Int64Type, _>(|value| value as f64, missing),
        DataType::UInt8 => cells.numbers::<UInt8Type, _>(f64::from, missing),
        DataType::UInt16 => cells.numbers::<UInt16Type, _>(f64::from, missing),
        DataType::UInt32 => cells.numbers::<UInt32Type, _>(f64::from, missing),
        DataType::UInt64 => cells.numbers::<UInt64Type, _>(|value| value as f64, missing),
        _ => {
            let bools = cells.values.as_boolean();
            cells
                .places()
                .map(|place| place.map_or(f64::NAN, |place| f64::from(u8::from(bools.value(place)))))
                .collect()
        }
    };
    Column::Floats(numbers.into(), Precision::Double)
}

/// Text between offsets, which is borrowed if every row is there.
fn texts<'a, O: OffsetSizeTrait>(
    cells: &Cells<'a>,
    values: &'a GenericStringArray<O>,
    missing: &Scalar,
) -> Result<Column<'a>, Error> {
    if !cells.is_plain() {
        return Ok(each_text(cells, |place| values.value(place), missing));
    }
    let offsets = values.value_offsets();
    let first = offsets.first().map_or(0, |first| first.as_usize());
    let last = offsets.last().map_or(0, |last| last.as_usize());
    let text = values.value_data().get(first..last).and_then(|text| std::str::from_utf8(text).ok());
    let text = text.ok_or_else(|| Error::new("expected UTF-8"))?;
    let offsets = offsets.iter().map(|offset| offset.as_usize() - first).collect::<Vec<_>>();
    Texts::new(text, offsets).map(Column::Texts).map_err(Error::new)
}

/// Texts, with `missing` among them where a row is null.
fn each_text<'v>(cells: &Cells<'_>, value: impl Fn(usize) -> &'v str, missing: &Scalar) -> Column<'static> {
    if !cells.has_nulls {
        return Column::Texts(cells.places().map(|place| place.map_or("", &value)).collect());
    }
    let cell = |place: Option<usize>| match place {
        Some(place) => Scalar::Str(value(place).to_owned()),
        None => missing.clone(),
    };
    Column::Objects(cells.places().map(cell).collect())
}
