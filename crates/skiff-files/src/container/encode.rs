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
        table: Vec<u8>,
        /// How many numbers each table has.
        lengths: Vec<usize>,
        /// Whether a place that is the next one of its table is 0, and any other one more than it is.
        fresh: bool,
    },
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
        table: low(&table, kind.size()),
        lengths: tables,
        fresh: purpose == Purpose::Compress,
    })
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
