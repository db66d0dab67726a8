//! The bytes of arrays between the opcodes, in the layout of joblib's `NumpyArrayWrapper.write_array`.

use skiff_pickle::{Graph, NodeId, Out, Payload, Payloads, WriteError};

/// joblib's `NUMPY_ARRAY_ALIGNMENT_BYTES`.
pub(super) const ALIGNMENT: u64 = 16;

/// Writes arrays as joblib does.
pub(super) struct Arrays {
    /// As joblib aligns them since 1.2.
    pub aligned: bool,
}

impl Payloads for Arrays {
    fn payload(
        &mut self,
        out: &mut Out<'_>,
        graph: &Graph,
        object: NodeId,
        content: Payload,
    ) -> Result<(), WriteError> {
        // `respell` left no other content.
        let Payload::Raw(elements) = content else { return Err(WriteError::Payload(object)) };
        // One byte says how many follow, 1 to 16: the elements begin at a multiple of 16.
        if self.aligned {
            let padding = ALIGNMENT - out.position().wrapping_add(1) % ALIGNMENT;
            let padding = u8::try_from(padding).unwrap_or_default();
            out.write(&[padding])?;
            out.write(&vec![0xff; padding.into()])?;
        }
        out.write(&graph.bytes_once(elements).ok_or(WriteError::Damaged(object))?)
    }
}
