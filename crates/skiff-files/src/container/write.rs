//! Writes the object graph as a `.skiff` file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;

use rayon::prelude::*;
use skiff_pickle::{Bytes, Graph, Limits, Span};

use super::columns::{Field, Of};
use super::encode::{self, Purpose, Scratch, Table, encode};
use super::header::quoted;
use super::heat::Heat;
use super::kind::Kind;
use super::layout::{Parts, Tensor};
use super::read::is_object;
use super::taken::{Array, ExtractedArrays, Group, Stored};
use super::trees::{self, Derived, DerivedColumn};
use super::vocabularies::Vocabulary;
use super::{ARRAYS, ARRAYS_SIZE, GRAPH, PASSPORT, SAMPLE, SAMPLES, VERSION, VERSION_WITHOUT_TREES, coding};
use crate::write::{SkiffOptions, WriteError};
use crate::{DType, NdArray, Order};

/// Writes the graph's root, and the additions in the options.
pub(crate) fn write(graph: &Graph, options: &SkiffOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    if options.passport.is_some_and(|passport| !is_object(passport, Limits::default().nodes)) {
        return Err(WriteError::Passport);
    }
    let purpose = if options.compression.is_some() { Purpose::Compress } else { Purpose::Map };
    let model = ExtractedArrays::from(graph, "")?;
    let samples = options.samples.map(|samples| ExtractedArrays::from(samples, SAMPLE)).transpose()?;
    let mut file = File::default();
    file.add(&model, purpose, None)?;
    file.head(GRAPH, &model.pickle);
    if let Some(samples) = &samples {
        file.add(samples, purpose, Some(Heat::Cold))?;
        file.head(SAMPLES, &samples.pickle);
    }
    if let Some(passport) = options.passport {
        file.head(PASSPORT, passport.as_bytes());
    }
    let mut notes = options.notes.to_vec();
    if let Some(level) = options.compression {
        file.compress(level);
    }
    // It describes the compression of the others, so it cannot describe its own.
    let list = file.list();
    match options.compression.and_then(|level| coding::encode(list.as_bytes(), 1, level, None)) {
        Some((coding, bytes)) => {
            notes.push((ARRAYS_SIZE.to_owned(), coding.length.to_string()));
            file.head(ARRAYS, bytes);
        }
        None => file.head(ARRAYS, list.into_bytes()),
    }
    let version = if file.has_trees { VERSION } else { VERSION_WITHOUT_TREES };
    file.parts.write(version, options.compression.map(|_| "zstd"), &notes, out)
}

/// Tensors that would be compressed to less than this fraction are not compressed in a file of more bytes than [`FREE`]: a
/// reader's limits ([`Limits::ratio`]) would reject them as bombs.
const MOST_TO_ONE: usize = 1_000;
/// Half of what the limits allow for any file.
const FREE: usize = 32 << 20;

/// A file under construction.
#[derive(Default)]
struct File<'g> {
    parts: Parts<'g>,
    /// The size of its arrays in bytes.
    whole: usize,
    /// The items of the list of arrays, as JSON.
    arrays: Vec<String>,
    /// Its groups, as JSON.
    groups: Vec<String>,
    /// Its vocabularies, as JSON.
    vocabularies: Vec<String>,
    /// Its compressed tensors, as JSON.
    coded: Vec<String>,
    /// Whether a group has columns that are derived from trees.
    has_trees: bool,
}

impl<'g> File<'g> {
    fn head(&mut self, name: &str, bytes: impl Into<Cow<'g, [u8]>>) {
        self.parts.head.push(Tensor::bytes(name, bytes));
    }

