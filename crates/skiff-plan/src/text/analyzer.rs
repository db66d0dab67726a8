//! `build_analyzer()`: what makes terms of a document.

use super::{Decoding, Terms};
use crate::InputError;
use crate::kernels::python_text::regex::{Regex, TooManySteps};
use crate::kernels::python_text::{self, is_space};
use crate::value::{TermLists, Value};

/// Preprocessing, tokens, n-grams.
#[derive(Clone, Debug)]
pub struct Analyzer {
    /// What becomes of documents that are bytes.
    pub decoding: Decoding,
    /// What `lowercase` stands for.
    pub lowercase: Option<TextFunction>,
    /// `strip_accents`.
    pub accents: Option<Accents>,
    /// A known function that stands for both.
    pub preprocessor: Option<TextFunction>,
    /// `analyzer`, with the parameters that it takes.
    pub tokens: Tokens,
    /// `ngram_range`: the shortest and the longest n-grams.
    pub ngrams: (usize, usize),
}

/// `strip_accents`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accents {
    /// Only what is ASCII after decomposition.
    Ascii,
    /// All but combining characters.
    Unicode,
    /// The same, and nothing of a text that is decomposed already (before scikit-learn 0.22).
    UnicodeUnlessDecomposed,
}

/// A function from text to text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFunction {
    /// `str`
    Same,
    /// `str.lower`
    Lower,
    /// `unicode.lower` of Python 2: each letter by itself, wherever in a word it is, and as one letter.
    LowerLetters,
    /// `str.strip`, at these ends.
    Strip {
        /// At the beginning.
        left: bool,
        /// At the end.
        right: bool,
    },
    /// scikit-learn's `strip_accents_ascii` and `strip_accents_unicode`.
    StripAccents(Accents),
    /// scikit-learn's `strip_tags`: a space for each.
    StripTags,
}

/// `analyzer`.
#[derive(Clone, Debug)]
pub enum Tokens {
    /// Words by a pattern, without some of them.
    Words {
        /// `token_pattern`.
        pattern: Pattern,
        /// `stop_words`.
        stop_words: Option<Terms>,
    },
    /// Characters.
    Chars,
    /// Characters of words, with a space on both sides.
    CharsWithinWords,
    /// Words by user code, `tokenizer`, without some of them.
    Given {
        /// `stop_words`.
        stop_words: Option<Terms>,
    },
    /// Terms by user code: a callable `analyzer`.
    Terms,
}

/// `token_pattern`, compiled.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// The units of terms.
#[derive(Clone, Copy, Debug)]
pub enum Row<'r> {
    /// A document.
    Document(&'r str),
    /// The words of a row of these.
    Words(&'r TermLists, usize),
}

impl Row<'_> {
    /// Hands each term to `term`.
    ///
    /// # Errors
    /// As [`Analyzer::analyze`].
    pub fn analyze(
        self,
        analyzer: &Analyzer,
        scratch: &mut Scratch,
        term: &mut impl FnMut(&str),
    ) -> Result<(), InputError> {
        match self {
            Self::Document(document) => analyzer.analyze(document, scratch, term),
            Self::Words(lists, row) => {
                analyzer.analyze_words(lists.row(row), scratch, term);
                Ok(())
            }
        }
    }
}

/// Buffers that one document leaves to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    lowered: String,
    text: String,
    /// Tokens or characters, one after the other.
    joined: String,
    /// Where each of them begins and ends.
    bounds: Vec<(usize, usize)>,
}

impl Pattern {
    /// The pattern in Python's syntax.
    ///
    /// # Errors
    /// What of it is not supported.
    pub fn new(pattern: &str) -> Result<Self, String> {
        Regex::new(pattern).map(Self).map_err(|error| error.to_string())
    }

    /// The words that `str.split` finds: what is between white space.
    pub fn of_split() -> Self {
        Self(Regex::new(r"\S+").expect("a class of characters, repeated"))
    }

    /// Each character: what `list` makes of a text.
    pub fn of_characters() -> Self {
        Self(Regex::new(r"(?s).").expect("any character"))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.pattern()
    }
}

impl TextFunction {
    /// What it makes of `text`, in `out` where it is another text.
    fn apply<'s>(self, text: &'s str, out: &'s mut String) -> &'s str {
        out.clear();
        match self {
            Self::Same => return text,
            Self::Lower => python_text::lower(text, out),
            Self::LowerLetters => python_text::lower_letters(text, out),
            Self::Strip { left, right } => {
                let text = if left { text.trim_start_matches(is_space) } else { text };
                return if right { text.trim_end_matches(is_space) } else { text };
            }
            // Plain ASCII has no accents.
            Self::StripAccents(_) if text.is_ascii() => return text,
            Self::StripAccents(Accents::UnicodeUnlessDecomposed) if python_text::is_decomposed(text) => return text,
            Self::StripAccents(Accents::Ascii) => python_text::strip_accents_ascii(text, out),
            Self::StripAccents(Accents::Unicode | Accents::UnicodeUnlessDecomposed) => {
                python_text::strip_accents_unicode(text, out);
            }
            Self::StripTags => strip_tags(text, out),
        }
        out
    }
}

