//! Python's literals, as far as the headers of `.npy` files use them.

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    None,
    Bool(bool),
    Int(i64),
    Str(String),
    /// A tuple or a list.
    Items(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    /// Reads all of `text`; `None` if it is not such a literal, or nested deeper than any header.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser { rest: text };
        let literal = parser.literal(16)?;
        parser.space();
        parser.rest.is_empty().then_some(literal)
    }

    /// The value of a dict's key; if it occurs twice, the later one, as in Python.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(pairs) = self else { return None };
        pairs.iter().rev().find(|(name, _)| matches!(name, Self::Str(name) if name == key)).map(|(_, value)| value)
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn literal(&mut self, depth: u32) -> Option<Literal> {
        let depth = depth.checked_sub(1)?;
        self.space();
        for (word, literal) in [("None", Literal::None), ("True", Literal::Bool(true)), ("False", Literal::Bool(false))]
        {
            if self.eat(word) {
                return Some(literal);
            }
        }
        match self.rest.chars().next()? {
            '(' => self.items('(', ')', depth).map(|(items, comma)| match <[Literal; 1]>::try_from(items) {
                // `(x)` is `x`, `(x,)` a tuple.
                Ok([only]) if !comma => only,
                Ok([only]) => Literal::Items(vec![only]),
                Err(items) => Literal::Items(items),
            }),
            '[' => self.items('[', ']', depth).map(|(items, _)| Literal::Items(items)),
            '{' => self.dict(depth),
            '0'..='9' | '-' => self.integer(),
            _ => self.string(),
        }
    }

    fn items(&mut self, open: char, close: char, depth: u32) -> Option<(Vec<Literal>, bool)> {
        self.eat_char(open).then_some(())?;
        let (mut items, mut comma) = (Vec::new(), false);
        loop {
            self.space();
            if self.eat_char(close) {
                return Some((items, comma));
            }
            if !items.is_empty() && !comma {
                return None;
            }
            items.push(self.literal(depth)?);
            self.space();
            comma = self.eat_char(',');
        }
    }

    fn dict(&mut self, depth: u32) -> Option<Literal> {
        self.eat_char('{').then_some(())?;
        let (mut pairs, mut comma) = (Vec::new(), true);
        loop {
            self.space();
            if self.eat_char('}') {
                return Some(Literal::Dict(pairs));
            }
            if !comma {
                return None;
            }
            let key = self.literal(depth)?;
            self.space();
            self.eat_char(':').then_some(())?;
            pairs.push((key, self.literal(depth)?));
            self.space();
            comma = self.eat_char(',');
        }
    }

    fn integer(&mut self) -> Option<Literal> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        // Python 2 marks long integers.
        self.rest = rest.strip_prefix('L').unwrap_or(rest);
        digits.parse().ok().map(Literal::Int)
    }

    fn string(&mut self) -> Option<Literal> {
        // Python 2 marks text, Python 3 bytes.
        self.rest = self.rest.strip_prefix(['u', 'b']).unwrap_or(self.rest);
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        self.eat_char(quote);
        let mut text = String::new();
        loop {
            let mut characters = self.rest.chars();
            let character = characters.next()?;
            self.rest = characters.as_str();
            match character {
                '\\' => text.push(self.escape()?),
                _ if character == quote => return Some(Literal::Str(text)),
                _ => text.push(character),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let kind = characters.next()?;
        self.rest = characters.as_str();
        let digits = match kind {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            '\\' | '\'' | '"' => return Some(kind),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let (digits, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn eat(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn eat_char(&mut self, character: char) -> bool {
        let rest = self.rest.strip_prefix(character);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let header =
            Literal::parse("{'descr': [('a\\'\\xfc', '<f4', (2,)), ], 'fortran_order': False, 'shape': (3L, 4), } \n");
        let header = header.unwrap();
        assert_eq!(header.get("shape"), Some(&Literal::Items(vec![Literal::Int(3), Literal::Int(4)])));
        assert_eq!(header.get("fortran_order"), Some(&Literal::Bool(false)));
        let field = [Literal::Str("a'ü".into()), Literal::Str("<f4".into()), Literal::Items(vec![Literal::Int(2)])];
        assert_eq!(header.get("descr"), Some(&Literal::Items(vec![Literal::Items(field.into())])));
        assert_eq!(Literal::parse("(7)"), Some(Literal::Int(7)));
        assert_eq!(Literal::parse("()"), Some(Literal::Items(vec![])));
        for text in [
            "",
            "{",
            "(1 2)",
            "{'a' 1}",
            "'",
            "'\\",
            "'\\x",
            "1-",
            "[1,2",
            "{1:2 3:4}",
            "é",
            "None x",
            "99999999999999999999",
        ] {
            assert_eq!(Literal::parse(text), None, "{text:?}");
        }
        assert_eq!(Literal::parse(&"(".repeat(100_000)), None);
    }
}
