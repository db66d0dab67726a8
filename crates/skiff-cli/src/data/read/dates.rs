//! Dates and times as ISO 8601 writes them, for encoders that were fitted on numpy's `datetime64`.

use skiff::{Scalar, TimeUnit};

/// Nanoseconds in a second.
const SECOND: i128 = 1_000_000_000;

/// A date and optionally a time, `2024-05-31` or `2024-05-31 12:30:00.25`, counted in a unit of numpy's since 1970, or in
/// nanoseconds if it is not an integral number of units. `None` for other text.
pub fn date_time(cell: &str, unit: TimeUnit) -> Option<Scalar> {
    let nanoseconds = nanoseconds(cell.trim())?;
    let (step, unit) = match length(unit) {
        Some(step) if nanoseconds.rem_euclid(step) == 0 => (step, unit),
        _ => (1, TimeUnit { name: "ns", count: 1 }),
    };
    i64::try_from(nanoseconds / step).ok().map(|steps| Scalar::DateTime(steps, unit))
}

/// A missing date.
pub fn not_a_time(unit: TimeUnit) -> Scalar {
    Scalar::DateTime(i64::MIN, unit)
}

/// How many nanoseconds a unit has; months and years have no fixed number.
fn length(unit: TimeUnit) -> Option<i128> {
    let one = match unit.name {
        "W" => 7 * 86_400 * SECOND,
        "D" => 86_400 * SECOND,
        "h" => 3_600 * SECOND,
        "m" => 60 * SECOND,
        "s" => SECOND,
        "ms" => 1_000_000,
        "us" => 1_000,
        "ns" => 1,
        _ => return None,
    };
    Some(one * i128::from(unit.count.max(1)))
}

fn nanoseconds(text: &str) -> Option<i128> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let days = days(year, month, day)?;
    let seconds = match time {
        None => 0,
        Some(time) => clock(time)?,
    };
    Some(i128::from(days) * 86_400 * SECOND + seconds)
}

/// The nanoseconds of a time of day.
fn clock(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let [hour, minute, second] = match numbers(whole, ':', [2, 2, 2]) {
        Some(numbers) => numbers,
        None => {
            let [hour, minute] = numbers(whole, ':', [2, 2]).filter(|_| fraction.is_empty())?;
            [hour, minute, 0]
        }
    };
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(i128::from(hour * 3_600 + minute * 60 + second) * SECOND + fraction)
}

/// Numbers of so many digits each, with something between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(between);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// The days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    // Years that begin in March have the leap day at their end.
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        let unit = |name| TimeUnit { name, count: 1 };
        for (text, name, expected) in [
            ("1970-01-01", "D", Some(0)),
            ("2024-02-29", "D", Some(19_782)),
            ("1969-12-31", "D", Some(-1)),
            ("0001-01-01", "D", Some(-719_162)),
            ("2024-05-31", "s", Some(1_717_113_600)),
            ("2024-05-31 12:30", "s", Some(1_717_158_600)),
            ("2024-05-31T12:30:01.25", "ms", Some(1_717_158_601_250)),
            ("2023-02-29", "D", None),
            ("2024-5-31", "D", None),
            ("2024-05-31T24:00:00", "s", None),
            ("2024-05-31T12:30:01Z", "s", None),
            ("soon", "D", None),
        ] {
            let expected = expected.map(|steps| Scalar::DateTime(steps, unit(name)));
            assert_eq!(date_time(text, unit(name)), expected, "{text}");
        }
        let within_a_day = Scalar::DateTime(1_717_158_601_000_000_000, unit("ns"));
        assert_eq!(date_time("2024-05-31T12:30:01", unit("D")), Some(within_a_day));
    }
}