    /// Adds the arrays of a graph, with the given `heat`, if any.
    fn add(&mut self, taken: &'g ExtractedArrays, purpose: Purpose, heat: Option<Heat>) -> Result<(), WriteError> {
        let derived = match purpose {
            Purpose::Compress => AllDerived::of(taken)?,
            Purpose::Map => AllDerived::none(taken),
        };
        // Groups whose arrays follow from others are not written.
        let mut next = self.groups.len();
        let mut place = || {
            next = next.saturating_add(1);
            next.saturating_sub(1)
        };
        let places: Vec<Option<usize>> =
            derived.is_left_out.iter().map(|left_out| (!left_out).then(&mut place)).collect();
        let place = |group: &usize| places.get(*group).copied().flatten();
        let plain = |array: &Array| match array.stored {
            Stored::Group(_) => None,
            _ => Some(settled(&taken.graph, array.elements)),
        };
        let contents: Vec<Option<Result<_, WriteError>>> = taken.arrays.par_iter().map(plain).collect();
        for ((number, array), bytes) in taken.arrays.iter().enumerate().zip(contents) {
            self.whole = self.whole.saturating_add(array.elements.len);
            match (&array.stored, bytes) {
                (Stored::Group(group), _) => {
                    let item = match (place(group), derived.of_values.get(&number).and_then(place)) {
                        (Some(place), _) => place.to_string(),
                        (None, Some(place)) if array.readonly => format!("{{\"counts\":{place},\"readonly\":true}}"),
                        (None, Some(place)) => format!("{{\"counts\":{place}}}"),
                        (None, None) => return Err(WriteError::Content),
                    };
                    self.arrays.push(item);
                }
                (_, Some(bytes)) => self.plain(array, bytes?, heat),
                (_, None) => return Err(WriteError::Content),
            }
        }
        let groups: Vec<(&Group, Option<Derived>)> = taken
            .groups
            .iter()
            .zip(derived.groups)
            .zip(&derived.is_left_out)
            .filter_map(|(group, is_left_out)| (!is_left_out).then_some(group))
            .collect();
        let stored: Result<Vec<_>, WriteError> = groups
            .into_par_iter()
            .map_init(Scratch::default, |scratch, (group, derived)| {
                let columns = columns(&taken.graph, group, derived.as_ref(), purpose, scratch)?;
                Ok((group, columns, derived))
            })
            .collect();
        for (group, columns, derived) in stored? {
            self.group(group, columns, derived, heat);
        }
        taken.vocabularies.iter().for_each(|(name, vocabulary)| self.vocabulary(name, vocabulary));
        Ok(())
    }

    /// Adds an array unencoded.
    fn plain(&mut self, array: &Array, bytes: Cow<'g, [u8]>, heat: Option<Heat>) {
        let mut json = String::new();
        json.push_str(if array.readonly { "{\"readonly\":true,\"tensor\":" } else { "" });
        quoted(&mut json, &array.name);
        json.push_str(if array.readonly { "}" } else { "" });
        self.arrays.push(json);
        let (kind, shape) = shown(&array.array, &bytes);
        let alignment = alignment(&array.array.dtype);
        let part = match heat.unwrap_or(Heat::of_path(&array.name)) {
            Heat::Hot => &mut self.parts.mapped,
            Heat::Cold => &mut self.parts.cold,
        };
        part.push(Tensor { name: array.name.clone(), kind, shape, alignment, bytes, coding: None });
    }

    /// Adds a vocabulary. It is rebuilt from its words whenever the file is opened.
    fn vocabulary(&mut self, name: &str, vocabulary: &'g Vocabulary) {
        let Vocabulary { words, numbers, kind, .. } = vocabulary;
        let (words_name, numbers_name) = (format!("{name}.words"), format!("{name}.numbers"));
        let mut json = String::from("{\"words\":");
        quoted(&mut json, &words_name);
        json.push_str(",\"numbers\":");
        quoted(&mut json, &numbers_name);
        json.push('}');
        self.vocabularies.push(json);
        self.head(&words_name, words);
        let (shape, alignment) = (vec![numbers.len() / kind.size()], kind.size());
        let bytes = Cow::Borrowed(numbers.as_slice());
        self.parts.head.push(Tensor { name: numbers_name, kind: *kind, shape, alignment, bytes, coding: None });
    }

