//! Text that is written while it is made: files of large models are never in memory as a whole.

use std::fmt;
use std::io::{self, Write};

/// How many bytes are gathered before they are written.
const GATHERED: usize = 1 << 16;

/// The text of a file. Writing to it never fails: the first error is what `finish` returns, and nothing is written after it.
pub(crate) struct Text<'w> {
    to: &'w mut dyn Write,
    gathered: String,
    error: Option<io::Error>,
}

impl<'w> Text<'w> {
    pub(crate) fn new(to: &'w mut dyn Write) -> Self {
        Self { to, gathered: String::with_capacity(GATHERED), error: None }
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.gathered.push_str(text);
        if self.gathered.len() >= GATHERED {
            self.pass_on();
        }
    }

    pub(crate) fn push(&mut self, character: char) {
        self.push_str(character.encode_utf8(&mut [0; 4]));
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.pass_on();
        self.error.map_or(Ok(()), Err)
    }

    fn pass_on(&mut self) {
        if self.error.is_none() {
            self.error = self.to.write_all(self.gathered.as_bytes()).err();
        }
        self.gathered.clear();
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    /// Takes so many bytes, and fails then.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let written = bytes.len().min(self.0);
            self.0 -= written;
            if written == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(written) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write(out: &mut Text<'_>) {
        for number in 0..100_000 {
            writeln!(out, "line {number}").expect("it keeps errors");
            out.push('é');
        }
    }

    #[test]
    fn all_that_is_written_arrives_in_order() {
        let mut bytes = Vec::new();
        let mut out = Text::new(&mut bytes);
        write(&mut out);
        out.finish().expect("a vector takes all bytes");
        let expected: String = (0..100_000).map(|number| format!("line {number}\né")).collect();
        assert!(bytes == expected.as_bytes());
    }

    #[test]
    fn the_first_error_is_returned() {
        for left in [0, 10, GATHERED, 500_000] {
            let mut full = Full(left);
            let mut out = Text::new(&mut full);
            write(&mut out);
            assert_eq!(out.finish().map_err(|error| error.kind()), Err(io::ErrorKind::StorageFull), "{left}");
        }
    }
}
