//! The values of a JSON file, one after the other: one per line, or those of an array.

use std::io;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::Value as Json;

use super::source::{self, Copy, Stream};
use crate::input::{is_stream, shown};
use crate::report::Failure;

/// The layout of the values of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One per line.
    Lines,
    /// In an array, or one after the other.
    Array,
}

/// Reads values one after the other.
pub struct JsonValues {
    path: PathBuf,
    progress: ProgressBar,
    values: Values,
    /// The position to seek back to.
    mark: Option<Mark>,
}

/// The source of values.
enum Values {
    Lines { stream: Stream, line: u64 },
    Array(Array),
}

/// A position to seek back to.
enum Mark {
    /// After this line of a file.
    Line(u64),
    /// The beginning of the copy, which is after this line of standard input.
    Copy(Copy, u64),
    /// In an array.
    Array(usize, u64),
}

/// The text of an array, and the position of the next value.
struct Array {
    text: Vec<u8>,
    at: usize,
    line: u64,
    /// Whether values are in brackets, separated by commas.
    has_brackets: bool,
}

impl JsonValues {
    /// Opens a file.
    pub fn open(path: &Path, layout: Layout, progress: &ProgressBar) -> Result<Self, Failure> {
        let mut stream = source::open(path, progress)?;
        let values = match layout {
            Layout::Lines => Values::Lines { stream, line: 0 },
            Layout::Array => {
                let mut text = Vec::new();
                stream.read_to_end(&mut text).map_err(|error| Failure::data(shown(path), error))?;
                let mut array = Array { text, at: 0, line: 1, has_brackets: false };
                array.begin();
                Values::Array(array)
            }
        };
        Ok(Self { path: path.to_owned(), progress: progress.clone(), values, mark: None })
    }

    /// The next value, and the line that it begins on.
    pub fn read(&mut self) -> Result<Option<(u64, Json)>, Failure> {
        let read = match &mut self.values {
            Values::Lines { stream, line } => read_line(stream, line),
            Values::Array(array) => array.read(),
        };
        read.map_err(|(line, what)| Failure::data(shown(&self.path), what).at_line(line))
    }

    /// Marks the current position.
    pub fn mark(&mut self) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::data(shown(&self.path), error);
        self.mark = Some(match &mut self.values {
            Values::Array(array) => Mark::Array(array.at, array.line),
            Values::Lines { stream, line } if is_stream(&self.path) => {
                let mut copy = Copy::of(stream).map_err(failed)?;
                *stream = copy.open().map_err(failed)?;
                Mark::Copy(copy, *line)
            }
            Values::Lines { line, .. } => Mark::Line(*line),
        });
        Ok(())
    }

    /// Seeks back to the mark.
    pub fn back(&mut self) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::data(shown(&self.path), error);
        match (self.mark.take(), &mut self.values) {
            (Some(Mark::Array(at, line)), Values::Array(array)) => (array.at, array.line) = (at, line),
            (Some(Mark::Copy(mut copy, before)), Values::Lines { stream, line }) => {
                *stream = copy.open().map_err(failed)?;
                *line = before;
            }
            (Some(Mark::Line(before)), Values::Lines { stream, line }) => {
                self.progress.set_position(0);
                *stream = source::open(&self.path, &self.progress)?;
                *line = before;
                let mut passed = Vec::new();
                for _ in 0..before {
                    passed.clear();
                    stream.read_until(b'\n', &mut passed).map_err(failed)?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is wrong, and on which line.
type Wrong = (u64, String);

fn read_line(stream: &mut Stream, line: &mut u64) -> Result<Option<(u64, Json)>, Wrong> {
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = stream.read_until(b'\n', &mut text);
        if read.map_err(|error| (*line + 1, format!("cannot read the data: {error}")))? == 0 {
            return Ok(None);
        }
        *line += 1;
        let text = if *line == 1 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text) } else { &text };
        if !text.iter().all(u8::is_ascii_whitespace) {
            let value = serde_json::from_slice(text).map_err(|error| (*line, not_json(&error)))?;
            return Ok(Some((*line, value)));
        }
    }
}

/// What is wrong with a text, without serde's own count of lines.
fn not_json(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    format!("expected JSON: {text}, column {}", error.column())
}

impl Array {
    fn begin(&mut self) {
        if self.text.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
        }
        self.skip_spaces();
        if self.text.get(self.at) == Some(&b'[') {
            self.has_brackets = true;
            self.at += 1;
        }
    }

    fn skip_spaces(&mut self) {
        while let Some(byte) = self.text.get(self.at).filter(|byte| byte.is_ascii_whitespace()) {
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
    }

    fn read(&mut self) -> Result<Option<(u64, Json)>, Wrong> {
        self.skip_spaces();
        let rest = self.text.get(self.at..).unwrap_or_default();
        match rest.first() {
            None if self.has_brackets => return Err((self.line, "expected JSON: the array has no end".to_owned())),
            None => return Ok(None),
            Some(b']') if self.has_brackets => {
                self.at += 1;
                self.skip_spaces();
                return match self.text.get(self.at) {
                    None => {
                        self.has_brackets = false;
                        Ok(None)
                    }
                    Some(_) => Err((self.line, "expected nothing after the array".to_owned())),
                };
            }
            Some(_) => {}
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Json>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                let line = self.line + u64::try_from(error.line().saturating_sub(1)).unwrap_or(0);
                return Err((line, not_json(&error)));
            }
            None => return Ok(None),
        };
        let (line, length) = (self.line, values.byte_offset());
        let lines = rest.iter().take(length).filter(|byte| **byte == b'\n').count();
        self.line += u64::try_from(lines).unwrap_or(0);
        self.at += length;
        self.skip_spaces();
        if self.has_brackets {
            match self.text.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {}
                _ => return Err((self.line, "expected `,` or `]` after a value of the array".to_owned())),
            }
        }
        Ok(Some((line, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<(u64, Json), u64>> {
        let mut array = Array { text: text.into(), at: 0, line: 1, has_brackets: false };
        array.begin();
        let mut all = Vec::new();
        loop {
            match array.read() {
                Ok(Some(row)) => all.push(Ok(row)),
                Ok(None) => return all,
                Err((line, _)) => {
                    all.push(Err(line));
                    return all;
                }
            }
        }
    }

    #[test]
    fn the_values_of_an_array_have_lines() {
        assert_eq!(read("[\n 1,\n[2,\n3] ,4]\n"), [Ok((2, 1.into())), Ok((3, vec![2, 3].into())), Ok((4, 4.into()))]);
        assert_eq!(read("[]"), []);
        assert_eq!(read("1\n2\n"), [Ok((1, 1.into())), Ok((2, 2.into()))]);
        for (text, line) in [("[1 2]", 1), ("[1,\n", 2), ("[1]\nx", 2), ("[\n1,\n?]", 3)] {
            assert_eq!(read(text).last(), Some(&Err(line)), "{text:?}");
        }
    }
}
