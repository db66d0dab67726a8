//! JSON as Python's `json` writes and reads it: `NaN`, `Infinity`, integers of any length, lone surrogates, and pairs
//! in their order with repeated keys kept. Values are in an arena, so that nothing recurses.

use std::collections::HashSet;
use std::ops::Range;

/// The index of a value in its [`Document`].
pub type Id = usize;

/// A value. Strings are UTF-8, with possible lone surrogates.
#[derive(Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// The position of its text.
    Number(Range<usize>),
    /// A string.
    Str(Vec<u8>),
    /// The items, in order.
    Array(Vec<Id>),
    /// The pairs, in order.
    Object(Vec<(Vec<u8>, Id)>),
}

/// All values of a text; the first is the outermost.
#[derive(Debug)]
pub struct Document<'a> {
    /// The text.
    pub text: &'a [u8],
    /// Each value once; containers refer to them by index.
    pub values: Vec<Json>,
}

impl<'a> Document<'a> {
    /// Reads all of `text`, of at most `most` values.
    ///
    /// # Errors
    /// The offset of invalid JSON, or of one value too many.
    pub fn parse(text: &'a [u8], most: u64) -> Result<Self, usize> {
        let mut parser = Parser { text, at: 0 };
        parser.document(most).map(|values| Self { text, values }).ok_or(parser.at)
    }

    /// The value with that id.
    pub fn value(&self, id: Id) -> &Json {
        self.values.get(id).unwrap_or(&Json::Null)
    }

    /// The value of an object's key; if it occurs twice, the later one, as in Python.
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        let Json::Object(pairs) = self.value(id) else { return None };
        pairs.iter().rev().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| *value)
    }

    /// Whether an object has a key twice.
    pub fn has_repeated_keys(&self) -> bool {
        let mut seen: HashSet<&[u8]> = HashSet::new();
        self.values.iter().any(|value| {
            let Json::Object(pairs) = value else { return false };
            seen.clear();
            !pairs.iter().all(|(key, _)| seen.insert(key))
        })
    }

    /// The string with that id, if it is a string without lone surrogates.
    pub fn text_of(&self, id: Id) -> Option<&str> {
        match self.value(id) {
            Json::Str(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    /// A number as it was written.
    pub fn number(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn document(&mut self, most: u64) -> Option<Vec<Json>> {
        let mut values: Vec<Json> = Vec::new();
        // The open containers, with the key of the next value.
        let mut open: Vec<(Id, Vec<u8>)> = Vec::new();
        'value: loop {
            self.space();
            let mut done = values.len();
            if u64::try_from(done).ok()? >= most {
                return None;
            }
            match self.peek()? {
                b'{' => {
                    self.at += 1;
                    values.push(Json::Object(Vec::new()));
                    if !self.eat(b'}') {
                        open.push((done, self.key()?));
                        continue;
                    }
                }
                b'[' => {
                    self.at += 1;
                    values.push(Json::Array(Vec::new()));
                    if !self.eat(b']') {
                        open.push((done, Vec::new()));
                        continue;
                    }
                }
                _ => values.push(self.scalar()?),
            }
            // A value has ended, and possibly its containers.
            loop {
                let Some((container, key)) = open.last_mut() else {
                    self.space();
                    return (self.at == self.text.len()).then_some(values);
                };
                let is_object = match values.get_mut(*container)? {
                    Json::Object(pairs) => {
                        pairs.push((std::mem::take(key), done));
                        true
                    }
                    Json::Array(items) => {
                        items.push(done);
                        false
                    }
                    _ => return None,
                };
                if self.eat(b',') {
                    if is_object {
                        *key = self.key()?;
                    }
                    continue 'value;
                }
                if !self.eat(if is_object { b'}' } else { b']' }) {
                    return None;
                }
                done = *container;
                open.pop();
            }
        }
    }

    fn key(&mut self) -> Option<Vec<u8>> {
        self.space();
        let key = self.string()?;
        self.eat(b':').then_some(key)
    }

    fn scalar(&mut self) -> Option<Json> {
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))] {
            if self.word(word) {
                return Some(value);
            }
        }
        if self.peek()? == b'"' {
            return self.string().map(Json::Str);
        }
        let start = self.at;
        if self.word("NaN") || self.word("Infinity") || self.word("-Infinity") {
            return Some(Json::Number(start..self.at));
        }
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
        {
            self.at += 1;
        }
        let number = Json::Number(start..self.at);
        let text = self.text.get(start..self.at).and_then(|text| std::str::from_utf8(text).ok())?;
        text.parse::<f64>().ok().map(|_| number)
    }

    fn string(&mut self) -> Option<Vec<u8>> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return std::str::from_utf8(&text).is_ok().then_some(()).or(surrogates(&text)).map(|()| text),
                b'\\' => self.escape(&mut text)?,
                0..0x20 => return None,
                _ => text.push(byte),
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let kind = self.peek()?;
        self.at += 1;
        text.push(match kind {
            b'"' | b'\\' | b'/' => kind,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut unit = self.unit()?;
                if (0xd800..0xdc00).contains(&unit) && self.text.get(self.at..)?.starts_with(b"\\u") {
                    let before = self.at;
                    self.at += 2;
                    match self.unit()? {
                        low @ 0xdc00..0xe000 => unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                        // Not a low surrogate: it is read separately.
                        _ => self.at = before,
                    }
                }
                match char::from_u32(unit) {
                    Some(character) => {
                        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                        return Some(());
                    }
                    None => {
                        // A lone surrogate, as Python's `surrogatepass` writes it.
                        let [_, high, middle, low] =
                            [0, 0xe0 | unit >> 12, 0x80 | unit >> 6 & 0x3f, 0x80 | unit & 0x3f];
                        text.extend([high, middle, low].map(|byte| u8::try_from(byte).unwrap_or(b'?')));
                        return Some(());
                    }
                }
            }
            _ => return None,
        });
        Some(())
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = std::str::from_utf8(self.text.get(self.at..self.at + 4)?).ok()?;
        self.at += 4;
        digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
        u32::from_str_radix(digits, 16).ok()
    }

    fn space(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes()));
        self.at += if found { word.len() } else { 0 };
        found
    }
}