/// `re.sub(r"<([^>]+)>", " ", text)`
fn strip_tags(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let Some(length) = rest[start..].find('>') else { break };
        let is_tag = length > 1;
        out.push_str(&rest[..start]);
        out.push_str(if is_tag { " " } else { "<" });
        rest = &rest[start + if is_tag { length + 1 } else { 1 }..];
    }
    out.push_str(rest);
}

impl Analyzer {
    /// Hands each term of `document` to `term`.
    ///
    /// # Errors
    /// When the token pattern backtracks without end.
    pub fn analyze(
        &self,
        document: &str,
        scratch: &mut Scratch,
        term: &mut impl FnMut(&str),
    ) -> Result<(), InputError> {
        let Scratch { joined, bounds, .. } = scratch;
        let (mut joined, mut bounds) = (std::mem::take(joined), std::mem::take(bounds));
        let preprocessed = self.preprocess(document, scratch);
        let found = self.cut(preprocessed, &mut joined, &mut bounds, term);
        (scratch.joined, scratch.bounds) = (joined, bounds);
        found
    }

    /// Calls `f` with each row of `value`: documents, or the words that user code returned for them.
    ///
    /// # Errors
    /// As [`Decoding::each_document`].
    pub fn each_row(
        &self,
        value: &Value<'_>,
        mut f: impl FnMut(Row<'_>) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        match value {
            Value::TermLists(lists) => (0..lists.len()).try_for_each(|row| f(Row::Words(lists, row))),
            _ => self.decoding.each_document(value, |document| f(Row::Document(document))),
        }
    }

    /// `build_preprocessor()`
    pub fn preprocess<'s>(&self, document: &'s str, scratch: &'s mut Scratch) -> &'s str {
        let Scratch { lowered, text, .. } = scratch;
        if let Some(function) = self.preprocessor {
            return function.apply(document, text);
        }
        let mut preprocessed = document;
        if let Some(lowercase) = self.lowercase {
            preprocessed = lowercase.apply(preprocessed, lowered);
        }
        match self.accents {
            None => preprocessed,
            Some(accents) => TextFunction::StripAccents(accents).apply(preprocessed, text),
        }
    }

    /// Hands each term of words that user code found to `term`.
    pub fn analyze_words<'w>(
        &self,
        words: impl Iterator<Item = &'w str>,
        scratch: &mut Scratch,
        term: &mut impl FnMut(&str),
    ) {
        let Scratch { joined, bounds, .. } = scratch;
        match &self.tokens {
            Tokens::Given { stop_words } => {
                let words = words.filter(|word| stop_words.as_ref().is_none_or(|stop| stop.find(word).is_none()));
                let (least, most) = self.ngrams;
                if most == 1 {
                    return words.for_each(term);
                }
                joined.clear();
                bounds.clear();
                for word in words {
                    if !bounds.is_empty() {
                        joined.push(' ');
                    }
                    let start = joined.len();
                    joined.push_str(word);
                    bounds.push((start, joined.len()));
                }
                windows(joined, bounds, least, most, term);
            }
            _ => words.for_each(term),
        }
    }

    fn cut(
        &self,
        preprocessed: &str,
        joined: &mut String,
        bounds: &mut Vec<(usize, usize)>,
        term: &mut impl FnMut(&str),
    ) -> Result<(), InputError> {
        match &self.tokens {
            Tokens::Words { pattern, stop_words } => {
                self.words(preprocessed, &pattern.0, stop_words.as_ref(), joined, bounds, term).map_err(|_| {
                    InputError::refused(format!("the token pattern `{}` takes too many steps", pattern.as_str()))
                })
            }
            Tokens::Chars => {
                self.chars(preprocessed, joined, bounds, term);
                Ok(())
            }
            Tokens::CharsWithinWords => {
                self.chars_within_words(preprocessed, joined, bounds, term);
                Ok(())
            }
            Tokens::Given { .. } | Tokens::Terms => {
                Err(InputError::refused("expected lists of words, as returned by the tokenizer, found text"))
            }
        }
    }

    /// `_word_ngrams`
    fn words(
        &self,
        text: &str,
        pattern: &Regex,
        stop_words: Option<&Terms>,
        joined: &mut String,
        bounds: &mut Vec<(usize, usize)>,
        term: &mut impl FnMut(&str),
    ) -> Result<(), TooManySteps> {
        let is_kept = |token: &str| stop_words.is_none_or(|words| words.find(token).is_none());
        let (least, most) = self.ngrams;
        if most == 1 {
            return pattern.find_all(text, |token| {
                if is_kept(token) {
                    term(token);
                }
            });
        }
        joined.clear();
        bounds.clear();
        pattern.find_all(text, |token| {
            if is_kept(token) {
                if !bounds.is_empty() {
                    joined.push(' ');
                }
                let start = joined.len();
                joined.push_str(token);
                bounds.push((start, joined.len()));
            }
        })?;
        windows(joined, bounds, least, most, term);
        Ok(())
    }

    /// `_char_ngrams`
    fn chars(&self, text: &str, joined: &mut String, bounds: &mut Vec<(usize, usize)>, term: &mut impl FnMut(&str)) {
        normalize_white_space(text, joined);
        bounds.clear();
        bounds.extend(joined.char_indices().map(|(at, c)| (at, at + c.len_utf8())));
        windows(joined, bounds, self.ngrams.0, self.ngrams.1, term);
    }

    /// `_char_wb_ngrams`
    fn chars_within_words(
        &self,
        text: &str,
        joined: &mut String,
        bounds: &mut Vec<(usize, usize)>,
        term: &mut impl FnMut(&str),
    ) {
        let (least, most) = self.ngrams;
        // White space is normalised before splitting, which splits at white space of any kind and length anyway.
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            joined.clear();
            joined.push(' ');
            joined.push_str(word);
            joined.push(' ');
            bounds.clear();
            bounds.extend(joined.char_indices().map(|(at, c)| (at, at + c.len_utf8())));
            for n in least..=most {
                if n >= bounds.len() {
                    // A short word counts once.
                    term(joined);
                    break;
                }
                windows(joined, bounds, n, n, term);
            }
        }
    }
}

