//! What Python's `str` does to text: case, accents, white space, and which characters make words.
//!
//! Rust's own `char` methods differ: marks such as the vowel signs of Devanagari are alphabetic in Rust and not in
//! Python, and each release has another version of Unicode. The tables are those of Python 3.13 (Unicode 15.1).

pub(crate) mod regex;
mod tables;

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// A set of characters: blocks of 256, equal ones stored once.
struct CharSet {
    /// The block of `code >> 8`.
    blocks: Vec<u16>,
    bits: Vec<[u64; 4]>,
}

impl CharSet {
    /// Of lengths of what is not and what is in the set, in turn.
    fn new(lengths: &[u32]) -> Self {
        let mut all = vec![[0_u64; 4]; 0x1100];
        let mut code = 0;
        for (index, &length) in lengths.iter().enumerate() {
            if index % 2 == 1 {
                for code in code..code + length as usize {
                    all[code >> 8][code >> 6 & 3] |= 1 << (code & 63);
                }
            }
            code += length as usize;
        }
        let mut bits: Vec<[u64; 4]> = Vec::new();
        let blocks = all.into_iter().map(|block| {
            let place = bits.iter().position(|known| *known == block).unwrap_or_else(|| {
                bits.push(block);
                bits.len() - 1
            });
            u16::try_from(place).expect("fewer blocks than 4352")
        });
        Self { blocks: blocks.collect(), bits }
    }

    #[inline]
    fn contains(&self, c: char) -> bool {
        let code = c as usize;
        self.bits[usize::from(self.blocks[code >> 8])][code >> 6 & 3] >> (code & 63) & 1 == 1
    }
}

static ALPHANUMERIC: LazyLock<CharSet> = LazyLock::new(|| CharSet::new(&tables::ALPHANUMERIC));
static DECIMAL: LazyLock<CharSet> = LazyLock::new(|| CharSet::new(&tables::DECIMAL));
static CASED: LazyLock<CharSet> = LazyLock::new(|| CharSet::new(&tables::CASED));
static CASE_IGNORABLE: LazyLock<CharSet> = LazyLock::new(|| CharSet::new(&tables::CASE_IGNORABLE));
static UNASSIGNED: LazyLock<CharSet> = LazyLock::new(|| CharSet::new(&tables::UNASSIGNED));

/// `\w`: `str.isalnum`, and the underscore.
#[inline]
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { ALPHANUMERIC.contains(c) }
}

/// `\d`: `str.isdecimal`.
pub(crate) fn is_decimal(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { DECIMAL.contains(c) }
}

/// `\s`, and what `str.split` splits at: `str.isspace`.
#[inline]
pub(crate) fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r'
            | '\u{1c}'..=' '
            | '\u{85}'
            | '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// Appends `text.lower()` to `out`.
pub(crate) fn lower(text: &str, out: &mut String) {
    out.reserve(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        let start = out.len();
        out.push_str(&rest[..ascii]);
        out[start..].make_ascii_lowercase();
        rest = &rest[ascii..];
        let Some(c) = rest.chars().next() else { break };
        let after = &rest[c.len_utf8()..];
        match c {
            // The one letter that becomes two.
            'İ' => out.push_str("i\u{307}"),
            'Σ' => out.push(if is_final_sigma(&text[..text.len() - rest.len()], after) { 'ς' } else { 'σ' }),
            _ => out.push(lower_letter(c)),
        }
        rest = after;
    }
}

/// Appends `text.lower()` of Python 2 to `out`, which makes one letter of each.
pub(crate) fn lower_letters(text: &str, out: &mut String) {
    out.extend(text.chars().map(|c| match c {
        'İ' => 'i',
        'Σ' => 'σ',
        _ if c.is_ascii() => c.to_ascii_lowercase(),
        _ => lower_letter(c),
    }));
}

/// Whether a capital sigma between the two ends a word (Unicode's `Final_Sigma`).
fn is_final_sigma(before: &str, after: &str) -> bool {
    let looked_past = |c: &char| CASE_IGNORABLE.contains(*c);
    let ends = |c: Option<char>| c.is_some_and(|c| CASED.contains(c));
    ends(before.chars().rev().find(|c| !looked_past(c))) && !ends(after.chars().find(|c| !looked_past(c)))
}

