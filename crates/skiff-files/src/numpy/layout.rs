//! The alignment and flags that numpy computes for a dtype. numpy and joblib trust those in a file,
//! which decide whether elements are counted references, and whether a pickle follows.

use super::DType;

/// Alignment and flags of a dtype, as numpy on a 64-bit machine has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The alignment of elements.
    pub alignment: usize,
    /// `NPY_ITEM_REFCOUNT` and similar.
    pub flags: u8,
}

/// `NPY_OBJECT_DTYPE_FLAGS`.
const OBJECT: u8 = 63;
/// `NPY_NEEDS_INIT`.
const NEEDS_INIT: u8 = 8;
/// `NPY_NEEDS_PYAPI`, which every record has.
const RECORD: u8 = 16;
/// `NPY_FROM_FIELDS`: the flags that a record has when a field has them.
const FROM_FIELDS: u8 = 0x1b;
/// `NPY_ALIGNED_STRUCT`.
pub(crate) const ALIGNED: u8 = 0x80;

impl Layout {
    /// Of a dtype whose records are packed.
    pub fn of(dtype: &DType) -> Self {
        let plain = |alignment| Self { alignment, flags: 0 };
        match dtype {
            DType::Bool | DType::Bytes { .. } | DType::Void { .. } => plain(1),
            DType::Int { size, .. } | DType::UInt { size, .. } => plain(*size),
            DType::Float { size, .. } => plain(of_float(*size)),
            DType::Complex { size, .. } => plain(of_float(size / 2)),
            DType::DateTime { .. } | DType::TimeDelta { .. } => plain(8),
            DType::Str { .. } => Self { alignment: 4, flags: NEEDS_INIT },
            DType::Object => Self { alignment: 8, flags: OBJECT },
            DType::Struct { fields, .. } => Self::of_record(fields.iter().map(|field| Self::of(&field.dtype)), false),
            DType::Sub { dtype, .. } => Self::of(dtype),
        }
    }

    /// Of a record with such fields, aligned as C would or packed.
    pub fn of_record(fields: impl Iterator<Item = Self>, is_aligned: bool) -> Self {
        let packed = Self { alignment: 1, flags: if is_aligned { RECORD | ALIGNED } else { RECORD } };
        fields.fold(packed, |record, field| Self {
            alignment: if is_aligned { record.alignment.max(field.alignment) } else { 1 },
            flags: record.flags | field.flags & FROM_FIELDS,
        })
    }
}

/// `long double` has ten bytes of x87's and padding, or sixteen.
fn of_float(size: usize) -> usize {
    if size == 10 || size == 12 { 4 } else { size }
}

/// Bytes of an element in numpy's memory, where an object is a pointer.
pub(crate) fn memory(dtype: &DType) -> Option<usize> {
    match dtype {
        DType::Object => Some(8),
        DType::Sub { dtype, shape } => shape.iter().try_fold(memory(dtype)?, |size, &length| size.checked_mul(length)),
        _ => dtype.itemsize(),
    }
}
