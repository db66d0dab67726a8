//! Arrays that are stored in columns, or compressed, and are assembled when their bytes are used.
//!
//! A single field of a structured array is read from its column alone.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use skiff_pickle::{Bytes, Owner};

use super::coding::{self, Coding, Cores};
use super::columns::Of;
use super::decode::{self, Cells, Target, decode};
use super::kind::Kind;

/// A tensor of a file.
#[derive(Debug)]
pub(super) struct Tensor {
    pub kind: Kind,
    /// Its bytes in the file.
    pub bytes: Bytes,
    /// How it is compressed.
    pub coding: Option<Coding>,
    /// Its uncompressed type.
    pub decoded: OnceLock<Vec<u8>>,
}

impl Tensor {
    #[cfg(test)]
    pub fn plain(kind: Kind, bytes: Vec<u8>) -> Self {
        Self { kind, bytes: Bytes::from(bytes), coding: None, decoded: OnceLock::new() }
    }

    /// Its uncompressed size in bytes.
    pub fn len(&self) -> usize {
        self.coding.map_or(self.bytes.len(), |coding| coding.length)
    }

    /// Its uncompressed bytes; empty if they are damaged.
    pub fn bytes(&self) -> &[u8] {
        match self.coding {
            None => &self.bytes,
            Some(coding) => self.decoded.get_or_init(|| self.decode(coding, Cores::One)),
        }
    }

    /// Empty for a damaged one.
    fn decode(&self, coding: Coding, cores: Cores) -> Vec<u8> {
        coding::decode(&self.bytes, coding, cores).unwrap_or_default()
    }
}

/// A column of the arrays of a group, concatenated.
#[derive(Debug)]
pub(super) struct GroupColumn {
    /// Its offset in each element.
    pub at: usize,
    pub of: Of,
    pub stored: ColumnEncoding,
}

/// Its encoding.
#[derive(Debug)]
pub(super) enum ColumnEncoding {
    Constant(Vec<u8>),
    Plain(Tensor),
    Relative(Tensor),
    Table(Box<GroupTable>),
}

/// Indices into tables.
#[derive(Debug)]
pub(super) struct GroupTable {
    pub places: Tensor,
    pub tables: Tables,
    /// Which numbers of `tables` are each array's.
    pub ranges: Vec<Range<usize>>,
    /// Whether the next unused index of a table is 0.
    pub fresh: bool,
}

/// The tables of a column.
#[derive(Debug)]
pub(super) enum Tables {
    Plain(Tensor),
    /// Float64 quotients of integers.
    Fractions {
        over: Tensor,
        under: Tensor,
        divided: OnceLock<Vec<u8>>,
    },
}

impl Tables {
    /// The numbers; empty when they are damaged.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(tensor) => tensor.bytes(),
            Self::Fractions { over, under, divided } => {
                divided.get_or_init(|| decode::divide(over, under).unwrap_or_default())
            }
        }
    }

    fn release(&self) {
        match self {
            Self::Plain(tensor) => tensor.bytes.release(),
            Self::Fractions { over, under, .. } => [over, under].into_iter().for_each(|tensor| tensor.bytes.release()),
        }
    }
}

/// Arrays of one kind with concatenated columns: the trees of a forest.
#[derive(Debug)]
pub(super) struct Group {
    /// Bytes of an element.
    pub size: usize,
    /// The start of each array's elements, and the end of the last one's.
    pub starts: Vec<usize>,
    pub columns: Vec<GroupColumn>,
    /// How many arrays were read and will probably not be used again.
    pub released: AtomicUsize,
}

/// One array of a group.
#[derive(Debug)]
pub(crate) struct Packed {
    group: Arc<Group>,
    /// Which one.
    member: usize,
    /// Its elements among all of the group.
    rows: Range<usize>,
    whole: OnceLock<Vec<u8>>,
}

impl Group {
    /// The array number `member`, if it exists.
    pub fn member(self: &Arc<Self>, member: usize) -> Option<Packed> {
        let rows = *self.starts.get(member)?..*self.starts.get(member.checked_add(1)?)?;
        Some(Packed { group: Arc::clone(self), member, rows, whole: OnceLock::new() })
    }
}

