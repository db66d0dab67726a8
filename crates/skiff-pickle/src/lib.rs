//! Python pickles as inert object graphs: every opcode of protocols 0 to 5, read and written, and nothing executed.
//!
//! Stages, each in its room: `opcode` (the table), `decode` (bytes to opcodes), `machine` (opcodes to [`Graph`]),
//! `write` (graph to bytes), `disassemble` (to look at).
#![forbid(unsafe_code)]

mod bytes;
mod graph;
mod limits;

pub use bytes::Bytes;
pub use graph::{Change, Global, Graph, Make, Node, NodeId, Object, Payload, Span};
pub use limits::Limits;