/// Each window of `least` to `most` adjacent items.
fn windows(text: &str, bounds: &[(usize, usize)], least: usize, most: usize, term: &mut impl FnMut(&str)) {
    for n in least..=most.min(bounds.len()) {
        for window in bounds.windows(n) {
            if let (Some((start, _)), Some((_, end))) = (window.first(), window.last()) {
                term(&text[*start..*end]);
            }
        }
    }
}

/// `re.sub(r"\s\s+", " ", text)`: single white space is unchanged.
fn normalize_white_space(text: &str, out: &mut String) {
    out.clear();
    let mut rest = text;
    while let Some(start) = rest.find(is_space) {
        let space = &rest[start..];
        let after = space.trim_start_matches(is_space);
        let run = &space[..space.len() - after.len()];
        out.push_str(&rest[..start]);
        out.push_str(if run.chars().nth(1).is_some() { " " } else { run });
        rest = after;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::super::DecodeError;
    use super::*;

    fn terms(tokens: Tokens, ngrams: (usize, usize), text: &str) -> Vec<String> {
        let decoding = Decoding { encoding: "utf-8".to_owned(), error: DecodeError::Strict };
        let analyzer = Analyzer {
            decoding,
            lowercase: Some(TextFunction::Lower),
            accents: Some(Accents::Unicode),
            preprocessor: None,
            tokens,
            ngrams,
        };
        let mut terms = Vec::new();
        let mut scratch = Scratch::default();
        analyzer.analyze(text, &mut scratch, &mut |term| terms.push(term.to_owned())).expect("few steps");
        terms
    }

    #[test]
    fn functions_are_pythons() {
        let with = |function: TextFunction, text: &str| function.apply(text, &mut String::new()).to_owned();
        let strip = |left, right| TextFunction::Strip { left, right };
        assert_eq!(with(strip(true, true), "\u{1c} a b \u{a0}"), "a b");
        assert_eq!(with(strip(true, false), " a "), "a ");
        assert_eq!(with(strip(false, true), " a "), " a");
        assert_eq!(with(TextFunction::Lower, "ΣΑΣ İX"), "σας i\u{307}x");
        assert_eq!(with(TextFunction::LowerLetters, "ΣΑΣ İX"), "σασ ix");
        assert_eq!(with(TextFunction::StripTags, "a<b>c<>d<\n<e>f<g"), "a c<>d f<g");
        assert_eq!(with(TextFunction::StripTags, "<>a>b"), "<>a>b");
        assert_eq!(with(TextFunction::StripAccents(Accents::Unicode), "Né"), "Ne");
    }

    #[test]
    fn ngrams_come_in_scikit_learns_order() {
        assert_eq!(
            terms(Tokens::CharsWithinWords, (2, 4), "Né abc"),
            [" n", "ne", "e ", " ne", "ne ", " ne ", " a", "ab", "bc", "c ", " ab", "abc", "bc ", " abc", "abc "]
        );
        assert_eq!(terms(Tokens::CharsWithinWords, (5, 6), "a"), [" a "]);
        assert_eq!(terms(Tokens::Chars, (2, 3), "a\n \tb\nc"), ["a ", " b", "b\n", "\nc", "a b", " b\n", "b\nc"]);
        let words = |stop_words: Option<Terms>| Tokens::Words {
            pattern: Pattern::new(r"(?u)\b\w\w+\b").expect("the default pattern"),
            stop_words,
        };
        assert_eq!(terms(words(None), (1, 2), "The quick fox"), ["the", "quick", "fox", "the quick", "quick fox"]);
        let stop_words = Terms::new(["quick"].into_iter()).ok();
        assert_eq!(terms(words(stop_words), (2, 9), "The quick fox ran"), ["the fox", "fox ran", "the fox ran"]);
    }
}