impl Packed {
    /// The field of `size` bytes at `at` of all elements; `None` if the file is damaged.
    pub fn cells(&self, at: usize, size: usize) -> Option<Cow<'_, [u8]>> {
        let end = at.checked_add(size)?;
        let touches = |column: &&GroupColumn| column.at < end && at < column.at.saturating_add(column.of.size());
        let mut touched = self.group.columns.iter().filter(touches);
        let length = self.rows.len().checked_mul(size)?;
        let (first, second) = (touched.next(), touched.next());
        if let (Some(column), None) = (first, second)
            && let Some(cells) = self.as_they_lie(column)
            && column.at == at
            && cells.len() == length
        {
            return Some(Cow::Borrowed(cells));
        }
        let mut cells = vec![0; length];
        match (first, second) {
            // Bytes without a column are zero.
            (None, _) => {}
            (Some(column), None) if (column.at, column.of.size()) == (at, size) => {
                self.decode(column, &mut Target { elements: &mut cells, size, at: 0 })?;
            }
            _ => {
                let elements = self.put_together()?;
                let elements = elements.chunks_exact(self.group.size.max(1));
                for (cell, element) in cells.chunks_exact_mut(size.max(1)).zip(elements) {
                    cell.copy_from_slice(element.get(at..end)?);
                }
            }
        }
        Some(Cow::Owned(cells))
    }

    /// The cells of a column that needs no widening.
    fn as_they_lie<'a>(&self, column: &'a GroupColumn) -> Option<&'a [u8]> {
        match &column.stored {
            ColumnEncoding::Plain(tensor) if column.of == Of::Kind(tensor.kind) => {
                let width = tensor.kind.size();
                tensor.bytes().get(self.rows.start.checked_mul(width)?..self.rows.end.checked_mul(width)?)
            }
            _ => None,
        }
    }

    fn decode(&self, column: &GroupColumn, target: &mut Target<'_>) -> Option<()> {
        let part = |tensor: &'_ Tensor, rows: &Range<usize>, width: usize| {
            Some(rows.start.checked_mul(width)?..rows.end.checked_mul(width)?).filter(|part| part.end <= tensor.len())
        };
        let form = match &column.stored {
            ColumnEncoding::Constant(value) => Cells::Constant(value),
            ColumnEncoding::Plain(tensor) => {
                let width = if let Of::Bytes(width) = column.of { width } else { tensor.kind.size() };
                Cells::Plain(tensor.kind, tensor.bytes().get(part(tensor, &self.rows, width)?)?)
            }
            ColumnEncoding::Relative(tensor) => {
                Cells::Relative(tensor.kind, tensor.bytes().get(part(tensor, &self.rows, tensor.kind.size())?)?)
            }
            ColumnEncoding::Table(table) => {
                let GroupTable { places, tables, ranges, fresh } = &**table;
                let part_of_places = part(places, &self.rows, places.kind.size())?;
                let (range, width) = (ranges.get(self.member)?, column.of.size());
                let table = range.start.checked_mul(width)?..range.end.checked_mul(width)?;
                let (places_bytes, table) = (places.bytes().get(part_of_places)?, tables.bytes().get(table)?);
                Cells::Table { kind: places.kind, places: places_bytes, table, fresh: *fresh }
            }
        };
        decode(&form, column.of, target)
    }

    /// All elements.
    fn put_together(&self) -> Option<Vec<u8>> {
        let mut elements = vec![0; self.size()];
        self.fill(&mut elements)?;
        Some(elements)
    }

    /// Writes all elements into zeroed memory. Each array begins with another column, so that threads that read
    /// arrays of one group rarely wait for the same tensor to be decompressed.
    fn fill(&self, elements: &mut [u8]) -> Option<()> {
        let (size, columns) = (self.group.size, &self.group.columns);
        let first = self.member.checked_rem(columns.len()).unwrap_or(0);
        for column in columns.iter().cycle().skip(first).take(columns.len()) {
            self.decode(column, &mut Target { elements, size, at: column.at })?;
        }
        Some(())
    }
}

impl AsRef<[u8]> for Packed {
    fn as_ref(&self) -> &[u8] {
        self.whole.get_or_init(|| self.put_together().unwrap_or_default())
    }
}

impl Owner for Packed {
    fn size(&self) -> usize {
        // This product was checked when the group was created.
        self.rows.len().saturating_mul(self.group.size)
    }

    fn assemble(&self) -> Option<Vec<u8>> {
        if self.whole.get().is_some() { None } else { Some(self.put_together().unwrap_or_default()) }
    }

    fn copy_to(&self, out: &mut [u8]) -> bool {
        match self.whole.get() {
            Some(whole) if whole.len() == out.len() => out.copy_from_slice(whole),
            _ => {
                out.fill(0);
                return out.len() == self.size() && self.fill(out).is_some();
            }
        }
        true
    }

    /// Pages contain the columns of several arrays: they are released with the last of them.
    fn release(&self, _: Range<usize>) {
        let released = self.group.released.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        if released.wrapping_add(1) < self.group.starts.len() {
            return;
        }
        for column in &self.group.columns {
            match &column.stored {
                ColumnEncoding::Constant(_) => {}
                ColumnEncoding::Plain(tensor) | ColumnEncoding::Relative(tensor) => tensor.bytes.release(),
                ColumnEncoding::Table(table) => {
                    table.places.bytes.release();
                    table.tables.release();
                }
            }
        }
    }
}

/// A compressed tensor that is an array by itself.
#[derive(Debug)]
pub(crate) struct Coded(pub(super) Tensor);

impl AsRef<[u8]> for Coded {
    fn as_ref(&self) -> &[u8] {
        if let (None, Some(coding)) = (self.0.decoded.get(), self.0.coding) {
            // Outside of the lock: if two threads do this at a time, one result is dropped.
            let _ = self.0.decoded.set(self.0.decode(coding, Cores::All));
        }
        self.0.bytes()
    }
}

impl Owner for Coded {
    fn size(&self) -> usize {
        self.0.len()
    }

    fn assemble(&self) -> Option<Vec<u8>> {
        match (self.0.decoded.get(), self.0.coding) {
            (None, Some(coding)) => Some(self.0.decode(coding, Cores::All)),
            _ => None,
        }
    }
}
