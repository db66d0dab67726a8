//! Whether an answer is scikit-learn's: shape, dtype, and every element.

use skiff_files::{DType, NdArray, Scalar};
use skiff_models::Answer as Given;
use skiff_models::plan::Rank;
use skiff_models::table::{DictValue, Dicts};
use skiff_models::value::{Classes, Columns, Csr, IntKind, Labels, Precision, TermLists, Value};

use crate::case::Answer;

/// How far numbers may be apart. Labels, strings, shapes and dtypes may never differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Bit for bit; NaN equals NaN.
    Exact,
    /// By this share of the expected number, or of 10⁻³ of the answer's greatest: sums that cancel are judged by what
    /// they are sums of.
    Relative(f64),
}

impl Tolerance {
    /// What the answer's dtype allows: 10⁻¹⁰ for `float64`, 10⁻⁵ for `float32`.
    pub const DOUBLE: Self = Self::Relative(1e-10);
    /// See [`Tolerance::DOUBLE`].
    pub const SINGLE: Self = Self::Relative(1e-5);

    fn holds(self, expected: f64, found: f64, greatest: f64) -> bool {
        if expected == found || (expected.is_nan() && found.is_nan()) {
            return true;
        }
        match self {
            Self::Exact => false,
            // An infinity is near nothing but itself.
            Self::Relative(_) if !expected.is_finite() || !found.is_finite() => false,
            Self::Relative(share) => (expected - found).abs() <= share * expected.abs().max(1e-3 * greatest),
        }
    }
}

/// What differs first, in words; `None` when nothing does. `tolerance` is for `float64`; `float32` answers are given
/// [`Tolerance::SINGLE`].
pub fn difference(expected: &Answer, found: &Given, tolerance: Tolerance) -> Option<String> {
    match (expected, found) {
        (Answer::List(expected), Given::List(found) | Given::Tuple(found)) => {
            if expected.len() != found.len() {
                return Some(format!("expected {} arrays, found {}", expected.len(), found.len()));
            }
            let pairs = expected.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(index, (expected, found))| {
                difference(expected, found, tolerance).map(|what| format!("[{index}]: {what}"))
            })
        }
        (Answer::List(expected), Given::One(Value::TermLists(found), _)) => term_lists_differ(expected, found),
        (Answer::Dicts(expected), Given::One(Value::Dicts(found), _)) => dicts_differ(expected, found),
        (Answer::Sparse(expected), Given::One(Value::Sparse(found), _)) => sparse_differ(expected, found, tolerance),
        (Answer::Array(expected), Given::One(found, rank)) => array_differs(expected, found, *rank, tolerance),
        (Answer::Objects(shape, expected), Given::One(found, rank)) => {
            shape_differs(shape, found, *rank).or_else(|| scalars_differ(expected, &scalars(found)?))
        }
        (Answer::Frame(expected), Given::One(found, _)) => frame_differs(expected, found, tolerance),
        (expected, found) => Some(format!("expected {}, found {}", kind(expected), given_kind(found))),
    }
}

/// A DataFrame is compared by its numbers and labels, whatever block they come in, and by its names where there are some.
fn frame_differs(expected: &Columns<'_>, found: &Value<'_>, tolerance: Tolerance) -> Option<String> {
    if let Some(what) = shape_differs(&[expected.rows, expected.columns.len()], found, Rank::Two) {
        return Some(what);
    }
    if let Value::Columns(Columns { names: Some(names), .. }) = found
        && expected.names.as_ref() != Some(names)
    {
        return Some(format!("expected the names {:?}, found {names:?}", expected.names));
    }
    first(&column_scalars(expected), &scalars(found)?, |expected, found| match (expected.as_f64(), found.as_f64()) {
        (Some(expected), Some(found)) => tolerance.holds(expected, found, 0.0),
        _ => expected == found,
    })
}

