//! Writes the object graph as a `.skiff` file.

use std::borrow::Cow;
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
use super::vocabularies::Vocabulary;
use super::{ARRAYS, ARRAYS_SIZE, GRAPH, PASSPORT, SAMPLE, SAMPLES, coding};
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
    file.parts.write(options.compression.map(|_| "zstd"), &notes, out)
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
}

impl<'g> File<'g> {
    fn head(&mut self, name: &str, bytes: impl Into<Cow<'g, [u8]>>) {
        self.parts.head.push(Tensor::bytes(name, bytes));
    }

    /// Adds the arrays of a graph, with the given `heat`, if any.
    fn add(&mut self, taken: &'g ExtractedArrays, purpose: Purpose, heat: Option<Heat>) -> Result<(), WriteError> {
        let before = self.groups.len();
        let plain = |array: &Array| match array.stored {
            Stored::Group(_) => None,
            _ => Some(settled(&taken.graph, array.elements)),
        };
        let contents: Vec<Option<Result<_, WriteError>>> = taken.arrays.par_iter().map(plain).collect();
        for (array, bytes) in taken.arrays.iter().zip(contents) {
            self.whole = self.whole.saturating_add(array.elements.len);
            match (&array.stored, bytes) {
                (Stored::Group(group), _) => self.arrays.push(before.saturating_add(*group).to_string()),
                (_, Some(bytes)) => self.plain(array, bytes?, heat),
                (_, None) => return Err(WriteError::Content),
            }
        }
        let stored: Result<Vec<Vec<(&Field, encode::Stored)>>, WriteError> = taken
            .groups
            .par_iter()
            .map_init(Scratch::default, |scratch, group| columns(&taken.graph, group, purpose, scratch))
            .collect();
        for (group, columns) in taken.groups.iter().zip(stored?) {
            self.group(group, columns, heat);
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
    fn group(&mut self, group: &Group, columns: Vec<(&Field, encode::Stored)>, heat: Option<Heat>) {
        let size = group.dtype.itemsize().unwrap_or_default();
        let rows: usize = group.members.iter().map(|(_, length)| length).sum();
        let lengths: Vec<usize> = group.members.iter().map(|(_, length)| *length).collect();
        let readonly = if group.readonly { "\"readonly\":true," } else { "" };
        let mut json = format!("{{{readonly}\"itemsize\":{size},\"lengths\":{},\"columns\":[", list(&lengths));
        for (number, (field, stored)) in columns.into_iter().enumerate() {
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
        json.push_str("]}");
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

/// Bytes that do not change between their digest and their writing.
fn settled(graph: &Graph, elements: Span) -> Result<Cow<'_, [u8]>, WriteError> {
    let bytes = graph.bytes_once(elements).ok_or(WriteError::Content)?;
    Ok(if graph.shared_bytes(elements).may_change() { Cow::Owned(bytes.into_owned()) } else { bytes })
}

/// The columns of a group, without those of only zeros.
fn columns<'a>(
    graph: &Graph,
    group: &'a Group,
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
    let columns = encode(&arrays, size, &group.fields, purpose, scratch).ok_or(WriteError::Content)?;
    members.iter().for_each(Bytes::release);
    Ok(group.fields.iter().zip(columns).filter_map(|(field, stored)| Some((field, stored?))).collect())
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
