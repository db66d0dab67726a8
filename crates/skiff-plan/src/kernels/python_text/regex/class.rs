//! What one character may be.

use super::super::{is_decimal, is_space, is_word, simple_lower, tables};
use super::Unsupported;

/// A set of characters: a literal, `.`, `\w`, `[^a-z\d]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Class {
    /// First and last of each range, in lower case where case is ignored.
    ranges: Vec<(char, char)>,
    categories: Vec<Category>,
    negated: bool,
    ignore_case: Option<Alphabet>,
    /// The result for each ASCII character.
    ascii: u128,
}

/// `\w`, `\d`, `\s` and their opposites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Category {
    pub kind: Kind,
    pub negated: bool,
    pub alphabet: Alphabet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Decimal,
    Space,
}

/// Whether `(?a)` was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Ascii,
    Unicode,
}

impl Category {
    pub(super) fn contains(self, c: char) -> bool {
        let is = match (self.kind, self.alphabet) {
            (Kind::Word, Alphabet::Unicode) => is_word(c),
            (Kind::Decimal, Alphabet::Unicode) => is_decimal(c),
            (Kind::Space, Alphabet::Unicode) => is_space(c),
            (Kind::Word, Alphabet::Ascii) => c.is_ascii_alphanumeric() || c == '_',
            (Kind::Decimal, Alphabet::Ascii) => c.is_ascii_digit(),
            (Kind::Space, Alphabet::Ascii) => matches!(c, '\t'..='\r' | ' '),
        };
        is != self.negated
    }
}

impl Class {
    pub(super) fn new(
        ranges: Vec<(char, char)>,
        categories: Vec<Category>,
        negated: bool,
        ignore_case: Option<Alphabet>,
    ) -> Result<Self, Unsupported> {
        let ranges = match ignore_case {
            Some(alphabet) => fold(&ranges, alphabet)?,
            None => ranges,
        };
        let mut class = Self { ranges, categories, negated, ignore_case, ascii: 0 };
        class.ascii = (0..128_u8).filter(|&c| class.look_up(char::from(c))).fold(0, |bits, c| bits | 1 << c);
        Ok(class)
    }

    /// Whether it is `\w`, and nothing else.
    pub(super) fn is_word(&self) -> bool {
        let word = Category { kind: Kind::Word, negated: false, alphabet: Alphabet::Unicode };
        self.ranges.is_empty() && self.categories == [word] && !self.negated
    }

    #[inline]
    pub(super) fn contains(&self, c: char) -> bool {
        if c.is_ascii() { self.ascii >> u32::from(c) & 1 == 1 } else { self.look_up(c) }
    }

    fn look_up(&self, c: char) -> bool {
        let c = self.ignore_case.map_or(c, |alphabet| lower(c, alphabet));
        let within = self.ranges.iter().any(|&(first, last)| (first..=last).contains(&c));
        (within || self.categories.iter().any(|category| category.contains(c))) != self.negated
    }
}

fn lower(c: char, alphabet: Alphabet) -> char {
    match alphabet {
        Alphabet::Ascii => c.to_ascii_lowercase(),
        Alphabet::Unicode => simple_lower(c),
    }
}

/// The lower-case letters of all characters in the ranges, and those that `re` treats as equal.
fn fold(ranges: &[(char, char)], alphabet: Alphabet) -> Result<Vec<(char, char)>, Unsupported> {
    let mut members = vec![false; 0x1_0000];
    for &(first, last) in ranges {
        if u32::from(last) > 0xffff {
            return Err(Unsupported("characters beyond U+FFFF where case is ignored".to_owned()));
        }
        members[first as usize..=last as usize].fill(true);
    }
    let mut folded = vec![false; 0x1_0000];
    let members = members.iter().enumerate().filter(|(_, is)| **is);
    for c in members.filter_map(|(code, _)| char::from_u32(u32::try_from(code).ok()?)) {
        let lower = lower(c, alphabet);
        if let Some(place) = folded.get_mut(lower as usize) {
            *place = true;
        }
        if alphabet == Alphabet::Unicode {
            for &(_, other) in tables::EXTRA_CASES.iter().filter(|(letter, _)| *letter == u32::from(lower)) {
                if let Some(place) = folded.get_mut(other as usize) {
                    *place = true;
                }
            }
        }
    }
    let mut out: Vec<(char, char)> = Vec::new();
    let folded = folded.iter().enumerate().filter(|(_, is)| **is);
    for c in folded.filter_map(|(code, _)| char::from_u32(u32::try_from(code).ok()?)) {
        match out.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(c) => *last = c,
            _ => out.push((c, c)),
        }
    }
    Ok(out)
}
