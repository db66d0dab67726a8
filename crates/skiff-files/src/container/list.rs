//! The list of arrays of a `.skiff` file, as JSON: where each buffer of the graph is.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use skiff_pickle::{Bytes, Graph, Limits, Span};

use super::coding::{self, Coding};
use super::columns::Of;
use super::header::{Header, damaged, number, numbers};
use super::kind::Kind;
use super::packed::{
    Coded, ColumnEncoding, Group, GroupColumn, GroupTable, LeafCounts, Packed, Tables, Tensor, TreeValues, Trees,
};
use super::trees::Derivation;
use crate::Error;
use crate::decompress::Inflation;
use crate::json::{Document, Id, Json};

/// The list, with the file that it describes.
#[derive(Debug)]
pub(super) struct List<'a> {
    file: &'a Bytes,
    header: &'a Header,
    /// The compressed tensors, with their uncompressed dtype and shape.
    coded: HashMap<String, (Kind, Coding)>,
    groups: Vec<Arc<Group>>,
    /// The names of the words and the numbers of each vocabulary.
    vocabularies: Vec<(String, String)>,
    items: Vec<Item>,
}

/// Where the bytes of one buffer are.
#[derive(Debug)]
enum Item {
    /// In a tensor of this name.
    Tensor(String),
    /// In a group, as which of its arrays.
    Member { group: usize, member: usize },
    /// Follows from the counts of a group's trees, of which one.
    Values { group: usize, member: usize },
}

impl<'a> List<'a> {
    /// Reads the list, and charges the memory that its arrays take when they are assembled.
    pub fn read(
        file: &'a Bytes,
        header: &'a Header,
        json: &[u8],
        limits: &Limits,
        inflation: &mut Inflation,
    ) -> Result<Self, Error> {
        let document = Document::parse(json, limits.nodes).map_err(|_| damaged("its list of arrays is not JSON"))?;
        let array = |name| match document.get(0, name).map(|value| document.value(value)) {
            Some(Json::Array(items)) => Ok(items.as_slice()),
            _ => Err(damaged("its list of arrays is not complete")),
        };
        let (coded, groups, vocabularies, items) = (HashMap::new(), Vec::new(), Vec::new(), Vec::new());
        let mut list = Self { file, header, coded, groups, vocabularies, items };
        if let Some(coded) = document.get(0, "coded") {
            list.coded = read_coded(&document, coded).ok_or(damaged("its list of compressed tensors is wrong"))?;
        }
        if document.get(0, "groups").is_some() {
            for &group in array("groups")? {
                let group = list.group(&document, group, inflation)?;
                list.groups.push(Arc::new(group));
            }
        }
        if document.get(0, "vocabularies").is_some() {
            for &vocabulary in array("vocabularies")? {
                let name =
                    |part| document.get(vocabulary, part).and_then(|name| document.text_of(name)).map(str::to_owned);
                let names = name("words").zip(name("numbers"));
                list.vocabularies.push(names.ok_or(damaged("a vocabulary in its list is wrong"))?);
            }
        }
        let mut members = vec![0_usize; list.groups.len()];
        let mut values = members.clone();
        for &item in array("arrays")? {
            let item =
                item_of(&document, item, &mut members, &mut values).ok_or(damaged("an array in its list is wrong"))?;
            list.items.push(item);
        }
        Ok(list)
    }

    /// A tensor that is read at once, whether it is compressed or not.
    pub fn content(&self, name: &str, inflation: &mut Inflation) -> Result<Bytes, Error> {
        let tensor = self.tensor(name, inflation)?;
        match tensor.coding {
            None => Ok(tensor.bytes),
            Some(coding) => coding::decode_now(&tensor.bytes, coding).map(Bytes::from),
        }
    }

    /// The number of vocabularies.
    pub fn vocabularies(&self) -> usize {
        self.vocabularies.len()
    }

    /// The words of vocabulary number `index`, and its numbers, of this kind.
    pub fn vocabulary(&self, index: usize, inflation: &mut Inflation) -> Result<(Bytes, Kind, Bytes), Error> {
        let wrong = || damaged("a vocabulary in its list is wrong");
        let (words, numbers) = self.vocabularies.get(index).ok_or_else(wrong)?;
        let kind = self.kind(numbers)?;
        if self.kind(words)? != Kind::U8 || !(kind == Kind::I64 || Kind::I64.narrower().contains(&kind)) {
            return Err(wrong());
        }
        Ok((self.content(words, inflation)?, kind, self.content(numbers, inflation)?))
    }

