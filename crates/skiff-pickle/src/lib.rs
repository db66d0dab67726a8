//! Python pickles as inert object graphs: every opcode of protocols 0 to 5, read and written, and nothing executed.
//!
//! Stages, each in its module: `opcode` (the table), `decode` (bytes to opcodes), `machine` (opcodes to [`Graph`]),
//! `write` (graph to bytes), `disassemble` (to look at).
#![forbid(unsafe_code)]
#![deny(clippy::as_conversions, clippy::indexing_slicing)]

mod bytes;
mod comment;
mod decode;
mod disassemble;
mod error;
mod graph;
mod ids;
mod isomorphic;
mod limits;
mod machine;
mod memo;
mod names;
mod opcode;
mod remembered;
mod text;
mod write;

pub use bytes::{Bytes, Owner};
pub use comment::comment;
pub use decode::{Argument, BytesAt, Decoder, Instruction};
pub use disassemble::disassemble;
pub use error::{Error, ErrorKind};
pub use graph::{Change, Global, Graph, Make, Node, NodeId, Object, Payload, Span};
pub use ids::{IdHasher, IdMap, IdSet};
pub use isomorphic::{isomorphic, isomorphic_at};
pub use limits::{Budget, Interrupt, Limits};
pub use machine::{End, Host, Rest, read, read_first, read_into};
pub use names::python3_name;
pub use opcode::{ArgumentKind, Opcode};
pub use write::{Out, Payloads, WriteError, to_bytes, write};
