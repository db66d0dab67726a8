//! numpy's dates and durations: when two of them are the same, and how numpy writes them.

use skiff_files::{Scalar, TimeUnit};

/// numpy's NaT.
const NOT_A_TIME: i64 = i64::MIN;

/// Attoseconds in each unit of a fixed length.
const ATTOSECONDS: [(&str, i128); 11] = [
    ("W", 604_800 * SECOND),
    ("D", 86_400 * SECOND),
    ("h", 3_600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
    ("ms", 1_000_000_000_000_000),
    ("us", 1_000_000_000_000),
    ("ns", 1_000_000_000),
    ("ps", 1_000_000),
    ("fs", 1_000),
    ("as", 1),
];
const SECOND: i128 = 1_000_000_000_000_000_000;

/// Attoseconds since 1970, for a date of any unit; `None` for NaT.
pub fn instant(steps: i64, unit: TimeUnit) -> Option<i128> {
    let count = i128::from(steps).checked_mul(i128::from(unit.count)).filter(|_| steps != NOT_A_TIME)?;
    let months = match unit.name {
        "Y" => count.checked_mul(12)?,
        "M" => count,
        _ => return length(unit.name)?.checked_mul(count),
    };
    let (year, month) = (1970 + months.div_euclid(12), months.rem_euclid(12) + 1);
    days_from_civil(year, month).checked_mul(86_400 * SECOND)
}

/// A duration: attoseconds, or months, which have no fixed length; `None` for what is not a time.
pub fn duration(steps: i64, unit: TimeUnit) -> Option<(i128, bool)> {
    let count = i128::from(steps).checked_mul(i128::from(unit.count)).filter(|_| steps != NOT_A_TIME)?;
    match unit.name {
        "Y" => Some((count * 12, true)),
        "M" => Some((count, true)),
        "generic" => Some((count, false)),
        name => Some((length(name)?.checked_mul(count)?, false)),
    }
}

/// `str` of a date: ISO 8601, as exact as its unit.
pub fn datetime_str(steps: i64, unit: TimeUnit) -> String {
    let Some(instant) = instant(steps, unit) else { return "NaT".to_owned() };
    let (days, within) = (instant.div_euclid(86_400 * SECOND), instant.rem_euclid(86_400 * SECOND));
    let (year, month, day) = civil_from_days(days);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let (seconds, rest) = (within / SECOND, within % SECOND);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = |digits: usize| {
        let all = format!("{rest:018}");
        format!("{date}T{hour:02}:{minute:02}:{second:02}.{}", all.get(..digits).unwrap_or_default())
    };
    match unit.name {
        "Y" => format!("{year:04}"),
        "M" => format!("{year:04}-{month:02}"),
        "h" => format!("{date}T{hour:02}"),
        "m" => format!("{date}T{hour:02}:{minute:02}"),
        "s" => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        "ms" => fraction(3),
        "us" => fraction(6),
        "ns" => fraction(9),
        "ps" => fraction(12),
        "fs" => fraction(15),
        "as" => fraction(18),
        _ => date,
    }
}

/// `str` of pandas' `Timestamp`: a fraction of a second only where there is one.
pub fn timestamp_str(steps: i64, unit: TimeUnit) -> String {
    let Some(instant) = instant(steps, unit) else { return "NaT".to_owned() };
    let nanoseconds = instant.rem_euclid(SECOND) / 1_000_000_000;
    let name = match nanoseconds {
        0 => "s",
        _ if nanoseconds % 1_000 == 0 => "us",
        _ => "ns",
    };
    let step = length(name).unwrap_or(SECOND);
    let steps = i64::try_from(instant.div_euclid(step));
    let written = steps.ok().zip(TimeUnit::new(name, 1)).map(|(steps, unit)| datetime_str(steps, unit));
    written.unwrap_or_default().replacen('T', " ", 1)
}

/// A value for a message: dates and durations as Python writes them.
pub(crate) fn shown(value: &Scalar) -> String {
    match value {
        Scalar::DateTime(steps, unit) => datetime_str(*steps, *unit),
        Scalar::Timestamp(steps, unit) => timestamp_str(*steps, *unit),
        Scalar::TimeDelta(steps, unit) => timedelta_str(*steps, *unit),
        other => other.to_string(),
    }
}

/// `str` of a duration: `3 days`.
pub fn timedelta_str(steps: i64, unit: TimeUnit) -> String {
    if steps == NOT_A_TIME {
        return "NaT".to_owned();
    }
    let count = i128::from(steps) * i128::from(unit.count);
    let name = match unit.name {
        "Y" => "years",
        "M" => "months",
        "W" => "weeks",
        "D" => "days",
        "h" => "hours",
        "m" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "ps" => "picoseconds",
        "fs" => "femtoseconds",
        "as" => "attoseconds",
        _ => "generic time units",
    };
    format!("{count} {name}")
}

fn length(unit: &str) -> Option<i128> {
    ATTOSECONDS.iter().find(|(name, _)| *name == unit).map(|(_, length)| *length)
}

/// Days since 1970 of the first of a month, by the Gregorian calendar without an end in either direction.
fn days_from_civil(year: i128, month: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970.
fn civil_from_days(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i128::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(name: &'static str, count: u32) -> TimeUnit {
        TimeUnit { name, count }
    }

    /// What numpy 2.5 prints.
    #[test]
    fn dates_are_written_as_numpy_writes_them() {
        for (steps, unit, text) in [
            (18_628, unit("D", 1), "2021-01-01"),
            (-1, unit("D", 1), "1969-12-31"),
            (51, unit("Y", 1), "2021"),
            (-1, unit("M", 1), "1969-12"),
            (2, unit("W", 1), "1970-01-15"),
            (5, unit("h", 25), "1970-01-06T05"),
            (1_609_459_200_123_456_789, unit("ns", 1), "2021-01-01T00:00:00.123456789"),
            (951_782_399_000, unit("ms", 1), "2000-02-28T23:59:59.000"),
            (i64::MIN, unit("s", 1), "NaT"),
        ] {
            assert_eq!(datetime_str(steps, unit), text);
        }
        assert_eq!(timedelta_str(-3, unit("D", 1)), "-3 days");
    }

    #[test]
    fn the_same_time_in_other_units_is_the_same() {
        let same = [(51, unit("Y", 1)), (612, unit("M", 1)), (18_628, unit("D", 1)), (1_609_459_200, unit("s", 1))];
        assert!(same.windows(2).all(|pair| instant(pair[0].0, pair[0].1) == instant(pair[1].0, pair[1].1)));
        assert_eq!(duration(1, unit("Y", 1)), duration(12, unit("M", 1)));
        assert_ne!(duration(1, unit("M", 1)), duration(1, unit("as", 1)));
        assert_eq!((instant(i64::MIN, unit("D", 1)), instant(i64::MAX, unit("Y", 99))), (None, None));
    }
}
