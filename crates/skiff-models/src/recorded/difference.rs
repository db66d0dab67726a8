//! Compares results with scikit-learn's, and finds the first difference.

use std::fmt;

use skiff_files::{NdArray, Scalar};
use skiff_plan::table::{DictValue, Dicts};
use skiff_plan::value::{Columns, Csr, Matrix, NumberLists, NumberType, Precision, TermLists, Value};
use skiff_plan::{Answer as Given, Rank};

use super::elements::{column_scalars, dtype_of, name_of, scalars, sparse_row};
use super::{Answer, Tolerance};

/// The comparison of a result with the recorded one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// The first difference; `None` if there is none.
    pub difference: Option<Difference>,
    /// The greatest difference between numbers, including those within the tolerance.
    pub largest: f64,
}

/// A difference.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Of shape, dtype or type: everything but elements.
    Form(String),
    /// Of elements.
    Element(Element),
    /// In one of several arrays, counted from 0.
    Within(usize, Box<Difference>),
}

/// The first element that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its row, counted from 0.
    pub row: usize,
    /// Its column, counted from 0.
    pub column: usize,
    /// The recorded value.
    pub expected: String,
    /// The value found.
    pub found: String,
    /// The number of elements that differ.
    pub count: usize,
    /// The number of elements.
    pub of: usize,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(what) => f.write_str(what),
            Self::Element(Element { row, column, expected, found, count, of }) => {
                write!(f, "row {row}, column {column}: expected {expected}, found {found} ({count} of {of} differ)")
            }
            Self::Within(place, difference) => write!(f, "[{place}]: {difference}"),
        }
    }
}

impl Difference {
    /// The first element that differs, if elements differ.
    pub fn element(&self) -> Option<&Element> {
        match self {
            Self::Form(_) => None,
            Self::Element(element) => Some(element),
            Self::Within(_, difference) => difference.element(),
        }
    }
}

impl Comparison {
    fn form(what: String) -> Self {
        Self { difference: Some(Difference::Form(what)), largest: 0.0 }
    }
}

/// Compares a result with the recorded one. `tolerance` is for `float64`; `float32` results have [`Tolerance::SINGLE`].
pub fn compare(expected: &Answer, found: &Given, tolerance: Tolerance) -> Comparison {
    match (expected, found) {
        (Answer::List(expected), Given::List(found) | Given::Tuple(found)) => {
            if expected.len() != found.len() {
                return Comparison::form(format!("expected {} arrays, found {}", expected.len(), found.len()));
            }
            let mut all = Comparison::default();
            for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
                let one = compare(expected, found, tolerance);
                all.largest = all.largest.max(one.largest);
                let within = one.difference.map(|what| Difference::Within(place, Box::new(what)));
                all.difference = all.difference.or(within);
            }
            all
        }
        (Answer::List(expected), Given::One(Value::TermLists(found), _)) => term_lists(expected, found),
        (Answer::List(expected), Given::One(Value::NumberLists(found), _)) => number_lists(expected, found, tolerance),
        (Answer::Dicts(expected), Given::One(Value::Dicts(found), _)) => dicts(expected, found),
        (Answer::Sparse(expected), Given::One(Value::Sparse(found), _)) => sparse(expected, found, tolerance),
        (Answer::Array(expected), Given::One(found, rank)) => array(expected, found, *rank, tolerance),
        (Answer::Objects(shape, expected), Given::One(found, rank)) => match shape_differs(shape, found, *rank) {
            Some(what) => Comparison::form(what),
            None => objects(expected, found),
        },
        (Answer::Frame(expected), Given::One(found, _)) => frame(expected, found, tolerance),
        (expected, found) => Comparison::form(format!("expected {}, found {}", kind(expected), given_kind(found))),
    }
}

