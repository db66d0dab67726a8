//! Python pickles as inert object graphs: every opcode of protocols 0 to 5, read and written, and nothing executed.
//!
//! Stages, each in its room: `opcode` (the table), `decode` (bytes to opcodes), `machine` (opcodes to [`Graph`]),
//! `write` (graph to bytes), `disassemble` (to look at).
#![forbid(unsafe_code)]

mod bytes;
mod decode;
mod error;
mod graph;
mod limits;
mod machine;
mod memo;
mod opcode;
mod text;

pub use bytes::Bytes;
pub use decode::{Argument, Decoder, Instruction, Part};
pub use error::{Error, ErrorKind};
pub use graph::{Change, Global, Graph, Make, Node, NodeId, Object, Payload, Span};
pub use limits::{Budget, Limits};
pub use machine::{End, Host, Rest, read, read_first, read_into};
pub use opcode::{ArgumentKind, Opcode};
