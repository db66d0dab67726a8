//! numpy's own files.

use super::read;
use crate::{look, repair};

/// `.npy` as it is, `.npz` as it is and with its checksums put right.
pub fn npy(bytes: &[u8]) -> bool {
    let right = repair::zip(bytes);
    for bytes in [Some(bytes), right.as_deref()].into_iter().flatten() {
        if let Some(file) = read(bytes) {
            look::everywhere(&file.graph);
        }
    }
    true
}
