//! The passport of a `.skiff`: who trained the model, with which versions and data, and how good it was.
//!
//! It is untrusted JSON: its size and depth are bounded, and everything else is an error with a
//! reason. `docs/passport.md` specifies its content.

mod summary;

use std::collections::HashMap;
use std::fmt;

use skiff_files::json::{Document, Id, Json};

/// A passport, as the file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Passport {
    entries: Vec<(String, Value)>,
}

/// A JSON value, nested at most [`MOST_DEPTH`] deep.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// Any other number; also `NaN` and infinities, as Python writes them.
    Float(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Pairs in their order, each name once.
    Object(Vec<(String, Value)>),
}

/// Why a passport cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassportError {
    /// It is longer than [`MOST_BYTES`].
    TooLong(usize),
    /// The byte at which it stops being valid JSON, or JSON of at most [`MOST_VALUES`] values.
    NoJson(usize),
    /// It nests deeper than [`MOST_DEPTH`].
    TooDeep,
    /// It is JSON, but not an object.
    NoObject,
}

/// The longest passport that is read, in bytes; the Python package writes none that is longer.
pub const MOST_BYTES: usize = 4 << 20;
/// How many values a passport may have: each takes about a hundred bytes in memory.
pub const MOST_VALUES: u64 = 1 << 18;
/// How deep they may nest: the deepest hyperparameter, and a few levels around it.
pub const MOST_DEPTH: usize = 32;

impl Passport {
    /// Reads the text of a passport.
    ///
    /// # Errors
    /// When it is not a JSON object, or too large for a passport.
    pub fn parse(text: &str) -> Result<Self, PassportError> {
        if text.len() > MOST_BYTES {
            return Err(PassportError::TooLong(text.len()));
        }
        let document = Document::parse(text.as_bytes(), MOST_VALUES).map_err(PassportError::NoJson)?;
        match value(&document, 0, MOST_DEPTH)? {
            Value::Object(entries) => Ok(Self { entries }),
            _ => Err(PassportError::NoObject),
        }
    }

    /// All names and values, in order.
    pub fn entries(&self) -> &[(String, Value)] {
        &self.entries
    }

    /// The value at a path of names: `["estimator", "class"]`.
    pub fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let mut found = find(&self.entries, first)?;
        for name in rest {
            found = found.get(name)?;
        }
        Some(found)
    }

    /// When it was written, in UTC: `2026-11-25T15:09:04Z`.
    pub fn created(&self) -> Option<&str> {
        self.get(&["created"])?.as_text()
    }

    /// The versions of the libraries that made the model, by name: `scikit-learn`, `1.9.1`.
    pub fn versions(&self) -> Vec<(&str, &str)> {
        let pairs = self.get(&["versions"]).map_or(&[][..], Value::pairs);
        pairs.iter().filter_map(|(name, version)| Some((&**name, version.as_text()?))).collect()
    }

    /// The metrics, by name.
    pub fn metrics(&self) -> Vec<(&str, f64)> {
        let pairs = self.get(&["metrics"]).map_or(&[][..], Value::pairs);
        pairs.iter().filter_map(|(name, number)| Some((&**name, number.as_f64()?))).collect()
    }

    /// The cross-validation scores.
    pub fn scores(&self) -> Vec<Scores<'_>> {
        let pairs = self.get(&["cross_validation", "scores"]).map_or(&[][..], Value::pairs);
        let scores = pairs.iter().map(|(name, scores)| Scores {
            name,
            folds: scores.get("folds").map_or(&[][..], Value::items).iter().filter_map(Value::as_f64).collect(),
            mean: scores.get("mean").and_then(Value::as_f64),
            std: scores.get("std").and_then(Value::as_f64),
        });
        scores.collect()
    }

    /// The notes of the author.
    pub fn notes(&self) -> Option<&str> {
        self.get(&["notes"])?.as_text()
    }
}

/// The cross-validation scores of one scoring.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores<'a> {
    /// The name of the scoring, such as `accuracy`; `score` if it has none.
    pub name: &'a str,
    /// The score of each fold.
    pub folds: Vec<f64>,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub std: Option<f64>,
}

