//! Restores the elements of an array from columns, bit for bit.

use super::columns::Of;
use super::kind::Kind;
use super::packed::Tensor;

/// The requested cells of a column.
pub(super) enum Cells<'a> {
    /// One constant.
    Constant(&'a [u8]),
    /// Numbers of a narrower kind.
    Plain(Kind, &'a [u8]),
    /// Numbers of a narrower kind, relative to the index of their element.
    Relative(Kind, &'a [u8]),
    /// Indices, of one or two bytes, into a table of the column's numbers; if `fresh`, 0 is the next unused index, and
    /// any other is the index plus one.
    Table { kind: Kind, places: &'a [u8], table: &'a [u8], fresh: bool },
}

/// The output of cells: elements of `size` bytes, at the offset `at` in each.
pub(super) struct Target<'a> {
    pub elements: &'a mut [u8],
    pub size: usize,
    pub at: usize,
}

/// Writes the cells of a column; `None` when there are too few or too many of them, or an index is out of range.
pub(super) fn decode(form: &Cells<'_>, of: Of, target: &mut Target<'_>) -> Option<()> {
    let width = of.size();
    let count = target.elements.len().checked_div(target.size)?;
    target.at.checked_add(width).filter(|&end| end <= target.size && width > 0)?;
    match (form, of) {
        (Cells::Constant(value), _) => {
            (value.len() == width).then_some(())?;
            target.cells(width).for_each(|cell| cell.copy_from_slice(value));
            Some(())
        }
        (Cells::Plain(stored, bytes), of) => {
            let bytes_alone = matches!(of, Of::Bytes(_));
            let size = if bytes_alone { width } else { stored.size() };
            (bytes.len() == count.checked_mul(size)?).then_some(())?;
            if bytes_alone || *stored == of.kind() {
                target.copy(width, bytes);
                return Some(());
            }
            widen(*stored, bytes, of.kind(), target)
        }
        (Cells::Relative(stored, bytes), Of::Kind(kind)) => {
            let suits = *stored == kind || kind.narrower().contains(stored);
            (suits && bytes.len() == count.checked_mul(stored.size())?).then_some(())?;
            match kind {
                Kind::I16 => count_on::<2>(*stored, bytes, target),
                Kind::I32 => count_on::<4>(*stored, bytes, target),
                Kind::I64 => count_on::<8>(*stored, bytes, target),
                _ => None,
            }
        }
        (Cells::Table { kind, places, table, fresh }, Of::Kind(_)) => {
            (places.len() == count.checked_mul(kind.size())?).then_some(())?;
            look_up(*kind, places, table, *fresh, width, target)
        }
        (Cells::Relative(..) | Cells::Table { .. }, Of::Bytes(_)) => None,
    }
}

impl Target<'_> {
    fn cells(&mut self, width: usize) -> impl Iterator<Item = &mut [u8]> {
        let (at, end) = (self.at, self.at.saturating_add(width));
        self.elements
            .chunks_exact_mut(self.size.max(1))
            .map(move |element| element.get_mut(at..end).unwrap_or_default())
    }

    fn copy(&mut self, width: usize, bytes: &[u8]) {
        if self.size == width {
            self.elements.copy_from_slice(bytes);
        } else {
            self.cells(width)
                .zip(bytes.chunks_exact(width.max(1)))
                .for_each(|(cell, bytes)| cell.copy_from_slice(bytes));
        }
    }

    /// Converts each `N` bytes to a cell; `None` if `convert` returns `None` for one of them.
    #[inline]
    fn fill<const N: usize, const W: usize>(
        &mut self,
        bytes: &[u8],
        mut convert: impl FnMut([u8; N]) -> Option<[u8; W]>,
    ) -> Option<()> {
        let from = bytes.as_chunks::<N>().0;
        let mut whole = true;
        let mut convert = |bytes: &[u8; N]| {
            let cell = convert(*bytes);
            whole &= cell.is_some();
            cell.unwrap_or([0; W])
        };
        if self.size == W {
            for (cell, bytes) in self.elements.as_chunks_mut::<W>().0.iter_mut().zip(from) {
                *cell = convert(bytes);
            }
        } else {
            for (cell, bytes) in self.cells(W).zip(from) {
                if let Some(cell) = cell.first_chunk_mut() {
                    *cell = convert(bytes);
                }
            }
        }
        whole.then_some(())
    }
}