/// Whether each number of a result is near the corresponding one of any of the others, which have the same shape.
pub fn is_among(expected: &Answer, found: &[&Given], tolerance: Tolerance) -> bool {
    match expected {
        Answer::List(expected) => {
            let lists = found.iter().map(|found| match found {
                Given::List(parts) | Given::Tuple(parts) => (parts.len() == expected.len()).then_some(parts),
                Given::One(..) => None,
            });
            let Some(lists) = lists.collect::<Option<Vec<_>>>() else { return false };
            expected.iter().enumerate().all(|(place, expected)| {
                let parts: Vec<_> = lists.iter().filter_map(|parts| parts.get(place)).collect();
                is_among(expected, &parts, tolerance)
            })
        }
        Answer::Array(expected) => {
            let Some(numbers) = expected.to_f64() else { return false };
            let greatest = greatest(&numbers);
            let columns = found.iter().map(|found| match found {
                Given::One(value @ Value::Floats(found, _), rank) => {
                    let is_alike = shape_differs(&expected.shape, value, *rank).is_none();
                    is_alike.then_some(&found.data)
                }
                _ => None,
            });
            let Some(columns) = columns.collect::<Option<Vec<_>>>() else { return false };
            numbers.iter().enumerate().all(|(place, &expected)| {
                columns
                    .iter()
                    .any(|found| found.get(place).is_some_and(|&found| tolerance.holds(expected, found, greatest)))
            })
        }
        _ => false,
    }
}

/// A DataFrame is compared by its numbers and labels, whatever their blocks, and by its names if there are some.
fn frame(expected: &Columns<'_>, found: &Value<'_>, tolerance: Tolerance) -> Comparison {
    if let Some(what) = shape_differs(&[expected.rows, expected.columns.len()], found, Rank::Two) {
        return Comparison::form(what);
    }
    if let Value::Columns(Columns { names: Some(names), .. }) = found
        && expected.names.as_ref() != Some(names)
    {
        return Comparison::form(format!("expected the names {:?}, found {names:?}", expected.names));
    }
    match column_scalars(expected) {
        Some(expected) => {
            single_values(&expected, found, |expected, found| match (expected.as_f64(), found.as_f64()) {
                (Some(expected), Some(found)) => tolerance.holds(expected, found, 0.0),
                _ => expected == found,
            })
        }
        None => Comparison::form("expected columns of one length".to_owned()),
    }
}

fn array(expected: &NdArray, found: &Value<'_>, rank: Rank, tolerance: Tolerance) -> Comparison {
    if let Some(what) = shape_differs(&expected.shape, found, rank) {
        return Comparison::form(what);
    }
    let dtype = dtype_of(found);
    if dtype != name_of(&expected.dtype) {
        return Comparison::form(format!("expected dtype {}, found {dtype}", name_of(&expected.dtype)));
    }
    let cols = found.cols();
    let compared = match found {
        Value::Floats(matrix, precision) => {
            expected.to_f64().map(|expected| floats(&expected, &matrix.data, cols, tolerance_of(*precision, tolerance)))
        }
        Value::Ints(matrix, _) => {
            expected.to_i64().map(|expected| first(&expected, &matrix.data, cols, |expected, found| expected == found))
        }
        _ => {
            let expected = expected.column().and_then(|column| column.to_scalars());
            expected.map(|expected| objects(&expected, found))
        }
    };
    compared.unwrap_or_else(|| Comparison::form(format!("expected elements of {}, found {dtype}", expected.dtype)))
}

/// Without making rows dense: a row of a vectorizer has as many columns as there are words.
fn sparse(expected: &Csr<'_>, found: &Csr<'_>, tolerance: Tolerance) -> Comparison {
    if (expected.rows, expected.cols) != (found.rows, found.cols) {
        return Comparison::form(format!(
            "expected shape ({}, {}), found ({}, {})",
            expected.rows, expected.cols, found.rows, found.cols
        ));
    }
    if expected.dtype != found.dtype {
        return Comparison::form(format!("expected dtype {:?}, found {:?}", expected.dtype, found.dtype));
    }
    let tolerance = match expected.dtype {
        NumberType::Float(precision) => tolerance_of(precision, tolerance),
        NumberType::Int(_) => Tolerance::Exact,
    };
    let greatest = greatest(&expected.data);
    let of = expected.rows.saturating_mul(expected.cols);
    let (mut all, mut element) = (Comparison::default(), None::<Element>);
    for row in 0..expected.rows {
        for (column, expected, found) in side_by_side(&sparse_row(expected, row), &sparse_row(found, row)) {
            all.largest = all.largest.max(distance(expected, found));
            if tolerance.holds(expected, found, greatest) {
                continue;
            }
            let element = element.get_or_insert_with(|| {
                let [expected, found] = [expected, found].map(|value| format!("{value:?}"));
                Element { row, column: usize::try_from(column).unwrap_or(usize::MAX), expected, found, count: 0, of }
            });
            element.count += 1;
        }
    }
    all.difference = element.map(Difference::Element);
    all
}

