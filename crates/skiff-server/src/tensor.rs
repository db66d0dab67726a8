//! Tensors of Open Inference Protocol: read from JSON and from bytes, made of answers, and written as both.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use skiff::arrays::{self, NamedArray};
use skiff::table::{Column, Dense, Elements, Texts};
use skiff::value::{Columns, IntKind, Precision};
use skiff::{Answer, Table};

use crate::error::ApiError;

/// The elements of a tensor, in C order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Ints(Vec<i64>, IntKind),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// `BYTES` that are text.
    Texts(Vec<String>),
}

/// A named array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

/// The names of the integer dtypes, with those of numpy.
const INTEGERS: [(&str, IntKind); 9] = [
    ("BOOL", IntKind::Bool),
    ("INT8", IntKind::Int { bytes: 1, signed: true }),
    ("INT16", IntKind::Int { bytes: 2, signed: true }),
    ("INT32", IntKind::Int { bytes: 4, signed: true }),
    ("INT64", IntKind::I64),
    ("UINT8", IntKind::Int { bytes: 1, signed: false }),
    ("UINT16", IntKind::Int { bytes: 2, signed: false }),
    ("UINT32", IntKind::Int { bytes: 4, signed: false }),
    ("UINT64", IntKind::Int { bytes: 8, signed: false }),
];

/// The protocol's names of all datatypes that are read.
pub(crate) fn datatypes() -> impl Iterator<Item = &'static str> {
    INTEGERS.iter().map(|(name, _)| *name).chain(["FP32", "FP64", "BYTES"])
}

/// The protocol's name of an integer dtype.
pub(crate) fn integer_name(kind: IntKind) -> &'static str {
    INTEGERS.iter().find(|(_, known)| *known == kind).map_or("INT64", |(name, _)| name)
}

/// How many bytes an integer takes.
fn width(kind: IntKind) -> usize {
    match kind {
        IntKind::Bool => 1,
        IntKind::Int { bytes, .. } => usize::from(bytes),
    }
}

