//! Splits arrays into columns, each in the smallest lossless encoding.

use super::columns::{Field, Of};
use super::kind::Kind;

/// The encoding of a column of concatenated arrays.
#[derive(Debug, PartialEq)]
pub(super) enum Stored {
    /// The same bytes in each element.
    Constant(Vec<u8>),
    /// Numbers of this narrower kind.
    Plain(Kind, Vec<u8>),
    /// Numbers of this kind, relative to the index of their element.
    Relative(Kind, Vec<u8>),
    /// Indices into a table of the column's numbers.
    Table {
        /// The kind of the indices.
        kind: Kind,
        places: Vec<u8>,
        /// The tables, one for each array.
        table: Table,
        /// The length of each table.
        lengths: Vec<usize>,
        /// Whether the next unused index is 0, and any other is the index plus one.
        fresh: bool,
    },
}

/// The numbers of tables.
#[derive(Debug, PartialEq)]
pub(super) enum Table {
    /// As they are.
    Plain(Vec<u8>),
    /// As quotients of two integers: the fraction of a node's samples in a class.
    Fractions { over: (Kind, Vec<u8>), under: (Kind, Vec<u8>) },
}

/// The purpose of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be read without decompression.
    Map,
    /// To be compressed: encodings that make them more regular are used.
    Compress,
}

/// The columns of the elements of some arrays, of `size` bytes each, by their fields; none for a column of only zeros.
/// `None` if a field is out of range of the elements. The arrays are read once, since their owner may modify them.
pub(super) fn encode(
    arrays: &[&[u8]],
    size: usize,
    fields: &[Field],
    purpose: Purpose,
    scratch: &mut Scratch,
) -> Option<Vec<Option<Stored>>> {
    let lies_inside =
        |field: &Field| field.at.checked_add(field.of.size()).is_some_and(|end| end <= size && field.of.size() > 0);
    if !fields.iter().all(lies_inside) {
        return None;
    }
    let lengths: Vec<usize> = arrays.iter().map(|array| array.len().checked_div(size).unwrap_or(0)).collect();
    let Scratch { columns, places, index } = scratch;
    columns.resize_with(fields.len().max(columns.len()), Vec::new);
    gather(arrays, size, fields, columns);
    let stored = fields.iter().zip(columns).map(|(field, numbers)| match field.of {
        Of::Kind(kind) => Column { numbers, lengths: &lengths, kind, purpose }.stored(places, index),
        Of::Bytes(width @ 1..=8) => run(numbers, width),
        Of::Bytes(width) => long_run(arrays, size, field.at, width),
    });
    Some(stored.collect())
}

/// Buffers of one thread while it splits arrays: reused memory is cheaper than new memory.
#[derive(Default)]
pub(super) struct Scratch {
    /// The numbers of each field.
    columns: Vec<Vec<u64>>,
    places: Vec<u64>,
    index: Index,
}

/// Reads the numbers of all fields, and short runs of bytes as numbers, from the first array to the last one, each while
/// it is in the cache.
fn gather(arrays: &[&[u8]], size: usize, fields: &[Field], columns: &mut [Vec<u64>]) {
    columns.iter_mut().for_each(Vec::clear);
    for array in arrays {
        for (field, numbers) in fields.iter().zip(&mut *columns) {
            match field.of.size() {
                1 => numbers.extend(cells::<1>(array, size, field.at).map(number)),
                2 => numbers.extend(cells::<2>(array, size, field.at).map(number)),
                3 => numbers.extend(cells::<3>(array, size, field.at).map(number)),
                4 => numbers.extend(cells::<4>(array, size, field.at).map(number)),
                5 => numbers.extend(cells::<5>(array, size, field.at).map(number)),
                6 => numbers.extend(cells::<6>(array, size, field.at).map(number)),
                7 => numbers.extend(cells::<7>(array, size, field.at).map(number)),
                8 => numbers.extend(cells::<8>(array, size, field.at).map(number)),
                // Opaque bytes, which are numbers only if they are short.
                _ => {}
            }
        }
    }
}

