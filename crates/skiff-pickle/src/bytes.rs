//! Shared bytes that are not copied.

use std::any::Any;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A slice of shared bytes: of a vector, a mapped file, or any other owner that can be borrowed as bytes.
///
/// Some owners assemble their bytes on first use. If that fails, because a file is damaged,
/// [`Bytes::as_slice`] is empty, while [`Bytes::len`] is how many there should be.
#[derive(Clone)]
pub struct Bytes {
    owner: Arc<dyn Owner>,
    start: usize,
    len: usize,
}

/// An owner of [`Bytes`].
pub trait Owner: Any + AsRef<[u8]> + Send + Sync {
    /// The number of bytes, without assembling them.
    fn size(&self) -> usize {
        self.as_ref().len()
    }

    /// How many of them take memory or are in a file: fewer if long runs of zeros are left out.
    fn held(&self) -> usize {
        self.size()
    }

    /// All bytes, assembled for the caller, if the owner does not have them in memory yet. Empty if that fails.
    fn assemble(&self) -> Option<Vec<u8>> {
        None
    }

    /// Copies all bytes into `out`, which has their length, without keeping what had to be assembled; false if that
    /// failed.
    fn copy_to(&self, out: &mut [u8]) -> bool {
        copy(self.as_ref(), out)
    }

    /// Whether the bytes may be modified meanwhile: code that reads them twice takes a copy.
    fn may_change(&self) -> bool {
        false
    }

    /// The bytes in `range` will probably not be used again: memory may be released if they can be read again. They remain the
    /// same bytes.
    fn release(&self, range: Range<usize>) {
        let _ = range;
    }
}

fn copy(bytes: &[u8], out: &mut [u8]) -> bool {
    let fits = bytes.len() == out.len();
    if fits {
        out.copy_from_slice(bytes);
    }
    fits
}

/// An owner without anything to release.
struct Kept<T>(T);

impl<T: AsRef<[u8]>> AsRef<[u8]> for Kept<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl<T: AsRef<[u8]> + Send + Sync + 'static> Owner for Kept<T> {}

impl Bytes {
    /// All bytes of `owner`.
    pub fn new(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::owned_by(Kept(owner))
    }

    /// All bytes of `owner`, which can be released and read again.
    pub fn owned_by(owner: impl Owner + 'static) -> Self {
        let len = owner.size();
        Self { owner: Arc::new(owner), start: 0, len }
    }

    /// Releases the memory of these bytes, which will probably not be used again, if they are of a mapped file.
    pub fn release(&self) {
        self.owner.release(self.start..self.start + self.len);
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of them take memory or are in a file; limits on derived values are relative to this.
    pub fn held(&self) -> usize {
        self.owner.held().min(self.len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes them into `out`, which has their length; their owner does not keep what it had to assemble
    /// for this. False if the file is damaged.
    pub fn copy_to(&self, out: &mut [u8]) -> bool {
        if (self.start, self.len) == (0, self.owner.size()) && out.len() == self.len {
            return self.owner.copy_to(out);
        }
        copy(&self.at_hand(), out)
    }

    /// Whether they may be modified meanwhile: code that reads them twice takes a copy.
    pub fn may_change(&self) -> bool {
        self.owner.may_change()
    }

    /// The same bytes for code that reads them more than once: a copy if they may be modified.
    #[must_use]
    pub fn settled(self) -> Self {
        if self.may_change() { Self::from(self.to_vec()) } else { self }
    }

    /// Their owner, if it is a `T` and they are all of its bytes.
    pub fn owner<T: Owner>(&self) -> Option<&T> {
        let owner: &dyn Any = &*self.owner;
        owner.downcast_ref::<T>().filter(|owner| self.start == 0 && self.len == owner.size())
    }

    /// An identity that differs from that of all other live bytes, without reading them.
    pub fn identity(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.owner).addr(), self.start)
    }

    /// The same bytes for a single read: their owner does not keep what it has to assemble.
    pub fn at_hand(&self) -> Self {
        self.assembled().map_or_else(|| self.clone(), Self::from)
    }

    /// These bytes, assembled for the caller, if the owner does not have them in memory yet.
    pub(crate) fn assembled(&self) -> Option<Vec<u8>> {
        let mut bytes = self.owner.assemble()?;
        if (self.start, self.len) != (0, bytes.len()) {
            bytes = bytes.get(self.start..self.start + self.len).unwrap_or_default().to_vec();
        }
        Some(bytes)
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        (*self.owner).as_ref().get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// A part, sharing the owner; `None` if it is out of range.
    pub fn slice(&self, start: usize, len: usize) -> Option<Self> {
        if start.checked_add(len)? > self.len {
            return None;
        }
        Some(Self { owner: Arc::clone(&self.owner), start: self.start.checked_add(start)?, len })
    }
}

impl Default for Bytes {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.len)
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}