    /// The uncompressed dtype and shape of a tensor.
    fn kind(&self, name: &str) -> Result<Kind, Error> {
        match self.coded.get(name) {
            Some((kind, _)) => Ok(*kind),
            None => Ok(self.header.tensor(name)?.kind),
        }
    }

    /// Buffer number `index` of the graph, added to the graph.
    pub fn buffer(
        &self,
        index: usize,
        graph: &mut Graph,
        whole: u32,
        inflation: &mut Inflation,
    ) -> Result<Span, Error> {
        let missing = || damaged("an array is missing from its list");
        match self.items.get(index).ok_or_else(missing)? {
            Item::Tensor(name) if !self.coded.contains_key(name) => {
                let place = &self.header.tensor(name)?.bytes;
                graph.span(whole, place.start, place.len()).ok_or_else(missing)
            }
            Item::Tensor(name) => {
                let tensor = Coded(self.tensor(name, inflation)?);
                add(graph, Bytes::owned_by(tensor)).ok_or_else(missing)
            }
            Item::Member { group, member } => {
                let packed: Option<Packed> = self.groups.get(*group).and_then(|group| group.member(*member));
                add(graph, Bytes::owned_by(packed.ok_or_else(missing)?)).ok_or_else(missing)
            }
            Item::Values { group, member } => {
                let values: Option<TreeValues> = self.groups.get(*group).and_then(|group| group.values(*member));
                add(graph, Bytes::owned_by(values.ok_or_else(missing)?)).ok_or_else(missing)
            }
        }
    }

    fn tensor(&self, name: &str, inflation: &mut Inflation) -> Result<Tensor, Error> {
        let tensor = self.header.tensor(name)?;
        let bytes =
            self.file.slice(tensor.bytes.start, tensor.bytes.len()).ok_or(damaged("a tensor is out of range"))?;
        let (kind, coding) = match self.coded.get(name) {
            None => (tensor.kind, None),
            Some(&(kind, coding)) => {
                let content = coding.content().ok_or(damaged("a compressed tensor is too large"))?;
                inflation.reserve(coding.length.max(content), bytes.len())?;
                (kind, Some(coding))
            }
        };
        Ok(Tensor { kind, bytes, coding, decoded: OnceLock::new() })
    }

    fn group(&self, document: &Document<'_>, group: Id, inflation: &mut Inflation) -> Result<Group, Error> {
        let wrong = || damaged("a group in its list is inconsistent");
        let size = document.get(group, "itemsize").and_then(|size| number(document, size)).filter(|&size| size > 0);
        let size = size.ok_or_else(wrong)?;
        let lengths = document.get(group, "lengths").and_then(|lengths| numbers(document, lengths));
        let starts = running(&lengths.ok_or_else(wrong)?).ok_or_else(wrong)?;
        let rows = starts.last().copied().unwrap_or(0);
        let bytes = rows.checked_mul(size).filter(|&bytes| isize::try_from(bytes).is_ok()).ok_or_else(wrong)?;
        inflation.reserve(bytes, self.file.len())?;
        let Some(Json::Array(list)) = document.get(group, "columns").map(|columns| document.value(columns)) else {
            return Err(wrong());
        };
        let mut columns = Vec::new();
        let mut end = 0;
        for &column in list {
            let column = self.column(document, column, rows, starts.len().saturating_sub(1), inflation)?;
            let lies_inside = column.at >= end && column.of.size() > 0;
            end =
                column.at.checked_add(column.of.size()).filter(|&end| lies_inside && end <= size).ok_or_else(wrong)?;
            columns.push(column);
        }
        let trees = match document.get(group, "tree") {
            Some(tree) => Some(self.trees(document, tree, rows, &starts, &columns, inflation)?),
            None => None,
        };
        let group = Group { size, starts, columns, trees, released: AtomicUsize::new(0) };
        if group.is_derivable() { Ok(group) } else { Err(wrong()) }
    }

