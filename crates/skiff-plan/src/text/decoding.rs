//! Documents of a table.

use std::borrow::Cow;

use skiff_files::Scalar;

use crate::table::Column;
use crate::value::Value;
use crate::{InputError, InputErrorKind};

/// What becomes of documents that are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoding {
    /// `encoding`, as written.
    pub encoding: String,
    /// `decode_error`.
    pub error: DecodeError,
}

/// `decode_error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// An error.
    Strict,
    /// Invalid bytes are dropped.
    Ignore,
    /// They become U+FFFD.
    Replace,
}

impl Decoding {
    /// Hands each document to `f`, with its row.
    ///
    /// # Errors
    /// When the table does not consist of documents, one is not text, or one cannot be decoded; and those of `f`.
    pub fn each_document(
        &self,
        value: &Value<'_>,
        mut f: impl FnMut(&str) -> Result<(), InputError>,
    ) -> Result<(), InputError> {
        let texts = |texts: &crate::table::Texts<'_>, f: &mut dyn FnMut(&str) -> Result<(), InputError>| {
            texts.iter().enumerate().try_for_each(|(row, text)| f(text).map_err(|error| error.in_row(row)))
        };
        match value {
            Value::Texts(documents) => texts(documents, &mut f),
            Value::Columns(columns) => match &columns.columns[..] {
                [Column::Texts(documents)] => texts(documents, &mut f),
                [Column::Objects(documents)] => documents.iter().enumerate().try_for_each(|(row, document)| {
                    self.document(document).and_then(|text| f(&text)).map_err(|error| error.in_row(row))
                }),
                [_] => Err(not_text("numbers")),
                _ => Err(InputError::wrong_kind("one column of text", value)),
            },
            _ => Err(InputError::wrong_kind("documents", value)),
        }
    }

    fn document<'d>(&self, document: &'d Scalar) -> Result<Cow<'d, str>, InputError> {
        match document {
            Scalar::Str(text) => Ok(Cow::Borrowed(text)),
            Scalar::Bytes(bytes) => self.decode(bytes),
            Scalar::Float(value) if value.is_nan() => {
                Err(InputError::refused("np.nan is an invalid document, expected byte or unicode string."))
            }
            other => Err(not_text(&other.to_string())),
        }
    }

    fn decode<'d>(&self, bytes: &'d [u8]) -> Result<Cow<'d, str>, InputError> {
        let name = self.encoding.to_ascii_lowercase().replace(['_', ' '], "-");
        let (is_ascii, is_utf8) = match name.as_str() {
            "ascii" | "us-ascii" | "646" => (true, false),
            "utf-8" | "utf8" | "u8" | "utf" => (false, true),
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "8859" | "l1" => (false, false),
            _ => return Err(InputError::refused(format!("unsupported encoding `{}`", self.encoding))),
        };
        let undecodable = || {
            InputError::new(InputErrorKind::Refused(format!(
                "a document is not valid in the encoding `{}`",
                self.encoding
            )))
        };
        if is_utf8 {
            return match self.error {
                DecodeError::Strict => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| undecodable()),
                DecodeError::Replace => Ok(String::from_utf8_lossy(bytes)),
                DecodeError::Ignore => Ok(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect::<String>().into()),
            };
        }
        // Latin-1 is the first 256 characters of Unicode; ASCII the first half of them.
        let decode = |&byte: &u8| match self.error {
            _ if byte.is_ascii() || !is_ascii => Some(Ok(char::from(byte))),
            DecodeError::Strict => Some(Err(undecodable())),
            DecodeError::Replace => Some(Ok('\u{fffd}')),
            DecodeError::Ignore => None,
        };
        bytes.iter().filter_map(decode).collect::<Result<String, _>>().map(Cow::Owned)
    }
}

fn not_text(found: &str) -> InputError {
    InputError::refused(format!("expected documents of text, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_decoded_as_python_decodes_them() {
        let bytes = b"na\xefve caf\xc3\xa9";
        for (encoding, error, expected) in [
            ("latin-1", DecodeError::Strict, Some("naïve cafÃ©")),
            ("UTF_8", DecodeError::Ignore, Some("nave café")),
            ("utf-8", DecodeError::Replace, Some("na\u{fffd}ve café")),
            ("utf-8", DecodeError::Strict, None),
            ("ascii", DecodeError::Ignore, Some("nave caf")),
            ("ascii", DecodeError::Replace, Some("na\u{fffd}ve caf\u{fffd}\u{fffd}")),
            ("utf-16", DecodeError::Strict, None),
        ] {
            let decoding = Decoding { encoding: encoding.to_owned(), error };
            assert_eq!(decoding.decode(bytes).ok().as_deref(), expected, "{encoding} {error:?}");
        }
    }
}