/// The columns that one of two rows has, with the elements of both.
fn side_by_side(expected: &[(u32, f64)], found: &[(u32, f64)]) -> Vec<(u32, f64, f64)> {
    let (mut expected, mut found) = (expected.iter().copied().peekable(), found.iter().copied().peekable());
    let mut pairs = Vec::new();
    loop {
        let column = match (expected.peek(), found.peek()) {
            (Some(expected), Some(found)) => expected.0.min(found.0),
            (Some(only), None) | (None, Some(only)) => only.0,
            (None, None) => return pairs,
        };
        let a = expected.next_if(|(at, _)| *at == column).map_or(0.0, |(_, value)| value);
        let b = found.next_if(|(at, _)| *at == column).map_or(0.0, |(_, value)| value);
        pairs.push((column, a, b));
    }
}

/// A list of arrays of strings, one for each row.
fn term_lists(expected: &[Answer], found: &TermLists) -> Comparison {
    if expected.len() != found.len() {
        return Comparison::form(format!("expected {} lists of terms, found {}", expected.len(), found.len()));
    }
    let differs = expected.iter().enumerate().find_map(|(row, expected)| {
        let strings = match expected {
            Answer::Array(array) => array.column().and_then(|column| column.to_strings()),
            Answer::Objects(_, labels) => labels.iter().map(|label| label.as_str().map(str::to_owned)).collect(),
            Answer::List(items) if items.is_empty() => Some(Vec::new()),
            _ => None,
        };
        let difference = match strings {
            Some(expected) => {
                let found: Vec<_> = found.row(row).map(str::to_owned).collect();
                first(&expected, &found, 1, |expected, found| expected == found).difference?
            }
            None => Difference::Form(format!("expected {}", kind(expected))),
        };
        Some(Difference::Within(row, Box::new(difference)))
    });
    Comparison { difference: differs, largest: 0.0 }
}

/// A list of arrays of numbers, one for each row.
fn number_lists(expected: &[Answer], found: &NumberLists, tolerance: Tolerance) -> Comparison {
    if expected.len() != found.len() {
        return Comparison::form(format!("expected {} lists of numbers, found {}", expected.len(), found.len()));
    }
    let mut all = Comparison::default();
    for (row, (expected, found_row)) in expected.iter().zip(found.iter_rows()).enumerate() {
        let value = match found.dtype {
            NumberType::Float(precision) => Value::Floats(Matrix::new(found_row.len(), 1, found_row), precision),
            #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "integers are held exactly")]
            NumberType::Int(kind) => {
                Value::Ints(Matrix::new(found_row.len(), 1, found_row).map(|&number| number as i64), kind)
            }
        };
        let one = compare(expected, &Given::One(value.into_owned(), Rank::One), tolerance);
        all.largest = all.largest.max(one.largest);
        let within = one.difference.map(|what| Difference::Within(row, Box::new(what)));
        all.difference = all.difference.or(within);
    }
    all
}

fn dicts(expected: &[Vec<(String, DictValue)>], found: &Dicts<'_>) -> Comparison {
    let sorted = |rows: &[Vec<(String, DictValue)>]| -> Vec<Vec<(String, DictValue)>> {
        let sort = |row: &Vec<(String, DictValue)>| {
            let mut row = row.clone();
            row.sort_by(|a, b| a.0.cmp(&b.0));
            row
        };
        rows.iter().map(sort).collect()
    };
    first(&sorted(expected), &sorted(&found.rows), 1, |expected, found| expected == found)
}