impl Data {
    pub(crate) fn datatype(&self) -> &'static str {
        match self {
            Self::Ints(_, kind) => integer_name(*kind),
            Self::F32(_) => "FP32",
            Self::F64(_) => "FP64",
            Self::Texts(_) => "BYTES",
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Ints(all, _) => all.len(),
            Self::F32(all) => all.len(),
            Self::F64(all) => all.len(),
            Self::Texts(all) => all.len(),
        }
    }

    /// Elements of a dtype in JSON, nested or flat.
    pub(crate) fn from_json(datatype: &str, raw: &RawValue) -> Result<Self, String> {
        let json = |error: serde_json::Error| format!("expected elements of {datatype}: {error}");
        match datatype {
            "FP64" => flat(raw).map(Self::F64).map_err(json),
            "FP32" => {
                let all: Vec<f64> = flat(raw).map_err(json)?;
                #[expect(clippy::cast_possible_truncation, reason = "the client says float32")]
                Ok(Self::F32(all.into_iter().map(|value| value as f32).collect()))
            }
            "BYTES" => flat(raw).map(Self::Texts).map_err(json),
            "UINT64" => flat(raw).map(Self::of_unsigned).map_err(json),
            _ => {
                integer_of(datatype)?;
                Self::of_ints(datatype, flat(raw).map_err(json)?)
            }
        }
    }

    /// Integers of a dtype, which must hold each of them.
    pub(crate) fn of_ints(datatype: &str, all: Vec<i64>) -> Result<Self, String> {
        let kind = integer_of(datatype)?;
        match all.iter().find(|&&value| kind.wrap(value) != value) {
            Some(value) => Err(format!("expected elements of {datatype}, found {value}")),
            None => Ok(Self::Ints(all, kind)),
        }
    }

    /// Elements of UINT64, whose bits are kept.
    pub(crate) fn of_unsigned(all: Vec<u64>) -> Self {
        Self::Ints(all.into_iter().map(u64::cast_signed).collect(), IntKind::Int { bytes: 8, signed: false })
    }

    /// `count` elements of a dtype in little-endian bytes; a text has its length in front, in four bytes.
    pub(crate) fn from_bytes(datatype: &str, count: usize, bytes: &[u8]) -> Result<Self, String> {
        let expect = |size: usize| match count.checked_mul(size) {
            Some(expected) if expected == bytes.len() => Ok(()),
            _ => Err(format!("expected {count} elements of {datatype}, found {} bytes", bytes.len())),
        };
        match datatype {
            "FP64" => expect(8).map(|()| Self::F64(chunks(bytes).map(f64::from_le_bytes).collect())),
            "FP32" => expect(4).map(|()| Self::F32(chunks(bytes).map(f32::from_le_bytes).collect())),
            "BYTES" => {
                let mut texts = Vec::new();
                let mut rest = bytes;
                while let Some((length, tail)) = rest.split_first_chunk::<4>() {
                    let length = u32::from_le_bytes(*length) as usize;
                    let Some((text, tail)) = tail.split_at_checked(length) else {
                        return Err("a text of BYTES is longer than what is left of the data".to_owned());
                    };
                    texts.push(String::from_utf8(text.to_vec()).map_err(|_| "expected BYTES of UTF-8".to_owned())?);
                    rest = tail;
                }
                match rest.is_empty() && texts.len() == count {
                    true => Ok(Self::Texts(texts)),
                    false => Err(format!("expected {count} texts, found {} and {} bytes", texts.len(), rest.len())),
                }
            }
            _ => {
                let kind = integer_of(datatype)?;
                expect(width(kind))?;
                let all = match kind {
                    IntKind::Bool => bytes.iter().map(|&byte| i64::from(byte != 0)).collect(),
                    IntKind::Int { bytes: 1, signed } => bytes
                        .iter()
                        .map(|&byte| if signed { i64::from(byte.cast_signed()) } else { byte.into() })
                        .collect(),
                    IntKind::Int { bytes: 2, signed: true } => {
                        chunks(bytes).map(|at| i16::from_le_bytes(at).into()).collect()
                    }
                    IntKind::Int { bytes: 2, signed: false } => {
                        chunks(bytes).map(|at| u16::from_le_bytes(at).into()).collect()
                    }
                    IntKind::Int { bytes: 4, signed: true } => {
                        chunks(bytes).map(|at| i32::from_le_bytes(at).into()).collect()
                    }
                    IntKind::Int { bytes: 4, signed: false } => {
                        chunks(bytes).map(|at| u32::from_le_bytes(at).into()).collect()
                    }
                    IntKind::Int { .. } => chunks(bytes).map(i64::from_le_bytes).collect(),
                };
                Ok(Self::Ints(all, kind))
            }
        }
    }

    /// The elements as JSON, flat; NaN and infinities, which JSON has not, are `null`.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Ints(all, IntKind::Bool) => all.iter().map(|&value| value != 0).collect(),
            Self::Ints(all, IntKind::Int { bytes: 8, signed: false }) => {
                all.iter().map(|value| value.cast_unsigned()).collect()
            }
            Self::Ints(all, _) => all.iter().copied().collect(),
            // The shortest decimal that is this float32.
            Self::F32(all) => all.iter().copied().map(Json::from).collect(),
            Self::F64(all) => all.iter().copied().map(Json::from).collect(),
            Self::Texts(all) => all.iter().map(String::as_str).collect(),
        }
    }

    /// The elements as [`Data::from_bytes`] reads them.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::F64(all) => all.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F32(all) => all.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::Ints(all, kind) => {
                let width = width(*kind);
                all.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect()
            }
            Self::Texts(all) => {
                let each = all.iter().flat_map(|text| {
                    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    length.to_le_bytes().into_iter().chain(text.bytes())
                });
                each.collect()
            }
        }
    }

    /// One column of a table.
    fn into_column(self) -> Column<'static> {
        match self {
            Self::Ints(all, kind) => Column::Ints(all.into(), kind),
            Self::F32(all) => Column::Floats(all.into_iter().map(f64::from).collect(), Precision::Single),
            Self::F64(all) => Column::Floats(all.into(), Precision::Double),
            Self::Texts(all) => Column::Texts(Texts::from_iter(all)),
        }
    }
}

