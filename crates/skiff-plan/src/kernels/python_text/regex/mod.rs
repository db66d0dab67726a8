//! Regular expressions as Python's `re` means them, for the token patterns of vectorisers.
//!
//! A pattern is parsed, and compiled to a small program that backtracks with its own stack: leftmost match, first
//! alternative first, greedy by default. Supported syntax means what it means in Python; anything else
//! (backreferences, conditions, atomic groups, verbose patterns, …) is an error that names it.

mod class;
mod parse;
mod program;

use std::fmt;

use parse::Parsed;
use program::Program;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Regex {
    pattern: String,
    matcher: Matcher,
}

#[derive(Clone, Debug, PartialEq)]
enum Matcher {
    /// Runs of at least a number of word characters: `\b\w\w+\b` and similar.
    Words {
        least: usize,
    },
    Program(Program),
}

/// Why a pattern is not supported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported(String);

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The pattern took too many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManySteps;

impl Regex {
    /// `re.compile(pattern)`.
    pub(crate) fn new(pattern: &str) -> Result<Self, Unsupported> {
        let parsed = Parsed::new(pattern)?;
        let matcher = match parsed.word_run() {
            Some(least) => Matcher::Words { least },
            None => Matcher::Program(Program::new(&parsed)?),
        };
        Ok(Self { pattern: pattern.to_owned(), matcher })
    }

    /// The pattern as it was written.
    pub(crate) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// `findall(text)`: the group where the pattern has one, else the whole match.
    pub(crate) fn find_all(&self, text: &str, mut token: impl FnMut(&str)) -> Result<(), TooManySteps> {
        match &self.matcher {
            Matcher::Words { least } => {
                find_words(text, *least, token);
                Ok(())
            }
            Matcher::Program(program) => program.find_all(text, &mut token),
        }
    }
}

/// Runs of word characters, as long as they go.
fn find_words(text: &str, least: usize, mut token: impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let mut chars = 0;
        let mut stopped_by = 0;
        while let Some(&byte) = bytes.get(at) {
            if byte.is_ascii() {
                if !(byte.is_ascii_alphanumeric() || byte == b'_') {
                    stopped_by = 1;
                    break;
                }
                at += 1;
            } else {
                let Some(c) = text[at..].chars().next() else { break };
                if !super::is_word(c) {
                    stopped_by = c.len_utf8();
                    break;
                }
                at += c.len_utf8();
            }
            chars += 1;
        }
        if chars >= least {
            token(&text[start..at]);
        }
        at += stopped_by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(pattern: &str, text: &str) -> Vec<String> {
        let regex = Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let mut tokens = Vec::new();
        regex.find_all(text, |token| tokens.push(token.to_owned())).expect("few steps");
        tokens
    }

    /// Python 3.13's `re.findall`.
    #[test]
    fn tokens_are_those_of_python() {
        let text = "It's a x_1 test-case, ÄRGER über हिन्दी 42 and ４２!\nlast line";
        let cases: [(&str, &[&str]); 21] = [
            (r"(?u)\b\w\w+\b", &["It", "x_1", "test", "case", "ÄRGER", "über", "42", "and", "４２", "last", "line"]),
            (r"\d+", &["1", "42", "４２"]),
            (r"(?a)\d+", &["1", "42"]),
            (r"(?a)\b\w{3,}\b", &["x_1", "test", "case", "RGER", "ber", "and", "last", "line"]),
            (r"\b(\w)\w{3}\b", &["t", "c", "ü", "l", "l"]),
            (
                r"[^\W\d_]+(?:'[^\W\d_]+)?",
                &["It's", "a", "x", "test", "case", "ÄRGER", "über", "ह", "न", "द", "and", "last", "line"],
            ),
            (r"(?i)[à-ö]\w+", &["ÄRGER"]),
            (r"(?i)it|AND", &["It", "and"]),
            (r"test|test-case", &["test"]),
            (r"test-case|test", &["test-case"]),
            (r"\w+?(?=-)", &["test"]),
            (r"(?<=-)\w+", &["case"]),
            (r"(?<!\w)a\w*", &["a", "and"]),
            (r"^\w+", &["It"]),
            (r"(?m)^\w+", &["It", "last"]),
            (r"line$|,", &[",", "line"]),
            (r"[A-Z][^ ]*", &["It's", "RGER"]),
            (r"(\d)?x", &[""]),
            (r"[]x-]+", &["x", "-"]),
            (r"(?i)[a-zà-ÿ]{3,5}|\d{2,}", &["test", "case", "ÄRGER", "über", "42", "and", "４２", "last", "line"]),
            (
                r"\S+",
                &["It's", "a", "x_1", "test-case,", "ÄRGER", "über", "हिन्दी", "42", "and", "４２!", "last", "line"],
            ),
        ];
        for (pattern, expected) in cases {
            assert_eq!(tokens(pattern, text), expected, "{pattern}");
        }
        assert_eq!(tokens(r"a*", "baac"), ["", "aa", "", ""]);
        assert_eq!(tokens(r"x{0,2}y{,1}z{", "xxyz{ z{ xyz"), ["xxyz{", "z{"]);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for pattern in [
            r"(a)(b)",
            r"(a)\1",
            r"(?x)a b",
            r"(?P=n)",
            r"a++",
            r"a**",
            r"(?>a)",
            r"(?(1)a|b)",
            r"(?:a*)*",
            r"\q",
            r"[z-a]",
            r"(a",
            r"a)",
            r"[a",
            r"*a",
            r"(?<=a+)b",
            r"(?L)a",
            r"a(?i)b",
            r"\b*",
            r"(?:a{1000}){1000}",
            r"\777",
        ] {
            assert!(Regex::new(pattern).is_err(), "{pattern}");
        }
        let nested = "(?:".repeat(1000) + &")".repeat(1000);
        assert!(Regex::new(&nested).is_err());
    }

    #[test]
    fn endless_backtracking_ends() {
        let regex = Regex::new(r"(?:a+)+b").expect("a pattern");
        assert_eq!(regex.find_all(&"a".repeat(64), |_| ()), Err(TooManySteps));
    }
}
