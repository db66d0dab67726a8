//! Text files of one document a line.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use skiff::table::Texts;

use super::{BATCH_ROWS, Batch, Source, shown, source};
use crate::report::Failure;

/// The lines of a file, each a document.
pub struct TextLines {
    path: PathBuf,
    reader: BufReader<Source>,
    line: u64,
}

impl TextLines {
    /// Opens a file.
    pub fn open(path: &Path, progress: &ProgressBar) -> Result<Self, Failure> {
        Ok(Self { path: path.to_owned(), reader: BufReader::new(source(path, progress)?), line: 0 })
    }
}

impl Iterator for TextLines {
    type Item = Result<Batch, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
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
                Err(error) => return Some(Err(Failure::data(&shown(&self.path), error).at_line(self.line + 1))),
            }
        }
        (!lines.is_empty()).then(|| Ok(Batch::Texts(Texts::from_iter(lines))))
    }
}
