//! Elements with a constant stride: an array's own, or one field of its records.

use std::borrow::Cow;

use super::cast::{Real, extended, half};
use super::{DType, Endian, Order};
use crate::Scalar;
use crate::text::{unpadded, utf32};

/// A view of elements with a constant stride. Its results are in C order.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    pub(super) dtype: &'a DType,
    pub(super) shape: &'a [usize],
    pub(super) order: Order,
    pub(super) bytes: Cow<'a, [u8]>,
    /// The stride in bytes.
    pub(super) stride: usize,
    /// The offset of the first element.
    pub(super) offset: usize,
    pub(super) count: usize,
}

impl Column<'_> {
    /// The dtype of the elements.
    pub fn dtype(&self) -> &DType {
        self.dtype
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The lengths of the axes.
    pub(crate) fn shape(&self) -> &[usize] {
        self.shape
    }

    /// Calls `visit` with the bytes of each element, in C order, until it returns `None`.
    pub(crate) fn each(&self, visit: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
        self.items(visit).map(|_| ())
    }

    /// Numbers and bools as f64; `None` for other dtypes, and for a `longdouble` in another format than x87's.
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        self.reals()
    }

    /// Numbers and bools as f32.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        self.reals()
    }

    /// Integers and bools, if each of them fits.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        match *self.dtype {
            DType::Bool => self.collect(|[byte]: [u8; 1]| Some(i64::from(byte != 0))),
            DType::Int { size, endian } => self.ints(size, endian, Some),
            DType::UInt { size, endian } => self.uints(size, endian, |value| i64::try_from(value).ok()),
            _ => None,
        }
    }

    /// Bools only.
    pub fn to_bool(&self) -> Option<Vec<bool>> {
        match self.dtype {
            DType::Bool => self.collect(|[byte]: [u8; 1]| Some(byte != 0)),
            _ => None,
        }
    }

    /// Text (`U`), and bytes (`S`) that are UTF-8.
    pub fn to_strings(&self) -> Option<Vec<String>> {
        match *self.dtype {
            DType::Str { endian, .. } => self.items(|item| utf32(item, endian == Endian::Little)),
            DType::Bytes { .. } => self.items(|item| String::from_utf8(unpadded(item).to_vec()).ok()),
            _ => None,
        }
    }

    /// Each element as a scalar; `None` for records and opaque bytes.
    pub fn to_scalars(&self) -> Option<Vec<Scalar>> {
        match *self.dtype {
            DType::Bool => self.collect(|[byte]: [u8; 1]| Some(Scalar::Bool(byte != 0))),
            DType::Int { size, endian } => self.ints(size, endian, |value| Some(Scalar::Int(value))),
            DType::UInt { size, endian } => self.uints(size, endian, |value| {
                Some(i64::try_from(value).map_or_else(|_| Scalar::BigInt(value.to_string()), Scalar::Int))
            }),
            DType::Float { .. } => Some(self.to_f64()?.into_iter().map(Scalar::Float).collect()),
            DType::Complex { size, endian } => {
                let part = DType::Float { size: size / 2, endian };
                let parts = |offset| Column { dtype: &part, offset, ..Column::clone(self) }.to_f64();
                let (real, imaginary) = (parts(self.offset)?, parts(self.offset + size / 2)?);
                Some(real.into_iter().zip(imaginary).map(|(re, im)| Scalar::Complex(re, im)).collect())
            }
            DType::Str { endian, .. } => self.items(|item| utf32(item, endian == Endian::Little).map(Scalar::Str)),
            DType::Bytes { .. } => self.items(|item| Some(Scalar::Bytes(unpadded(item).to_vec()))),
            DType::DateTime { unit, endian } => self.ints(8, endian, |steps| Some(Scalar::DateTime(steps, unit))),
            DType::TimeDelta { unit, endian } => self.ints(8, endian, |steps| Some(Scalar::TimeDelta(steps, unit))),
            DType::Void { .. } | DType::Object | DType::Struct { .. } | DType::Sub { .. } => None,
        }
    }

    /// The elements in memory order: the bytes, the offset of the first, and the stride.
    pub fn strided(&self) -> (&[u8], usize, usize) {
        (&self.bytes, self.offset, self.stride)
    }

    fn reals<T: Real>(&self) -> Option<Vec<T>> {
        match *self.dtype {
            DType::Bool => self.collect(|[byte]: [u8; 1]| Some(T::from_i64(i64::from(byte != 0)))),
            DType::Int { size, endian } => self.ints(size, endian, |value| Some(T::from_i64(value))),
            DType::UInt { size, endian } => self.uints(size, endian, |value| Some(T::from_u64(value))),
            DType::Float { size: 2, endian } => {
                self.all(|bytes| T::from_f32(half(u16::from_le_bytes(little(bytes, endian)))))
            }
            DType::Float { size: 4, endian: Endian::Little } => {
                self.all(|bytes| T::from_f32(f32::from_le_bytes(bytes)))
            }
            DType::Float { size: 8, endian: Endian::Little } => {
                self.all(|bytes| T::from_f64(f64::from_le_bytes(bytes)))
            }
            DType::Float { size: 4, .. } => self.all(|bytes| T::from_f32(f32::from_be_bytes(bytes))),
            DType::Float { size: 8, .. } => self.all(|bytes| T::from_f64(f64::from_be_bytes(bytes))),
            DType::Float { size: 10 | 12 | 16, endian: Endian::Little } => {
                self.collect(|bytes| extended(bytes).map(T::from_f64))
            }
            _ => None,
        }
    }

    fn ints<T>(&self, size: usize, endian: Endian, convert: impl Fn(i64) -> Option<T>) -> Option<Vec<T>> {
        match size {
            1 => self.collect(|bytes| convert(i8::from_le_bytes(bytes).into())),
            2 => self.collect(|bytes| convert(i16::from_le_bytes(little(bytes, endian)).into())),
            4 => self.collect(|bytes| convert(i32::from_le_bytes(little(bytes, endian)).into())),
            8 => self.collect(|bytes| convert(i64::from_le_bytes(little(bytes, endian)))),
            _ => None,
        }
    }

    fn uints<T>(&self, size: usize, endian: Endian, convert: impl Fn(u64) -> Option<T>) -> Option<Vec<T>> {
        match size {
            1 => self.collect(|bytes| convert(u8::from_le_bytes(bytes).into())),
            2 => self.collect(|bytes| convert(u16::from_le_bytes(little(bytes, endian)).into())),
            4 => self.collect(|bytes| convert(u32::from_le_bytes(little(bytes, endian)).into())),
            8 => self.collect(|bytes| convert(u64::from_le_bytes(little(bytes, endian)))),
            _ => None,
        }
    }

    /// Converts elements of `N` bytes: at the speed of memory if they are contiguous.
    fn all<T: Real, const N: usize>(&self, convert: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        if self.stride != N || self.dtype.itemsize() != Some(N) {
            return self.collect(|bytes| Some(convert(bytes)));
        }
        let end = self.count.checked_mul(N)?.checked_add(self.offset)?;
        let (elements, _) = self.bytes.get(self.offset..end)?.as_chunks::<N>();
        match *self.shape {
            _ if self.order == Order::C || self.shape.len() < 2 => {
                Some(elements.iter().map(|&element| convert(element)).collect())
            }
            [rows, columns] if rows > 0 && columns > 0 => transposed(rows, columns, elements, convert),
            _ => self.collect(|bytes| Some(convert(bytes))),
        }
    }

    /// Elements by their first `N` bytes.
    fn collect<T, const N: usize>(&self, convert: impl Fn([u8; N]) -> Option<T>) -> Option<Vec<T>> {
        self.items(|item| convert(*item.first_chunk()?))
    }

    /// The bytes of all elements, in C order.
    fn items<T>(&self, mut convert: impl FnMut(&[u8]) -> Option<T>) -> Option<Vec<T>> {
        let size = self.dtype.itemsize()?;
        let bytes = &*self.bytes;
        let item = |index: usize| {
            let start = index.checked_mul(self.stride)?.checked_add(self.offset)?;
            convert(bytes.get(start..start.checked_add(size)?)?)
        };
        if self.order == Order::C || self.shape.len() < 2 {
            return (0..self.count).map(item).collect();
        }
        c_order(self.shape, self.count, item)
    }
}

