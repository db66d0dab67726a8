//! Why a pickle could not be read.

use std::fmt;

use crate::opcode::Opcode;

/// What is wrong, and where.
#[derive(Debug)]
pub struct Error {
    /// The offset in the buffer that was read, from its first byte.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ErrorKind,
}

/// What is wrong with a pickle.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes end too early.
    Truncated {
        /// How many bytes were asked for.
        expected: u64,
        /// How many there were.
        found: u64,
    },
    /// A text has no newline to end it.
    UnendedLine,
    /// A byte that stands for no opcode.
    UnknownOpcode(u8),
    /// A protocol that does not exist yet.
    UnknownProtocol(u8),
    /// A length below zero.
    NegativeLength(i64),
    /// An operand begins in a frame and ends after it. Python's own implementations disagree about such files.
    FrameStraddled {
        /// Where the frame ends.
        end: usize,
    },
    /// A frame begins, or content beside the opcodes is asked for, before the last frame ended.
    FrameNotEnded {
        /// Where the last frame ends.
        end: usize,
    },
    /// Fewer values on the stack, since the last mark, than the opcode takes.
    StackUnderflow(Opcode),
    /// There is no mark to go down to.
    NoMark(Opcode),
    /// The memo holds nothing under that number.
    NotInMemo(u64),
    /// The text of an opcode says nothing that Python would understand.
    BadText {
        /// The opcode.
        opcode: Opcode,
        /// What the text should have been.
        expected: &'static str,
    },
    /// What lies on the stack is nothing that the opcode can work with.
    BadOperand {
        /// The opcode.
        opcode: Opcode,
        /// What it needs.
        expected: &'static str,
        /// What lies there.
        found: &'static str,
    },
    /// A key without a value.
    OddItems(Opcode),
    /// One of [`crate::Limits`], or of the format, would be exceeded.
    Limit {
        /// Its name.
        name: &'static str,
        /// How much it allows.
        most: u64,
    },
    /// What [`crate::Host`] said.
    Host(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn new(offset: usize, kind: ErrorKind) -> Self {
        Self { offset, kind }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { expected, found } => write!(f, "expected {expected} more bytes, found {found}"),
            Self::UnendedLine => write!(f, "expected a newline at the end of a text, found the end of the bytes"),
            Self::UnknownOpcode(byte) => write!(f, "expected an opcode, found byte `0x{byte:02x}`"),
            Self::UnknownProtocol(protocol) => write!(f, "expected a protocol from `0` to `5`, found `{protocol}`"),
            Self::NegativeLength(length) => write!(f, "expected a length of zero or more, found `{length}`"),
            Self::FrameStraddled { end } => {
                write!(f, "expected an operand to end with its frame at byte {end}, found it to go on")
            }
            Self::FrameNotEnded { end } => {
                write!(f, "expected the frame to end first, found that it ends at byte {end}")
            }
            Self::StackUnderflow(opcode) => write!(f, "`{}` finds too few values on the stack", opcode.name()),
            Self::NoMark(opcode) => write!(f, "`{}` finds no mark on the stack", opcode.name()),
            Self::NotInMemo(key) => write!(f, "nothing is in the memo under `{key}`"),
            Self::BadText { opcode, expected } => {
                write!(f, "`{}` expected {expected}, found other text", opcode.name())
            }
            Self::BadOperand { opcode, expected, found } => {
                write!(f, "`{}` expected {expected}, found {found}", opcode.name())
            }
            Self::OddItems(opcode) => write!(f, "`{}` finds a key without a value", opcode.name()),
            Self::Limit { name: "time", most } => write!(f, "the limit `time` of {most} milliseconds is exceeded"),
            Self::Limit { name, most } => write!(f, "the limit `{name}` of {most} is exceeded"),
            Self::Host(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Host(error) => Some(&**error),
            _ => None,
        }
    }
}
