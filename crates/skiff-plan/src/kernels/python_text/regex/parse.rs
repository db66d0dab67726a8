//! From the text of a pattern to its parts.

use super::Unsupported;
use super::class::{Alphabet, Category, Class, Kind};

/// A pattern's parts.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub root: Part,
    /// 0 or 1.
    pub groups: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Part {
    One(Class),
    Assert(Assertion),
    All(Vec<Part>),
    Either(Vec<Part>),
    Repeat { part: Box<Part>, least: u32, most: Option<u32>, greedy: bool },
    Group(Box<Part>),
    Look { part: Box<Part>, back: Option<usize>, negated: bool },
}

/// An assertion between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    /// `\A`, `^`
    Start,
    /// `^` in multi-line patterns.
    LineStart,
    /// `\Z`
    End,
    /// `$`: at the end, or before the line feed that ends the text.
    LastLineEnd,
    /// `$` in multi-line patterns.
    LineEnd,
    /// `\b` and `\B`.
    Boundary { negated: bool, alphabet: Alphabet },
}

/// Nobody nests groups deeper; parsing recurses so deep.
const DEPTH: usize = 32;
/// The longest pattern that is read.
const LENGTH: usize = 4096;

type Result<T> = std::result::Result<T, Unsupported>;

struct Parser<'p> {
    rest: std::str::Chars<'p>,
    flags: Flags,
    groups: usize,
    depth: usize,
}

#[derive(Clone, Copy, Default)]
struct Flags {
    ascii: bool,
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
}

impl Parsed {
    pub(super) fn new(pattern: &str) -> Result<Self> {
        if pattern.len() > LENGTH {
            return unsupported(format!("more than {LENGTH} bytes"));
        }
        let mut parser = Parser { rest: pattern.chars(), flags: Flags::default(), groups: 0, depth: 0 };
        while parser.global_flags()? {}
        let root = parser.either()?;
        if parser.rest.next().is_some() {
            return unsupported("an unbalanced parenthesis");
        }
        Ok(Self { root, groups: parser.groups })
    }

    /// `n` where the pattern means every run of at least `n` word characters: `\w+`, `\b\w\w+\b`, `\b\w{3,}\b`.
    pub(super) fn word_run(&self) -> Option<usize> {
        let boundary = Assertion::Boundary { negated: false, alphabet: Alphabet::Unicode };
        let is_boundary = |part: &&Part| matches!(part, Part::Assert(assertion) if *assertion == boundary);
        let parts = match &self.root {
            Part::All(parts) => &parts[..],
            part => std::slice::from_ref(part),
        };
        let parts = if parts.first().as_ref().is_some_and(is_boundary) { &parts[1..] } else { parts };
        let parts = if parts.last().as_ref().is_some_and(is_boundary) { &parts[..parts.len() - 1] } else { parts };
        let (last, singles) = parts.split_last()?;
        let is_word = |part: &Part| matches!(part, Part::One(class) if class.is_word());
        match last {
            Part::Repeat { part, least, most: None, greedy: true } if is_word(part) && singles.iter().all(is_word) => {
                let least = singles.len() + usize::try_from(*least).ok()?;
                (least > 0).then_some(least)
            }
            _ => None,
        }
    }
}

impl Part {
    /// The fewest and the most characters it takes.
    pub(super) fn width(&self) -> (usize, Option<usize>) {
        match self {
            Self::One(_) => (1, Some(1)),
            Self::Assert(_) | Self::Look { .. } => (0, Some(0)),
            Self::Group(part) => part.width(),
            Self::All(parts) => parts.iter().map(Self::width).fold((0, Some(0)), |(least, most), (l, m)| {
                (least.saturating_add(l), most.zip(m).map(|(most, m)| most.saturating_add(m)))
            }),
            Self::Either(parts) => {
                let widths = parts.iter().map(Self::width);
                widths
                    .reduce(|(least, most), (l, m)| (least.min(l), most.zip(m).map(|(most, m)| most.max(m))))
                    .unwrap_or((0, Some(0)))
            }
            Self::Repeat { part, least, most, .. } => {
                let (l, m) = part.width();
                let times =
                    |width: usize, count: u32| width.saturating_mul(usize::try_from(count).unwrap_or(usize::MAX));
                (times(l, *least), most.zip(m).map(|(most, m)| times(m, most)))
            }
        }
    }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn accept(&mut self, text: &str) -> bool {
        match self.rest.as_str().strip_prefix(text) {
            Some(rest) => {
                self.rest = rest.chars();
                true
            }
            None => false,
        }
    }