    /// Adds arrays in columns.
    fn group(
        &mut self,
        group: &Group,
        columns: Vec<(&Field, encode::Stored)>,
        derived: Option<Derived>,
        heat: Option<Heat>,
    ) {
        self.has_trees |= derived.is_some();
        let size = group.dtype.itemsize().unwrap_or_default();
        let rows: usize = group.members.iter().map(|(_, length)| length).sum();
        let lengths: Vec<usize> = group.members.iter().map(|(_, length)| *length).collect();
        let readonly = if group.readonly { "\"readonly\":true," } else { "" };
        let mut json = format!("{{{readonly}\"itemsize\":{size},\"lengths\":{},\"columns\":[", list(&lengths));
        let Derived { left, right, leaves, columns: others, counts } = derived.unwrap_or_default();
        let others = others.into_iter().filter_map(|column| {
            let field = group.fields.iter().find(|field| field.at == column.at)?;
            Some((field, Cells::Derived(column)))
        });
        let mut all: Vec<(&Field, Cells)> =
            columns.into_iter().map(|(field, stored)| (field, Cells::Stored(stored))).chain(others).collect();
        all.sort_by_key(|(field, _)| field.at);
        let sum: usize = leaves.iter().sum();
        for (number, (field, stored)) in all.into_iter().enumerate() {
            json.push_str(if number > 0 { ",\n" } else { "\n" });
            let _ = write!(json, "{{\"at\":{},\"type\":\"{}\",", field.at, field.of.name());
            let name =
                if field.name.is_empty() { group.name.clone() } else { format!("{}.{}", group.name, field.name) };
            let part = match heat.unwrap_or(Heat::of_field(&group.dtype, &field.name)) {
                Heat::Hot => &mut self.parts.hot,
                Heat::Cold => &mut self.parts.cold,
            };
            let mut tensor =
                |json: &mut String, role: &str, name: String, kind: Kind, shape: Vec<usize>, bytes: Vec<u8>| {
                    let _ = write!(json, "\"{role}\":");
                    quoted(json, &name);
                    let (alignment, bytes) = (kind.size(), Cow::Owned(bytes));
                    part.push(Tensor { name, kind, shape, alignment, bytes, coding: None });
                };
            let stored = match stored {
                Cells::Stored(stored) => stored,
                Cells::Derived(DerivedColumn { how, leaves, .. }) => {
                    let _ = write!(json, "\"derived\":\"{}\"", how.name());
                    if let Some((kind, bytes)) = leaves {
                        json.push(',');
                        tensor(&mut json, "tensor", name, kind, vec![sum], bytes);
                    }
                    json.push('}');
                    continue;
                }
            };
            match stored {
                encode::Stored::Constant(value) => {
                    json.push_str("\"constant\":\"");
                    value.iter().for_each(|byte| {
                        let _ = write!(json, "{byte:02x}");
                    });
                    json.push('"');
                }
                encode::Stored::Relative(kind, bytes) => {
                    json.push_str("\"relative\":true,");
                    tensor(&mut json, "tensor", name, kind, vec![rows], bytes);
                }
                encode::Stored::Plain(kind, bytes) => {
                    let shape = match field.of {
                        Of::Kind(_) => vec![rows],
                        Of::Bytes(width) => vec![rows, width],
                    };
                    tensor(&mut json, "tensor", name, kind, shape, bytes);
                }
                encode::Stored::Table { kind, places, table, lengths, fresh } => {
                    json.push_str(if fresh { "\"fresh\":true," } else { "" });
                    tensor(&mut json, "tensor", name.clone(), kind, vec![rows], places);
                    json.push(',');
                    let count = vec![lengths.iter().sum()];
                    match table {
                        Table::Plain(table) => {
                            tensor(&mut json, "table", format!("skiff.table.{name}"), field.of.kind(), count, table);
                        }
                        Table::Fractions { over: (over, overs), under: (under, unders) } => {
                            tensor(&mut json, "table", format!("skiff.table.{name}"), over, count.clone(), overs);
                            json.push(',');
                            tensor(&mut json, "under", format!("skiff.under.{name}"), under, count, unders);
                        }
                    }
                    let _ = write!(json, ",\"tables\":{}", list(&lengths));
                }
            }
            json.push('}');
        }
        json.push(']');
        if !leaves.is_empty() {
            let _ = write!(json, ",\n\"tree\":{{\"left\":{left},\"right\":{right},\"leaves\":{}", list(&leaves));
            if let Some(trees::Counts { kind, bytes, width, outputs, weight, fractions }) = counts {
                let name = format!("{COUNTS}{}", group.name);
                json.push_str(",\"counts\":");
                quoted(&mut json, &name);
                let _ = write!(json, ",\"width\":{width},\"outputs\":{outputs},\"weight\":{weight}");
                let _ = write!(json, ",\"fractions\":{fractions}");
                let (shape, alignment, bytes) = (vec![sum, width], kind.size(), Cow::Owned(bytes));
                self.parts.hot.push(Tensor { name, kind, shape, alignment, bytes, coding: None });
            }
            json.push('}');
        }
        json.push('}');
        self.groups.push(json);
    }

    /// Compresses the tensors that become smaller.
    fn compress(&mut self, level: i32) {
        let least = (self.whole > FREE).then_some(MOST_TO_ONE);
        let coded = self.parts.each().collect::<Vec<_>>().into_par_iter().filter_map(|tensor| {
            let (coding, bytes) = coding::encode(&tensor.bytes, tensor.alignment, level, least)?;
            tensor.bytes = Cow::Owned(bytes);
            tensor.coding = Some(coding);
            let mut json = String::new();
            quoted(&mut json, &tensor.name);
            let (kind, shape) = (tensor.kind.name(), list(&tensor.shape));
            let _ = write!(json, ":{{\"dtype\":\"{kind}\",\"shape\":{shape},\"shuffle\":{}", coding.shuffle);
            if let Some(nonzeros) = coding.nonzeros {
                let _ = write!(json, ",\"nonzeros\":{nonzeros}");
            }
            json.push('}');
            Some(json)
        });
        self.coded = coded.collect();
    }

