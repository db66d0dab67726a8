//! Arrays taken apart into columns, each in the smallest form that loses nothing.

use super::columns::{Field, Of};
use super::kind::Kind;

/// In which form a column of some arrays is stored, one array behind the other.
#[derive(Debug, PartialEq)]
pub(super) enum Stored {
    /// The same bytes in each element.
    Constant(Vec<u8>),
    /// As numbers of this kind, which widen to the column's own.
    Plain(Kind, Vec<u8>),
    /// As numbers of this kind, counted from the element that they stand in.
    Relative(Kind, Vec<u8>),
    /// As places in a table of the column's own numbers.
    Table {
        /// The kind of the places.
        kind: Kind,
        places: Vec<u8>,
        /// The tables, one for each array.
        table: Table,
        /// How many numbers each table has.
        lengths: Vec<usize>,
        /// Whether a place that is the next one of its table is 0, and any other one more than it is.
        fresh: bool,
    },
}

/// The numbers of tables.
#[derive(Debug, PartialEq)]
pub(super) enum Table {
    /// As they are.
    Plain(Vec<u8>),
    /// As integers of two kinds, by dividing which each of them came about: what part of a node's samples is of a class.
    Fractions { over: (Kind, Vec<u8>), under: (Kind, Vec<u8>) },
}

/// What columns are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be read where they lie.
    Map,
    /// To be compressed: whatever makes them more alike is welcome.
    Compress,
}

/// One column of the elements of some arrays, of `size` bytes each; nothing for zeros alone. `None` when the field does
/// not lie in the elements.
pub(super) fn encode(arrays: &[&[u8]], size: usize, field: &Field, purpose: Purpose) -> Option<Option<Stored>> {
    field.at.checked_add(field.of.size()).filter(|&end| end <= size && field.of.size() > 0)?;
    let Of::Kind(kind) = field.of else { return Some(raw(arrays, size, field)) };
    let mut numbers = Vec::new();
    for array in arrays {
        match kind.size() {
            1 => numbers.extend(cells::<1>(array, size, field.at).map(number)),
            2 => numbers.extend(cells::<2>(array, size, field.at).map(number)),
            4 => numbers.extend(cells::<4>(array, size, field.at).map(number)),
            _ => numbers.extend(cells::<8>(array, size, field.at).map(number)),
        }
    }
    let first = *numbers.first()?;
    if numbers.iter().all(|&bits| bits == first) {
        return Some((first != 0).then(|| Stored::Constant(low(&[first], kind.size()))));
    }
    let lengths: Vec<usize> = arrays.iter().map(|array| array.len().checked_div(size).unwrap_or(0)).collect();
    if let Some(steps) = relative(&numbers, &lengths, kind).filter(|_| purpose == Purpose::Compress) {
        let narrow = narrowest(kind, &steps);
        return Some(Some(Stored::Relative(narrow, low(&steps, narrow.size()))));
    }
    let narrow = narrowest(kind, &numbers);
    if let Some(stored) = tabulate(&numbers, &lengths, kind, narrow, purpose) {
        return Some(Some(stored));
    }
    if narrow != kind {
        numbers.iter_mut().for_each(|bits| *bits = kind.narrow(*bits, narrow));
    }
    Some(Some(Stored::Plain(narrow, low(&numbers, narrow.size()))))
}

/// Bytes as they are.
fn raw(arrays: &[&[u8]], size: usize, field: &Field) -> Option<Stored> {
    let end = field.at.saturating_add(field.of.size());
    let cells = || {
        let elements = arrays.iter().flat_map(|array| array.chunks_exact(size));
        elements.map(|element| element.get(field.at..end).unwrap_or_default())
    };
    let first = cells().next()?;
    if cells().all(|cell| cell == first) {
        return first.iter().any(|&byte| byte != 0).then(|| Stored::Constant(first.to_vec()));
    }
    Some(Stored::Plain(Kind::U8, cells().flatten().copied().collect()))
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
fn low(numbers: &[u64], size: usize) -> Vec<u8> {
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
        4 => each::<4>(numbers),
        _ => each::<8>(numbers),
    }
}

/// The smallest kind that holds all of the numbers.
fn narrowest(kind: Kind, numbers: &[u64]) -> Kind {
    if let Some((least, most)) = kind.whole_range(numbers) {
        let holds = |to: &&Kind| to.range().is_some_and(|range| range.contains(&least) && range.contains(&most));
        if let Some(narrow) = kind.narrower().iter().find(holds) {
            return *narrow;
        }
    }
    let fits = |to: &&Kind| numbers.iter().all(|&bits| to.widen(kind.narrow(bits, **to), kind) == Some(bits));
    kind.narrower().iter().filter(|to| **to == Kind::F32).find(fits).copied().unwrap_or(kind)
}