fn floats(expected: &[f64], found: &[f64], cols: usize, tolerance: Tolerance) -> Comparison {
    let greatest = greatest(expected);
    let mut all = first(expected, found, cols, |&expected, &found| tolerance.holds(expected, found, greatest));
    all.largest = largest(expected.iter().copied().zip(found.iter().copied()));
    all
}

/// Scalars of an array: floats near each other, everything else the same.
fn objects(expected: &[Scalar], found: &Value<'_>) -> Comparison {
    single_values(expected, found, |expected, found| match (expected, found) {
        (Scalar::Float(expected), Scalar::Float(found)) => Tolerance::DOUBLE.holds(*expected, *found, 0.0),
        _ => expected == found,
    })
}

fn single_values(expected: &[Scalar], found: &Value<'_>, same: impl Fn(&Scalar, &Scalar) -> bool) -> Comparison {
    let Some(elements) = scalars(found) else {
        return Comparison::form(format!("expected scalars, found {}", found.kind()));
    };
    let mut all = first(expected, &elements, found.cols(), same);
    let numbers = expected.iter().zip(&elements);
    all.largest = largest(numbers.filter_map(|(expected, found)| expected.as_f64().zip(found.as_f64())));
    all
}

/// The first pair that is not the `same`.
fn first<T: fmt::Debug>(expected: &[T], found: &[T], cols: usize, same: impl Fn(&T, &T) -> bool) -> Comparison {
    if expected.len() != found.len() {
        return Comparison::form(format!("expected {} elements, found {}", expected.len(), found.len()));
    }
    let mut differing = expected.iter().zip(found).enumerate().filter(|(_, (expected, found))| !same(expected, found));
    let Some((place, (one, other))) = differing.next() else { return Comparison::default() };
    let cols = cols.max(1);
    let element = Element {
        row: place / cols,
        column: place % cols,
        expected: format!("{one:?}"),
        found: format!("{other:?}"),
        count: 1 + differing.count(),
        of: expected.len(),
    };
    Comparison { difference: Some(Difference::Element(element)), largest: 0.0 }
}

fn greatest(values: &[f64]) -> f64 {
    values.iter().filter(|value| value.is_finite()).fold(0.0, |most: f64, value| most.max(value.abs()))
}

fn largest(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
    pairs.map(|(expected, found)| distance(expected, found)).fold(0.0, f64::max)
}

fn distance(expected: f64, found: f64) -> f64 {
    if expected == found || (expected.is_nan() && found.is_nan()) {
        return 0.0;
    }
    let distance = (expected - found).abs();
    if distance.is_nan() { f64::INFINITY } else { distance }
}

fn shape_differs(expected: &[usize], found: &Value<'_>, rank: Rank) -> Option<String> {
    let found = match rank {
        Rank::Zero => Vec::new(),
        Rank::One => vec![found.rows()],
        Rank::OneOrTwo if found.cols() == 1 => vec![found.rows()],
        Rank::Two | Rank::OneOrTwo => vec![found.rows(), found.cols()],
        Rank::Three { depth } => vec![found.rows(), found.cols() / depth.max(1), depth],
    };
    (expected != found).then(|| format!("expected shape {expected:?}, found {found:?}"))
}

fn tolerance_of(precision: Precision, tolerance: Tolerance) -> Tolerance {
    match (precision, tolerance) {
        (Precision::Single, Tolerance::Relative(_)) => Tolerance::SINGLE,
        _ => tolerance,
    }
}

fn kind(answer: &Answer) -> &'static str {
    match answer {
        Answer::Array(_) => "an array",
        Answer::Sparse(_) => "a sparse matrix",
        Answer::Objects(..) => "an array of objects",
        Answer::List(_) => "a list of arrays",
        Answer::Dicts(_) => "a list of mappings",
        Answer::Frame(_) => "a DataFrame",
    }
}

fn given_kind(answer: &Given) -> &'static str {
    match answer {
        Given::One(value, _) => value.kind(),
        Given::List(_) => "a list of arrays",
        Given::Tuple(_) => "a tuple of arrays",
    }
}