fn integer_of(datatype: &str) -> Result<IntKind, String> {
    let found = INTEGERS.iter().find(|(name, _)| *name == datatype).map(|(_, kind)| *kind);
    found.ok_or_else(|| format!("the datatype `{datatype}` is not supported"))
}

fn chunks<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

impl Tensor {
    /// A tensor whose elements are as many as its shape says.
    pub(crate) fn new(name: String, shape: Vec<usize>, data: Data) -> Result<Self, ApiError> {
        let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        if count != Some(data.len()) {
            let what = format!("expected as many elements as the shape {shape:?} of `{name}`, found {}", data.len());
            return Err(ApiError::bad_request(what));
        }
        Ok(Self { name, shape, data })
    }

    fn rows(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// The table that one tensor is.
    pub(crate) fn into_table(self, takes_texts: bool) -> Result<Table<'static>, ApiError> {
        let (rows, cols) = match self.shape[..] {
            [rows] => (rows, 1),
            [rows, cols] => (rows, cols),
            ref shape => {
                let what = format!("expected rows and columns in `{}`, found the shape {shape:?}", self.name);
                return Err(ApiError::bad_request(what));
            }
        };
        let elements = match self.data {
            Data::F64(all) => Elements::F64(all.into()),
            Data::F32(all) => Elements::F32(all.into()),
            Data::Ints(all, kind) => Elements::I64(all.into(), kind),
            Data::Texts(all) if takes_texts && cols == 1 => return Ok(Table::Texts(Texts::from_iter(all))),
            Data::Texts(all) => {
                let column = |col: usize| {
                    let cells = all.iter().skip(col).step_by(cols.max(1));
                    Column::Texts(Texts::from_iter(cells))
                };
                return Ok(Table::Columns(Columns::new(rows, None, (0..cols).map(column).collect())?));
            }
        };
        Ok(Table::Dense(Dense::c_order(rows, cols, elements)?))
    }
}

/// The table of which each tensor is a column.
pub(crate) fn columns(tensors: Vec<Tensor>) -> Result<Table<'static>, ApiError> {
    let rows = tensors.first().map_or(0, Tensor::rows);
    let (mut names, mut columns) = (Vec::with_capacity(tensors.len()), Vec::with_capacity(tensors.len()));
    for tensor in tensors {
        if !matches!(tensor.shape[..], [_] | [_, 1]) {
            let what = format!("expected one column in `{}`, found the shape {:?}", tensor.name, tensor.shape);
            return Err(ApiError::bad_request(what));
        }
        names.push(tensor.name);
        columns.push(tensor.data.into_column());
    }
    Ok(Table::Columns(Columns::new(rows, Some(names.into()), columns)?))
}

/// The tensors of an answer: one called `name`, or several called after it.
pub(crate) fn tensors(name: &str, answer: Answer) -> Result<Vec<Tensor>, ApiError> {
    let arrays = NamedArray::of(name, answer).map_err(|error| ApiError::bad_request(error.to_string()))?;
    let tensor = |NamedArray { name, shape, elements }| Tensor { name, shape, data: elements.into() };
    Ok(arrays.into_iter().map(tensor).collect())
}

impl From<arrays::Elements> for Data {
    fn from(elements: arrays::Elements) -> Self {
        match elements {
            arrays::Elements::Ints(all, kind) => Self::Ints(all, kind),
            arrays::Elements::F32(all) => Self::F32(all),
            arrays::Elements::F64(all) => Self::F64(all),
            arrays::Elements::Texts(all) => Self::Texts(all),
        }
    }
}

