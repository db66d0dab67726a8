//! Text in the encodings that pickles and arrays use.

/// Characters up to U+00FF as bytes; `None` for others.
pub(crate) fn latin1_bytes(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// UTF-32 without the zeros that numpy pads with; `None` for invalid characters (including lone surrogates).
pub(crate) fn utf32(bytes: &[u8], little: bool) -> Option<String> {
    let mut text = String::new();
    let mut zeros = 0_usize;
    for unit in bytes.chunks_exact(4) {
        let unit = <[u8; 4]>::try_from(unit).ok()?;
        let unit = if little { u32::from_le_bytes(unit) } else { u32::from_be_bytes(unit) };
        if unit == 0 {
            zeros += 1;
            continue;
        }
        text.extend(std::iter::repeat_n('\0', std::mem::take(&mut zeros)));
        text.push(char::from_u32(unit)?);
    }
    Some(text)
}

/// Bytes without the zeros at their end that numpy pads with.
pub(crate) fn unpadded(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// The decimal digits of a little-endian two's complement integer; `None` past Python's own limit of 4,300 digits.
pub(crate) fn decimal(bytes: &[u8]) -> Option<String> {
    // 4,300 digits are 1,786 bytes: longer ones are not worth quadratic time.
    if bytes.len() > 1_786 {
        return None;
    }
    let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in &mut magnitude {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
        if carry {
            magnitude.push(1);
        }
    }
    let mut digits = Vec::new();
    while magnitude.iter().any(|&byte| byte != 0) {
        let mut rest = 0_u16;
        for byte in magnitude.iter_mut().rev() {
            let value = rest << 8 | u16::from(*byte);
            *byte = u8::try_from(value / 10).expect("a remainder below 10 keeps the quotient below 256");
            rest = value % 10;
        }
        digits.push(char::from_digit(u32::from(rest), 10).expect("a remainder of ten"));
        while magnitude.last() == Some(&0) {
            magnitude.pop();
        }
    }
    if digits.is_empty() {
        digits.push('0');
    }
    if negative {
        digits.push('-');
    }
    Some(digits.into_iter().rev().collect())
}

/// The little-endian two's complement of a decimal integer, of minimal length; `None` if it is not an integer, or has over
/// 4,300 digits.
pub(crate) fn two_complement(digits: &str) -> Option<Vec<u8>> {
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, digits),
    };
    if digits.is_empty() || digits.len() > 4_300 {
        return None;
    }
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.chars() {
        let mut carry = u16::try_from(digit.to_digit(10)?).ok()?;
        for byte in &mut bytes {
            let value = u16::from(*byte) * 10 + carry;
            *byte = u8::try_from(value & 0xff).ok()?;
            carry = value >> 8;
        }
        if carry != 0 {
            bytes.push(u8::try_from(carry).ok()?);
        }
    }
    // Room for the sign.
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    while let [.., sign, 0] | [.., sign, 0xff] = bytes.as_slice()
        && (sign & 0x80 == 0) == (bytes.last() == Some(&0))
    {
        bytes.pop();
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_pythons() {
        let cases: [(&[u8], &str); 7] = [
            (&[], "0"),
            (&[0], "0"),
            (&[0xff], "-1"),
            (&[0x80], "-128"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 1], "18446744073709551616"),
            (&[0, 0, 0, 0, 0, 0, 0, 0, 0xff], "-18446744073709551616"),
            (&[0, 0, 0, 0, 0, 0, 0, 0x80, 0], "9223372036854775808"),
        ];
        for (bytes, text) in cases {
            assert_eq!(decimal(bytes).as_deref(), Some(text), "{bytes:?}");
        }
        assert_eq!(decimal(&[1; 1_787]), None);
        for text in ["0", "7", "-1", "-128", "18446744073709551616", "-340282366920938463463374607431768211456"] {
            assert_eq!(two_complement(text).and_then(|bytes| decimal(&bytes)).as_deref(), Some(text));
        }
        for (text, bytes) in [("127", &[0x7f][..]), ("128", &[0x80, 0]), ("-128", &[0x80]), ("-129", &[0x7f, 0xff])] {
            assert_eq!(two_complement(text).as_deref(), Some(bytes), "{text}");
        }
        assert_eq!(two_complement("1-"), None);
    }

    #[test]
    fn padding_goes_and_inner_zeros_stay() {
        assert_eq!(utf32(b"a\0\0\0\0\0\0\0b\0\0\0\0\0\0\0", true).as_deref(), Some("a\0b"));
        assert_eq!(utf32(b"\0\0\0a", false).as_deref(), Some("a"));
        assert_eq!(utf32(b"\0\xd8\0\0", true), None, "a lone surrogate");
        assert_eq!(unpadded(b"a\0b\0\0"), b"a\0b");
    }
}
