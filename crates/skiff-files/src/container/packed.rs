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
use super::encode::low;
use super::kind::Kind;
use super::trees::{Children, Derivation, Weights, gini, right_children, totals};

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
    /// Follows from the tree of an array.
    Derived(Derivation),
    /// The numbers of leaves; all others are the sums of the children's.
    Sum(Tensor),
}

/// The trees of the arrays of a group.
#[derive(Debug)]
pub(super) struct Trees {
    /// The offsets of the columns of children.
    pub left: usize,
    pub right: usize,
    /// The first leaf of each array, and the end of the last one's.
    pub starts: Vec<usize>,
    pub counts: Option<LeafCounts>,
}

/// The counts of classes in leaves, from which the values of all nodes follow.
#[derive(Debug)]
pub(super) struct LeafCounts {
    pub counts: Tensor,
    /// How many numbers a node has, and for how many outputs.
    pub width: usize,
    pub outputs: usize,
    /// The offset of the column with the weights of nodes.
    pub weight: usize,
    /// Whether values are counts divided by the weight.
    pub fractions: bool,
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
    /// What derived columns follow from.
    pub trees: Option<Trees>,
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
    /// Whether what derived columns follow from is stored: nothing follows from itself.
    pub fn is_derivable(&self) -> bool {
        let column = |at: usize| self.columns.iter().find(|column| column.at == at);
        let is_stored =
            |column: &GroupColumn| !matches!(column.stored, ColumnEncoding::Derived(_) | ColumnEncoding::Sum(_));
        let is_child = |column: &GroupColumn| matches!(column.of, Of::Kind(Kind::I32 | Kind::I64));
        let Some(trees) = &self.trees else { return self.columns.iter().all(is_stored) };
        let is_right = |column: &GroupColumn| matches!(column.stored, ColumnEncoding::Derived(Derivation::Right));
        let has_children = column(trees.left).is_some_and(|column| is_child(column) && is_stored(column))
            && column(trees.right).is_some_and(|column| is_child(column) && (is_stored(column) || is_right(column)));
        let has_weights = |counts: &LeafCounts| {
            column(counts.weight).is_some_and(|column| {
                let is_count = matches!(column.stored, ColumnEncoding::Derived(Derivation::Count));
                let is_sum = matches!(column.stored, ColumnEncoding::Sum(_));
                column.of == Of::Kind(Kind::F64) && (is_stored(column) || is_count || is_sum)
            })
        };
        let needs_counts = |column: &GroupColumn| {
            matches!(column.stored, ColumnEncoding::Derived(Derivation::Count | Derivation::Gini))
        };
        has_children
            && trees.counts.as_ref().is_none_or(has_weights)
            && (trees.counts.is_some() || !self.columns.iter().any(needs_counts))
            && self.columns.iter().all(|column| !is_right(column) || column.at == trees.right)
    }

    /// The array number `member`, if it exists.
    pub fn member(self: &Arc<Self>, member: usize) -> Option<Packed> {
        let rows = *self.starts.get(member)?..*self.starts.get(member.checked_add(1)?)?;
        Some(Packed { group: Arc::clone(self), member, rows, whole: OnceLock::new() })
    }