    /// `(?aimsu)` at the very start.
    fn global_flags(&mut self) -> Result<bool> {
        let Some(text) = self.rest.as_str().strip_prefix("(?") else { return Ok(false) };
        let Some((letters, rest)) = text.split_once(')') else { return Ok(false) };
        if letters.is_empty() || !letters.chars().all(|c| c.is_ascii_alphabetic()) {
            return Ok(false);
        }
        for letter in letters.chars() {
            match letter {
                'a' => self.flags.ascii = true,
                'i' => self.flags.ignore_case = true,
                'm' => self.flags.multi_line = true,
                's' => self.flags.dot_all = true,
                'u' => {}
                _ => return unsupported(format!("the flag `{letter}`")),
            }
        }
        self.rest = rest.chars();
        Ok(true)
    }

    fn either(&mut self) -> Result<Part> {
        self.depth += 1;
        if self.depth > DEPTH {
            return unsupported("deeply nested groups");
        }
        let mut branches = vec![self.all()?];
        while self.accept("|") {
            branches.push(self.all()?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.swap_remove(0) } else { Part::Either(branches) })
    }

    fn all(&mut self) -> Result<Part> {
        let mut parts = Vec::new();
        while self.peek().is_some_and(|c| !matches!(c, '|' | ')')) {
            let part = self.one()?;
            parts.push(self.repeated(part)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Part::All(parts) })
    }

    fn one(&mut self) -> Result<Part> {
        let Some(c) = self.rest.next() else { return unsupported("an unexpected end") };
        match c {
            '(' => self.group(),
            '[' => self.class(),
            '\\' => self.escape(),
            '.' if self.flags.dot_all => Ok(Part::One(Class::new(vec![('\0', char::MAX)], Vec::new(), false, None)?)),
            '.' => Ok(Part::One(Class::new(vec![('\n', '\n')], Vec::new(), true, None)?)),
            '^' if self.flags.multi_line => Ok(Part::Assert(Assertion::LineStart)),
            '^' => Ok(Part::Assert(Assertion::Start)),
            '$' if self.flags.multi_line => Ok(Part::Assert(Assertion::LineEnd)),
            '$' => Ok(Part::Assert(Assertion::LastLineEnd)),
            '*' | '+' | '?' => unsupported("a repeat of nothing"),
            c => self.literal(c),
        }
    }