/// Float64 quotients of integers; `None` if the numbers of integers differ.
pub(super) fn divide(over: &Tensor, under: &Tensor) -> Option<Vec<u8>> {
    let floats = |tensor: &Tensor| {
        let count = tensor.len().checked_div(tensor.kind.size())?;
        let mut floats = vec![0; count.checked_mul(8)?];
        let form = Cells::Plain(tensor.kind, tensor.bytes());
        decode(&form, Of::Kind(Kind::F64), &mut Target { elements: &mut floats, size: 8, at: 0 })?;
        Some(floats)
    };
    let (mut quotients, under) = (floats(over)?, floats(under)?);
    (quotients.len() == under.len()).then_some(())?;
    for (over, under) in quotients.as_chunks_mut::<8>().0.iter_mut().zip(under.as_chunks::<8>().0) {
        *over = (f64::from_le_bytes(*over) / f64::from_le_bytes(*under)).to_le_bytes();
    }
    Some(quotients)
}

/// Numbers stored as `stored` into cells of the wider kind `to`.
fn widen(stored: Kind, bytes: &[u8], to: Kind, target: &mut Target<'_>) -> Option<()> {
    if !to.narrower().contains(&stored) {
        return None;
    }
    match (to, stored) {
        (Kind::F64, Kind::F32) => target.fill(bytes, |bytes| Some(f64::from(f32::from_le_bytes(bytes)).to_le_bytes())),
        (Kind::F64, _) => match stored {
            Kind::U8 => target.fill(bytes, |bytes| Some(f64::from(u8::from_le_bytes(bytes)).to_le_bytes())),
            Kind::I8 => target.fill(bytes, |bytes| Some(f64::from(i8::from_le_bytes(bytes)).to_le_bytes())),
            Kind::U16 => target.fill(bytes, |bytes| Some(f64::from(u16::from_le_bytes(bytes)).to_le_bytes())),
            Kind::I16 => target.fill(bytes, |bytes| Some(f64::from(i16::from_le_bytes(bytes)).to_le_bytes())),
            Kind::U32 => target.fill(bytes, |bytes| Some(f64::from(u32::from_le_bytes(bytes)).to_le_bytes())),
            _ => target.fill(bytes, |bytes| Some(f64::from(i32::from_le_bytes(bytes)).to_le_bytes())),
        },
        (Kind::F32, _) => match stored {
            Kind::U8 => target.fill(bytes, |bytes| Some(f32::from(u8::from_le_bytes(bytes)).to_le_bytes())),
            Kind::I8 => target.fill(bytes, |bytes| Some(f32::from(i8::from_le_bytes(bytes)).to_le_bytes())),
            Kind::U16 => target.fill(bytes, |bytes| Some(f32::from(u16::from_le_bytes(bytes)).to_le_bytes())),
            _ => target.fill(bytes, |bytes| Some(f32::from(i16::from_le_bytes(bytes)).to_le_bytes())),
        },
        _ => match to.size() {
            2 => extend::<2>(stored, bytes, target),
            4 => extend::<4>(stored, bytes, target),
            _ => extend::<8>(stored, bytes, target),
        },
    }
}

/// Integers into cells of `W` bytes, with their sign where they have one.
fn extend<const W: usize>(stored: Kind, bytes: &[u8], target: &mut Target<'_>) -> Option<()> {
    integers(stored, bytes, target, |value| value.to_le_bytes().first_chunk::<W>().copied())
}

/// Like [`extend`], for numbers that are relative to the index of their element if they are positive, and are one
/// more than they should be when they are not.
fn count_on<const W: usize>(stored: Kind, bytes: &[u8], target: &mut Target<'_>) -> Option<()> {
    let mut row = 0_i64;
    integers(stored, bytes, target, |step| {
        let value = if step > 0 { step.wrapping_add(row) } else { step.wrapping_sub(1) };
        row = row.wrapping_add(1);
        value.to_le_bytes().first_chunk::<W>().copied()
    })
}

#[inline]
fn integers<const W: usize>(
    stored: Kind,
    bytes: &[u8],
    target: &mut Target<'_>,
    mut cell: impl FnMut(i64) -> Option<[u8; W]>,
) -> Option<()> {
    match stored {
        Kind::U8 => target.fill(bytes, |bytes| cell(u8::from_le_bytes(bytes).into())),
        Kind::I8 => target.fill(bytes, |bytes| cell(i8::from_le_bytes(bytes).into())),
        Kind::U16 => target.fill(bytes, |bytes| cell(u16::from_le_bytes(bytes).into())),
        Kind::I16 => target.fill(bytes, |bytes| cell(i16::from_le_bytes(bytes).into())),
        Kind::U32 => target.fill(bytes, |bytes| cell(u32::from_le_bytes(bytes).into())),
        Kind::I32 => target.fill(bytes, |bytes| cell(i32::from_le_bytes(bytes).into())),
        _ => target.fill(bytes, |bytes| cell(i64::from_le_bytes(bytes))),
    }
}