/// Whether text is UTF-8, allowing lone surrogates.
fn surrogates(text: &[u8]) -> Option<()> {
    let mut rest = text;
    while let Err(error) = std::str::from_utf8(rest) {
        let (_, bad) = rest.split_at_checked(error.valid_up_to())?;
        match bad {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, after @ ..] => rest = after,
            _ => return None,
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(text: &str) -> Option<Json> {
        Document::parse(text.as_bytes(), 100).ok().and_then(|mut document| document.values.drain(..1).next())
    }

    #[test]
    fn what_python_writes() {
        assert_eq!(first("NaN"), Some(Json::Number(0..3)));
        assert_eq!(first("-Infinity"), Some(Json::Number(0..9)));
        assert_eq!(first(r#""\ud83d\udef6 \ud800""#), Some(Json::Str(b"\xf0\x9f\x9b\xb6 \xed\xa0\x80".to_vec())));
        assert_eq!(first(r#""\ud800\n""#), Some(Json::Str(b"\xed\xa0\x80\n".to_vec())));
        assert_eq!(first(&"9".repeat(400)), Some(Json::Number(0..400)));
        let document = Document::parse(br#" {"a": [1, {}], "b": null, "a": [] } "#, 100).unwrap();
        assert_eq!(document.value(document.get(0, "a").unwrap()), &Json::Array(vec![]));
        let Json::Object(pairs) = document.value(0) else { panic!("an object") };
        assert_eq!(pairs.len(), 3, "both of one key");
    }

    #[test]
    fn what_is_no_json() {
        for text in
            ["", "{", "[1 2]", "[1,]", "{\"a\" 1}", "{1: 2}", "\"", "\"\\u12\"", "nul", "1.2.3", "[]x", "\"\n\"", "--1"]
        {
            assert_eq!(first(text), None, "{text:?}");
        }
        assert!(Document::parse("[".repeat(1_000_000).as_bytes(), 1 << 40).is_err());
        assert!(Document::parse(b"[1,2,3]", 3).is_err());
    }
}
