//! Parsing of the text arguments of protocol 0: numbers in decimal, escaped strings.

/// An integer as Python's `int(text, base)` understands it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Integer {
    Small(i64),
    /// Two's complement, little-endian, of minimal length.
    Big(Vec<u8>),
}

/// How many digits an integer may have: CPython's own default (`sys.get_int_max_str_digits`), since the conversion
/// takes time that grows with their square.
pub(crate) const MOST_DIGITS: usize = 4_300;

/// Zeros before the number: Python rejects them in source (base 0) and not in `int(text)` (base 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// `int(text, 0)`: `INT`, `LONG`.
    AsInSource,
    /// `int(text)`: `GET`, `PUT`.
    Ten,
}

/// `int(text, base)`, including surrounding white space: no writer writes any, but every unpickler accepts it.
pub(crate) fn integer(text: &[u8], base: Base) -> Option<Integer> {
    let text = trim(text);
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, digits) = match (base, text) {
        (Base::AsInSource, [b'0', b'x' | b'X', rest @ ..]) => (16, rest.strip_prefix(b"_").unwrap_or(rest)),
        (Base::AsInSource, [b'0', b'o' | b'O', rest @ ..]) => (8, rest.strip_prefix(b"_").unwrap_or(rest)),
        (Base::AsInSource, [b'0', b'b' | b'B', rest @ ..]) => (2, rest.strip_prefix(b"_").unwrap_or(rest)),
        _ => (10, text),
    };
    if digits.len() > MOST_DIGITS {
        return None;
    }
    // Underscores are allowed only between two digits.
    let mut magnitude: Vec<u32> = vec![0];
    let mut after_digit = false;
    let mut zero = true;
    for &byte in digits {
        if byte == b'_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = char::from(byte).to_digit(radix)?;
        after_digit = true;
        zero &= digit == 0;
        let mut carry = u64::from(digit);
        for limb in &mut magnitude {
            let value = u64::from(*limb) * u64::from(radix) + carry;
            *limb = low(value);
            carry = value >> 32;
        }
        if carry != 0 {
            magnitude.push(low(carry));
        }
    }
    if !after_digit {
        return None;
    }
    if base == Base::AsInSource && radix == 10 && digits.first() == Some(&b'0') && !zero {
        return None;
    }
    let mut bytes: Vec<u8> = magnitude.iter().flat_map(|limb| limb.to_le_bytes()).chain([0]).collect();
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let length = shortest(&bytes);
    bytes.truncate(length);
    Some(match small(&bytes) {
        Some(value) => Integer::Small(value),
        None => Integer::Big(bytes),
    })
}

/// The minimal number of bytes of a number in two's complement: further ones only repeat the sign.
pub(crate) fn shortest(bytes: &[u8]) -> usize {
    let mut length = bytes.len();
    while let Some([.., below, top]) = bytes.get(..length) {
        let sign = if below & 0x80 == 0 { 0 } else { 0xff };
        if *top != sign {
            break;
        }
        length -= 1;
    }
    if bytes.get(..length) == Some(&[0]) { 0 } else { length }
}

/// The value of a number in two's complement, little-endian, if it fits in 64 bits.
pub(crate) fn small(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.last().is_some_and(|top| top & 0x80 != 0);
    let mut value = [if negative { 0xff } else { 0 }; 8];
    value.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(i64::from_le_bytes(value))
}

/// `float(text)`, but without underscores and white space: CPython's unpickler in C does not accept them either.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The text without surrounding white space as in C, which includes the vertical tab, unlike Rust's.
fn trim(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// The inside of a quoted text.
pub(crate) fn unquoted(text: &[u8]) -> Option<&[u8]> {
    match text {
        [first @ (b'"' | b'\''), inside @ .., last] if first == last => Some(inside),
        _ => None,
    }
}

/// Python's `codecs.escape_decode`; the result is never longer than `text`.
pub(crate) fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match rest.next()? {
            b'\n' => {}
            byte @ (b'\\' | b'\'' | b'"') => out.push(byte),
            b'a' => out.push(0x07),
            b'b' => out.push(0x08),
            b't' => out.push(b'\t'),
            b'n' => out.push(b'\n'),
            b'v' => out.push(0x0b),
            b'f' => out.push(0x0c),
            b'r' => out.push(b'\r'),
            digit @ b'0'..=b'7' => {
                let mut value = digit - b'0';
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(|byte| (b'0'..=b'7').contains(byte)) else { break };
                    // `\777` is 0xff in Python: excess bits are dropped.
                    value = value.wrapping_shl(3) | (digit - b'0');
                }
                out.push(value);
            }
            b'x' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                let value = digit()? << 4 | digit()?;
                out.push(u8::try_from(value).ok()?);
            }
            // Python keeps the backslash of an unknown escape.
            byte => out.extend([b'\\', byte]),
        }
    }
    Some(out)
}

/// Python's `raw-unicode-escape`, into UTF-8 with lone surrogates; at most twice as long as `text`.
pub(crate) fn raw_unicode_escape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            push_code_point(&mut out, u32::from(byte));
            continue;
        }
        let digits = match rest.next() {
            Some(b'u') => 4,
            Some(b'U') => 8,
            Some(byte) => {
                out.push(b'\\');
                push_code_point(&mut out, u32::from(byte));
                continue;
            }
            None => {
                out.push(b'\\');
                break;
            }
        };
        let mut value = 0u32;
        for _ in 0..digits {
            value = value.checked_mul(16)? | char::from(rest.next()?).to_digit(16)?;
        }
        if value > 0x0010_ffff {
            return None;
        }
        push_code_point(&mut out, value);
    }
    Some(out)
}

/// Whether it is UTF-8, allowing lone surrogates (Python's `surrogatepass`).
pub(crate) fn is_utf8_with_surrogates(mut bytes: &[u8]) -> bool {
    loop {
        let Err(error) = std::str::from_utf8(bytes) else { return true };
        match bytes.get(error.valid_up_to()..) {
            Some([0xed, 0xa0..=0xbf, 0x80..=0xbf, rest @ ..]) => bytes = rest,
            _ => return false,
        }
    }
}

fn push_code_point(out: &mut Vec<u8>, value: u32) {
    match char::from_u32(value) {
        Some(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
        // A surrogate: the three bytes that it would have if UTF-8 allowed it.
        None => out.extend([value >> 12 | 0xe0, value >> 6 & 0x3f | 0x80, value & 0x3f | 0x80].map(byte)),
    }
}

fn low(value: u64) -> u32 {
    u32::try_from(value & 0xffff_ffff).expect("masked to 32 bits")
}

fn byte(value: u32) -> u8 {
    u8::try_from(value & 0xff).expect("masked to 8 bits")
}