/// A run of bytes in each element, mostly zeros between two fields.
fn run(numbers: &[u64], width: usize) -> Option<Stored> {
    let first = *numbers.first()?;
    if numbers.iter().all(|&bits| bits == first) {
        return (first != 0).then(|| Stored::Constant(low(&[first], width)));
    }
    Some(Stored::Plain(Kind::U8, low(numbers, width)))
}

/// A run of more bytes than a number has.
fn long_run(arrays: &[&[u8]], size: usize, at: usize, width: usize) -> Option<Stored> {
    let elements = arrays.iter().flat_map(|array| array.chunks_exact(size));
    let cells = elements.map(|element| element.get(at..at.saturating_add(width)).unwrap_or_default());
    let bytes: Vec<u8> = cells.flatten().copied().collect();
    let first = bytes.get(..width)?.to_vec();
    if bytes.chunks_exact(width).all(|cell| cell == first) {
        return first.iter().any(|&byte| byte != 0).then_some(Stored::Constant(first));
    }
    Some(Stored::Plain(Kind::U8, bytes))
}

fn cells<const N: usize>(array: &[u8], size: usize, at: usize) -> impl Iterator<Item = [u8; N]> {
    let cell = move |element: &[u8]| element.get(at..).and_then(|rest| rest.first_chunk().copied()).unwrap_or([0; N]);
    array.chunks_exact(size).map(cell)
}

/// Up to eight bytes in little-endian order.
fn number<const N: usize>(bytes: [u8; N]) -> u64 {
    let mut eight = [0; 8];
    if let Some(low) = eight.first_chunk_mut() {
        *low = bytes;
    }
    u64::from_le_bytes(eight)
}

/// The low `size` bytes of each number.
pub(super) fn low(numbers: &[u64], size: usize) -> Vec<u8> {
    fn each<const N: usize>(numbers: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0; numbers.len().saturating_mul(N)];
        for (cell, bits) in bytes.as_chunks_mut::<N>().0.iter_mut().zip(numbers) {
            *cell = bits.to_le_bytes().first_chunk().copied().unwrap_or([0; N]);
        }
        bytes
    }
    match size {
        1 => each::<1>(numbers),
        2 => each::<2>(numbers),
        3 => each::<3>(numbers),
        4 => each::<4>(numbers),
        5 => each::<5>(numbers),
        6 => each::<6>(numbers),
        7 => each::<7>(numbers),
        _ => each::<8>(numbers),
    }
}

/// The smallest kind that can represent all of the numbers.
pub(super) fn narrowest(kind: Kind, numbers: &[u64]) -> Kind {
    if let Some((least, most)) = kind.whole_range(numbers) {
        let holds = |to: &&Kind| to.range().is_some_and(|range| range.contains(&least) && range.contains(&most));
        if let Some(narrow) = kind.narrower().iter().find(holds) {
            return *narrow;
        }
    }
    let fits = |to: &&Kind| numbers.iter().all(|&bits| to.widen(kind.narrow(bits, **to), kind) == Some(bits));
    kind.narrower().iter().filter(|to| **to == Kind::F32).find(fits).copied().unwrap_or(kind)
}

/// One field of some arrays.
struct Column<'a> {
    /// Its bits in each element, arrays concatenated.
    numbers: &'a mut Vec<u64>,
    /// The number of elements of each array.
    lengths: &'a [usize],
    kind: Kind,
    purpose: Purpose,
}

