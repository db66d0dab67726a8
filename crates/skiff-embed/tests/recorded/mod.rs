//! Recorded cases for programs in other languages: models, rows and methods in one file that they read, and the answers
//! that they write. The answers are the recorded ones, and have the bits of the Rust library's.
//!
//! All numbers are big-endian, a text is its length in bytes (u32) and UTF-8. The file that a program reads is
//!
//! - the number of calls (u32), and for each: the model's path, the estimator's address, the method and its keyword
//!   arguments as JSON (or nothing) as texts, and the rows: their kind (u8, see [`Kind`]), their number and that of columns (u32 each), then
//!   - numbers: f64, row after row;
//!   - documents: one text for each row;
//!   - columns: a u8 that is 1 if there are names, the names, and for each column a u8 and its cells:
//!     0 and f64, or 1 and texts behind a u8 that is 0 where a text is missing and not there.
//!   - sparse rows: `indptr` (u32 each, one more than rows), `indices` (u32 each) and `data` (f64).
//!
//! What it writes is, for each call, the number of arrays (u32), and for each: name and dtype as texts, the number of axes
//! and their lengths (u32 each), the number of elements (u32), and each as f64, i64 or text by its dtype.
//! A failure has the number 0xffff_ffff and its code and message as texts.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use skiff::arrays::{Elements, NamedArray};
use skiff::table::Column;
use skiff::value::{IntKind, NumberType, Precision, Value};
use skiff::{File, Method, Options, Scalar, Table};
use skiff_testing::{Call, Case, Expected, Tolerance, compare};

/// How the rows of a call are written.
enum Kind {
    Numbers = 0,
    Documents = 1,
    Columns = 2,
    Sparse = 3,
}

/// The file with the calls, and what is expected of each.
pub struct Questions {
    /// The file that the program reads.
    pub path: PathBuf,
    expected: Vec<Vec<NamedArray>>,
    names: Vec<String>,
}

/// Writes the calls of all recorded cases of some versions of scikit-learn into a folder, with the models: calls of
/// numbers, sparse ones too, texts, or columns of both, which the library answers as recorded.
pub fn write(folder: &Path, is_wanted: impl Fn(&Case) -> bool) -> Questions {
    fs::create_dir_all(folder).unwrap();
    let (mut bytes, mut expected, mut names) = (vec![0; 4], Vec::new(), Vec::new());
    for case in Case::all().iter().filter(|case| is_wanted(case)) {
        let path = case.model.write_to(folder);
        let mut files = BTreeMap::new();
        for call in &case.calls {
            let Some((arguments, rows, answers)) = question(case, call, &path, &mut files) else { continue };
            text(&mut bytes, path.to_str().unwrap());
            text(&mut bytes, &call.at);
            text(&mut bytes, &call.method);
            text(&mut bytes, &arguments);
            bytes.extend(rows);
            expected.push(answers);
            names.push(format!("{} {} {:?}", case.name, call.method, call.input));
        }
    }
    bytes.splice(..4, u32::try_from(expected.len()).unwrap().to_be_bytes());
    let path = folder.join("questions");
    fs::write(&path, bytes).unwrap();
    Questions { path, expected, names }
}

fn question(
    case: &Case,
    call: &Call,
    path: &Path,
    models: &mut BTreeMap<String, Option<skiff::Model>>,
) -> Option<(String, Vec<u8>, Vec<NamedArray>)> {
    let Expected::Answer(recorded) = &call.expected else { return None };
    let arguments = json(call)?;
    let method: Method = call.method.parse().ok()?;
    let table = case.table(call.input.as_deref()?).ok()?;
    let rows = rows(&table)?;
    let model = models.entry(call.at.clone()).or_insert_with(|| {
        let at = Some(call.at.clone()).filter(|at| !at.is_empty());
        File::open(path, &Options { at, ..Options::default() }).ok()?.model(None).ok()
    });
    let answer = model.as_ref()?.call_with(method, &call.params(), &table).ok()?;
    if compare(recorded, &answer, Tolerance::DOUBLE).difference.is_some() {
        return None;
    }
    Some((arguments, rows, NamedArray::of(method.name(), answer).ok()?))
}

