//! Text files with one document per line.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use skiff::table::Texts;

use super::source::{self, Stream};
use super::{BATCH_ROWS, Batch, Content};
use crate::input::shown;
use crate::report::Failure;

/// The lines of a file, each a document.
pub struct TextLines {
    path: PathBuf,
    reader: Stream,
    line: u64,
}

impl TextLines {
    /// Opens a file.
    pub fn open(path: &Path, progress: &ProgressBar) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), reader: source::open(path, progress)?, line: 0 })
    }
}

impl Iterator for TextLines {
    type Item = Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.line + 1;
        let mut lines = Vec::new();
        while lines.len() < BATCH_ROWS {
            let mut line = String::new();
            match self.reader.read_line(&mut line) {
                Ok(0) => break,
                Ok(_) => {
                    self.line += 1;
                    line.truncate(line.trim_end_matches(['\n', '\r']).len());
                    lines.push(line);
                }
                Err(error) => {
                    let line = self.line + 1;
                    let failure = match error.kind() {
                        std::io::ErrorKind::InvalidData => source::not_utf8(&self.path, line),
                        _ => Failure::data(shown(&self.path), format!("cannot read the data: {error}")).at_line(line),
                    };
                    return Some(Err(failure));
                }
            }
        }
        if self.line == 0 {
            return Some(Err(Failure::data(shown(&self.path), "the data is empty")));
        }
        let numbers = (first..=self.line).collect();
        (!lines.is_empty()).then(|| Ok(Batch { lines: numbers, content: Content::Texts(Texts::from_iter(lines)) }))
    }
}
