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
        /// The expected number of bytes.
        expected: u64,
        /// The number of bytes left.
        found: u64,
    },
    /// A text has no newline to end it.
    UnendedLine,
    /// A byte that is not an opcode.
    UnknownOpcode(u8),
    /// A protocol that does not exist yet.
    UnknownProtocol(u8),
    /// A length below zero.
    NegativeLength(i64),
    /// An operand begins in a frame and ends after it. Python's own implementations disagree about such files.
    FrameStraddled {
        /// The end of the frame.
        end: usize,
    },
    /// A frame begins, or content between the opcodes is read, before the last frame ended.
    FrameNotEnded {
        /// The end of the last frame.
        end: usize,
    },
    /// Fewer values on the stack, since the last mark, than the opcode takes.
    StackUnderflow(Opcode),
    /// There is no mark on the stack.
    NoMark(Opcode),
    /// The memo has no value with that key.
    NotInMemo(u64),
    /// A value is put at a place of the memo that no pickler reaches in so few bytes. Python's unpickler in C allocates
    /// all the places before it.
    FarInMemo(u64),
    /// The text argument of an opcode is invalid.
    BadText {
        /// The opcode.
        opcode: Opcode,
        /// The expected kind of text.
        expected: &'static str,
    },
    /// The value on the stack has the wrong type for the opcode.
    BadOperand {
        /// The opcode.
        opcode: Opcode,
        /// The expected type.
        expected: &'static str,
        /// The type found.
        found: &'static str,
    },
    /// A key without a value.
    OddItems(Opcode),
    /// One of [`crate::Limits`] or a limit of the format would be exceeded.
    Limit {
        /// Its name.
        name: &'static str,
        /// Its value.
        most: u64,
    },
    /// An error of [`crate::Host`].
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
                write!(f, "expected an operand to end with its frame at byte {end}, found a longer one")
            }
            Self::FrameNotEnded { end } => {
                write!(f, "expected the previous frame to end first, found its end at byte {end}")
            }
            Self::StackUnderflow(opcode) => write!(f, "`{}` found too few values on the stack", opcode.name()),
            Self::NoMark(opcode) => write!(f, "`{}` found no mark on the stack", opcode.name()),
            Self::NotInMemo(key) => write!(f, "the memo has no value with the key `{key}`"),
            Self::FarInMemo(key) => {
                write!(f, "expected a place in the memo that so few bytes can come to, found `{key}`")
            }
            Self::BadText { opcode, expected } => {
                write!(f, "`{}` expected {expected}, found other text", opcode.name())
            }
            Self::BadOperand { opcode, expected, found } => {
                write!(f, "`{}` expected {expected}, found {found}", opcode.name())
            }
            Self::OddItems(opcode) => write!(f, "`{}` found a key without a value", opcode.name()),
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