fn array_differs(expected: &NdArray, found: &Value<'_>, rank: Rank, tolerance: Tolerance) -> Option<String> {
    if let Some(what) = shape_differs(&expected.shape, found, rank) {
        return Some(what);
    }
    let dtype = dtype_of(found);
    if dtype != name_of(&expected.dtype) {
        return Some(format!("expected dtype {}, found {dtype}", name_of(&expected.dtype)));
    }
    match found {
        Value::Floats(matrix, precision) => {
            let expected = expected.to_f64().expect("a float dtype");
            floats_differ(&expected, &matrix.data, tolerance_of(*precision, tolerance))
        }
        Value::Ints(matrix, _) => {
            let expected = expected.to_i64().expect("an integer dtype");
            first(&expected, &matrix.data, |expected, found| expected == found)
        }
        _ => {
            let expected: Vec<Scalar> = expected.column().and_then(|column| column.to_scalars()).expect("scalars");
            scalars_differ(&expected, &scalars(found)?)
        }
    }
}

fn sparse_differ(expected: &Csr<'_>, found: &Csr<'_>, tolerance: Tolerance) -> Option<String> {
    if (expected.rows, expected.cols) != (found.rows, found.cols) {
        return Some(format!(
            "expected shape ({}, {}), found ({}, {})",
            expected.rows, expected.cols, found.rows, found.cols
        ));
    }
    if expected.dtype != found.dtype {
        return Some(format!("expected dtype {:?}, found {:?}", expected.dtype, found.dtype));
    }
    let tolerance = match expected.dtype {
        skiff_models::value::NumberType::Float(precision) => tolerance_of(precision, tolerance),
        skiff_models::value::NumberType::Int(_) => Tolerance::Exact,
    };
    floats_differ(&expected.to_dense().data, &found.to_dense().data, tolerance)
}

/// A list of arrays of strings, one for each row.
fn term_lists_differ(expected: &[Answer], found: &TermLists) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("expected {} lists of terms, found {}", expected.len(), found.len()));
    }
    expected.iter().enumerate().find_map(|(row, expected)| {
        let Answer::Array(array) = expected else { return Some(format!("[{row}]: expected {}", kind(expected))) };
        let expected = array.column().and_then(|column| column.to_strings()).expect("strings");
        first(&expected, &found.row(row).map(str::to_owned).collect::<Vec<_>>(), |expected, found| expected == found)
    })
}

fn dicts_differ(expected: &[Vec<(String, DictValue)>], found: &Dicts<'_>) -> Option<String> {
    let sorted = |rows: &[Vec<(String, DictValue)>]| -> Vec<Vec<(String, DictValue)>> {
        let sort = |row: &Vec<(String, DictValue)>| {
            let mut row = row.clone();
            row.sort_by(|a, b| a.0.cmp(&b.0));
            row
        };
        rows.iter().map(sort).collect()
    };
    first(&sorted(expected), &sorted(&found.rows), |expected, found| expected == found)
}

fn floats_differ(expected: &[f64], found: &[f64], tolerance: Tolerance) -> Option<String> {
    let greatest = expected.iter().filter(|value| value.is_finite()).fold(0.0_f64, |most, value| most.max(value.abs()));
    first(expected, found, |&expected, &found| tolerance.holds(expected, found, greatest))
}

fn scalars_differ(expected: &[Scalar], found: &[Scalar]) -> Option<String> {
    first(expected, found, |expected, found| match (expected, found) {
        (Scalar::Float(expected), Scalar::Float(found)) => Tolerance::DOUBLE.holds(*expected, *found, 0.0),
        _ => expected == found,
    })
}

/// The first pair that is not the `same`.
fn first<T: std::fmt::Debug>(expected: &[T], found: &[T], same: impl Fn(&T, &T) -> bool) -> Option<String> {
    if expected.len() != found.len() {
        return Some(format!("expected {} elements, found {}", expected.len(), found.len()));
    }
    let place = (0..expected.len()).find(|&at| !same(&expected[at], &found[at]))?;
    let count = (0..expected.len()).filter(|&at| !same(&expected[at], &found[at])).count();
    let all = expected.len();
    Some(format!("element {place}: expected {:?}, found {:?} ({count} of {all} differ)", expected[place], found[place]))
}