    /// The list of arrays.
    fn list(&self) -> String {
        let mut json = format!("{{\"arrays\":[{}]", self.arrays.join(","));
        if !self.groups.is_empty() {
            let _ = write!(json, ",\n\"groups\":[{}]", self.groups.join(",\n"));
        }
        if !self.vocabularies.is_empty() {
            let _ = write!(json, ",\n\"vocabularies\":[{}]", self.vocabularies.join(",\n"));
        }
        if !self.coded.is_empty() {
            let _ = write!(json, ",\n\"coded\":{{{}}}", self.coded.join(",\n"));
        }
        json.push('}');
        json
    }
}

/// A column to be written.
enum Cells {
    Stored(encode::Stored),
    Derived(DerivedColumn),
}

/// The prefix of the names of tensors with the counts of leaves.
const COUNTS: &str = "skiff.counts.";

/// What follows from trees in all groups.
struct AllDerived {
    groups: Vec<Option<Derived>>,
    /// The groups of values that follow from counts.
    is_left_out: Vec<bool>,
    /// The group of nodes that each such array follows from.
    of_values: HashMap<usize, usize>,
}

impl AllDerived {
    fn none(taken: &ExtractedArrays) -> Self {
        let groups = taken.groups.len();
        let none = std::iter::repeat_with(|| None).take(groups).collect();
        Self { groups: none, is_left_out: vec![false; groups], of_values: HashMap::new() }
    }

    fn of(taken: &ExtractedArrays) -> Result<Self, WriteError> {
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); taken.groups.len()];
        for (number, array) in taken.arrays.iter().enumerate() {
            if let Stored::Group(group) = array.stored
                && let Some(members) = members.get_mut(group)
            {
                members.push(number);
            }
        }
        let names: HashMap<&str, usize> =
            taken.arrays.iter().enumerate().map(|(number, array)| (&*array.name, number)).collect();
        let values = |nodes: usize| {
            let name = &taken.arrays.get(nodes)?.name;
            let values = *names.get(&*format!("{}values", name.strip_suffix("nodes")?))?;
            matches!(taken.arrays.get(values)?.stored, Stored::Group(_)).then_some(values)
        };
        // The values of each group's nodes, in the same order.
        let values: Vec<Option<Vec<usize>>> = members
            .iter()
            .map(|members| {
                let values: Vec<usize> = members.iter().map(|&nodes| values(nodes)).collect::<Option<_>>()?;
                values.is_sorted_by(|first, second| first < second).then_some(values)
            })
            .collect();
        let derive = |(number, group): (usize, &Group), with_values: bool| {
            let values = values.get(number).and_then(Option::as_ref).filter(|_| with_values);
            derived(taken, group, values.map(Vec::as_slice))
        };
        let all = taken.groups.par_iter().enumerate();
        let groups: Vec<Option<Derived>> = all.map(|group| derive(group, true)).collect::<Result<_, _>>()?;
        let mut of_values = HashMap::new();
        for (group, (derived, values)) in groups.iter().zip(&values).enumerate() {
            if derived.as_ref().is_some_and(|derived| derived.counts.is_some()) {
                of_values.extend(values.iter().flatten().map(|&values| (values, group)));
            }
        }
        // A group is left out as a whole, or none is.
        let follow = |members: &[usize]| members.iter().filter(|member| of_values.contains_key(member)).count();
        let is_left_out: Vec<bool> = members.iter().map(|members| follow(members) > 0).collect();
        if members.iter().all(|members| matches!(follow(members), count if count == 0 || count == members.len())) {
            return Ok(Self { groups, is_left_out, of_values });
        }
        let all = taken.groups.par_iter().enumerate();
        let groups = all.map(|group| derive(group, false)).collect::<Result<_, _>>()?;
        Ok(Self { groups, ..Self::none(taken) })
    }
}

