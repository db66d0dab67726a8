//! Universal Binary JSON, as far as XGBoost writes it: big-endian numbers, lengths before strings and arrays, typed arrays.
//!
//! Nothing is copied, and what is made stays within a stated factor of the bytes: a value takes one byte at least.

use crate::fields::ReadErrorKind;

/// A value.
#[derive(Debug)]
pub(super) enum Json<'b> {
    Null,
    Bool,
    Int(i64),
    Float(f64),
    Str(&'b str),
    Array(Vec<Json<'b>>),
    /// An array whose elements are all of one type: `d`, `D`, `U`, `i`, `I`, `l` or `L`.
    Numbers(u8, &'b [u8]),
    Object(Vec<(&'b str, Json<'b>)>),
}

/// How deep values may nest. Models are about ten deep.
const DEPTH: usize = 32;

impl<'b> Json<'b> {
    /// The value that the bytes hold.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, ReadErrorKind> {
        let mut reader = Reader { bytes, at: 0 };
        let value = reader.value(DEPTH)?;
        if reader.at == bytes.len() { Ok(value) } else { Err(damaged("bytes after the model")) }
    }

    /// The value under `key` of an object; of two the later one.
    pub(super) fn find(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value at the end of a path of keys.
    pub(super) fn get(&self, path: &[&str]) -> Result<&Self, ReadErrorKind> {
        let found = path.iter().try_fold(self, |value, key| value.find(key));
        found.ok_or_else(|| damaged(format!("no `{}`", path.join("."))))
    }

    /// A string at the end of a path.
    pub(super) fn str(&self, path: &[&str]) -> Result<&'b str, ReadErrorKind> {
        match self.get(path)? {
            Self::Str(text) => Ok(text),
            _ => Err(damaged(format!("`{}` is not a string", path.join(".")))),
        }
    }

    /// A number at the end of a path, which XGBoost writes as a string.
    pub(super) fn count(&self, path: &[&str]) -> Result<usize, ReadErrorKind> {
        self.str(path)?.parse().map_err(|_| damaged(format!("`{}` is not a count", path.join("."))))
    }

    /// The elements of an array of any kind.
    pub(super) fn items(&self, path: &[&str]) -> Result<&[Self], ReadErrorKind> {
        match self.get(path)? {
            Self::Array(items) => Ok(items),
            _ => Err(damaged(format!("`{}` is not an array", path.join(".")))),
        }
    }

    /// The elements of an array of numbers.
    pub(super) fn numbers(&self, path: &[&str]) -> Result<Vec<f64>, ReadErrorKind> {
        let wrong = || damaged(format!("`{}` is not an array of numbers", path.join(".")));
        match self.get(path)? {
            Self::Array(items) => items.iter().map(|item| item.number().ok_or_else(wrong)).collect(),
            Self::Numbers(kind, bytes) => {
                let size = size_of_number(*kind).ok_or_else(wrong)?;
                bytes
                    .chunks_exact(size)
                    .map(|bytes| number(*kind, bytes).and_then(|n| n.number()).ok_or_else(wrong))
                    .collect()
            }
            _ => Err(wrong()),
        }
    }

    /// The elements of an array of integers.
    pub(super) fn ints(&self, path: &[&str]) -> Result<Vec<i64>, ReadErrorKind> {
        let wrong = || damaged(format!("`{}` is not an array of integers", path.join(".")));
        let int = |item: &Self| match item {
            Self::Int(value) => Ok(*value),
            _ => Err(wrong()),
        };
        match self.get(path)? {
            Self::Array(items) => items.iter().map(int).collect(),
            Self::Numbers(kind, bytes) => {
                let size = size_of_number(*kind).ok_or_else(wrong)?;
                bytes.chunks_exact(size).map(|bytes| int(&number(*kind, bytes).ok_or_else(wrong)?)).collect()
            }
            _ => Err(wrong()),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "numbers of models are small")]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }
}

