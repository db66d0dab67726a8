//! The cells of a CSV file, parsed by the rules of pandas' `read_csv`: scikit-learn models are usually fitted on such
//! columns.

/// The cells that pandas reads as missing.
const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Whether a cell is missing.
pub fn is_missing(cell: &str) -> bool {
    cell.len() <= 8 && MISSING.contains(&cell)
}

/// An integer, possibly with surrounding spaces.
pub fn integer(cell: &str) -> Option<i64> {
    trimmed(cell).parse().ok()
}

/// `True` or `False`, as spelled in pandas.
pub fn boolean(cell: &str) -> Option<bool> {
    match cell {
        "True" | "TRUE" | "true" => Some(true),
        "False" | "FALSE" | "false" => Some(false),
        _ => None,
    }
}

fn trimmed(cell: &str) -> &str {
    cell.trim_matches(|character: char| character.is_ascii_whitespace())
}

/// A number whose fraction begins at `decimal`: the nearest double, as pandas has read it since 3.1.
pub fn number(cell: &str, decimal: u8) -> Option<f64> {
    let text = trimmed(cell);
    // `nan` in any case but those of the missing cells is text.
    let read = |text: &str| text.parse().ok().filter(|number: &f64| !number.is_nan());
    match decimal {
        b'.' => read(text),
        _ if text.contains('.') => None,
        decimal => read(&text.replacen(char::from(decimal), ".", 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_pandas_reads() {
        for (cell, expected) in [
            ("1", Some(1.0)),
            (" -2.50 ", Some(-2.5)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("+1e3", Some(1000.0)),
            ("1E-3", Some(0.001)),
            ("Infinity", Some(f64::INFINITY)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("1e400", Some(f64::INFINITY)),
            ("1e-400", Some(0.0)),
            ("0e999999999999", Some(0.0)),
            ("99999999999999999999", Some(1e20)),
            ("007", Some(7.0)),
            ("", None),
            ("NAN", None),
            ("1_000", None),
            ("1,5", None),
            ("1e", None),
            ("0x10", None),
            ("-", None),
            (".", None),
        ] {
            assert_eq!(number(cell, b'.'), expected, "{cell:?}");
        }
        assert_eq!((number("1,5", b','), number("1.5", b',')), (Some(1.5), None));
    }

    #[test]
    fn missing_cells_are_those_of_pandas() {
        assert!(["", "NA", "null", "nan", "None", "#N/A N/A"].into_iter().all(is_missing));
        assert!(!["-", "missing", "NAN", "0", " "].into_iter().any(is_missing));
    }
}