/// What of the arrays of a group follows from trees; `values` are the numbers of the arrays with the values of the same trees.
fn derived(taken: &ExtractedArrays, group: &Group, values: Option<&[usize]>) -> Result<Option<Derived>, WriteError> {
    if !group.fields.iter().any(|field| field.name == "left_child") {
        return Ok(None);
    }
    let size = group.dtype.itemsize().ok_or(WriteError::Content)?;
    let at_hand = |span: &Span| taken.graph.shared_bytes(*span).at_hand();
    let nodes: Vec<Bytes> = group.members.iter().map(|(span, _)| at_hand(span)).collect();
    let nodes: Vec<&[u8]> = nodes.iter().map(Bytes::as_slice).collect();
    let arrays: Vec<&Array> = values.into_iter().flatten().filter_map(|&number| taken.arrays.get(number)).collect();
    // The number of values of each node, and of outputs.
    let shape = arrays.first().and_then(|array| match array.array.shape[..] {
        [_, outputs, classes] => outputs.checked_mul(classes).filter(|&width| width > 0).map(|width| (width, outputs)),
        _ => None,
    });
    let is_alike = |array: &&Array| {
        let NdArray { dtype, shape: lengths, order, .. } = &array.array;
        let width = lengths.get(1..).map(|lengths| lengths.iter().product::<usize>());
        let outputs = lengths.get(1).copied();
        Kind::of(dtype) == Some(Kind::F64) && *order == Order::C && width.zip(outputs) == shape
    };
    let bytes: Vec<Bytes> = arrays.iter().map(|array| at_hand(&array.elements)).collect();
    let values = shape.filter(|_| arrays.iter().all(is_alike)).map(|(width, outputs)| trees::Values {
        arrays: bytes.iter().map(Bytes::as_slice).collect(),
        width,
        outputs,
    });
    Ok(trees::derive(&nodes, size, &group.fields, values.as_ref()))
}

/// Bytes that do not change between their digest and their writing.
fn settled(graph: &Graph, elements: Span) -> Result<Cow<'_, [u8]>, WriteError> {
    let bytes = graph.bytes_once(elements).ok_or(WriteError::Content)?;
    Ok(if graph.shared_bytes(elements).may_change() { Cow::Owned(bytes.into_owned()) } else { bytes })
}

/// The columns of a group, without those that are derived and those of only zeros.
fn columns<'a>(
    graph: &Graph,
    group: &'a Group,
    derived: Option<&Derived>,
    purpose: Purpose,
    scratch: &mut Scratch,
) -> Result<Vec<(&'a Field, encode::Stored)>, WriteError> {
    let size = group.dtype.itemsize().ok_or(WriteError::Content)?;
    // Pages of mapped files are released, and arrays that are already in columns are assembled for this.
    let members: Vec<Bytes> = group.members.iter().map(|(span, _)| graph.shared_bytes(*span)).collect();
    let at_hand: Vec<Bytes> = members.iter().map(Bytes::at_hand).collect();
    let arrays: Vec<&[u8]> = at_hand.iter().map(Bytes::as_slice).collect();
    if arrays.iter().zip(&members).any(|(array, bytes)| array.len() != bytes.len()) {
        return Err(WriteError::Content);
    }
    let is_derived = |at: usize| derived.is_some_and(|derived| derived.columns.iter().any(|column| column.at == at));
    let kept: Vec<&Field> = group.fields.iter().filter(|field| !is_derived(field.at)).collect();
    let fields: Vec<Field> = kept.iter().map(|field| (*field).clone()).collect();
    let columns = encode(&arrays, size, &fields, purpose, scratch).ok_or(WriteError::Content)?;
    members.iter().for_each(Bytes::release);
    Ok(kept.into_iter().zip(columns).filter_map(|(field, stored)| Some((field, stored?))).collect())
}

fn list(numbers: &[usize]) -> String {
    format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// The alignment of the elements, so that they can be read in place.
fn alignment(dtype: &DType) -> usize {
    match dtype {
        DType::Int { size, .. } | DType::UInt { size, .. } => *size,
        DType::Float { size: size @ (2 | 4 | 8), .. } => *size,
        DType::Complex { size: 16, .. } | DType::Complex { size: 8, .. } => 8,
        DType::DateTime { .. } | DType::TimeDelta { .. } => 8,
        DType::Str { .. } => 4,
        _ => 1,
    }
}

/// The dtype and shape for other safetensors readers: numbers in memory order, so that an array in
/// Fortran order is transposed; bytes if safetensors has no dtype for the elements.
fn shown(array: &NdArray, bytes: &[u8]) -> (Kind, Vec<usize>) {
    match Kind::of(&array.dtype) {
        Some(Kind::Bool) if !bytes.iter().all(|&byte| byte < 2) => {}
        Some(kind) => {
            let mut shape = array.shape.clone();
            if array.order == Order::F {
                shape.reverse();
            }
            return (kind, shape);
        }
        None => {}
    }
    (Kind::U8, vec![bytes.len()])
}