/// Writes the table's values at the given indices into cells.
fn look_up(kind: Kind, places: &[u8], table: &[u8], fresh: bool, width: usize, target: &mut Target<'_>) -> Option<()> {
    match width {
        1 => look_up_cells::<1>(kind, places, table, fresh, target),
        2 => look_up_cells::<2>(kind, places, table, fresh, target),
        4 => look_up_cells::<4>(kind, places, table, fresh, target),
        8 => look_up_cells::<8>(kind, places, table, fresh, target),
        _ => None,
    }
}

fn look_up_cells<const W: usize>(
    kind: Kind,
    places: &[u8],
    table: &[u8],
    fresh: bool,
    target: &mut Target<'_>,
) -> Option<()> {
    let (table, rest) = table.as_chunks::<W>();
    rest.is_empty().then_some(())?;
    let mut next = 0_usize;
    let mut cell = |place: usize| {
        let place = match place {
            0 => {
                next = next.wrapping_add(1);
                next.wrapping_sub(1)
            }
            place => place.wrapping_sub(1),
        };
        table.get(place).copied()
    };
    match (kind, fresh) {
        (Kind::U8, false) => target.fill(places, |place| table.get(usize::from(u8::from_le_bytes(place))).copied()),
        (Kind::U16, false) => target.fill(places, |place| table.get(usize::from(u16::from_le_bytes(place))).copied()),
        (Kind::U8, true) => target.fill(places, |place| cell(u8::from_le_bytes(place).into())),
        (Kind::U16, true) => target.fill(places, |place| cell(u16::from_le_bytes(place).into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::fields;
    use super::super::encode::{Purpose, Scratch, Stored, Table, encode};
    use super::*;
    use crate::{DType, Endian, Field};

    /// Splits arrays of one dtype into columns and assembles each of them again; returns the encodings of their columns.
    fn there_and_back(dtype: &DType, arrays: &[Vec<u8>], purpose: Purpose) -> Vec<String> {
        let size = dtype.itemsize().unwrap();
        let slices: Vec<&[u8]> = arrays.iter().map(Vec::as_slice).collect();
        let mut back: Vec<Vec<u8>> = arrays.iter().map(|array| vec![0; array.len()]).collect();
        let mut forms = Vec::new();
        let fields = fields(dtype).unwrap();
        for (field, stored) in
            fields.iter().zip(encode(&slices, size, &fields, purpose, &mut Scratch::default()).unwrap())
        {
            let Some(stored) = stored else { continue };
            let (mut row, mut tables) = (0, 0);
            for (number, elements) in back.iter_mut().enumerate() {
                let rows = elements.len() / size;
                let held;
                let form = match &stored {
                    Stored::Constant(value) => Cells::Constant(value),
                    Stored::Relative(kind, bytes) => {
                        Cells::Relative(*kind, &bytes[row * kind.size()..(row + rows) * kind.size()])
                    }
                    Stored::Plain(kind, bytes) => {
                        let width = if matches!(field.of, Of::Bytes(_)) { field.of.size() } else { kind.size() };
                        Cells::Plain(*kind, &bytes[row * width..(row + rows) * width])
                    }
                    Stored::Table { kind, places, table, lengths, fresh } => {
                        let width = field.of.size();
                        held = match table {
                            Table::Plain(table) => table.clone(),
                            Table::Fractions { over, under } => {
                                let tensor = |(kind, bytes): &(Kind, Vec<u8>)| Tensor::plain(*kind, bytes.clone());
                                divide(&tensor(over), &tensor(under)).unwrap()
                            }
                        };
                        let table = &held[tables * width..(tables + lengths[number]) * width];
                        tables += lengths[number];
                        Cells::Table {
                            kind: *kind,
                            places: &places[row * kind.size()..(row + rows) * kind.size()],
                            table,
                            fresh: *fresh,
                        }
                    }
                };
                row += rows;
                decode(&form, field.of, &mut Target { elements, size, at: field.at }).unwrap();
            }
            forms.push(match &stored {
                Stored::Constant(_) => "constant".to_owned(),
                Stored::Plain(kind, _) => kind.name().to_owned(),
                Stored::Relative(kind, _) => format!("relative {}", kind.name()),
                Stored::Table { kind, table: Table::Plain(_), .. } => format!("table of {}", kind.name()),
                Stored::Table { kind, .. } => format!("fractions by {}", kind.name()),
            });
        }
        assert_eq!(back, arrays);
        forms
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
        let array = |length: i16, shift: f64| {
            let mut bytes = Vec::new();
            for place in 0..length {
                bytes.extend(i64::from(place - 1).to_le_bytes());
                bytes.extend((shift + f64::from(place % 7) / 3.0).to_le_bytes());
                bytes.extend(f64::from(place * 30).to_le_bytes());
                bytes.extend(place.to_be_bytes());
                // A byte of the field, and five of padding.
                bytes.extend([1, 0, 0, 0, u8::try_from(place % 3).unwrap(), 0]);
            }
            bytes
        };
        let forms = ["I16", "table of U8", "U16", "U8", "constant", "U8"];
        let several = [array(500, 0.0), array(0, 0.0), array(900, 0.5), array(1, 3.0)];
        assert_eq!(there_and_back(&dtype, &[array(1_000, 0.0)], Purpose::Map), forms);
        assert_eq!(there_and_back(&dtype, &several, Purpose::Map), forms);
        assert_eq!(there_and_back(&dtype, &several, Purpose::Compress), forms);
    }

    #[test]
    fn odd_numbers_come_back() {
        let dtype = DType::Float { size: 8, endian: Endian::Little };
        let many: Vec<f64> = (0..70_000).map(|value| f64::from(value) / 3.0).collect();
        let few: Vec<f64> = (0..70_000).map(|value| f64::from(value % 300) / 3.0).collect();
        for (values, form) in [
            (vec![0.0, -0.0, 1.0], Some("F32")),
            (vec![f64::NAN, 1.0, -f64::NAN], Some("F32")),
            (vec![f64::INFINITY, f64::NEG_INFINITY, 5e-324], Some("F64")),
            (vec![0.1; 4], Some("constant")),
            (vec![0.0; 4], None),
            (vec![0.5, 0.25, 1e10], Some("F32")),
            (vec![-1.0, 255.0], Some("I16")),
            (vec![0.0, 4e9], Some("U32")),
            (vec![0.0, 1e10], Some("F32")),
            (vec![1.0, 9_223_372_036_854_775_807.0, 1e300], Some("F64")),
            ((0..5_000).map(|place| f64::from(place % 201) / f64::from(200)).collect(), Some("fractions by U8")),
            (many, Some("F64")),
            (few, Some("table of U16")),
        ] {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let forms = there_and_back(&dtype, std::slice::from_ref(&bytes), Purpose::Map);
            assert_eq!(there_and_back(&dtype, &[bytes], Purpose::Compress), forms);
            assert_eq!(forms, form.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{:?}", values.get(..3));
        }
    }

    #[test]
    fn children_come_back() {
        for (size, kind) in [(2, "relative U8"), (4, "relative U8"), (8, "relative U8")] {
            let dtype = DType::Int { size, endian: Endian::Little };
            let array = |values: &[i64]| values.iter().flat_map(|value| value.to_le_bytes()[..size].to_vec()).collect();
            let arrays: Vec<Vec<u8>> = vec![array(&[1, 2, 200, -1, -1]), array(&[2, -1, -1])];
            assert_eq!(there_and_back(&dtype, &arrays, Purpose::Compress), [kind]);
            assert_ne!(there_and_back(&dtype, &arrays, Purpose::Map), [kind]);
            // Not a later index: a node that is its own child, and the smallest integer.
            let least = i64::MIN >> (64 - 8 * size);
            let arrays: Vec<Vec<u8>> = vec![array(&[1, 1, -1]), array(&[least, -1])];
            assert!(!there_and_back(&dtype, &arrays, Purpose::Compress)[0].starts_with("relative"));
            let arrays: Vec<Vec<u8>> = vec![array(&[least, -1, 7])];
            assert!(there_and_back(&dtype, &arrays, Purpose::Compress)[0].starts_with("relative"));
        }
    }

    #[test]
    fn what_does_not_suit_is_refused() {
        let mut elements = [0; 8];
        let mut check = |form: &Cells<'_>, of, size, at| {
            decode(form, of, &mut Target { elements: &mut elements, size, at }).is_none()
        };
        let double = Of::Kind(Kind::F64);
        assert!(!check(&Cells::Plain(Kind::U8, &[1]), double, 8, 0));
        assert!(check(&Cells::Plain(Kind::U8, &[1, 2]), double, 8, 0), "two numbers for one element");
        assert!(check(&Cells::Plain(Kind::U8, &[1]), double, 8, 1), "behind the element's end");
        assert!(check(&Cells::Plain(Kind::U8, &[1]), double, 0, 0), "elements of nothing");
        assert!(check(&Cells::Plain(Kind::I64, &[0; 8]), double, 8, 0), "no kind that is narrower");
        assert!(check(&Cells::Constant(&[0; 4]), double, 8, 0), "a constant of another size");
        let table = |places, table| Cells::Table { kind: Kind::U8, places, table, fresh: false };
        assert!(!check(&table(&[0], &[0; 8]), double, 8, 0));
        assert!(check(&table(&[1], &[0; 8]), double, 8, 0), "a place behind the table");
        assert!(check(&table(&[0], &[0; 9]), double, 8, 0), "a table of a number and a bit");
        assert!(check(&table(&[0], &[0; 8]), Of::Bytes(8), 8, 0), "bytes have no table");
    }
}
