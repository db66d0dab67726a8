//! Cells as text, for output that has no types.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType};
use arrow_schema::{DataType, TimeUnit};
use skiff::Scalar;
use skiff::table::Column;
use skiff::value::Precision;

use crate::read::{ColumnReader, Reading};

const DAY: i64 = 86_400;

/// The cell at `row` of a column of dates, times or decimals as text, `2024-05-31T12:30:00`; `None` for a null and for
/// other types.
pub fn shown(array: &dyn Array, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Date32 => date(i64::from(cell::<Date32Type>(array, row))),
        DataType::Date64 => date(cell::<Date64Type>(array, row).div_euclid(1000 * DAY)),
        DataType::Timestamp(unit, zone) => {
            let text = match unit {
                TimeUnit::Second => date_time(cell::<TimestampSecondType>(array, row), 0),
                TimeUnit::Millisecond => date_time(cell::<TimestampMillisecondType>(array, row), 3),
                TimeUnit::Microsecond => date_time(cell::<TimestampMicrosecondType>(array, row), 6),
                TimeUnit::Nanosecond => date_time(cell::<TimestampNanosecondType>(array, row), 9),
            };
            // An instant, which the zone only shows.
            if zone.is_some() { text + "Z" } else { text }
        }
        DataType::Time32(TimeUnit::Second) => clock(i64::from(cell::<Time32SecondType>(array, row)), 0),
        DataType::Time32(_) => clock(i64::from(cell::<Time32MillisecondType>(array, row)), 3),
        DataType::Time64(TimeUnit::Microsecond) => clock(cell::<Time64MicrosecondType>(array, row), 6),
        DataType::Time64(_) => clock(cell::<Time64NanosecondType>(array, row), 9),
        DataType::Duration(unit) => match unit {
            TimeUnit::Second => seconds(cell::<DurationSecondType>(array, row), 0),
            TimeUnit::Millisecond => seconds(cell::<DurationMillisecondType>(array, row), 3),
            TimeUnit::Microsecond => seconds(cell::<DurationMicrosecondType>(array, row), 6),
            TimeUnit::Nanosecond => seconds(cell::<DurationNanosecondType>(array, row), 9),
        },
        _ => return decimal(array, row),
    })
}

/// A column that is kept next to an answer, for output that has no types: each cell as it is, and missing ones as `None`.
pub fn kept(array: &ArrayRef) -> Column<'static> {
    let reading =
        Reading { has_nulls: false, is_nullable: false, missing: Scalar::None, half: Some(Precision::Double) };
    let reader = ColumnReader::new(array.data_type(), reading);
    let cell = |row: usize| {
        let one = array.slice(row, 1);
        if one.logical_null_count() > 0 {
            return Scalar::None;
        }
        match (shown(array, row), reader.read(&one)) {
            (Some(text), _) => Scalar::Str(text),
            (None, Ok(column)) => column.get(0).unwrap_or(Scalar::None),
            // The upper half of `uint64`.
            (None, Err(_)) => array
                .as_primitive_opt::<UInt64Type>()
                .map_or(Scalar::None, |numbers| Scalar::BigInt(numbers.value(row).to_string())),
        }
    };
    Column::Objects((0..array.len()).map(cell).collect())
}

/// The digits of a decimal, if it is one.
pub(crate) fn decimal(array: &dyn Array, row: usize) -> Option<String> {
    Some(match *array.data_type() {
        DataType::Decimal32(_, scale) => digits::<Decimal32Type>(array, row, scale),
        DataType::Decimal64(_, scale) => digits::<Decimal64Type>(array, row, scale),
        DataType::Decimal128(_, scale) => digits::<Decimal128Type>(array, row, scale),
        DataType::Decimal256(_, scale) => digits::<Decimal256Type>(array, row, scale),
        _ => return None,
    })
}

/// All digits of a decimal: arrow cuts a number off after as many as its type says, and fails if fewer than the scale are left.
fn digits<T: DecimalType>(array: &dyn Array, row: usize, scale: i8) -> String {
    T::format_decimal(cell::<T>(array, row), u8::MAX, scale)
}

fn cell<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

/// How many of a unit with so many digits a second has.
fn per_second(digits: u32) -> i64 {
    10_i64.pow(digits)
}

fn date_time(steps: i64, digits: u32) -> String {
    let second = steps.div_euclid(per_second(digits));
    let within = second.rem_euclid(DAY) * per_second(digits) + steps.rem_euclid(per_second(digits));
    format!("{}T{}", date(second.div_euclid(DAY)), clock(within, digits))
}

/// A time of day.
fn clock(steps: i64, digits: u32) -> String {
    let (second, rest) = (steps.div_euclid(per_second(digits)), steps.rem_euclid(per_second(digits)));
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{hour:02}:{minute:02}:{second:02}{}", fraction(rest, digits))
}

/// A duration in seconds.
fn seconds(steps: i64, digits: u32) -> String {
    let (all, one) = (steps.unsigned_abs(), per_second(digits).unsigned_abs());
    let sign = if steps < 0 { "-" } else { "" };
    format!("{sign}{}{}", all / one, fraction(i64::try_from(all % one).unwrap_or(0), digits))
}

fn fraction(rest: i64, digits: u32) -> String {
    if rest == 0 { String::new() } else { format!(".{rest:0width$}", width = digits as usize) }
}

/// A day since 1970 in the Gregorian calendar.
fn date(day: i64) -> String {
    // Eras of 400 years from March 1 of the year 0; 719,468 days before 1970.
    let day = day.saturating_add(719_468);
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(19_782), "2024-02-29");
        assert_eq!(date(-1), "1969-12-31");
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(date_time(1_717_158_600_250, 3), "2024-05-31T12:30:00.250");
        assert_eq!(date_time(-1, 6), "1969-12-31T23:59:59.999999");
        assert_eq!(clock(3_600_000_001, 6), "01:00:00.000001");
        assert_eq!(seconds(-1_500, 3), "-1.500");
    }
}
