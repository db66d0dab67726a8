//! Numbers as numpy and Python write them.

/// `str(round(value, decimals))` of a `numpy.float64`, which multiplies, rounds to the even neighbor, and divides.
pub(super) fn rounded(value: f64, decimals: i32) -> String {
    let factor = 10_f64.powi(decimals);
    repr((value * factor).round_ties_even() / factor)
}

/// `repr` of a Python float.
pub(super) fn repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    let shortest = format!("{value:e}");
    let Some((digits, exponent)) = shortest.split_once('e').filter(|_| value.is_finite()) else {
        return format!("{value:?}");
    };
    let is_plain = value == 0.0 || (1e-4..1e16).contains(&value.abs());
    // Of two texts that are as short, Rust and Python may choose different ones: Python the one with an even last digit.
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let even = match usize::try_from(i64::try_from(decimals).unwrap_or(0) - i64::from(exponent)) {
        Ok(decimals) if is_plain => format!("{value:.*}", decimals.max(1)),
        _ if is_plain => format!("{value:?}"),
        _ => format!("{value:.decimals$e}"),
    };
    let plain = if even.parse() == Ok(value) {
        even
    } else if is_plain {
        format!("{value:?}")
    } else {
        shortest
    };
    match plain.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => plain,
    }
}

/// `"{:.2f}"` of Python.
pub(super) fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{value:.decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        let cases = [(0.8, "0.8"), (1e16, "1e+16"), (1.5e-5, "1.5e-05"), (-0.0, "-0.0"), (f64::INFINITY, "inf")];
        let cases = cases
            .into_iter()
            .chain([(5_183_963_558_809_369.0 / 4.0, "1295990889702342.2"), (1234567890.0, "1234567890.0")]);
        for (value, text) in cases {
            assert_eq!(repr(value), text);
        }
        // Python's own `round(0.2875, 3)` is 0.287: the number is a little less.
        assert_eq!(rounded(0.2875, 3), "0.288");
        assert_eq!(rounded(0.0005, 3), "0.0");
        assert_eq!(fixed(0.125, 2), "0.12");
    }
}
