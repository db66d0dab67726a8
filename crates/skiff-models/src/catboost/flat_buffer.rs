//! FlatBuffers, as far as CatBoost's models need them: tables whose fields are found by number, vectors and strings.
//!
//! Nothing is copied before it is asked for, and no offset is trusted.

use crate::conversions::index;
use crate::fields::ReadErrorKind;

type Result<T> = std::result::Result<T, ReadErrorKind>;

/// A table in a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlatTable<'b> {
    bytes: &'b [u8],
    /// Where the table begins.
    at: usize,
    /// Where its list of fields begins, and how many bytes that list has.
    fields: usize,
    size: usize,
}

/// A number of fixed size in little-endian order.
pub(super) trait Number: Sized {
    /// Its bytes.
    const SIZE: usize;

    /// The number in `bytes`, which are as many.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Number for $number {
            const SIZE: usize = size_of::<$number>();

            fn read(bytes: &[u8]) -> Self {
                bytes.try_into().map_or(<$number>::default(), <$number>::from_le_bytes)
            }
        })*
    };
}

numbers!(u8, i8, u16, u32, i32, u64, f32, f64);

impl<A: Number, B: Number> Number for (A, B) {
    const SIZE: usize = A::SIZE + B::SIZE;

    fn read(bytes: &[u8]) -> Self {
        let (first, second) = bytes.split_at(A::SIZE);
        (A::read(first), B::read(second))
    }
}

impl<'b> FlatTable<'b> {
    /// The table that a buffer holds.
    pub(super) fn root(bytes: &'b [u8]) -> Result<Self> {
        Self::at(bytes, index(number(bytes, 0)?))
    }

    fn at(bytes: &'b [u8], at: usize) -> Result<Self> {
        let back = i64::from(number::<i32>(bytes, at)?);
        let fields = i64::try_from(at).ok().and_then(|at| usize::try_from(at - back).ok()).ok_or_else(outside)?;
        let size = usize::from(number::<u16>(bytes, fields)?);
        Ok(Self { bytes, at, fields, size })
    }

    /// Where the field numbered `field` is; `None` where it has its default.
    fn place(&self, field: usize) -> Result<Option<usize>> {
        let entry = 4 + 2 * field;
        if entry + 2 > self.size {
            return Ok(None);
        }
        let offset = usize::from(number::<u16>(self.bytes, self.fields.saturating_add(entry))?);
        Ok((offset != 0).then(|| self.at.saturating_add(offset)))
    }

    /// A number.
    pub(super) fn number<T: Number>(&self, field: usize, default: T) -> Result<T> {
        self.place(field)?.map_or(Ok(default), |place| number(self.bytes, place))
    }

    /// What a field refers to.
    fn target(&self, field: usize) -> Result<Option<usize>> {
        self.place(field)?.map(|place| follow(self.bytes, place)).transpose()
    }

    /// A table within.
    pub(super) fn table(&self, field: usize) -> Result<Option<Self>> {
        self.target(field)?.map(|place| Self::at(self.bytes, place)).transpose()
    }

    /// A vector of numbers; an absent one is empty.
    pub(super) fn numbers<T: Number>(&self, field: usize) -> Result<Vec<T>> {
        let bytes = self.vector(field, T::SIZE)?;
        Ok(bytes.chunks_exact(T::SIZE).map(T::read).collect())
    }

    /// A vector of bytes.
    pub(super) fn bytes(&self, field: usize) -> Result<&'b [u8]> {
        self.vector(field, 1)
    }

    /// A vector of tables.
    pub(super) fn tables(&self, field: usize) -> Result<Vec<Self>> {
        self.references(field)?.map(|place| Self::at(self.bytes, place?)).collect()
    }

    /// A vector of strings.
    pub(super) fn strings(&self, field: usize) -> Result<Vec<&'b str>> {
        self.references(field)?.map(|place| text(vector(self.bytes, place?, 1)?)).collect()
    }

    /// A string; an absent one is empty.
    pub(super) fn string(&self, field: usize) -> Result<&'b str> {
        text(self.vector(field, 1)?)
    }

    fn vector(&self, field: usize, size: usize) -> Result<&'b [u8]> {
        self.target(field)?.map_or(Ok(&[][..]), |place| vector(self.bytes, place, size))
    }

    /// What the elements of a vector refer to.
    fn references(&self, field: usize) -> Result<impl Iterator<Item = Result<usize>> + use<'b>> {
        let bytes = self.bytes;
        let target = self.target(field)?;
        let count = target.map_or(Ok(0), |place| vector(bytes, place, 4).map(|elements| elements.len() / 4))?;
        let first = target.unwrap_or(0).saturating_add(4);
        Ok((0..count).map(move |index| follow(bytes, first + 4 * index)))
    }
}

/// The elements of the vector at a place, of `size` bytes each.
fn vector(bytes: &[u8], place: usize, size: usize) -> Result<&[u8]> {
    let count = index(number(bytes, place)?);
    let length = count.checked_mul(size).ok_or_else(outside)?;
    let first = place.saturating_add(4);
    first.checked_add(length).and_then(|end| bytes.get(first..end)).ok_or_else(outside)
}

fn follow(bytes: &[u8], place: usize) -> Result<usize> {
    let offset = index(number(bytes, place)?);
    place.checked_add(offset).ok_or_else(outside)
}

pub(super) fn number<T: Number>(bytes: &[u8], place: usize) -> Result<T> {
    let end = place.checked_add(T::SIZE).ok_or_else(outside)?;
    bytes.get(place..end).map(T::read).ok_or_else(outside)
}

fn text(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| damaged("a text that is not UTF-8"))
}

fn outside() -> ReadErrorKind {
    damaged("an offset leads out of the model")
}

pub(super) fn damaged(what: impl Into<String>) -> ReadErrorKind {
    ReadErrorKind::Damaged(what.into())
}

pub(super) fn unsupported(what: impl Into<String>) -> ReadErrorKind {
    ReadErrorKind::Unsupported(what.into())
}
