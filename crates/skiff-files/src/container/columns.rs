//! The columns of arrays.

use super::kind::Kind;
use crate::DType;

/// The type of a column, in the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Numbers.
    Kind(Kind),
    /// Opaque bytes.
    Bytes(usize),
}

/// A range of bytes in each element of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name, empty for elements that have no fields.
    pub name: String,
    /// Where in the element it begins.
    pub at: usize,
    pub of: Of,
}

impl Of {
    pub fn size(self) -> usize {
        match self {
            Self::Kind(kind) => kind.size(),
            Self::Bytes(size) => size,
        }
    }

    /// The dtype of its tensor.
    pub fn kind(self) -> Kind {
        match self {
            Self::Kind(kind) => kind,
            Self::Bytes(_) => Kind::U8,
        }
    }

    /// `I64`; `B7` for seven bytes.
    pub fn name(self) -> String {
        match self {
            Self::Kind(kind) => kind.name().to_owned(),
            Self::Bytes(size) => format!("B{size}"),
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name.strip_prefix('B').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(size) => size.parse().ok().map(Self::Bytes),
            None => Kind::parse(name).map(Self::Kind),
        }
    }
}

/// The fields of an element, in their order, and the padding between them; `None` if fields overlap, and for elements
/// that are neither records nor numbers.
pub(super) fn fields(dtype: &DType) -> Option<Vec<Field>> {
    let DType::Struct { fields, itemsize } = dtype else {
        return Kind::of(dtype).map(|kind| vec![Field { name: String::new(), at: 0, of: Of::Kind(kind) }]);
    };
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|field| field.offset);
    let (mut found, mut end) = (Vec::new(), 0);
    let between = |from: usize, to: usize| {
        (from < to).then(|| Field { name: format!("between.{from}"), at: from, of: Of::Bytes(to.saturating_sub(from)) })
    };
    for field in sorted {
        let size = field.dtype.itemsize()?;
        if field.offset < end {
            return None;
        }
        found.extend(between(end, field.offset));
        let of = Kind::of(&field.dtype).map_or(Of::Bytes(size), Of::Kind);
        found.push(Field { name: field.name.clone(), at: field.offset, of });
        end = field.offset.checked_add(size)?;
    }
    found.extend(between(end, *itemsize));
    Some(found)
}
