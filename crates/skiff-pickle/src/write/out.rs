//! The output of pickles, with its position.

use std::fmt;
use std::io;

use super::WriteError;

/// The output of a pickle, with its position.
pub struct Out<'a> {
    pub(super) to: &'a mut dyn io::Write,
    pub(super) position: u64,
    /// The nesting of pickles being written in each other's content.
    pub(super) nested: u32,
    /// What the outermost pickle begins with, for those who look for it: [`comment`](crate::comment).
    pub(super) comment: Option<&'a str>,
}

impl<'a> Out<'a> {
    /// Writes to `to`; positions are relative to here.
    pub fn new(to: &'a mut dyn io::Write) -> Self {
        Self { to, position: 0, nested: 0, comment: None }
    }

    /// Begins the pickle with a string that is put on the stack and taken off again, so that no loader makes anything of it.
    /// [`comment`](crate::comment) finds it.
    #[must_use]
    pub fn with_comment(self, comment: Option<&'a str>) -> Self {
        Self { comment, ..self }
    }

    /// The number of bytes written.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// Errors of the underlying writer.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.to.write_all(bytes).map_err(WriteError::Io)?;
        self.position = self.position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

impl fmt::Debug for Out<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Out({} bytes)", self.position)
    }
}