impl Value {
    /// An object's value of that name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        find(self.pairs(), name)
    }

    /// The pairs of an object; none if it is something else.
    pub fn pairs(&self) -> &[(String, Self)] {
        match self {
            Self::Object(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a list; none if it is something else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// A string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number, including `{"float": "nan"}` and similar.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "metrics are not exact integers beyond 2⁵³")]
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Object(pairs) => match &pairs[..] {
                [(name, Self::Text(text))] if name == "float" => match &**text {
                    "nan" => Some(f64::NAN),
                    "inf" => Some(f64::INFINITY),
                    "-inf" => Some(f64::NEG_INFINITY),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
}

fn find<'a>(pairs: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// The value at `id`, which may be nested `depth` deep.
fn value(document: &Document<'_>, id: Id, depth: usize) -> Result<Value, PassportError> {
    let inner = |id: Id| value(document, id, depth.checked_sub(1).ok_or(PassportError::TooDeep)?);
    Ok(match document.value(id) {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(range) => {
            let text = document.number(range);
            match (text.parse(), text) {
                (Ok(value), _) => Value::Int(value),
                (Err(_), "NaN") => Value::Float(f64::NAN),
                (Err(_), "Infinity") => Value::Float(f64::INFINITY),
                (Err(_), "-Infinity") => Value::Float(f64::NEG_INFINITY),
                (Err(_), _) => Value::Float(text.parse().unwrap_or(f64::NAN)),
            }
        }
        // Lone surrogates are not valid in Rust's strings.
        Json::Str(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        Json::Array(items) => Value::List(items.iter().map(|&item| inner(item)).collect::<Result<_, _>>()?),
        Json::Object(pairs) => {
            let mut places = HashMap::new();
            let mut read: Vec<(String, Value)> = Vec::new();
            for (name, id) in pairs {
                let entry = (String::from_utf8_lossy(name).into_owned(), inner(*id)?);
                // If a name occurs twice, the later value counts, as in Python.
                match places.get(name).and_then(|&place: &usize| read.get_mut(place)) {
                    Some(before) => *before = entry,
                    None => {
                        places.insert(name, read.len());
                        read.push(entry);
                    }
                }
            }
            Value::Object(read)
        }
    })
}

/// JSON on one line, as Python's `json.dumps` writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) if value.is_nan() => f.write_str("NaN"),
            Self::Float(value) if value.is_infinite() => {
                f.write_str(if *value > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => quoted(f, text),
            Self::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if place > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(pairs) => {
                f.write_str("{")?;
                for (place, (name, value)) in pairs.iter().enumerate() {
                    f.write_str(if place > 0 { ", " } else { "" })?;
                    quoted(f, name)?;
                    write!(f, ": {value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A string as JSON.
pub(crate) fn quoted_text(text: &str) -> String {
    Value::Text(text.to_owned()).to_string()
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write;

    f.write_str("\"")?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            '\n' => f.write_str("\\n")?,
            control if u32::from(control) < 0x20 => write!(f, "\\u{:04x}", u32::from(control))?,
            other => f.write_char(other)?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for PassportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(found) => write!(f, "expected at most {MOST_BYTES} bytes, found {found}"),
            Self::NoJson(offset) => {
                write!(f, "expected JSON of at most {MOST_VALUES} values, found something else at its byte {offset}")
            }
            Self::TooDeep => write!(f, "it is nested deeper than {MOST_DEPTH}"),
            Self::NoObject => write!(f, "it is not a JSON object"),
        }
    }
}

impl std::error::Error for PassportError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_often_has_a_name() {
        let text = r#"{"created": "2026-11-25T15:09:04Z", "versions": {"python": "3.11.7", "odd": 3},
            "metrics": {"auc": 0.5, "n": 3, "bad": {"float": "-inf"}, "word": "x"}, "created": "later",
            "cross_validation": {"scores": {"accuracy": {"folds": [0.5, 1], "mean": 0.75, "std": 0.25}}}}"#;
        let passport = Passport::parse(text).unwrap();
        assert_eq!(passport.created(), Some("later"), "the last of two, as in Python");
        assert_eq!(passport.versions(), [("python", "3.11.7")]);
        assert_eq!(passport.metrics(), [("auc", 0.5), ("n", 3.0), ("bad", f64::NEG_INFINITY)]);
        let [scores] = &passport.scores()[..] else { panic!("one score") };
        assert_eq!((scores.name, &scores.folds[..], scores.mean), ("accuracy", &[0.5, 1.0][..], Some(0.75)));
        assert_eq!(passport.get(&["cross_validation", "nothing", "there"]), None);
    }

    #[test]
    fn what_is_no_passport() {
        let parse = |text: &str| Passport::parse(text).map(|passport| passport.entries.len());
        assert_eq!(parse("[]"), Err(PassportError::NoObject));
        assert_eq!(parse("{"), Err(PassportError::NoJson(1)));
        assert_eq!(
            parse(&format!("{{\"a\": \"{}\"}}", "x".repeat(MOST_BYTES))),
            Err(PassportError::TooLong(MOST_BYTES + 9))
        );
        let deep = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(parse(&deep(MOST_DEPTH)), Ok(1));
        assert_eq!(parse(&deep(MOST_DEPTH + 1)), Err(PassportError::TooDeep));
        assert_eq!(parse(&deep(200_000)), Err(PassportError::TooDeep));
        // More values than a passport may have are not looked through.
        assert!(parse(&deep(1_000_000)).is_err());
        assert!(matches!(parse(&format!("{{\"a\": [{}1]}}", "1,".repeat(1 << 18))), Err(PassportError::NoJson(_))));
    }

    #[test]
    fn a_name_that_stands_a_hundred_thousand_times_is_read_at_once() {
        let text = format!("{{{}\"b\": 1}}", "\"a\": 1, ".repeat(100_000));
        assert_eq!(Passport::parse(&text).unwrap().entries.len(), 2);
    }

    #[test]
    fn values_are_shown_as_json() {
        let text = r#"{"a": [null, true, -3, 0.5, "line\nand \"quote\" \u001b"], "b": {}, "big": 1e400, "c": NaN}"#;
        let passport = Passport::parse(text).unwrap();
        let shown = Value::Object(passport.entries).to_string();
        assert_eq!(shown, text.replace("1e400", "Infinity"));
    }
}