fn shape_differs(expected: &[usize], found: &Value<'_>, rank: Rank) -> Option<String> {
    let found = match rank {
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

/// numpy's name of a dtype, without its byte order, and without the length of strings.
fn name_of(dtype: &DType) -> String {
    match dtype {
        DType::Bool => "bool".to_owned(),
        DType::Int { size, .. } => format!("int{}", size * 8),
        DType::UInt { size, .. } => format!("uint{}", size * 8),
        DType::Float { size, .. } => format!("float{}", size * 8),
        DType::Str { .. } => "str".to_owned(),
        DType::Object => "object".to_owned(),
        other => format!("{other:?}"),
    }
}

fn dtype_of(value: &Value<'_>) -> String {
    let int = |kind: IntKind| match kind {
        IntKind::Bool => "bool".to_owned(),
        IntKind::Int { bytes, signed: true } => format!("int{}", u32::from(bytes) * 8),
        IntKind::Int { bytes, signed: false } => format!("uint{}", u32::from(bytes) * 8),
    };
    let float = |precision: Precision| match precision {
        Precision::Single => "float32".to_owned(),
        Precision::Double => "float64".to_owned(),
    };
    match value {
        Value::Floats(_, precision) => float(*precision),
        Value::Ints(_, kind) => int(*kind),
        Value::Labels(labels) => match &*labels.classes[0] {
            Classes::Ints(_, kind) => int(*kind),
            Classes::Floats(_, precision) => float(*precision),
            Classes::Strings(_) => "str".to_owned(),
            Classes::Objects(_) => "object".to_owned(),
        },
        Value::Texts(_) => "str".to_owned(),
        other => other.kind().to_owned(),
    }
}

/// The elements row by row; `None` when the value is nothing that has scalars.
fn scalars(value: &Value<'_>) -> Option<Vec<Scalar>> {
    Some(match value {
        Value::Floats(matrix, _) => matrix.data.iter().map(|&value| Scalar::Float(value)).collect(),
        Value::Ints(matrix, IntKind::Bool) => matrix.data.iter().map(|&value| Scalar::Bool(value != 0)).collect(),
        Value::Ints(matrix, _) => matrix.data.iter().map(|&value| Scalar::Int(value)).collect(),
        Value::Labels(labels) => label_scalars(labels),
        Value::Columns(columns) => column_scalars(columns),
        Value::Texts(texts) => texts.iter().map(|text| Scalar::Str(text.to_owned())).collect(),
        Value::Sparse(_) | Value::Dicts(_) | Value::TermLists(_) | Value::Many(_) => return None,
    })
}

fn label_scalars(labels: &Labels) -> Vec<Scalar> {
    let each = labels.codes.iter().enumerate();
    each.map(|(at, &code)| labels.classes[at % labels.cols].get(code as usize).expect("a class")).collect()
}

fn column_scalars(columns: &Columns<'_>) -> Vec<Scalar> {
    let rows = 0..columns.rows;
    rows.flat_map(|row| columns.columns.iter().map(move |column| column.get(row).expect("an element"))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_judged_by_what_they_are_sums_of() {
        let relative = Tolerance::DOUBLE;
        assert!(relative.holds(1.0, 1.0 + 5e-11, 1.0));
        assert!(!relative.holds(1.0, 1.0 + 2e-10, 1.0));
        assert!(relative.holds(0.0, 5e-14, 1.0));
        assert!(!relative.holds(0.0, 5e-13, 1.0));
        assert!(relative.holds(f64::NAN, f64::NAN, 1.0));
        assert!(!relative.holds(f64::NAN, 0.0, 1.0));
        assert!(!relative.holds(f64::INFINITY, f64::NEG_INFINITY, 1.0));
        assert!(!Tolerance::Exact.holds(1.0, 1.0 + f64::EPSILON, 1.0));
    }
}
