//! A [`Graph`] to a pickle that Python reads back as the same objects: sharing and cycles are kept, nothing recurses.
//!
//! Everything that Python can distinguish is kept, but not the original encoding: the writer uses the newest opcodes of the protocol, a
//! memo entry only for values that are referred to again, and frames of CPython's size.

mod out;
mod places;
mod values;
mod write_error;
mod writer;

use std::collections::HashMap;

pub use self::out::Out;
use self::places::count_references;
pub use self::write_error::WriteError;
use self::writer::Writer;
use crate::graph::{Graph, NodeId, Payload};
use crate::limits::MOST_NESTED_PICKLES;

/// The pickle of the graph's root, in `protocol` (2 to 5).
///
/// # Errors
/// Those of [`write`]; content between the opcodes is an error.
pub fn to_bytes(graph: &Graph, protocol: u8) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    write(graph, graph.root(), protocol, &mut Out::new(&mut bytes), &mut ())?;
    Ok(bytes)
}

/// Writes the pickle of the node at `root`, in `protocol` (2 to 5).
///
/// From protocol 3 on, names that only Python 2 has (`__builtin__`, `copy_reg`) are written as Python 3's; below
/// protocol 4, values without an opcode become the call that CPython writes for them. Returns the numbers of the
/// out-of-band buffers to pass along, in this order; `0, 1, 2, …` for a graph whose buffers are all in use.
///
/// # Errors
/// A value that the protocol cannot represent, errors of `payloads`, and errors of `out`.
pub fn write(
    graph: &Graph,
    root: NodeId,
    protocol: u8,
    out: &mut Out<'_>,
    payloads: &mut dyn Payloads,
) -> Result<Vec<u32>, WriteError> {
    if !(2..=5).contains(&protocol) {
        return Err(WriteError::Protocol(protocol));
    }
    if out.nested >= MOST_NESTED_PICKLES {
        return Err(WriteError::Nested);
    }
    let (places, edges) = count_references(graph, root, out.nested > 0);
    out.nested += 1;
    let writer = Writer {
        graph,
        protocol,
        out,
        frame: Vec::new(),
        places,
        memo: 0,
        modules: HashMap::new(),
        buffers: Vec::new(),
        // Values that contain each other through a tuple are written again for each path around the cycle (as in CPython).
        // Regular graphs have few such paths; the output of a graph of nothing else would be quadratic.
        visits: edges.saturating_mul(8).saturating_add(1_024),
        open: 0,
        todo: Vec::new(),
    };
    let buffers = writer.run(root, payloads);
    out.nested -= 1;
    buffers
}

/// Writes the content of a [`Node::Payload`]. `()` returns an error.
pub trait Payloads {
    /// Called after the `BUILD` of `object`: writes the content to `out`, between the frames, with whatever padding
    /// its position needs. A nested pickle is written by calling [`write`] on the same `out`.
    ///
    /// # Errors
    /// Any reason not to write it.
    fn payload(&mut self, out: &mut Out<'_>, graph: &Graph, object: NodeId, content: Payload)
    -> Result<(), WriteError>;
}

impl Payloads for () {
    fn payload(&mut self, _: &mut Out<'_>, _: &Graph, object: NodeId, _: Payload) -> Result<(), WriteError> {
        Err(WriteError::Payload(object))
    }
}
