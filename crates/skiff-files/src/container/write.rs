//! The object graph into a `.skiff` file.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

use rayon::prelude::*;
use skiff_pickle::Graph;

use super::columns::{Field, Of};
use super::encode::{self, Purpose, Table, encode};
use super::header::quoted;
use super::heat::Heat;
use super::kind::Kind;
use super::layout::{Parts, Tensor};
use super::read::is_object;
use super::taken::{Array, Group, Stored, Taken};
use super::{ARRAYS, GRAPH, PASSPORT, SAMPLE, SAMPLES, coding};
use crate::write::{SkiffOptions, WriteError};
use crate::{DType, Limits, NdArray, Order};

/// Writes the graph's root, and what the options add.
pub(crate) fn write(graph: &Graph, options: &SkiffOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    if options.passport.is_some_and(|passport| !is_object(passport, Limits::default().nodes)) {
        return Err(WriteError::Passport);
    }
    let purpose = if options.compression.is_some() { Purpose::Compress } else { Purpose::Map };
    let model = Taken::from(graph, "")?;
    let samples = options.samples.map(|samples| Taken::from(samples, SAMPLE)).transpose()?;
    let mut file = File::default();
    file.add(&model, purpose, None)?;
    file.head(GRAPH, &model.pickle);
    if let Some(samples) = &samples {
        file.add(samples, purpose, Some(Heat::Cold))?;
        file.head(SAMPLES, &samples.pickle);
    }
    if let Some(level) = options.compression {
        file.compress(level);
    }
    // What says how to read the rest is never compressed.
    let list = file.list();
    file.head(ARRAYS, list.as_bytes());
    if let Some(passport) = options.passport {
        file.head(PASSPORT, passport.as_bytes());
    }
    file.parts.write(options.compression.map(|_| "zstd"), options.notes, out)
}

/// A file that is being put together.
#[derive(Default)]
struct File<'g> {
    parts: Parts<'g>,
    /// The items of the list of arrays, as JSON.
    arrays: Vec<String>,
    /// Its groups, as JSON.
    groups: Vec<String>,
    /// Its compressed tensors, as JSON.
    coded: Vec<String>,
}

impl<'g> File<'g> {
    fn head(&mut self, name: &str, bytes: impl Into<Cow<'g, [u8]>>) {
        self.parts.head.push(Tensor::bytes(name, bytes));
    }

    /// Adds the arrays of a graph, all of them as hot as `heat` says if it says so.
    fn add(&mut self, taken: &'g Taken, purpose: Purpose, heat: Option<Heat>) -> Result<(), WriteError> {
        let before = self.groups.len();
        for array in &taken.arrays {
            match array.stored {
                Stored::Group(group) => self.arrays.push(before.saturating_add(group).to_string()),
                _ => self.plain(&taken.graph, array, heat)?,
            }
        }
        let stored: Result<Vec<Vec<(&Field, encode::Stored)>>, WriteError> =
            taken.groups.par_iter().map(|group| columns(&taken.graph, group, purpose)).collect();
        for (group, columns) in taken.groups.iter().zip(stored?) {
            self.group(group, columns, heat);
        }
        Ok(())
    }

    /// Adds an array as it is.
    fn plain(&mut self, graph: &'g Graph, array: &Array, heat: Option<Heat>) -> Result<(), WriteError> {
        let mut json = String::new();
        json.push_str(if array.readonly { "{\"readonly\":true,\"tensor\":" } else { "" });
        quoted(&mut json, &array.name);
        json.push_str(if array.readonly { "}" } else { "" });
        self.arrays.push(json);
        let bytes = graph.bytes_once(array.elements).ok_or(WriteError::Content)?;
        let (kind, shape) = shown(&array.array, &bytes);
        let alignment = alignment(&array.array.dtype);
        let part = match heat.unwrap_or(Heat::of_path(&array.name)) {
            Heat::Hot => &mut self.parts.mapped,
            Heat::Cold => &mut self.parts.cold,
        };
        part.push(Tensor { name: array.name.clone(), kind, shape, alignment, bytes, coding: None });
        Ok(())
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

    /// Compresses the tensors that it pays for.
    fn compress(&mut self, level: i32) {
        let coded = self.parts.each().collect::<Vec<_>>().into_par_iter().filter_map(|tensor| {
            let (coding, bytes) = coding::encode(&tensor.bytes, tensor.alignment, level)?;
            tensor.bytes = Cow::Owned(bytes);
            tensor.coding = Some(coding);
            let mut json = String::new();
            quoted(&mut json, &tensor.name);
            let (kind, shape) = (tensor.kind.name(), list(&tensor.shape));
            let _ = write!(json, ":{{\"dtype\":\"{kind}\",\"shape\":{shape},\"shuffle\":{}}}", coding.shuffle);
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
        if !self.coded.is_empty() {
            let _ = write!(json, ",\n\"coded\":{{{}}}", self.coded.join(",\n"));
        }
        json.push('}');
        json
    }
}

/// The columns of a group, those of nothing but zeros left out.
fn columns<'a>(
    graph: &Graph,
    group: &'a Group,
    purpose: Purpose,
) -> Result<Vec<(&'a Field, encode::Stored)>, WriteError> {
    let size = group.dtype.itemsize().ok_or(WriteError::Content)?;
    let members: Option<Vec<_>> = group.members.iter().map(|(span, _)| graph.bytes_once(*span)).collect();
    let members = members.ok_or(WriteError::Content)?;
    let members: Vec<&[u8]> = members.iter().map(AsRef::as_ref).collect();
    let column = |field: &'a Field| match encode(&members, size, field, purpose) {
        Some(stored) => Ok(stored.map(|stored| (field, stored))),
        None => Err(WriteError::Content),
    };
    let columns: Result<Vec<_>, WriteError> = group.fields.par_iter().map(column).collect();
    // Files that are mapped give their pages back.
    group.members.iter().for_each(|(span, _)| graph.shared_bytes(*span).release());
    Ok(columns?.into_iter().flatten().collect())
}

fn list(numbers: &[usize]) -> String {
    format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

/// What the elements' place is to be a multiple of, so that they are numbers where they lie.
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

/// As what other readers of safetensors see an array: numbers in the order in which they lie, so that an array in
/// Fortran order is seen transposed; bytes where safetensors has no dtype for the elements.
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
