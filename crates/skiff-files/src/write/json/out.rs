//! Buffered output, limited to a multiple of the model's size.

use std::io;

use skiff_pickle::Graph;

use super::quoted;
use crate::write::WriteError;
use crate::write::most_written;

/// The size of the buffer.
const WAITING: usize = 1 << 16;

pub(super) struct Text<'o> {
    out: &'o mut dyn io::Write,
    waiting: Vec<u8>,
    /// The remaining budget.
    left: u64,
}

impl<'o> Text<'o> {
    pub fn new(out: &'o mut dyn io::Write, graph: &Graph) -> Self {
        Self { out, waiting: Vec::with_capacity(WAITING), left: most_written(graph) }
    }

    pub fn text(&mut self, text: &str) {
        self.waiting.extend(text.as_bytes());
    }

    pub fn quoted(&mut self, text: &[u8]) -> Result<(), WriteError> {
        Ok(quoted(&mut self.waiting, text)?)
    }

    pub fn hex(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        for part in bytes.chunks(WAITING) {
            for byte in part {
                let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
                self.waiting
                    .extend([digit(byte >> 4), digit(byte & 15)].map(|digit| u8::try_from(digit).unwrap_or(b'0')));
            }
            self.flush()?;
        }
        Ok(())
    }

    /// Flushes the buffer if it is large enough.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        if self.waiting.len() < WAITING { Ok(()) } else { self.pass_on() }
    }

    pub fn finish(mut self) -> Result<(), WriteError> {
        self.pass_on()
    }

    fn pass_on(&mut self) -> Result<(), WriteError> {
        let length = u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or(WriteError::Repeated("JSON"))?;
        self.out.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }
}