    /// What derived columns follow from, of arrays of `rows` elements in total.
    fn trees(
        &self,
        document: &Document<'_>,
        tree: Id,
        rows: usize,
        starts: &[usize],
        columns: &[GroupColumn],
        inflation: &mut Inflation,
    ) -> Result<Trees, Error> {
        let wrong = || damaged("a group of trees in its list is inconsistent");
        let offset = |name| document.get(tree, name).and_then(|value| number(document, value)).ok_or_else(wrong);
        let (left, right) = (offset("left")?, offset("right")?);
        let leaves = document.get(tree, "leaves").and_then(|leaves| numbers(document, leaves)).ok_or_else(wrong)?;
        let fits = |(leaves, nodes): (&usize, &[usize])| range(nodes).is_some_and(|nodes| *leaves <= nodes.len());
        let suits = leaves.len().checked_add(1) == Some(starts.len()) && leaves.iter().zip(starts.windows(2)).all(fits);
        let ends = running(&leaves).filter(|_| suits).ok_or_else(wrong)?;
        let sum = ends.last().copied().unwrap_or(0);
        let has = |tensor: &Tensor, count: Option<usize>| {
            count.and_then(|count| count.checked_mul(tensor.kind.size())) == Some(tensor.len())
        };
        for column in columns {
            if let ColumnEncoding::Sum(tensor) = &column.stored {
                has(tensor, Some(sum)).then_some(()).ok_or_else(wrong)?;
            }
        }
        let counts = match document.get(tree, "counts").and_then(|name| document.text_of(name)) {
            None => None,
            Some(name) => {
                let counts = self.tensor(name, inflation)?;
                let (width, outputs, weight) = (offset("width")?, offset("outputs")?, offset("weight")?);
                let fractions = document.get(tree, "fractions").map(|flag| document.value(flag));
                let fractions = match fractions {
                    Some(Json::Bool(fractions)) => *fractions,
                    _ => return Err(wrong()),
                };
                let suits = matches!(counts.kind, Kind::U8 | Kind::U16 | Kind::U32)
                    && has(&counts, sum.checked_mul(width))
                    && width.checked_rem(outputs) == Some(0)
                    && width > 0;
                suits.then_some(()).ok_or_else(wrong)?;
                let bytes = rows.checked_mul(width).and_then(|count| count.checked_mul(8));
                let bytes = bytes.filter(|&bytes| isize::try_from(bytes).is_ok()).ok_or_else(wrong)?;
                inflation.reserve(bytes, self.file.len())?;
                Some(LeafCounts { counts, width, outputs, weight, fractions })
            }
        };
        Ok(Trees { left, right, starts: ends, counts })
    }

    /// A column of `rows` elements in total, of several arrays.
    fn column(
        &self,
        document: &Document<'_>,
        column: Id,
        rows: usize,
        arrays: usize,
        inflation: &mut Inflation,
    ) -> Result<GroupColumn, Error> {
        let text = |name| document.get(column, name).and_then(|value| document.text_of(value));
        let has_flag = |name| document.get(column, name).is_some_and(|flag| *document.value(flag) == Json::Bool(true));
        let wrong = || damaged("a column in its list is inconsistent");
        let at = document.get(column, "at").and_then(|at| number(document, at)).ok_or_else(wrong)?;
        let of = text("type").and_then(Of::parse).ok_or_else(wrong)?;
        let has = |tensor: &Tensor, count: usize, size: usize| count.checked_mul(size) == Some(tensor.len());
        if let Some(how) = text("derived") {
            let how = Derivation::parse(how).ok_or_else(wrong)?;
            let stored = match (how, of) {
                (Derivation::Sum, Of::Kind(kind @ (Kind::I32 | Kind::I64 | Kind::F64))) => {
                    let tensor = self.tensor(text("tensor").ok_or_else(wrong)?, inflation)?;
                    let suits = tensor.kind == kind || kind.narrower().contains(&tensor.kind);
                    ColumnEncoding::Sum(Some(tensor).filter(|_| suits).ok_or_else(wrong)?)
                }
                (Derivation::Right, Of::Kind(Kind::I32 | Kind::I64))
                | (Derivation::Count | Derivation::Gini, Of::Kind(Kind::F64)) => ColumnEncoding::Derived(how),
                _ => return Err(wrong()),
            };
            return Ok(GroupColumn { at, of, stored });
        }
        let stored = match (text("constant"), text("tensor"), text("table")) {
            (Some(digits), None, None) => {
                let value = hexadecimal(digits).filter(|value| value.len() == of.size());
                ColumnEncoding::Constant(value.ok_or_else(wrong)?)
            }
            (None, Some(tensor), None) => {
                let tensor = self.tensor(tensor, inflation)?;
                let (suits, width) = match of {
                    Of::Bytes(size) => (tensor.kind == Kind::U8, size),
                    Of::Kind(kind) => {
                        (tensor.kind == kind || kind.narrower().contains(&tensor.kind), tensor.kind.size())
                    }
                };
                (suits && has(&tensor, rows, width)).then_some(()).ok_or_else(wrong)?;
                match (has_flag("relative"), of) {
                    (false, _) => ColumnEncoding::Plain(tensor),
                    (true, Of::Kind(Kind::I16 | Kind::I32 | Kind::I64)) => ColumnEncoding::Relative(tensor),
                    (true, _) => return Err(wrong()),
                }
            }
            (None, Some(places), Some(tables)) => {
                let (places, over) = (self.tensor(places, inflation)?, self.tensor(tables, inflation)?);
                let lengths = document.get(column, "tables").and_then(|lengths| numbers(document, lengths));
                let starts = running(&lengths.ok_or_else(wrong)?).ok_or_else(wrong)?;
                let ranges: Vec<Range<usize>> = starts.windows(2).filter_map(range).collect();
                let count = starts.last().copied().unwrap_or(0);
                let suits = matches!(places.kind, Kind::U8 | Kind::U16)
                    && ranges.len() == arrays
                    && has(&places, rows, places.kind.size())
                    && has(&over, count, over.kind.size());
                suits.then_some(()).ok_or_else(wrong)?;
                let is_integer = |kind| matches!(kind, Kind::U8 | Kind::U16 | Kind::U32);
                let tables = match text("under") {
                    None => Tables::Plain(Some(over).filter(|table| of == Of::Kind(table.kind)).ok_or_else(wrong)?),
                    Some(under) => {
                        let under = self.tensor(under, inflation)?;
                        let suits = of == Of::Kind(Kind::F64)
                            && is_integer(over.kind)
                            && is_integer(under.kind)
                            && has(&under, count, under.kind.size());
                        suits.then_some(()).ok_or_else(wrong)?;
                        inflation.reserve(count.checked_mul(16).ok_or_else(wrong)?, self.file.len())?;
                        Tables::Fractions { over, under, divided: OnceLock::new() }
                    }
                };
                ColumnEncoding::Table(Box::new(GroupTable { places, tables, ranges, fresh: has_flag("fresh") }))
            }
            _ => return Err(wrong()),
        };
        Ok(GroupColumn { at, of, stored })
    }
}