    /// The values of the nodes of array number `member`, if they follow from counts.
    pub fn values(self: &Arc<Self>, member: usize) -> Option<TreeValues> {
        let width = self.trees.as_ref()?.counts.as_ref()?.width;
        let nodes = self.member(member)?;
        let size = nodes.rows.len().checked_mul(width)?.checked_mul(8)?;
        Some(TreeValues { nodes, size, whole: OnceLock::new() })
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
            ColumnEncoding::Derived(how) => return self.decode_bits(&self.derived(*how)?, column.of, target),
            ColumnEncoding::Sum(leaves) => {
                return self.decode_bits(&self.sum(leaves, column.of.kind())?, column.of, target);
            }
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

    /// Writes the numbers of a column.
    fn decode_bits(&self, bits: &[u64], of: Of, target: &mut Target<'_>) -> Option<()> {
        decode(&Cells::Plain(of.kind(), &low(bits, of.size())), of, target)
    }

    /// The bits of a column that follows from the tree.
    fn derived(&self, how: Derivation) -> Option<Vec<u64>> {
        let trees = self.group.trees.as_ref()?;
        if how == Derivation::Right {
            let right = right_children(&self.integers(trees.left)?)?;
            return Some(right.into_iter().map(i64::cast_unsigned).collect());
        }
        let stored = trees.counts.as_ref()?;
        let (width, outputs) = (stored.width, stored.outputs);
        let counts = self.counts()?;
        let numbers = match how {
            Derivation::Count => totals(&counts, width, outputs)?,
            _ => gini(&counts, width, outputs, &self.weights(stored, &counts)?)?,
        };
        Some(numbers.into_iter().map(f64::to_bits).collect())
    }

    /// The bits of a column of sums, of this kind.
    fn sum(&self, leaves: &Tensor, kind: Kind) -> Option<Vec<u64>> {
        let rows = self.leaves()?;
        let mut numbers = vec![0; rows.len().checked_mul(kind.size())?];
        let part = rows.start.checked_mul(leaves.kind.size())?..rows.end.checked_mul(leaves.kind.size())?;
        let form = Cells::Plain(leaves.kind, leaves.bytes().get(part)?);
        decode(&form, Of::Kind(kind), &mut Target { elements: &mut numbers, size: kind.size(), at: 0 })?;
        let bits: Vec<u64> = numbers.chunks_exact(kind.size()).map(number).collect();
        self.children()?.sums(&bits, 1, |left, right| match kind {
            Kind::F64 => (f64::from_bits(left) + f64::from_bits(right)).to_bits(),
            kind => kind.cut(kind.signed(left).wrapping_add(kind.signed(right))),
        })
    }

    /// Which leaves of the group are this array's.
    fn leaves(&self) -> Option<Range<usize>> {
        let starts = &self.group.trees.as_ref()?.starts;
        Some(*starts.get(self.member)?..*starts.get(self.member.checked_add(1)?)?)
    }

    fn children(&self) -> Option<Children> {
        let trees = self.group.trees.as_ref()?;
        Children::new(&self.integers(trees.left)?, &self.integers(trees.right)?)
    }

    /// The counts of classes of all nodes.
    fn counts(&self) -> Option<Vec<f64>> {
        let stored = self.group.trees.as_ref()?.counts.as_ref()?;
        let counts =
            self.children()?.values(self.leaf_counts(stored)?, stored.counts.kind, stored.width, &Weights::None)?;
        Some(counts.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }

    /// The counts of this array's leaves.
    fn leaf_counts<'a>(&self, stored: &'a LeafCounts) -> Option<&'a [u8]> {
        let rows = self.leaves()?;
        let size = stored.width.checked_mul(stored.counts.kind.size())?;
        stored.counts.bytes().get(rows.start.checked_mul(size)?..rows.end.checked_mul(size)?)
    }

    /// The weights of all nodes, whose counts are given.
    fn weights(&self, stored: &LeafCounts, counts: &[f64]) -> Option<Vec<f64>> {
        let column = self.group.columns.iter().find(|column| column.at == stored.weight)?;
        if let ColumnEncoding::Derived(_) = column.stored {
            return totals(counts, stored.width, stored.outputs);
        }
        self.floats(stored.weight)
    }

    /// A column of `F64`.
    fn floats(&self, at: usize) -> Option<Vec<f64>> {
        let cells = self.cells(at, 8)?;
        Some(cells.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }

    /// A column of signed integers.
    fn integers(&self, at: usize) -> Option<Vec<i64>> {
        let kind = self.group.columns.iter().find(|column| column.at == at)?.of.kind();
        let cells = self.cells(at, kind.size())?;
        Some(cells.chunks_exact(kind.size()).map(|cell| kind.signed(number(cell))).collect())
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
                ColumnEncoding::Constant(_) | ColumnEncoding::Derived(_) => {}
                ColumnEncoding::Plain(tensor) | ColumnEncoding::Relative(tensor) | ColumnEncoding::Sum(tensor) => {
                    tensor.bytes.release();
                }
                ColumnEncoding::Table(table) => {
                    table.places.bytes.release();
                    table.tables.release();
                }
            }
        }
    }
}

/// Up to eight bytes in little-endian order.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, byte| bits.wrapping_shl(8) | u64::from(*byte))
}

/// The values of the nodes of one tree, which follow from the counts of its leaves.
#[derive(Debug)]
pub(crate) struct TreeValues {
    nodes: Packed,
    size: usize,
    whole: OnceLock<Vec<u8>>,
}

impl TreeValues {
    fn put_together(&self) -> Option<Vec<u8>> {
        let nodes = &self.nodes;
        let stored = nodes.group.trees.as_ref()?.counts.as_ref()?;
        let column = nodes.group.columns.iter().find(|column| column.at == stored.weight)?;
        let weights = match column.stored {
            _ if !stored.fractions => Weights::None,
            ColumnEncoding::Derived(_) => Weights::Counts(stored.width.checked_div(stored.outputs)?),
            _ => Weights::Column(nodes.floats(stored.weight)?),
        };
        let leaves = nodes.leaf_counts(stored)?;
        let bytes = nodes.children()?.values(leaves, stored.counts.kind, stored.width, &weights)?;
        (bytes.len() == self.size).then_some(bytes)
    }
}

impl AsRef<[u8]> for TreeValues {
    fn as_ref(&self) -> &[u8] {
        self.whole.get_or_init(|| self.put_together().unwrap_or_default())
    }
}

impl Owner for TreeValues {
    fn size(&self) -> usize {
        self.size
    }

    fn assemble(&self) -> Option<Vec<u8>> {
        if self.whole.get().is_some() { None } else { Some(self.put_together().unwrap_or_default()) }
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
