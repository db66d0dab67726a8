//! Where pickles are written to, and how far they are.

use std::fmt;
use std::io;

use super::WriteError;

/// Where a pickle is written to, with its position.
pub struct Out<'a> {
    pub(super) to: &'a mut dyn io::Write,
    pub(super) position: u64,
    /// How many pickles are being written, one within the content of the other.
    pub(super) nested: u32,
}

impl<'a> Out<'a> {
    /// Writes to `to`; positions count from here.
    pub fn new(to: &'a mut dyn io::Write) -> Self {
        Self { to, position: 0, nested: 0 }
    }

    /// How many bytes were written.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// What the writer below reports.
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