/// The lower-case letter of one that has exactly one.
fn lower_letter(c: char) -> char {
    let code = u32::from(c);
    let run = tables::LOWER.partition_point(|&(_, last, ..)| last < code);
    match tables::LOWER.get(run) {
        Some(&(first, _, step, difference)) if code >= first && (code - first).is_multiple_of(step) => {
            code.checked_add_signed(difference).and_then(char::from_u32).unwrap_or(c)
        }
        _ => c,
    }
}

/// `strip_accents_unicode`: `text` in form NFKD without its combining characters, appended to `out`.
pub(crate) fn strip_accents_unicode(text: &str, out: &mut String) {
    decompose(text, |c| {
        if canonical_combining_class(c) == 0 || UNASSIGNED.contains(c) {
            out.push(c);
        }
    });
}

/// `strip_accents_ascii`: what is ASCII of `text` in form NFKD, appended to `out`.
pub(crate) fn strip_accents_ascii(text: &str, out: &mut String) {
    decompose(text, |c| {
        if c.is_ascii() {
            out.push(c);
        }
    });
}

/// Whether `text` is in form NFKD.
pub(crate) fn is_decomposed(text: &str) -> bool {
    let mut chars = text.chars();
    let mut is_same = true;
    decompose(text, |c| is_same &= chars.next() == Some(c));
    is_same && chars.next().is_none()
}

/// `unicodedata.normalize("NFKD", text)`. What Python does not know yet neither decomposes nor moves.
fn decompose(text: &str, mut take: impl FnMut(char)) {
    if text.is_ascii() {
        text.chars().for_each(take);
        return;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let newer = rest.char_indices().find(|(_, c)| !c.is_ascii() && UNASSIGNED.contains(*c));
        let (known, newer) = newer.map_or((rest.len(), None), |(at, c)| (at, Some(c)));
        rest[..known].nfkd().for_each(&mut take);
        rest = &rest[known..];
        if let Some(c) = newer {
            take(c);
            rest = &rest[c.len_utf8()..];
        }
    }
}

/// `re`'s simple lower case, one character for one.
fn simple_lower(c: char) -> char {
    match c {
        'İ' => 'i',
        'Σ' => 'σ',
        _ => lower_letter(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// zlib's CRC-32.
    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for &byte in bytes {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            }
        }
        !crc
    }

    fn digest(answer: impl Fn(char) -> String) -> u32 {
        let answers: Vec<String> = ('\0'..=char::MAX).map(answer).collect();
        crc32(answers.join("\n").as_bytes())
    }

    fn lowered(text: &str) -> String {
        let mut out = String::new();
        lower(text, &mut out);
        out
    }

    #[test]
    fn every_character_is_what_python_says_it_is() {
        let bit = |is: bool| if is { "1".to_owned() } else { "0".to_owned() };
        for (name, expected) in tables::DIGESTS {
            let found = match name {
                "alphanumeric" => digest(|c| bit(is_word(c) && c != '_')),
                "decimal" => digest(|c| bit(is_decimal(c))),
                "space" => digest(|c| bit(is_space(c))),
                "lower" => digest(|c| lowered(&c.to_string())),
                "sigma_after" => digest(|c| bit(lowered(&format!("A{c}Σ")).ends_with('ς'))),
                "sigma_before" => digest(|c| bit(lowered(&format!("AΣ{c}A")).contains('ς'))),
                "strip_accents" => digest(|c| {
                    let mut out = String::new();
                    strip_accents_unicode(&c.to_string(), &mut out);
                    out
                }),
                "nfkd" => digest(|c| {
                    let mut out = String::new();
                    decompose(&format!("{c}\u{301}\u{327}"), |c| out.push(c));
                    out
                }),
                _ => panic!("no such digest: {name}"),
            };
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn decomposed_text_is_told_from_composed() {
        for (text, is) in [("e\u{301}", true), ("हिन्दी", true), ("é", false), ("e\u{301}\u{327}", false), ("한", false)]
        {
            assert_eq!(is_decomposed(text), is, "{text:?}");
        }
    }

    #[test]
    fn sigma_ends_words_as_in_python() {
        for (text, lower) in [("ΣΊΣΥΦΟΣ", "σίσυφος"), ("ΌΣΟΣ.", "όσος."), ("Σ", "σ"), ("AΣ'B Σ", "aσ'b σ")]
        {
            assert_eq!(lowered(text), lower);
        }
    }
}