    fn repeated(&mut self, part: Part) -> Result<Part> {
        let before = self.rest.clone();
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts()? {
                Some(counts) => counts,
                None => {
                    // Braces without counts are plain characters.
                    self.rest = before;
                    return Ok(part);
                }
            },
            _ => return Ok(part),
        };
        if !matches!(before.as_str().chars().next(), Some('{')) {
            self.rest.next();
        }
        if matches!(part, Part::Assert(_)) {
            return unsupported("a repeat of nothing");
        }
        let greedy = !self.accept("?");
        let again = match self.peek() {
            Some('*' | '+' | '?') => true,
            Some('{') => self.clone_rest().counts()?.is_some(),
            _ => false,
        };
        if again {
            return unsupported("a repeat of a repeat");
        }
        if most.is_some_and(|most| most < least) {
            return unsupported("a repeat with a minimum above its maximum");
        }
        if most.is_none_or(|most| most > 1) && part.width().0 == 0 {
            return unsupported("a repeat of something that may be empty");
        }
        Ok(Part::Repeat { part: Box::new(part), least, most, greedy })
    }

    fn clone_rest(&self) -> Self {
        Self { rest: self.rest.clone(), flags: self.flags, groups: self.groups, depth: self.depth }
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}`; `None` for anything else.
    fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>> {
        self.accept("{");
        let least = self.digits()?;
        let comma = self.accept(",");
        let most = if comma { self.digits()? } else { least };
        if !self.accept("}") || (least.is_none() && !comma) {
            return Ok(None);
        }
        Ok(Some((least.unwrap_or(0), most)))
    }

    fn digits(&mut self) -> Result<Option<u32>> {
        let text = self.rest.as_str();
        let len = text.bytes().take_while(u8::is_ascii_digit).count();
        self.rest = text[len..].chars();
        match text[..len].parse() {
            _ if len == 0 => Ok(None),
            Ok(count) if count <= 1000 => Ok(Some(count)),
            _ => unsupported("a repeat of more than 1000"),
        }
    }

    fn group(&mut self) -> Result<Part> {
        let group = |parser: &mut Self| -> Result<Box<Part>> {
            let part = parser.either()?;
            if parser.accept(")") { Ok(Box::new(part)) } else { unsupported("an unclosed group") }
        };
        if !self.accept("?") {
            return self.capture(group);
        }
        if self.accept(":") {
            return Ok(*group(self)?);
        }
        if self.accept("P<") {
            let Some((name, rest)) = self.rest.as_str().split_once('>') else {
                return unsupported("an unclosed group name");
            };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return unsupported(format!("the group name `{name}`"));
            }
            self.rest = rest.chars();
            return self.capture(group);
        }
        for (opening, behind, negated) in
            [("=", false, false), ("!", false, true), ("<=", true, false), ("<!", true, true)]
        {
            if self.accept(opening) {
                let part = group(self)?;
                let back = match (behind, part.width()) {
                    (false, _) => None,
                    (true, (least, Some(most))) if least == most => Some(least),
                    (true, _) => return unsupported("a lookbehind of variable width"),
                };
                return Ok(Part::Look { part, back, negated });
            }
        }
        let next: String = self.rest.as_str().chars().take(2).collect();
        unsupported(format!("the extension `(?{next}`"))
    }

    fn capture(&mut self, group: impl Fn(&mut Self) -> Result<Box<Part>>) -> Result<Part> {
        self.groups += 1;
        if self.groups > 1 {
            return unsupported("more than one capturing group");
        }
        Ok(Part::Group(group(self)?))
    }

    fn alphabet(&self) -> Alphabet {
        if self.flags.ascii { Alphabet::Ascii } else { Alphabet::Unicode }
    }

    fn literal(&self, c: char) -> Result<Part> {
        self.class_of(vec![(c, c)], Vec::new(), false)
    }

    fn class_of(&self, ranges: Vec<(char, char)>, categories: Vec<Category>, negated: bool) -> Result<Part> {
        let ignore_case = self.flags.ignore_case.then(|| self.alphabet());
        Ok(Part::One(Class::new(ranges, categories, negated, ignore_case)?))
    }

    fn escape(&mut self) -> Result<Part> {
        let Some(c) = self.rest.next() else { return unsupported("a backslash at the end") };
        if let Some(category) = self.category(c) {
            return Ok(Part::One(Class::new(Vec::new(), vec![category], false, None)?));
        }
        match c {
            'A' => Ok(Part::Assert(Assertion::Start)),
            'Z' => Ok(Part::Assert(Assertion::End)),
            'b' | 'B' => Ok(Part::Assert(Assertion::Boundary { negated: c == 'B', alphabet: self.alphabet() })),
            _ => {
                let c = self.escaped(c)?;
                self.literal(c)
            }
        }
    }

    fn category(&self, c: char) -> Option<Category> {
        let kind = match c.to_ascii_lowercase() {
            'w' => Kind::Word,
            'd' => Kind::Decimal,
            's' => Kind::Space,
            _ => return None,
        };
        Some(Category { kind, negated: c.is_ascii_uppercase(), alphabet: self.alphabet() })
    }

    /// The character escaped as a backslash and `c`, inside and outside of classes.
    fn escaped(&mut self, c: char) -> Result<char> {
        let digits = match c {
            'a' => return Ok('\u{7}'),
            'f' => return Ok('\u{c}'),
            'n' => return Ok('\n'),
            'r' => return Ok('\r'),
            't' => return Ok('\t'),
            'v' => return Ok('\u{b}'),
            '0' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => return Ok('\0'),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            c if c.is_ascii_alphanumeric() => return unsupported(format!("the escape `\\{c}`")),
            c => return Ok(c),
        };
        let text = self.rest.as_str();
        let code = text.get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let found = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let Some(found) = found else { return unsupported(format!("the escape `\\{c}`")) };
        self.rest = text[digits..].chars();
        Ok(found)
    }

    fn class(&mut self) -> Result<Part> {
        let negated = self.accept("^");
        let (mut ranges, mut categories) = (Vec::new(), Vec::new());
        let mut first = true;
        loop {
            if !first && self.accept("]") {
                return self.class_of(ranges, categories, negated);
            }
            first = false;
            let start = match self.class_item()? {
                Item::Category(category) => {
                    categories.push(category);
                    // A range cannot begin with a category: Python rejects it too.
                    if self.rest.as_str().starts_with('-') && !self.rest.as_str().starts_with("-]") {
                        return unsupported("a range that begins with a category");
                    }
                    continue;
                }
                Item::Char(c) => c,
            };
            let is_range = self.rest.as_str().starts_with('-') && !self.rest.as_str().starts_with("-]");
            if !is_range {
                ranges.push((start, start));
                continue;
            }
            self.accept("-");
            match self.class_item()? {
                Item::Char(end) if start <= end => ranges.push((start, end)),
                _ => return unsupported("a bad range of characters"),
            }
        }
    }

    fn class_item(&mut self) -> Result<Item> {
        match self.rest.next() {
            None => unsupported("an unclosed character class"),
            Some('\\') => {
                let Some(c) = self.rest.next() else { return unsupported("a backslash at the end") };
                match self.category(c) {
                    Some(category) => Ok(Item::Category(category)),
                    None if c == 'b' => Ok(Item::Char('\u{8}')),
                    None => Ok(Item::Char(self.escaped(c)?)),
                }
            }
            Some(c) => Ok(Item::Char(c)),
        }
    }
}

enum Item {
    Char(char),
    Category(Category),
}

fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(Unsupported(what.into()))
}