/// The numbers counted from the elements that they stand in, if each of them is negative or that of an element behind:
/// the children of nodes. Negative ones are one more than they were, so that they are no greater than zero.
fn relative(numbers: &[u64], lengths: &[usize], kind: Kind) -> Option<Vec<u64>> {
    if !matches!(kind, Kind::I16 | Kind::I32 | Kind::I64) {
        return None;
    }
    let rows = lengths.iter().flat_map(|&length| 0_i64..i64::try_from(length).unwrap_or(0));
    let step = |(&bits, row): (&u64, i64)| {
        let number = kind.signed(bits);
        let step =
            if number < 0 { number.checked_add(1)? } else { number.checked_sub(row).filter(|&step| step > 0)? };
        Some(kind.cut(step))
    };
    numbers.iter().zip(rows).map(step).collect()
}

/// The numbers as places in tables, if that takes fewer bytes than numbers of the kind `narrow`.
fn tabulate(numbers: &[u64], lengths: &[usize], kind: Kind, narrow: Kind, purpose: Purpose) -> Option<Stored> {
    let plain = numbers.len().checked_mul(narrow.size())?;
    if narrow.size() < 2 {
        return None;
    }
    let (mut places, mut table, mut tables) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = numbers;
    let mut index = Index::default();
    let most = plain.checked_sub(numbers.len())?.checked_div(kind.size())?;
    for &length in lengths {
        let (array, behind) = rest.split_at_checked(length)?;
        rest = behind;
        index.clear();
        let before = table.len();
        // More numbers have no place, or do not pay: a longer table pays less.
        let left = most.checked_sub(before)?;
        let most = left.min(if narrow.size() == 2 { 255 } else { 65_535 });
        let mut next = 0;
        for &bits in array {
            let place = index.place(bits, &mut table, before, most)?;
            places.push(match purpose {
                Purpose::Map => place,
                Purpose::Compress if place == next => 0,
                Purpose::Compress => place.saturating_add(1),
            });
            next = next.max(place.saturating_add(1));
        }
        tables.push(table.len().checked_sub(before)?);
    }
    let kind_of_places = if tables.iter().all(|&length| length <= 255) { Kind::U8 } else { Kind::U16 };
    let cost = table.len().checked_mul(kind.size())?.checked_add(places.len().checked_mul(kind_of_places.size())?)?;
    (cost < plain).then(|| Stored::Table {
        kind: kind_of_places,
        places: low(&places, kind_of_places.size()),
        table: fractions(&table, kind).unwrap_or_else(|| Table::Plain(low(&table, kind.size()))),
        lengths: tables,
        fresh: purpose == Purpose::Compress,
    })
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

/// The integers of at most 16 bits by dividing which a number from 0 to 1 came about, with the least divisor: by the
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

/// Where each number is in a table that grows: an open hash table of places, since nobody attacks who writes.
#[derive(Default)]
struct Index {
    /// Places in the table and one more; none is zero. A power of two of them.
    slots: Vec<u32>,
    bits: u32,
}

impl Index {
    fn clear(&mut self) {
        self.slots.clear();
        self.bits = 0;
    }

    /// The place of a number in the table, whose first number is at `start`; it is added when it is not there.
    /// `None` when there would be more than `most`.
    fn place(&mut self, number: u64, table: &mut Vec<u64>, start: usize, most: usize) -> Option<u64> {
        let count = table.len().checked_sub(start)?;
        if count.saturating_mul(2) >= self.slots.len() {
            self.grow(table.get(start..)?)?;
        }
        let slot = self.find(number, table.get(start..)?)?;
        let slot = self.slots.get_mut(slot)?;
        if *slot == 0 {
            if count >= most {
                return None;
            }
            table.push(number);
            *slot = u32::try_from(count).ok()?.checked_add(1)?;
        }
        Some(u64::from(slot.checked_sub(1)?))
    }

    /// The slot that holds the number, or would.
    #[inline]
    fn find(&self, number: u64, table: &[u64]) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).checked_shr(64_u32.checked_sub(self.bits)?)?;
        let mut slot = usize::try_from(hash).ok()?;
        loop {
            let place = usize::try_from(*self.slots.get(slot)?).ok()?;
            if place == 0 || *table.get(place.checked_sub(1)?)? == number {
                return Some(slot);
            }
            slot = slot.wrapping_add(1) & mask;
        }
    }

    fn grow(&mut self, table: &[u64]) -> Option<()> {
        self.bits = self.bits.saturating_add(2).max(8);
        self.slots.clear();
        self.slots.resize(1_usize.checked_shl(self.bits)?, 0);
        for (place, &number) in (1..).zip(table) {
            let slot = self.find(number, table)?;
            *self.slots.get_mut(slot)? = place;
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
