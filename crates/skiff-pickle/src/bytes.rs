//! Bytes that many hold and nobody copies.

use std::any::Any;
use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A part of a shared run of bytes: of a vector, of a mapped file, of whatever else can be borrowed as bytes.
///
/// Some owners put their bytes together when they are first asked for them. If that fails, because a file is damaged,
/// there are none to be had: [`Bytes::as_slice`] is empty then, while [`Bytes::len`] says how many there should be.
#[derive(Clone)]
pub struct Bytes {
    owner: Arc<dyn Owner>,
    start: usize,
    len: usize,
}

/// What [`Bytes`] lie in.
pub trait Owner: Any + AsRef<[u8]> + Send + Sync {
    /// How many bytes there are, told without putting them together.
    fn size(&self) -> usize {
        self.as_ref().len()
    }

    /// How many of them take memory or lie in a file: fewer where long runs of zeros are left out.
    fn held(&self) -> usize {
        self.size()
    }

    /// All bytes, put together for the caller alone: by an owner that does not hold them yet. Empty when that fails.
    fn assemble(&self) -> Option<Vec<u8>> {
        None
    }

    /// Writes all bytes into `out`, which has room for them, and keeps nothing that it has to put together; whether that
    /// could be.
    fn copy_to(&self, out: &mut [u8]) -> bool {
        copy(self.as_ref(), out)
    }

    /// Whether somebody may write to the bytes meanwhile: whoever needs them twice takes a copy.
    fn may_change(&self) -> bool {
        false
    }

    /// The bytes in `range` will hardly be asked for again: memory that they can be had without may go. They stay the
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

/// An owner with nothing to release.
struct Kept<T>(T);

impl<T: AsRef<[u8]>> AsRef<[u8]> for Kept<T> {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl<T: AsRef<[u8]> + Send + Sync + 'static> Owner for Kept<T> {}

impl Bytes {
    /// All that `owner` holds.
    pub fn new(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::owned_by(Kept(owner))
    }

    /// All that `owner` holds, which may come back after it was let go.
    pub fn owned_by(owner: impl Owner + 'static) -> Self {
        let len = owner.size();
        Self { owner: Arc::new(owner), start: 0, len }
    }

    /// Says that these bytes were read and will hardly be asked for again: those of a mapped file leave memory.
    pub fn release(&self) {
        self.owner.release(self.start..self.start + self.len);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many of them take memory or lie in a file: what may be made of them is measured by these.
    pub fn held(&self) -> usize {
        self.owner.held().min(self.len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Writes them into `out`, which has their length; their owner keeps nothing that it has to put together
    /// for this. Whether that could be: a damaged file has no bytes.
    pub fn copy_to(&self, out: &mut [u8]) -> bool {
        if (self.start, self.len) == (0, self.owner.size()) && out.len() == self.len {
            return self.owner.copy_to(out);
        }
        copy(&self.at_hand(), out)
    }

    /// Whether somebody may write to them meanwhile: whoever needs them twice takes a copy.
    pub fn may_change(&self) -> bool {
        self.owner.may_change()
    }

    /// The same bytes for whoever looks at them again and has to find them as they were: a copy of those that may change.
    #[must_use]
    pub fn settled(self) -> Self {
        if self.may_change() { Self::from(self.to_vec()) } else { self }
    }

    /// What they lie in, if it is a `T` and they are all of it.
    pub fn owner<T: Owner>(&self) -> Option<&T> {
        let owner: &dyn Any = &*self.owner;
        owner.downcast_ref::<T>().filter(|owner| self.start == 0 && self.len == owner.size())
    }

    /// Tells them from all other bytes that are held at this time, without looking at them.
    pub fn identity(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.owner).addr(), self.start)
    }

    /// The same bytes for whoever looks at them once: their owner keeps nothing that it would have to put together.
    pub fn at_hand(&self) -> Self {
        self.assembled().map_or_else(|| self.clone(), Self::from)
    }

    /// These bytes put together for the caller alone, by an owner that does not hold them yet.
    pub(crate) fn assembled(&self) -> Option<Vec<u8>> {
        let mut bytes = self.owner.assemble()?;
        if (self.start, self.len) != (0, bytes.len()) {
            bytes = bytes.get(self.start..self.start + self.len).unwrap_or_default().to_vec();
        }
        Some(bytes)
    }

    /// The bytes themselves.
    pub fn as_slice(&self) -> &[u8] {
        (*self.owner).as_ref().get(self.start..self.start + self.len).unwrap_or_default()
    }

    /// A part, sharing the owner; `None` when it does not lie within.
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
