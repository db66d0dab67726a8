//! Bytes to opcodes: arguments are borrowed, offsets are absolute, and no declared length is ever allocated.

use crate::error::{Error, ErrorKind};
use crate::opcode::{ArgumentKind, Opcode};

/// An iterator over the instructions of a pickle.
///
/// Frames are treated as by Python's unpickler written in Python (the one that joblib uses): a frame is optional, an instruction
/// may be outside of any, but nothing that begins in a frame may end after it.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    offset: usize,
    /// The end of the current frame; at or below `offset` if there is none.
    frame_end: usize,
    /// `STOP` or an error was seen: the iterator is at its end.
    ended: bool,
}

/// An opcode with its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Instruction<'a> {
    /// The offset of the opcode's byte.
    pub offset: usize,
    /// The opcode.
    pub opcode: Opcode,
    /// Its argument.
    pub argument: Argument<'a>,
}

/// The argument of an opcode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument<'a> {
    /// Nothing.
    None,
    /// A number of up to four bytes.
    Int(i64),
    /// `FRAME`'s length.
    Size(u64),
    /// `BINFLOAT`'s number.
    Float(f64),
    /// Bytes whose length was given, or a line without its newline.
    Bytes(BytesAt<'a>),
    /// Two lines.
    Pair(BytesAt<'a>, BytesAt<'a>),
}

/// Some of the bytes, with their offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BytesAt<'a> {
    /// The offset of the first.
    pub start: usize,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Starts at `offset`; offsets are relative to the first of `bytes`.
    pub fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset, frame_end: 0, ended: false }
    }

    /// The offset of the next instruction.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The end of the current frame, unless it has ended.
    pub fn frame_end(&self) -> Option<usize> {
        (self.offset < self.frame_end).then_some(self.frame_end)
    }

    /// The number of bytes, from the first.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Skips content between the opcodes, and continues at `offset`.
    pub(crate) fn go_on_at(&mut self, offset: usize) {
        self.offset = offset;
    }

    /// The next instruction; after `STOP`, the first of the next pickle.
    ///
    /// # Errors
    /// Bytes that are not an instruction, or that end within one.
    #[inline]
    pub fn instruction(&mut self) -> Result<Instruction<'a>, Error> {
        let offset = self.offset;
        let [byte] = self.take_array::<1>()?;
        let opcode = Opcode::from_byte(byte).ok_or_else(|| Error::new(offset, ErrorKind::UnknownOpcode(byte)))?;
        let argument = match opcode.argument() {
            ArgumentKind::None => Argument::None,
            ArgumentKind::UInt1 => Argument::Int(u8::from_le_bytes(self.take_array()?).into()),
            ArgumentKind::UInt2 => Argument::Int(u16::from_le_bytes(self.take_array()?).into()),
            ArgumentKind::Int4 => Argument::Int(i32::from_le_bytes(self.take_array()?).into()),
            ArgumentKind::UInt4 => Argument::Int(u32::from_le_bytes(self.take_array()?).into()),
            ArgumentKind::UInt8 => Argument::Size(u64::from_le_bytes(self.take_array()?)),
            ArgumentKind::Float8 => Argument::Float(f64::from_be_bytes(self.take_array()?)),
            ArgumentKind::Line => Argument::Bytes(self.line()?),
            ArgumentKind::TwoLines => Argument::Pair(self.line()?, self.line()?),
            ArgumentKind::Bytes1 => {
                let length = u8::from_le_bytes(self.take_array()?);
                Argument::Bytes(self.take(length.into())?)
            }
            ArgumentKind::Bytes4 => {
                let length = u32::from_le_bytes(self.take_array()?);
                Argument::Bytes(self.take(length.into())?)
            }
            ArgumentKind::SignedBytes4 => {
                let length = i32::from_le_bytes(self.take_array()?);
                let length =
                    u64::try_from(length).map_err(|_| Error::new(offset, ErrorKind::NegativeLength(length.into())))?;
                Argument::Bytes(self.take(length)?)
            }
            ArgumentKind::Bytes8 => {
                let length = u64::from_le_bytes(self.take_array()?);
                Argument::Bytes(self.take(length)?)
            }
        };
        if let (Opcode::Frame, Argument::Size(length)) = (opcode, argument) {
            self.begin_frame(offset, length)?;
        }
        Ok(Instruction { offset, opcode, argument })
    }

    fn begin_frame(&mut self, offset: usize, length: u64) -> Result<(), Error> {
        if let Some(end) = self.frame_end() {
            return Err(Error::new(offset, ErrorKind::FrameNotEnded { end }));
        }
        let found = self.bytes.len().saturating_sub(self.offset);
        match usize::try_from(length).ok().filter(|&length| length <= found) {
            Some(length) => self.frame_end = self.offset.saturating_add(length),
            None => return Err(Error::new(self.offset, truncated(length, found))),
        }
        Ok(())
    }

    #[inline]
    fn take(&mut self, length: u64) -> Result<BytesAt<'a>, Error> {
        let start = self.offset;
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        if let Some((end, bytes)) = end.and_then(|end| Some((end, self.bytes.get(start..end)?))) {
            if start < self.frame_end && self.frame_end < end {
                return Err(Error::new(start, ErrorKind::FrameStraddled { end: self.frame_end }));
            }
            self.offset = end;
            return Ok(BytesAt { start, bytes });
        }
        Err(Error::new(start, truncated(length, self.bytes.len().saturating_sub(start))))
    }

    #[inline]
    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let start = self.offset;
        let Some((array, _)) = self.bytes.get(start..).and_then(|rest| rest.split_first_chunk::<N>()) else {
            let expected = u64::try_from(N).unwrap_or(u64::MAX);
            return Err(Error::new(start, truncated(expected, self.bytes.len().saturating_sub(start))));
        };
        let end = start.saturating_add(N);
        if start < self.frame_end && self.frame_end < end {
            return Err(Error::new(start, ErrorKind::FrameStraddled { end: self.frame_end }));
        }
        self.offset = end;
        Ok(*array)
    }

    /// Text up to a newline, which is consumed but not returned.
    fn line(&mut self) -> Result<BytesAt<'a>, Error> {
        let start = self.offset;
        // A line that crosses the end of a frame is an error, without searching beyond the frame.
        let bytes = match self.frame_end() {
            Some(end) => self.bytes.get(start..end),
            None => self.bytes.get(start..),
        };
        let bytes = bytes.unwrap_or_default();
        match bytes.iter().position(|&byte| byte == b'\n') {
            Some(length) => {
                let line = bytes.get(..length).unwrap_or_default();
                self.offset = start.saturating_add(length).saturating_add(1);
                Ok(BytesAt { start, bytes: line })
            }
            None => Err(Error::new(
                start,
                match self.frame_end() {
                    Some(end) if end < self.bytes.len() => ErrorKind::FrameStraddled { end },
                    _ => ErrorKind::UnendedLine,
                },
            )),
        }
    }
}

/// Instructions up to and including the first `STOP`, or up to an error.
impl<'a> Iterator for Decoder<'a> {
    type Item = Result<Instruction<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.instruction();
        self.ended = !matches!(&item, Ok(instruction) if instruction.opcode != Opcode::Stop);
        Some(item)
    }
}

fn truncated(expected: u64, found: usize) -> ErrorKind {
    ErrorKind::Truncated { expected, found: u64::try_from(found).unwrap_or(u64::MAX) }
}
