//! Arrays taken apart into columns, each in the smallest form that loses nothing, and put together again bit for bit.

use std::collections::HashMap;

use super::kind::Kind;
use crate::{DType, NdArray};

/// What a column holds, in the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Numbers.
    Kind(Kind),
    /// Bytes without a meaning here.
    Bytes(usize),
}

/// One field of an array's elements.
#[derive(Debug)]
pub(super) struct Column {
    /// Its name, empty for elements that have no fields.
    pub name: String,
    /// Where in the element it begins.
    pub at: usize,
    pub of: Of,
    pub stored: Stored,
}

/// In which form a column is stored.
#[derive(Debug)]
pub(super) enum Stored {
    /// The same bytes in each element.
    Constant(Vec<u8>),
    /// As numbers of this kind, which widen to the column's own.
    Plain(Kind, Vec<u8>),
    /// As places in a table of the column's own numbers.
    Table {
        /// The kind of the places.
        kind: Kind,
        places: Vec<u8>,
        table: Vec<u8>,
    },
}

impl Of {
    pub fn size(self) -> usize {
        match self {
            Self::Kind(kind) => kind.size(),
            Self::Bytes(size) => size,
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

/// The columns of an array; those of nothing but zeros are left out. `None` for elements that have no columns.
pub(super) fn encode(array: &NdArray) -> Option<Vec<Column>> {
    let (bytes, size) = (array.bytes()?, array.dtype.itemsize()?);
    if bytes.is_empty() || size == 0 {
        return None;
    }
    let mut columns = Vec::new();
    for (name, at, of) in fields(&array.dtype)? {
        if let Some(stored) = store(bytes, size, at, of)? {
            columns.push(Column { name, at, of, stored });
        }
    }
    Some(columns)
}

/// The fields of an element, in their order, and what lies between them; `None` when fields overlap.
fn fields(dtype: &DType) -> Option<Vec<(String, usize, Of)>> {
    let DType::Struct { fields, itemsize } = dtype else {
        return Kind::of(dtype).map(|kind| vec![(String::new(), 0, Of::Kind(kind))]);
    };
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|field| field.offset);
    let (mut found, mut end) = (Vec::new(), 0);
    let between = |from: usize, to: usize| {
        (from < to).then(|| (format!("between.{from}"), from, Of::Bytes(to.saturating_sub(from))))
    };
    for field in sorted {
        let size = field.dtype.itemsize()?;
        if field.offset < end {
            return None;
        }
        found.extend(between(end, field.offset));
        let of = Kind::of(&field.dtype).map_or(Of::Bytes(size), Of::Kind);
        found.push((field.name.clone(), field.offset, of));
        end = field.offset.checked_add(size)?;
    }
    found.extend(between(end, *itemsize));
    Some(found)
}

/// The column in its smallest form; nothing for zeros alone.
fn store(bytes: &[u8], size: usize, at: usize, of: Of) -> Option<Option<Stored>> {
    let end = at.checked_add(of.size())?;
    let cells = || bytes.chunks_exact(size).map(|element| element.get(at..end).unwrap_or_default());
    let first = cells().next()?;
    if cells().all(|cell| cell == first) {
        let is_zero = first.iter().all(|&byte| byte == 0);
        return Some((!is_zero).then(|| Stored::Constant(first.to_vec())));
    }
    let Of::Kind(kind) = of else {
        return Some(Some(Stored::Plain(Kind::U8, cells().flatten().copied().collect())));
    };
    let numbers: Vec<u64> = cells().map(number).collect();
    let fits = |to: &&Kind| numbers.iter().all(|&bits| to.widen(kind.narrow(bits, **to), kind) == Some(bits));
    let narrow = kind.narrower().iter().find(fits).copied().unwrap_or(kind);
    let plain = numbers.len().checked_mul(narrow.size())?;
    if let Some(stored) = tabulate(&numbers, kind, plain) {
        return Some(Some(stored));
    }
    let narrowed = |&bits: &u64| if narrow == kind { bits } else { kind.narrow(bits, narrow) };
    let stored = numbers.iter().map(narrowed).flat_map(|bits| low(bits, narrow.size())).collect();
    Some(Some(Stored::Plain(narrow, stored)))
}

/// The numbers as places in a table, if that takes less than `most` bytes.
fn tabulate(numbers: &[u64], kind: Kind, most: usize) -> Option<Stored> {
    let mut places: HashMap<u64, u16> = HashMap::new();
    let mut table: Vec<u64> = Vec::new();
    let mut coded: Vec<u16> = Vec::new();
    for &bits in numbers {
        let place = match places.get(&bits) {
            Some(&place) => place,
            None => {
                let place = u16::try_from(table.len()).ok()?;
                table.push(bits);
                // No table of this size pays, and a longer one pays less.
                if table.len().checked_mul(kind.size())?.checked_add(numbers.len())? >= most {
                    return None;
                }
                places.insert(bits, place);
                place
            }
        };
        coded.push(place);
    }
    let places = if table.len() <= 256 { Kind::U8 } else { Kind::U16 };
    let cost = table.len().checked_mul(kind.size())?.checked_add(numbers.len().checked_mul(places.size())?)?;
    (cost < most).then(|| Stored::Table {
        kind: places,
        places: coded.into_iter().flat_map(|place| low(place.into(), places.size())).collect(),
        table: table.into_iter().flat_map(|bits| low(bits, kind.size())).collect(),
    })
}

/// A column that is read.
pub(super) struct Reading<'a> {
    pub at: usize,
    pub of: Of,
    pub form: Form<'a>,
}

/// The form in which it is stored.
pub(super) enum Form<'a> {
    Constant(&'a [u8]),
    Plain(Kind, &'a [u8]),
    Table { kind: Kind, places: &'a [u8], of: Kind, table: &'a [u8] },
}

/// Writes a column into elements of `size` bytes each; `None` when it does not suit them.
pub(super) fn decode(column: &Reading<'_>, size: usize, elements: &mut [u8]) -> Option<()> {
    let count = elements.len().checked_div(size)?;
    let width = column.of.size();
    let end = column.at.checked_add(width).filter(|&end| end <= size && width > 0)?;
    let mut cells = elements.chunks_exact_mut(size).map(|element| element.get_mut(column.at..end).unwrap_or_default());
    match (&column.form, column.of) {
        (Form::Constant(value), _) => {
            (value.len() == width).then_some(())?;
            cells.for_each(|cell| cell.copy_from_slice(value));
        }
        (Form::Plain(stored, bytes), Of::Kind(kind)) if *stored != kind => {
            (bytes.len() == count.checked_mul(stored.size())?).then_some(())?;
            for (cell, bytes) in cells.zip(bytes.chunks_exact(stored.size())) {
                let wide = stored.widen(number(bytes), kind)?.to_le_bytes();
                cell.copy_from_slice(wide.get(..width)?);
            }
        }
        (Form::Plain(stored, bytes), of) => {
            let same = matches!(of, Of::Kind(_)) || *stored == Kind::U8;
            (same && bytes.len() == count.checked_mul(width)?).then_some(())?;
            cells.zip(bytes.chunks_exact(width)).for_each(|(cell, bytes)| cell.copy_from_slice(bytes));
        }
        (Form::Table { kind, places, of, table }, Of::Kind(own)) => {
            let suits =
                *of == own && matches!(kind, Kind::U8 | Kind::U16) && places.len() == count.checked_mul(kind.size())?;
            suits.then_some(())?;
            let mut places = places.chunks_exact(kind.size());
            cells.try_for_each(|cell| {
                let place = usize::try_from(number(places.next()?)).ok()?;
                let start = place.checked_mul(width)?;
                cell.copy_from_slice(table.get(start..start.checked_add(width)?)?);
                Some(())
            })?;
        }
        (Form::Table { .. }, Of::Bytes(_)) => return None,
    }
    Some(())
}

/// Up to eight bytes in little-endian order.
fn number(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(eight)
}

fn low(bits: u64, size: usize) -> impl Iterator<Item = u8> {
    bits.to_le_bytes().into_iter().take(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes, Endian, Field, Graph, Order};

    fn array(dtype: DType, bytes: Vec<u8>) -> NdArray {
        let count = bytes.len() / dtype.itemsize().unwrap();
        NdArray::from_bytes(dtype, vec![count], Order::C, Bytes::from(bytes), Graph::new().root()).unwrap()
    }

    fn back(columns: &[Column], size: usize, length: usize) -> Vec<u8> {
        let mut elements = vec![0; size * length];
        for column in columns {
            let form = match &column.stored {
                Stored::Constant(value) => Form::Constant(value),
                Stored::Plain(kind, bytes) => Form::Plain(*kind, bytes),
                Stored::Table { kind, places, table } => {
                    let Of::Kind(of) = column.of else { panic!("bytes have no table") };
                    Form::Table { kind: *kind, places, of, table }
                }
            };
            decode(&Reading { at: column.at, of: column.of, form }, size, &mut elements).unwrap();
        }
        elements
    }

    #[test]
    fn records_come_back_bit_for_bit() {
        let endian = Endian::Little;
        let field = |name: &str, dtype, offset| Field { name: name.into(), dtype, offset };
        let fields = vec![
            field("left", DType::Int { size: 8, endian }, 0),
            field("threshold", DType::Float { size: 8, endian }, 8),
            field("samples", DType::Float { size: 8, endian }, 16),
            field("big", DType::Int { size: 2, endian: Endian::Big }, 24),
            field("flag", DType::UInt { size: 1, endian }, 26),
        ];
        let dtype = DType::Struct { fields, itemsize: 32 };
        let mut bytes = Vec::new();
        for place in 0..1_000_i16 {
            bytes.extend(i64::from(place - 1).to_le_bytes());
            bytes.extend((f64::from(place % 7) / 3.0).to_le_bytes());
            bytes.extend(f64::from(place * 30).to_le_bytes());
            bytes.extend(place.to_be_bytes());
            // A byte of the field, and five that are nobody's.
            bytes.extend([1, 0, 0, 0, u8::try_from(place % 3).unwrap(), 0]);
        }
        let columns = encode(&array(dtype, bytes.clone())).unwrap();
        let forms: Vec<_> = columns
            .iter()
            .map(|column| match &column.stored {
                Stored::Constant(_) => "constant".to_owned(),
                Stored::Plain(kind, _) => kind.name().to_owned(),
                Stored::Table { kind, .. } => format!("table of {}", kind.name()),
            })
            .collect();
        assert_eq!(forms, ["I16", "table of U8", "U16", "U8", "constant", "U8"]);
        assert_eq!(back(&columns, 32, 1_000), bytes);
    }

    #[test]
    fn odd_numbers_come_back() {
        let dtype = DType::Float { size: 8, endian: Endian::Little };
        for values in [
            vec![0.0, -0.0, 1.0],
            vec![f64::NAN, 1.0, -f64::NAN],
            vec![f64::INFINITY, f64::NEG_INFINITY, 5e-324],
            vec![0.1; 4],
            vec![0.0; 4],
            vec![0.5, 0.25, 1e10],
        ] {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let columns = encode(&array(dtype.clone(), bytes.clone())).unwrap();
            assert_eq!(back(&columns, 8, values.len()), bytes, "{values:?}");
        }
    }
}
