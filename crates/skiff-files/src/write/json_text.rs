//! JSON tokens, as written by Python's `json.dumps`: ASCII only, floats that read back as the same bits.

use std::io::{self, Write};

use crate::text::decimal;

/// A string in quotes. It is UTF-8 with possible lone surrogates; other bytes, which no Python string has, become
/// U+FFFD.
pub(super) fn quoted(out: &mut dyn Write, text: &[u8]) -> io::Result<()> {
    out.write_all(b"\"")?;
    let mut rest = text;
    while !rest.is_empty() {
        let plain = rest.iter().position(|&byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\'));
        let (before, after) = rest.split_at(plain.unwrap_or(rest.len()));
        out.write_all(before)?;
        rest = match after {
            [] => after,
            [b'"', after @ ..] => escaped(out, b"\\\"", after)?,
            [b'\\', after @ ..] => escaped(out, b"\\\\", after)?,
            [b'\n', after @ ..] => escaped(out, b"\\n", after)?,
            [b'\r', after @ ..] => escaped(out, b"\\r", after)?,
            [b'\t', after @ ..] => escaped(out, b"\\t", after)?,
            [byte @ (0..0x80), after @ ..] => {
                unit(out, (*byte).into())?;
                after
            }
            // A lone surrogate, as Python's `surrogatepass` writes it.
            [0xed, second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..] => {
                unit(out, 0xd000 | u16::from(second & 0x3f) << 6 | u16::from(third & 0x3f))?;
                after
            }
            _ => character(out, after)?,
        };
    }
    out.write_all(b"\"")
}

/// The same, in memory.
pub(crate) fn quoted_text(out: &mut Vec<u8>, text: &[u8]) {
    // Writing to memory does not fail.
    let _ = quoted(out, text);
}

fn escaped<'t>(out: &mut dyn Write, escape: &[u8], after: &'t [u8]) -> io::Result<&'t [u8]> {
    out.write_all(escape)?;
    Ok(after)
}

fn unit(out: &mut dyn Write, unit: u16) -> io::Result<()> {
    write!(out, "\\u{unit:04x}")
}

/// The first non-ASCII character.
fn character<'t>(out: &mut dyn Write, text: &'t [u8]) -> io::Result<&'t [u8]> {
    let four = text.get(..4).unwrap_or(text);
    let valid = match std::str::from_utf8(four) {
        Ok(valid) => valid,
        Err(error) => four.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or(""),
    };
    let (first, length) = valid.chars().next().map_or(('\u{fffd}', 1), |first| (first, first.len_utf8()));
    for one in first.encode_utf16(&mut [0; 2]) {
        unit(out, *one)?;
    }
    Ok(text.get(length..).unwrap_or_default())
}

/// A float as the shortest text that reads back as the same bits; `NaN`, `Infinity`, `-Infinity`.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// The digits of a long integer; `None` for more than 4,300, which Python does not read.
pub(super) fn integer(bytes: &[u8]) -> Option<String> {
    decimal(bytes).filter(|digits| digits.trim_start_matches('-').len() <= 4_300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Document, Json};

    #[test]
    fn texts_come_back() {
        for text in [
            &b""[..],
            b"plain \" \\ \n \x00 \x7f",
            "größe 🛶 ۶".as_bytes(),
            b"\xed\xa0\x80 alone",
            b"ends in \xed\xb0\x80",
        ] {
            let mut out = Vec::new();
            quoted(&mut out, text).unwrap();
            assert!(out.is_ascii());
            let document = Document::parse(&out, 1).unwrap();
            assert_eq!(document.value(0), &Json::Str(text.to_vec()), "{text:?}");
        }
        let mut out = Vec::new();
        quoted(&mut out, b"\xff\xf0\x9f").unwrap();
        assert_eq!(out, b"\"\\ufffd\\ufffd\\ufffd\"");
    }

    #[test]
    fn floats_come_back() {
        for value in [0.0, -0.0, 0.1, 1e300, 5e-324, 1e16, -2.5, f64::MAX] {
            assert_eq!(float(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        assert_eq!([float(f64::NAN), float(f64::NEG_INFINITY), float(1.0)], ["NaN", "-Infinity", "1.0"]);
    }
}