/// An element of a tensor in JSON.
trait Element: Sized {
    fn of_float(value: f64) -> Option<Self>;
    fn of_int(value: i64) -> Option<Self>;
    fn of_unsigned(value: u64) -> Option<Self>;
    fn of_bool(value: bool) -> Option<Self>;
    fn of_text(value: &str) -> Option<Self>;
    fn of_null() -> Option<Self>;
}

impl Element for f64 {
    fn of_float(value: f64) -> Option<Self> {
        Some(value)
    }
    #[expect(clippy::cast_precision_loss, reason = "as JSON's own numbers are rounded")]
    fn of_int(value: i64) -> Option<Self> {
        Some(value as Self)
    }
    #[expect(clippy::cast_precision_loss, reason = "as JSON's own numbers are rounded")]
    fn of_unsigned(value: u64) -> Option<Self> {
        Some(value as Self)
    }
    fn of_bool(value: bool) -> Option<Self> {
        Some(f64::from(value))
    }
    fn of_text(value: &str) -> Option<Self> {
        // What Python's `json` and others write as bare words, some write as text.
        match value {
            "NaN" | "nan" => Some(Self::NAN),
            "Infinity" | "inf" => Some(Self::INFINITY),
            "-Infinity" | "-inf" => Some(Self::NEG_INFINITY),
            _ => None,
        }
    }
    fn of_null() -> Option<Self> {
        Some(Self::NAN)
    }
}

impl Element for i64 {
    fn of_float(_: f64) -> Option<Self> {
        None
    }
    fn of_int(value: i64) -> Option<Self> {
        Some(value)
    }
    fn of_unsigned(_: u64) -> Option<Self> {
        None
    }
    fn of_bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn of_text(_: &str) -> Option<Self> {
        None
    }
    fn of_null() -> Option<Self> {
        None
    }
}

impl Element for u64 {
    fn of_float(_: f64) -> Option<Self> {
        None
    }
    fn of_int(value: i64) -> Option<Self> {
        Self::try_from(value).ok()
    }
    fn of_unsigned(value: u64) -> Option<Self> {
        Some(value)
    }
    fn of_bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn of_text(_: &str) -> Option<Self> {
        None
    }
    fn of_null() -> Option<Self> {
        None
    }
}

impl Element for String {
    fn of_float(_: f64) -> Option<Self> {
        None
    }
    fn of_int(_: i64) -> Option<Self> {
        None
    }
    fn of_unsigned(_: u64) -> Option<Self> {
        None
    }
    fn of_bool(_: bool) -> Option<Self> {
        None
    }
    fn of_text(value: &str) -> Option<Self> {
        Some(value.to_owned())
    }
    fn of_null() -> Option<Self> {
        None
    }
}

/// The elements of nested lists, in order.
fn flat<T: Element>(raw: &RawValue) -> Result<Vec<T>, serde_json::Error> {
    let mut all = Vec::new();
    let mut deserializer = serde_json::Deserializer::from_str(raw.get());
    Flat(&mut all).deserialize(&mut deserializer)?;
    Ok(all)
}

struct Flat<'a, T>(&'a mut Vec<T>);

impl<T> Flat<'_, T> {
    fn push<E: de::Error>(self, element: Option<T>, found: de::Unexpected<'_>) -> Result<(), E>
    where
        T: Element,
    {
        let element = element.ok_or_else(|| E::invalid_type(found, &self))?;
        self.0.push(element);
        Ok(())
    }
}

impl<'de, T: Element> DeserializeSeed<'de> for Flat<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Element> Visitor<'de> for Flat<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element of the datatype, or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Flat(&mut *self.0))?.is_some() {}
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.push(T::of_float(value), de::Unexpected::Float(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.push(T::of_int(value), de::Unexpected::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        let element = i64::try_from(value).map_or_else(|_| T::of_unsigned(value), T::of_int);
        self.push(element, de::Unexpected::Unsigned(value))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.push(T::of_bool(value), de::Unexpected::Bool(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.push(T::of_text(value), de::Unexpected::Str(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.push(T::of_null(), de::Unexpected::Unit)
    }
}