fn little<const N: usize>(mut bytes: [u8; N], endian: Endian) -> [u8; N] {
    if endian == Endian::Big {
        bytes.reverse();
    }
    bytes
}

/// Transposes a table with contiguous columns to rows: a tile at a time, so that what is read and what is
/// written stay in the processor's cache.
fn transposed<T: Real, const N: usize>(
    rows: usize,
    columns: usize,
    elements: &[[u8; N]],
    convert: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    const TILE: usize = 32;
    let mut table = vec![convert([0; N]); elements.len()];
    for (tile, columns_of_tile) in elements.chunks(rows.checked_mul(TILE)?).enumerate() {
        let first = tile.checked_mul(TILE)?;
        for row in (0..rows).step_by(TILE) {
            for (column, elements) in columns_of_tile.chunks_exact(rows).enumerate() {
                let elements = elements.iter().skip(row).take(TILE);
                let places = table.iter_mut().skip(row.checked_mul(columns)?.checked_add(first)?.checked_add(column)?);
                for (place, &element) in places.step_by(columns).zip(elements) {
                    *place = convert(element);
                }
            }
        }
    }
    Some(table)
}

/// Iterates a Fortran-ordered array of `shape` in C order.
pub(super) fn c_order<T>(shape: &[usize], count: usize, mut item: impl FnMut(usize) -> Option<T>) -> Option<Vec<T>> {
    let mut step = 1_usize;
    let mut axes = Vec::new();
    for &length in shape {
        axes.push((length, step, 0_usize));
        step = step.checked_mul(length)?;
    }
    let mut place = 0_usize;
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(item(place)?);
        for (length, step, index) in axes.iter_mut().rev() {
            *index += 1;
            place += *step;
            if index < length {
                break;
            }
            place -= *step * *length;
            *index = 0;
        }
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_turned_at_once_as_element_by_element() {
        for (rows, columns) in [(1, 1), (1, 70), (70, 1), (3, 100), (33, 65), (64, 32), (100, 3)] {
            let count = rows * columns;
            let bytes: Vec<u8> =
                (0..count).flat_map(|index| f64::from(u32::try_from(index).unwrap()).to_le_bytes()).collect();
            let dtype = DType::Float { size: 8, endian: Endian::Little };
            let column = Column {
                dtype: &dtype,
                shape: &[rows, columns],
                order: Order::F,
                bytes: bytes.as_slice().into(),
                stride: 8,
                offset: 0,
                count,
            };
            let slowly = column.collect(|bytes| Some(f64::from_le_bytes(bytes)));
            assert_eq!(column.to_f64(), slowly, "{rows} by {columns}");
            assert_eq!(column.to_f64().unwrap().len(), count);
        }
    }
}