/// How many bytes a number of this type takes.
fn size_of_number(kind: u8) -> Option<usize> {
    match kind {
        b'i' | b'U' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

/// The number of this type in as many bytes as it takes.
fn number<'b>(kind: u8, bytes: &[u8]) -> Option<Json<'b>> {
    let int = |value: i64| Some(Json::Int(value));
    match kind {
        b'i' => int(i8::from_be_bytes(bytes.try_into().ok()?).into()),
        b'U' => int(u8::from_be_bytes(bytes.try_into().ok()?).into()),
        b'I' => int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        b'l' => int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        b'L' => int(i64::from_be_bytes(bytes.try_into().ok()?)),
        b'd' => Some(Json::Float(f32::from_be_bytes(bytes.try_into().ok()?).into())),
        b'D' => Some(Json::Float(f64::from_be_bytes(bytes.try_into().ok()?))),
        _ => None,
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], ReadErrorKind> {
        let end = self.at.checked_add(count);
        let bytes = end.and_then(|end| self.bytes.get(self.at..end));
        let bytes = bytes.ok_or_else(|| damaged(format!("it ends early, at byte {}", self.at)))?;
        self.at += count;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, ReadErrorKind> {
        let byte = self.bytes.get(self.at).copied();
        let byte = byte.ok_or_else(|| damaged(format!("it ends early, at byte {}", self.at)))?;
        self.at += 1;
        Ok(byte)
    }

    fn next_is(&mut self, byte: u8) -> bool {
        let is = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is);
        is
    }

    fn value(&mut self, depth: usize) -> Result<Json<'b>, ReadErrorKind> {
        let kind = self.byte()?;
        self.value_of(kind, depth)
    }

    fn value_of(&mut self, kind: u8, depth: usize) -> Result<Json<'b>, ReadErrorKind> {
        if let Some(size) = size_of_number(kind) {
            let place = self.at;
            return number(kind, self.take(size)?).ok_or_else(|| damaged(format!("an invalid number at byte {place}")));
        }
        let deeper = || depth.checked_sub(1).ok_or_else(|| damaged(format!("nested more than {DEPTH} deep")));
        Ok(match kind {
            b'Z' | b'N' => Json::Null,
            b'T' | b'F' => Json::Bool,
            b'S' => Json::Str(self.text()?),
            b'{' => Json::Object(self.object(deeper()?)?),
            b'[' => self.array(deeper()?)?,
            _ => return Err(damaged(format!("an unknown marker at byte {}", self.at - 1))),
        })
    }

    fn length(&mut self) -> Result<usize, ReadErrorKind> {
        match self.value(0)? {
            Json::Int(length) => usize::try_from(length).map_err(|_| damaged("a negative length")),
            _ => Err(damaged("a length that is not an integer")),
        }
    }

    fn text(&mut self) -> Result<&'b str, ReadErrorKind> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| damaged("a string that is not UTF-8"))
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(&'b str, Json<'b>)>, ReadErrorKind> {
        let mut entries = Vec::new();
        while !self.next_is(b'}') {
            let key = self.text()?;
            entries.push((key, self.value(depth)?));
        }
        Ok(entries)
    }

    fn array(&mut self, depth: usize) -> Result<Json<'b>, ReadErrorKind> {
        let mut items = Vec::new();
        if self.next_is(b'$') {
            let kind = self.byte()?;
            let size = size_of_number(kind).filter(|_| self.next_is(b'#'));
            let size = size.ok_or_else(|| damaged(format!("an array of another type at byte {}", self.at)))?;
            let length = self.length()?.checked_mul(size).ok_or_else(|| damaged("an endless array"))?;
            return Ok(Json::Numbers(kind, self.take(length)?));
        }
        if self.next_is(b'#') {
            // No length is trusted with memory.
            for _ in 0..self.length()? {
                items.push(self.value(depth)?);
            }
        } else {
            while !self.next_is(b']') {
                items.push(self.value(depth)?);
            }
        }
        Ok(Json::Array(items))
    }
}

pub(super) fn damaged(what: impl Into<String>) -> ReadErrorKind {
    ReadErrorKind::Damaged(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let bytes =
            b"{U\x01aSU\x02hiU\x01b[$d#U\x02\x3f\x80\0\0\xc0\0\0\0U\x01c[i\x05l\xff\xff\xff\xfe]U\x01d[#U\x02TZ}";
        let value = Json::read(bytes).unwrap();
        assert_eq!(value.str(&["a"]).unwrap(), "hi");
        assert_eq!(value.numbers(&["b"]).unwrap(), [1.0, -2.0]);
        assert_eq!(value.ints(&["c"]).unwrap(), [5, -2]);
        assert_eq!(value.items(&["d"]).unwrap().len(), 2);
        assert!(value.ints(&["b"]).is_err() && value.get(&["e"]).is_err() && value.count(&["a"]).is_err());
    }

    #[test]
    fn damage_is_refused() {
        let deep = [b'['; 100];
        let cases: [(&[u8], &str); 7] = [
            (b"", "ends early"),
            (&deep, "nested more than"),
            (b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "endless"),
            (b"[#L\x7f\xff\xff\xff\xff\xff\xff\xffZ", "ends early"),
            (b"Sl\xff\xff\xff\xff", "negative"),
            (b"SU\x01\xff", "UTF-8"),
            (b"ZZ", "bytes after"),
        ];
        for (bytes, expected) in cases {
            let error = Json::read(bytes).expect_err(expected).to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
