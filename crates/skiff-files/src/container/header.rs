//! The header of a safetensors file: a JSON object of names, dtypes, shapes and offsets.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use super::kind::Kind;
use crate::json::{Document, Id, Json};
use crate::{Error, ErrorKind};

/// A tensor of a file.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub kind: Kind,
    /// Where its bytes are, counted from the beginning of the file.
    pub bytes: Range<usize>,
}

/// The content of a header.
#[derive(Debug)]
pub(super) struct Header {
    pub tensors: HashMap<String, Tensor>,
    pub metadata: HashMap<String, String>,
    /// The offset of the first tensor.
    pub data: usize,
}

/// The limit of safetensors itself.
pub(super) const LONGEST: u64 = 100_000_000;
/// A value takes a few bytes of text at least; a model of a hundred thousand tensors stays below.
const MOST_VALUES: u64 = 4 << 20;

pub(super) fn damaged(what: &'static str) -> Error {
    Error::new(ErrorKind::Container(what))
}

impl Header {
    /// Reads and checks the header at the beginning of `file`: tensors are contiguous, and end with the file.
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        let length = file.first_chunk().map(|length| u64::from_le_bytes(*length)).ok_or(damaged("it has no header"))?;
        let length =
            usize::try_from(length).ok().filter(|_| length <= LONGEST).ok_or(damaged("its header is too long"))?;
        let data = length.saturating_add(8);
        let text = file.get(8..data).ok_or(damaged("it ends within its header"))?;
        let document = Document::parse(text, MOST_VALUES)
            .map_err(|offset| Error::at(ErrorKind::Container("its header is not JSON"), offset.saturating_add(8)))?;
        let Json::Object(pairs) = document.value(0) else { return Err(damaged("its header is not a JSON object")) };
        let mut header = Self { tensors: HashMap::new(), metadata: HashMap::new(), data };
        for (name, value) in pairs {
            let name = std::str::from_utf8(name).map_err(|_| damaged("a name in its header is not UTF-8"))?;
            if name == "__metadata__" {
                header.metadata(&document, *value)?;
                continue;
            }
            let tensor = tensor(&document, *value, data).ok_or(damaged("a tensor's entry is inconsistent"))?;
            if header.tensors.insert(name.to_owned(), tensor).is_some() {
                return Err(damaged("two tensors have the same name"));
            }
        }
        let mut places: Vec<_> = header.tensors.values().map(|tensor| tensor.bytes.clone()).collect();
        places.sort_by_key(|place| (place.start, place.end));
        let end = places.iter().try_fold(data, |end, place| (place.start == end).then_some(place.end));
        match end {
            Some(end) if end == file.len() => Ok(header),
            Some(_) => Err(damaged("its tensors do not end at the end of the file")),
            None => Err(damaged("its tensors are not contiguous")),
        }
    }

    fn metadata(&mut self, document: &Document<'_>, value: Id) -> Result<(), Error> {
        let wrong = || damaged("its metadata are not strings");
        let Json::Object(pairs) = document.value(value) else { return Err(wrong()) };
        for (name, value) in pairs {
            let name = std::str::from_utf8(name).map_err(|_| wrong())?.to_owned();
            let text = document.text_of(*value).ok_or_else(wrong)?.to_owned();
            if self.metadata.insert(name, text).is_some() {
                return Err(damaged("two of its metadata have the same name"));
            }
        }
        Ok(())
    }

    pub fn tensor(&self, name: &str) -> Result<&Tensor, Error> {
        self.tensors.get(name).ok_or(damaged("a tensor is missing"))
    }
}

fn tensor(document: &Document<'_>, value: Id, data: usize) -> Option<Tensor> {
    let kind = Kind::parse(document.text_of(document.get(value, "dtype")?)?)?;
    let count = numbers(document, document.get(value, "shape")?)?.into_iter().try_fold(1, usize::checked_mul)?;
    let &[start, end] = numbers(document, document.get(value, "data_offsets")?)?.as_slice() else { return None };
    if end.checked_sub(start)? != count.checked_mul(kind.size())? {
        return None;
    }
    Some(Tensor { kind, bytes: start.checked_add(data)?..end.checked_add(data)? })
}

pub(super) fn numbers(document: &Document<'_>, value: Id) -> Option<Vec<usize>> {
    let Json::Array(items) = document.value(value) else { return None };
    items.iter().map(|&item| number(document, item)).collect()
}

pub(super) fn number(document: &Document<'_>, value: Id) -> Option<usize> {
    match document.value(value) {
        Json::Number(range) => document.number(range).parse().ok(),
        _ => None,
    }
}

/// A tensor's entry, as JSON.
pub(super) fn entry(json: &mut String, name: &str, kind: Kind, shape: &[usize], place: &Range<usize>) {
    quoted(json, name);
    let shape: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let _ = write!(
        json,
        r#":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}}"#,
        kind.name(),
        shape.join(","),
        place.start,
        place.end
    );
}

/// A string as JSON.
pub(super) fn quoted(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\0'..='\x1f' => {
                let _ = write!(json, "\\u{:04x}", u32::from(character));
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}
