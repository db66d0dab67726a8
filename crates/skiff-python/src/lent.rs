//! Python arrays that are read without the GIL: `skiff.dump` does not copy a forest to write it.

#![expect(unsafe_code, reason = "values used without the GIL must be owned, and these are too large to copy")]

use std::fmt;
use std::ptr::NonNull;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use skiff_files::Owner;

/// The bytes of an array, which stays alive for them.
pub struct Lent {
    start: NonNull<u8>,
    len: usize,
    /// Their owner, dropped last.
    _array: Py<PyArray1<u8>>,
}

// SAFETY: only these bytes are accessed from another thread, and they are only read; the array is released by
// PyO3, which waits for the lock.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl Lent {
    /// Borrows a contiguous array for the lifetime of this.
    pub fn new(array: &PyReadonlyArray1<'_, u8>) -> PyResult<Self> {
        let bytes = array.as_slice()?;
        Ok(Self { start: NonNull::from(bytes).cast(), len: bytes.len(), _array: (**array).clone().unbind() })
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: numpy neither moves nor resizes an array with other references, and this is one. Other code with the array may
        // write to it meanwhile, as to a file that is mapped: all bytes are bytes, and `may_change` says so.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl Owner for Lent {
    fn may_change(&self) -> bool {
        true
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lent({} bytes)", self.len)
    }
}