/// Keyword arguments as JSON, or nothing; `None` where one is no single value.
fn json(call: &Call) -> Option<String> {
    if call.params.is_empty() {
        return Some(String::new());
    }
    let value = |(name, value): (&String, &serde_json::Value)| {
        let is_single = !value.is_array() && !value.is_object();
        is_single.then(|| format!("\"{name}\":{value}"))
    };
    Some(format!("{{{}}}", call.params.iter().map(value).collect::<Option<Vec<_>>>()?.join(",")))
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn head(kind: Kind, rows: usize, columns: usize) -> Vec<u8> {
    let mut bytes = vec![kind as u8];
    bytes.extend(u32::try_from(rows).unwrap().to_be_bytes());
    bytes.extend(u32::try_from(columns).unwrap().to_be_bytes());
    bytes
}

/// The rows of a table; `None` where other languages have no such rows.
fn rows(table: &Table<'_>) -> Option<Vec<u8>> {
    match table {
        Table::Dense(_) => {
            let Value::Floats(matrix, Precision::Double) = table.block(0, table.rows()) else { return None };
            let mut bytes = head(Kind::Numbers, table.rows(), table.cols());
            bytes.extend(matrix.data.iter().flat_map(|value| value.to_be_bytes()));
            Some(bytes)
        }
        Table::Texts(texts) => {
            let mut bytes = head(Kind::Documents, texts.len(), 1);
            texts.iter().for_each(|document| text(&mut bytes, document));
            Some(bytes)
        }
        Table::Columns(columns) => {
            let mut bytes = head(Kind::Columns, columns.rows, columns.columns.len());
            bytes.push(u8::from(columns.names.is_some()));
            columns.names.iter().flat_map(|names| names.iter()).for_each(|name| text(&mut bytes, name));
            for column in &columns.columns {
                match column {
                    Column::Floats(all, Precision::Double) => {
                        bytes.push(0);
                        bytes.extend(all.iter().flat_map(|value| value.to_be_bytes()));
                    }
                    Column::Texts(all) => {
                        bytes.push(1);
                        all.iter().for_each(|cell| {
                            bytes.push(1);
                            text(&mut bytes, cell);
                        });
                    }
                    Column::Objects(all) if all.iter().any(|cell| matches!(cell, Scalar::Str(_))) => {
                        bytes.push(1);
                        for cell in all.iter() {
                            match cell {
                                Scalar::Str(cell) => {
                                    bytes.push(1);
                                    text(&mut bytes, cell);
                                }
                                Scalar::None => bytes.push(0),
                                _ => return None,
                            }
                        }
                    }
                    _ => return None,
                }
            }
            Some(bytes)
        }
        Table::Sparse(csr) if csr.dtype == NumberType::Float(Precision::Double) => {
            // Other languages' rows are sorted first, as the Python package's are: `inverse_transform` of a vectorizer
            // then lists its terms in that order.
            let ascends = |bounds: &[usize]| csr.indices[bounds[0]..bounds[1]].is_sorted_by(|one, next| one < next);
            if !csr.indptr.windows(2).all(ascends) {
                return None;
            }
            let mut bytes = head(Kind::Sparse, csr.rows, csr.cols);
            let u32s = csr.indptr.iter().map(|&at| u32::try_from(at).unwrap()).chain(csr.indices.iter().copied());
            bytes.extend(u32s.flat_map(u32::to_be_bytes));
            bytes.extend(csr.data.iter().flat_map(|value| value.to_be_bytes()));
            Some(bytes)
        }
        Table::Sparse(_) | Table::Dicts(_) => None,
    }
}

impl Questions {
    /// How many calls there are.
    pub fn len(&self) -> usize {
        self.expected.len()
    }

    /// Checks the file that the program wrote: the same arrays to the last bit.
    pub fn check(&self, answers: &[u8]) {
        let mut reader = Reader(answers);
        let mut wrong = Vec::new();
        for (name, expected) in self.names.iter().zip(&self.expected) {
            match reader.answer() {
                Ok(found) if is_same(&found, expected) => {}
                Ok(found) => wrong.push(format!("{name}: expected {expected:?}, found {found:?}")),
                Err(failure) => wrong.push(format!("{name}: {failure}")),
            }
        }
        assert!(reader.0.is_empty(), "{} bytes after the last answer", reader.0.len());
        let shown: String =
            wrong.iter().take(5).map(|one| one.chars().take(1000).chain("\n".chars()).collect::<String>()).collect();
        assert!(wrong.is_empty(), "{} of {} calls differ:\n{shown}", wrong.len(), self.len());
    }
}

/// An array as a program writes it: its name, dtype, shape and elements.
type Found = (String, String, Vec<usize>, Elements);

fn is_same(found: &[Found], expected: &[NamedArray]) -> bool {
    let is_same = |((name, dtype, shape, elements), expected): (&Found, &NamedArray)| {
        let same = match (elements, &expected.elements) {
            (Elements::F64(one), Elements::F64(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|(one, other)| one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan()))
            }
            (Elements::F64(one), Elements::F32(other)) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|(&one, &other)| one == f64::from(other) || (one.is_nan() && other.is_nan()))
            }
            (Elements::Ints(one, _), Elements::Ints(other, _)) => one == other,
            (Elements::Texts(one), Elements::Texts(other)) => one == other,
            _ => false,
        };
        same && *name == expected.name && *shape == expected.shape && *dtype == skiff_embed::dtype(&expected.elements)
    };
    found.len() == expected.len() && found.iter().zip(expected).all(is_same)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take(&mut self, length: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at_checked(length).expect("the program wrote all answers");
        self.0 = rest;
        taken
    }

    fn u32(&mut self) -> usize {
        u32::from_be_bytes(self.take(4).try_into().unwrap()) as usize
    }

    fn text(&mut self) -> String {
        let length = self.u32();
        String::from_utf8(self.take(length).to_vec()).unwrap()
    }

    fn answer(&mut self) -> Result<Vec<Found>, String> {
        match self.u32() {
            0xffff_ffff => Err(format!("{}: {}", self.text(), self.text())),
            count => Ok((0..count).map(|_| self.array()).collect()),
        }
    }

    fn array(&mut self) -> Found {
        let (name, dtype, axes) = (self.text(), self.text(), self.u32());
        let shape = (0..axes).map(|_| self.u32()).collect();
        let count = self.u32();
        let eight = |reader: &mut Self| -> [u8; 8] { reader.take(8).try_into().unwrap() };
        let elements = match dtype.as_str() {
            "float64" | "float32" => Elements::F64((0..count).map(|_| f64::from_be_bytes(eight(self))).collect()),
            "str" => Elements::Texts((0..count).map(|_| self.text()).collect()),
            _ => Elements::Ints((0..count).map(|_| i64::from_be_bytes(eight(self))).collect(), IntKind::I64),
        };
        (name, dtype, shape, elements)
    }
}