impl Column<'_> {
    /// Its smallest encoding; `None` for only zeros.
    fn stored(self, places: &mut Vec<u64>, index: &mut Index) -> Option<Stored> {
        let Self { kind, purpose, .. } = self;
        let first = *self.numbers.first()?;
        if self.numbers.iter().all(|&bits| bits == first) {
            return (first != 0).then(|| Stored::Constant(low(&[first], kind.size())));
        }
        if purpose == Purpose::Compress && self.steps(places).is_some() {
            let narrow = narrowest(kind, places);
            return Some(Stored::Relative(narrow, low(places, narrow.size())));
        }
        let narrow = narrowest(kind, self.numbers);
        if let Some(stored) = self.tabulated(narrow, places, index) {
            return Some(stored);
        }
        if narrow != kind {
            self.numbers.iter_mut().for_each(|bits| *bits = kind.narrow(*bits, narrow));
        }
        Some(Stored::Plain(narrow, low(self.numbers, narrow.size())))
    }

    /// The numbers relative to the index of their element, if each is negative or the index of a later element:
    /// the children of nodes. Negative ones are incremented, so that they are at most zero.
    fn steps(&self, steps: &mut Vec<u64>) -> Option<()> {
        if !matches!(self.kind, Kind::I16 | Kind::I32 | Kind::I64) {
            return None;
        }
        steps.clear();
        let rows = self.lengths.iter().flat_map(|&length| 0_i64..i64::try_from(length).unwrap_or(0));
        for (&bits, row) in self.numbers.iter().zip(rows) {
            let number = self.kind.signed(bits);
            let step =
                if number < 0 { number.checked_add(1)? } else { number.checked_sub(row).filter(|&step| step > 0)? };
            steps.push(self.kind.cut(step));
        }
        Some(())
    }

    /// The numbers as indices into tables, if that takes fewer bytes than numbers of the kind `narrow`.
    fn tabulated(&self, narrow: Kind, places: &mut Vec<u64>, index: &mut Index) -> Option<Stored> {
        let count = self.numbers.len();
        let plain = count.checked_mul(narrow.size())?;
        if narrow.size() < 2 {
            return None;
        }
        places.clear();
        let (mut table, mut tables) = (Vec::new(), Vec::new());
        let mut rest = self.numbers.as_slice();
        let most = plain.checked_sub(count)?.checked_div(self.kind.size())?;
        for &length in self.lengths {
            let (array, behind) = rest.split_at_checked(length)?;
            rest = behind;
            index.clear();
            let before = table.len();
            // More numbers are not allowed, or would save nothing: a longer table saves less.
            let left = most.checked_sub(before)?;
            let most = left.min(if narrow.size() == 2 { 255 } else { 65_535 });
            let mut next = 0;
            for &bits in array {
                let place = index.place(bits, &mut table, before, most)?;
                places.push(match self.purpose {
                    Purpose::Map => place,
                    Purpose::Compress if place == next => 0,
                    Purpose::Compress => place.saturating_add(1),
                });
                next = next.max(place.saturating_add(1));
            }
            tables.push(table.len().checked_sub(before)?);
        }
        let kind = if tables.iter().all(|&length| length <= 255) { Kind::U8 } else { Kind::U16 };
        let cost = table.len().checked_mul(self.kind.size())?.checked_add(places.len().checked_mul(kind.size())?)?;
        (cost < plain).then(|| Stored::Table {
            kind,
            places: low(places, kind.size()),
            table: fractions(&table, self.kind).unwrap_or_else(|| Table::Plain(low(&table, self.kind.size()))),
            lengths: tables,
            fresh: self.purpose == Purpose::Compress,
        })
    }
}

/// The numbers as fractions, if each of them is the nearest float64 to one, and that takes fewer bytes.
fn fractions(numbers: &[u64], kind: Kind) -> Option<Table> {
    if kind != Kind::F64 {
        return None;
    }
    let pairs: Vec<(u64, u64)> = numbers.iter().map(|&bits| fraction(f64::from_bits(bits))).collect::<Option<_>>()?;
    let (over, under): (Vec<u64>, Vec<u64>) = pairs.into_iter().unzip();
    let narrow = |numbers: &[u64]| {
        let kind = narrowest(Kind::U32, numbers);
        (kind, low(numbers, kind.size()))
    };
    Some(Table::Fractions { over: narrow(&over), under: narrow(&under) })
}