fn range(ends: &[usize]) -> Option<Range<usize>> {
    Some(*ends.first()?..*ends.last()?)
}

/// The start of each, and the end of the last one.
fn running(lengths: &[usize]) -> Option<Vec<usize>> {
    let mut ends = vec![0_usize];
    for &length in lengths {
        ends.push(ends.last()?.checked_add(length)?);
    }
    Some(ends)
}

fn add(graph: &mut Graph, bytes: Bytes) -> Option<Span> {
    let length = bytes.len();
    let buffer = graph.add_buffer(bytes);
    graph.span(buffer, 0, length)
}

fn item_of(document: &Document<'_>, item: Id, members: &mut [usize], values: &mut [usize]) -> Option<Item> {
    // Each occurrence of a group is its next array.
    let next = |all: &mut [usize], group: usize| {
        let next = all.get_mut(group)?;
        let member = *next;
        *next = next.checked_add(1)?;
        Some(member)
    };
    if let Some(group) = number(document, item) {
        return Some(Item::Member { group, member: next(members, group)? });
    }
    if let Some(group) = document.get(item, "counts") {
        let group = number(document, group)?;
        return Some(Item::Values { group, member: next(values, group)? });
    }
    let name = document.text_of(item).or_else(|| document.text_of(document.get(item, "tensor")?));
    name.map(|name| Item::Tensor(name.to_owned()))
}

fn read_coded(document: &Document<'_>, coded: Id) -> Option<HashMap<String, (Kind, Coding)>> {
    let Json::Object(pairs) = document.value(coded) else { return None };
    let mut tensors = HashMap::new();
    for (name, value) in pairs {
        let kind = Kind::parse(document.text_of(document.get(*value, "dtype")?)?)?;
        let shape = numbers(document, document.get(*value, "shape")?)?;
        let length = shape.into_iter().try_fold(kind.size(), usize::checked_mul)?;
        let shuffle = number(document, document.get(*value, "shuffle")?)?;
        if !matches!(shuffle, 1 | 2 | 4 | 8) || !length.is_multiple_of(shuffle) || isize::try_from(length).is_err() {
            return None;
        }
        let nonzeros = match document.get(*value, "nonzeros") {
            None => None,
            Some(count) => Some(number(document, count)?),
        };
        let name = std::str::from_utf8(name).ok()?.to_owned();
        tensors.insert(name, (kind, Coding { length, shuffle, nonzeros }));
    }
    Some(tensors)
}

/// Bytes from hexadecimal digits.
fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(16)).collect();
    let (pairs, rest) = digits.as_deref()?.as_chunks::<2>();
    rest.is_empty().then_some(())?;
    pairs.iter().map(|[high, low]| u8::try_from(high << 4 | low).ok()).collect()
}
