//! Files that take their name when they are whole: a crash leaves the old one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Finish;
use crate::report::Failure;

/// A file under a temporary name, beside the one that it is to replace.
#[derive(Debug)]
pub struct Replacing {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    finished: bool,
}

impl Replacing {
    /// Begins a file that will be called `path`.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(name);
        let file = File::create(&temporary).map_err(|error| Failure::data(path, error))?;
        Ok(Self { file: BufWriter::new(file), temporary, path: path.to_owned(), finished: false })
    }
}

impl Finish for Replacing {
    fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.finished = true;
        Ok(())
    }
}

impl Write for Replacing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Replacing {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.file.seek(position)
    }
}

impl Drop for Replacing {
    fn drop(&mut self) {
        if !self.finished {
            // What was half written is nothing; if it cannot be removed either, its name says so.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