/// The integers of at most 16 bits whose quotient is a number from 0 to 1, with the least divisor, from the
/// number's continued fraction.
fn fraction(value: f64) -> Option<(u64, u64)> {
    if value.to_bits() == 0 {
        return Some((0, 1));
    }
    if !(value > 0.0 && value <= 1.0) {
        return None;
    }
    let (mut over, mut under) = ([0_u32, 1], [1_u32, 0]);
    let mut rest = value;
    // Each step at least doubles the divisor every other time.
    for _ in 0..32 {
        let whole = rest.floor();
        // More than a divisor may be.
        let digit = u32::try_from(Kind::F64.narrow(whole.to_bits(), Kind::U32)).ok().filter(|_| whole < 65_536.0)?;
        over = [over[1], digit.checked_mul(over[1])?.checked_add(over[0])?];
        under = [under[1], digit.checked_mul(under[1])?.checked_add(under[0])?];
        if under[1] > 65_535 {
            return None;
        }
        if (f64::from(over[1]) / f64::from(under[1])).to_bits() == value.to_bits() {
            return Some((over[1].into(), under[1].into()));
        }
        rest = 1.0 / (rest - whole);
    }
    None
}

/// The index of each number in a growing table: a simple hash table, since a writer's input is not an attack.
#[derive(Default)]
struct Index {
    /// A number, and its index in the table plus one, or 0 for an empty slot. Their number is a power of two, or zero.
    slots: Vec<(u64, u32)>,
    /// How many are used.
    count: usize,
}

impl Index {
    /// Forgets all numbers. The next table is expected to be as long as the one before.
    fn clear(&mut self) {
        let capacity = self.count.saturating_mul(2).next_power_of_two();
        self.slots.clear();
        self.slots.resize(capacity.max(256), (0, 0));
        self.count = 0;
    }

    /// The index of a number in the table, whose first number is at `start`; it is added if missing.
    /// `None` when there would be more than `most`.
    #[inline]
    fn place(&mut self, number: u64, table: &mut Vec<u64>, start: usize, most: usize) -> Option<u64> {
        let slot = self.find(number)?;
        let slot = self.slots.get_mut(slot)?;
        if let Some(place) = slot.1.checked_sub(1) {
            return Some(place.into());
        }
        let place = u32::try_from(self.count).ok().filter(|_| self.count < most)?;
        *slot = (number, place.checked_add(1)?);
        table.push(number);
        self.count = self.count.saturating_add(1);
        if self.count.saturating_mul(2) > self.slots.len() {
            self.grow(table.get(start..)?)?;
        }
        Some(place.into())
    }

    /// The slot of the number, used or empty.
    #[inline]
    fn find(&self, number: u64) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).checked_shr(mask.leading_zeros())?;
        let mut slot = usize::try_from(hash).ok()?;
        loop {
            let &(held, place) = self.slots.get(slot)?;
            if place == 0 || held == number {
                return Some(slot);
            }
            slot = slot.wrapping_add(1) & mask;
        }
    }

    fn grow(&mut self, table: &[u64]) -> Option<()> {
        let capacity = self.slots.len().checked_mul(4)?;
        self.slots.clear();
        self.slots.resize(capacity, (0, 0));
        for (place, &number) in (1..).zip(table) {
            let slot = self.find(number)?;
            *self.slots.get_mut(slot)? = (number, place);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_those_that_came_about_by_dividing() {
        for (over, under) in [(1_u32, 3_u32), (2, 3), (0, 7), (7, 7), (1, 65_535), (12_345, 54_321), (65_534, 65_535)] {
            let value = f64::from(over) / f64::from(under);
            let (found_over, found_under) = fraction(value).unwrap();
            assert!(found_under <= under.into());
            assert_eq!(found_over * u64::from(under), u64::from(over) * found_under, "{over}/{under}");
        }
        for value in [-0.5, -0.0, 1.5, f64::NAN, f64::INFINITY, 0.1_f64.next_up(), 1e-300, std::f64::consts::FRAC_1_PI]
        {
            assert_eq!(fraction(value), None, "{value}");
        }
    }
}
