//! Cells that numpy has as objects: dates, decimals, bytes, and what only Python has a class for.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_schema::{DataType, TimeUnit};
use skiff::Scalar;
use skiff::table::Column;
use skiff_files::ForeignObject;

use super::cells::Cells;
use crate::shown::decimal;

/// numpy's name of a unit.
fn unit(unit: TimeUnit) -> skiff::TimeUnit {
    let name = match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    };
    skiff::TimeUnit { name, count: 1 }
}

/// `datetime64`; a missing one is NaT.
pub fn date_times(cells: &Cells<'_>, of: TimeUnit) -> Column<'static> {
    let (steps, unit) = (unit(of), unit(of));
    let date = |value| Scalar::DateTime(value, steps);
    let missing = || Scalar::DateTime(i64::MIN, unit);
    let cells = match of {
        TimeUnit::Second => cells.numbers::<TimestampSecondType, _>(date, missing),
        TimeUnit::Millisecond => cells.numbers::<TimestampMillisecondType, _>(date, missing),
        TimeUnit::Microsecond => cells.numbers::<TimestampMicrosecondType, _>(date, missing),
        TimeUnit::Nanosecond => cells.numbers::<TimestampNanosecondType, _>(date, missing),
    };
    Column::Objects(cells.into())
}

/// `timedelta64`; a missing one is NaT.
pub fn durations(cells: &Cells<'_>, of: TimeUnit) -> Column<'static> {
    let unit = unit(of);
    let duration = |value| Scalar::TimeDelta(value, unit);
    let missing = || Scalar::TimeDelta(i64::MIN, unit);
    let cells = match of {
        TimeUnit::Second => cells.numbers::<DurationSecondType, _>(duration, missing),
        TimeUnit::Millisecond => cells.numbers::<DurationMillisecondType, _>(duration, missing),
        TimeUnit::Microsecond => cells.numbers::<DurationMicrosecondType, _>(duration, missing),
        TimeUnit::Nanosecond => cells.numbers::<DurationNanosecondType, _>(duration, missing),
    };
    Column::Objects(cells.into())
}

/// `decimal.Decimal`, which is a number where floats are needed.
pub fn decimals(cells: &Cells<'_>) -> Column<'static> {
    let cell = |place: Option<usize>| {
        let Some(digits) = place.and_then(|place| decimal(cells.values, place)) else { return Scalar::None };
        let number = digits.parse().ok();
        let equals_number = number.is_some_and(|number| is_exactly(number, &digits));
        let shown = format!("Decimal('{digits}')");
        Scalar::Object(Arc::new(ForeignObject { number, equals_number, ..ForeignObject::new(shown) }))
    };
    Column::Objects(cells.places().map(cell).collect())
}

/// Whether a float is the decimal with these digits, rather than next to it.
fn is_exactly(number: f64, digits: &str) -> bool {
    let scale = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    // With at most `scale` bits behind the point it has at most `scale` digits there.
    let has_few_bits = (number * 2_f64.powi(i32::try_from(scale).unwrap_or(i32::MAX))).fract() == 0.0;
    has_few_bits && format!("{number:.scale$}") == digits
}

/// `bytes`.
pub fn bytes(cells: &Cells<'_>) -> Column<'static> {
    let value = |place: usize| match cells.values.data_type() {
        DataType::Binary => cells.values.as_binary::<i32>().value(place),
        DataType::LargeBinary => cells.values.as_binary::<i64>().value(place),
        DataType::BinaryView => cells.values.as_binary_view().value(place),
        _ => cells.values.as_fixed_size_binary().value(place),
    };
    let cell = |place: Option<usize>| place.map_or(Scalar::None, |place| Scalar::Bytes(value(place).to_vec()));
    Column::Objects(cells.places().map(cell).collect())
}

/// Objects of a class that no estimator computes with. A column of them may be one that the model drops.
pub fn foreign(cells: &Cells<'_>) -> Column<'static> {
    let class = match cells.values.data_type() {
        DataType::Date32 | DataType::Date64 => "datetime.date",
        DataType::Time32(_) | DataType::Time64(_) => "datetime.time",
        DataType::Timestamp(..) => "pandas.Timestamp with a time zone",
        DataType::Struct(_) => "dict",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "numpy.ndarray",
        _ => "object",
    };
    let object = Scalar::Object(Arc::new(ForeignObject::new(format!("a value of the class {class}"))));
    Column::Objects(cells.places().map(|place| place.map_or(Scalar::None, |_| object.clone())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_equals_the_float_with_its_digits() {
        for (digits, expected) in
            [("0.5", true), ("0.1", false), ("1.50", true), ("3", true), ("-0.25", true), ("0.30", false)]
        {
            assert_eq!(is_exactly(digits.parse().expect("a number"), digits), expected, "{digits}");
        }
        assert!(!is_exactly(1e23, "100000000000000000000000"));
    }
}
