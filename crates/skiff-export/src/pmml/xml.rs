//! Writing XML: elements one after the other, without a tree of them in memory.

use std::io::{self, BufWriter, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// The elements of a document, in the order in which they are written.
pub(super) struct Xml<'w> {
    writer: Writer<BufWriter<&'w mut dyn Write>>,
    open: Vec<&'static str>,
    /// The first error of what it is written to.
    error: Option<io::Error>,
    /// The first character that XML 1.0 has no way to write.
    invalid: Option<char>,
}

impl<'w> Xml<'w> {
    /// A document with its declaration.
    pub(super) fn new(to: &'w mut dyn Write) -> Self {
        let writer = Writer::new_with_indent(BufWriter::new(to), b' ', 1);
        let mut xml = Self { writer, open: Vec::new(), error: None, invalid: None };
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    /// Begins an element.
    pub(super) fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        let start = self.start(name, attributes);
        self.write(Event::Start(start));
        self.open.push(name);
    }

    /// Ends the element that was begun last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.write(Event::End(BytesEnd::new(name)));
        }
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        let start = self.start(name, attributes);
        self.write(Event::Empty(start));
    }

    /// An element that contains text.
    pub(super) fn text(&mut self, name: &'static str, attributes: &[(&str, &str)], text: &str) {
        let start = self.start(name, attributes);
        let text = self.escaped(text);
        self.write(Event::Start(start));
        self.write(Event::Text(BytesText::from_escaped(text)));
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// An element without attributes that contains text, as rows of tables have, whose names are their columns'.
    pub(super) fn named_text(&mut self, name: &str, text: &str) {
        let text = self.escaped(text);
        self.write(Event::Start(BytesStart::new(name)));
        self.write(Event::Text(BytesText::from_escaped(text)));
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// Writes what is left; the first character that the document cannot hold, if there is one.
    pub(super) fn finish(self) -> io::Result<Option<char>> {
        match self.error {
            Some(error) => Err(error),
            None => self.writer.into_inner().flush().map(|()| self.invalid),
        }
    }

    fn start(&mut self, name: &'static str, attributes: &[(&str, &str)]) -> BytesStart<'static> {
        let mut start = BytesStart::new(name);
        for (key, value) in attributes {
            let value = self.escaped(value);
            start.push_attribute((key.as_bytes(), value.as_bytes()));
        }
        start
    }

    /// Text as it stands in content and in attributes, where white space that is written as it is would become blanks.
    fn escaped(&mut self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\t' => escaped.push_str("&#9;"),
                '\n' => escaped.push_str("&#10;"),
                '\r' => escaped.push_str("&#13;"),
                // The characters of XML 1.0, section 2.2.
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => self.invalid = self.invalid.or(Some(character)),
                other => escaped.push(other),
            }
        }
        escaped
    }

    fn write(&mut self, event: Event<'_>) {
        if self.error.is_none() {
            self.error = self.writer.write_event(event).err();
        }
    }
}

/// A double as the shortest text that is the same double.
pub(super) fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "INF".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-INF".to_owned()
    } else if value != 0.0 && !(1e-5..1e16).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        format!("{value:?}")
    }
}
