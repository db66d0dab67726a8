//! scikit-learn's input validation (`validate_data`, `check_array`) as a step.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use skiff_files::Scalar;

use crate::kernels::times;
use crate::operator::Operator;
use crate::operators::arrays::concatenate::numeric_block;
use crate::table::Column;
use crate::types::ValueType;
use crate::value::{Columns, Csr, Matrix, NumberType, Precision, Value};
use crate::{InputError, InputErrorKind};

/// Converts the input into numbers of the dtype that the estimator computes in, or returns an error.
#[derive(Debug, PartialEq)]
pub struct Check {
    estimator: String,
    n_features: Option<usize>,
    feature_names: Option<Arc<[String]>>,
    /// Whether two columns of one name are refused.
    unique_names: bool,
    rule: ArrayRule,
}

/// What an estimator hands to `check_array`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayRule {
    /// `dtype`.
    pub dtype: Dtype,
    /// `ensure_all_finite`.
    pub finite: Finite,
    /// `accept_sparse`.
    pub sparse: SparseRule,
    /// Whether the values of a DataFrame are checked: `not skip_check_array`.
    pub frames: bool,
    /// Whether the feature names are checked.
    pub names: bool,
    /// Whether a DataFrame becomes one array, which is of objects if any of its columns is; encoders look at each column.
    pub whole: bool,
    /// What `float16` becomes before anything is computed; `None` where scikit-learn computes in `float16` itself.
    pub half: Option<Precision>,
}

/// The `dtype` argument of `check_array`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// `FLOAT_DTYPES`, `[np.float64, np.float32]`: both are kept, everything else becomes `float64`.
    Float,
    /// `np.float64`.
    Double,
    /// `np.float32`: trees.
    Single,
    /// `"numeric"`: numbers keep their dtype, including integers.
    Numeric,
    /// `None`: everything keeps its dtype, including text and objects.
    Any,
}

/// `ensure_all_finite`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finite {
    /// `True`: neither NaN nor infinity.
    All,
    /// `True` for dense rows, `False` for sparse ones.
    AllOfDense,
    /// `"allow-nan"`.
    AllowNan,
    /// `"allow-nan"` for dense rows, `True` for sparse ones: trees.
    AllowNanIfDense,
    /// `False`.
    Any,
}

/// `accept_sparse`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SparseRule {
    /// Stays sparse.
    Accept,
    /// An error.
    Refuse,
    /// Accepted by scikit-learn, and converted to dense here since the result is the same.
    Densify,
}

impl ArrayRule {
    /// Finite floats, dense only: the rule of most estimators.
    pub const FLOATS: Self = Self {
        dtype: Dtype::Float,
        finite: Finite::All,
        sparse: SparseRule::Refuse,
        frames: true,
        names: true,
        whole: false,
        half: None,
    };

    /// The same, for one array of all columns.
    #[must_use]
    pub const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// The same, without a look into DataFrames.
    #[must_use]
    pub const fn frames_unchecked(self) -> Self {
        Self { frames: false, ..self }
    }

    /// The same, with another `dtype`.
    #[must_use]
    pub const fn dtype(self, dtype: Dtype) -> Self {
        Self { dtype, ..self }
    }

    /// The same, with `float16` read as floats of this precision: as by `check_array`, or by numpy in operations with
    /// the model's own numbers.
    #[must_use]
    pub const fn half(self, precision: Precision) -> Self {
        Self { half: Some(precision), ..self }
    }

    /// The same, with another `ensure_all_finite`.
    #[must_use]
    pub const fn finite(self, finite: Finite) -> Self {
        Self { finite, ..self }
    }

    /// The same, with another `accept_sparse`.
    #[must_use]
    pub const fn sparse(self, sparse: SparseRule) -> Self {
        Self { sparse, ..self }
    }

    /// The same, without a check of the feature names (`inverse_transform`).
    #[must_use]
    pub const fn any_names(self) -> Self {
        Self { names: false, ..self }
    }
}

impl Check {
    /// The validation by `rule` of the estimator of class `estimator`, fitted on columns named `feature_names`.
    pub fn new(
        estimator: &str,
        feature_names: Option<&Arc<[String]>>,
        rule: ArrayRule,
        n_features: Option<usize>,
    ) -> Self {
        let feature_names = feature_names.filter(|_| rule.names).cloned();
        Self { estimator: estimator.to_owned(), n_features, feature_names, unique_names: false, rule }
    }

    /// The same for a scikit-learn that reads names by narwhals (1.9), which refuses two columns of one name.
    #[must_use]
    pub fn with_unique_names(self, unique_names: bool) -> Self {
        Self { unique_names, ..self }
    }

    /// Whether it checks for NaN or infinities.
    pub(crate) fn looks_for_missing(&self) -> bool {
        self.rule.finite != Finite::Any
    }

    /// Whether a sparse matrix stays one.
    pub fn keeps_sparse(&self) -> bool {
        self.rule.sparse == SparseRule::Accept
    }

    /// The dtype to which it converts its input.
    pub fn dtype(&self) -> Dtype {
        self.rule.dtype
    }

    /// What `float16` becomes.
    pub(crate) fn half(&self) -> Option<Precision> {
        match self.rule.dtype {
            Dtype::Single => Some(Precision::Single),
            Dtype::Double => Some(Precision::Double),
            Dtype::Float | Dtype::Numeric | Dtype::Any => self.rule.half,
        }
    }

    fn check<'a>(&self, input: &Value<'a>) -> Result<Value<'a>, InputError> {
        if let Value::Columns(columns) = input {
            self.check_names(columns)?;
            if !self.rule.frames && columns.names.is_some() {
                self.check_width(columns.columns.len())?;
                return Ok(input.clone());
            }
        }
        let numbers = self.to_numbers(input)?;
        self.check_numbers(&numbers)?;
        Ok(numbers)
    }

    fn check_numbers(&self, numbers: &Value<'_>) -> Result<(), InputError> {
        // What scikit-learn does not look at may also be nothing.
        let is_unseen = self.rule.finite == Finite::AllOfDense && matches!(numbers, Value::Sparse(_));
        if numbers.rows() == 0 && !is_unseen {
            return Err(InputError::new(InputErrorKind::NoRows { shape: (0, numbers.cols()) }));
        }
        self.check_finite(numbers)?;
        self.check_width(numbers.cols())
    }

    /// The result of `next`, an operator that [`Operator::shows_what_is_not_finite`], for the checked rows. They are not
    /// read twice: if all of the result is finite, so are they.
    pub(crate) fn then<'a>(
        &self,
        input: Value<'a>,
        next: impl Fn(&Value<'a>) -> Result<Value<'a>, InputError>,
    ) -> Result<Value<'a>, InputError> {
        let (matrix, precision) = match input {
            Value::Floats(matrix, precision) if matrix.rows > 0 => (matrix, precision),
            other => return next(&self.run_owned(other)?),
        };
        let numbers = to_dtype(matrix, precision, self.rule.dtype);
        let is_searched = matches!(self.rule.finite, Finite::All | Finite::AllOfDense);
        if is_searched && self.check_width(numbers.cols()).is_ok() {
            let result = next(&numbers);
            return match &result {
                Ok(Value::Floats(products, _)) if all_finite(&products.data) => result,
                _ => self.check_numbers(&numbers).map_err(|error| error.by(&self.estimator)).and(result),
            };
        }
        self.check_numbers(&numbers).map_err(|error| error.by(&self.estimator))?;
        next(&numbers)
    }

    fn check_width(&self, found: usize) -> Result<(), InputError> {
        match self.n_features {
            Some(expected) if expected != found => {
                Err(InputError::new(InputErrorKind::FeatureCount { expected, found }))
            }
            _ => Ok(()),
        }
    }

    /// `_check_feature_names`: only where both the fit and the table have names.
    fn check_names(&self, columns: &Columns<'_>) -> Result<(), InputError> {
        if let Some(names) = columns.names.as_ref().filter(|_| self.unique_names) {
            let mut seen = HashSet::with_capacity(names.len());
            if let Some(name) = names.iter().find(|name| !seen.insert(name.as_str())) {
                return Err(InputError::refused(format!(
                    "expected unique column names, found `{name}` more than once"
                )));
            }
        }
        let (Some(expected), Some(found)) = (&self.feature_names, &columns.names) else {
            return Ok(());
        };
        if expected[..] == found[..] {
            return Ok(());
        }
        let absent_from = |names: &[String], from: &[String]| -> Vec<String> {
            let mut absent: Vec<_> = names.iter().filter(|name| !from.contains(name)).cloned().collect();
            absent.sort();
            absent
        };
        Err(InputError::new(InputErrorKind::FeatureNames {
            unexpected: absent_from(found, expected),
            missing: absent_from(expected, found),
        }))
    }

    fn to_numbers<'a>(&self, input: &Value<'a>) -> Result<Value<'a>, InputError> {
        let dtype = self.rule.dtype;
        match input {
            Value::Floats(..) | Value::Ints(..) | Value::Columns(_) if dtype == Dtype::Any => Ok(input.clone()),
            Value::Floats(matrix, precision) => Ok(to_dtype(matrix.clone(), *precision, dtype)),
            Value::Ints(matrix, kind) if dtype == Dtype::Numeric => Ok(Value::Ints(matrix.clone(), *kind)),
            Value::Ints(matrix, _) => Ok(to_dtype(matrix.map(|&value| to_f64(value)), Precision::Double, dtype)),
            Value::Sparse(csr) => match self.rule.sparse {
                SparseRule::Refuse => Err(InputError::new(InputErrorKind::SparseNotAccepted)),
                SparseRule::Accept => Ok(Value::Sparse(sparse_to_dtype(csr.clone(), dtype))),
                SparseRule::Densify => {
                    let csr = sparse_to_dtype(csr.clone(), dtype);
                    let precision = match csr.dtype {
                        NumberType::Float(precision) => precision,
                        NumberType::Int(_) => Precision::Double,
                    };
                    Ok(Value::Floats(csr.to_dense(), precision))
                }
            },
            // Integers stay integers if all columns are integers.
            Value::Columns(columns) if dtype == Dtype::Numeric && columns.columns.iter().all(is_int) => {
                numeric_block(columns).ok_or_else(|| InputError::wrong_kind("numbers", input))
            }
            Value::Columns(columns) => {
                let (matrix, precision) = columns_to_matrix(columns)?;
                Ok(to_dtype(matrix, precision, dtype))
            }
            Value::Labels(_) => Err(InputError::wrong_kind("numbers", input)),
            Value::Texts(_) | Value::Dicts(_) | Value::TermLists(_) | Value::NumberLists(_) | Value::Many(_) => {
                Err(InputError::wrong_kind("a table of numbers", input))
            }
        }
    }

    fn check_finite(&self, numbers: &Value<'_>) -> Result<(), InputError> {
        let (data, cols, single): (&[f64], _, _) = match numbers {
            Value::Floats(matrix, precision) => (&matrix.data, Some(matrix.cols), *precision == Precision::Single),
            Value::Sparse(csr) => (&csr.data, None, csr.dtype == NumberType::Float(Precision::Single)),
            Value::Columns(columns) => return self.check_finite_columns(columns),
            _ => return Ok(()),
        };
        let finite = match self.rule.finite {
            Finite::AllOfDense if cols.is_some() => Finite::All,
            Finite::AllOfDense => Finite::Any,
            Finite::AllowNanIfDense if cols.is_some() => Finite::AllowNan,
            Finite::AllowNanIfDense => Finite::All,
            finite => finite,
        };
        let bad = |value: &f64| match finite {
            Finite::All | Finite::AllOfDense => !value.is_finite(),
            Finite::AllowNan | Finite::AllowNanIfDense => value.is_infinite(),
            Finite::Any => false,
        };
        // The position is searched only if something is not finite.
        if finite == Finite::Any || all_finite(data) {
            return Ok(());
        }
        // scikit-learn names NaN first wherever both occur.
        let nan = data.iter().position(|value| value.is_nan()).filter(|_| finite == Finite::All);
        let Some(place) = nan.or_else(|| data.iter().position(bad)) else {
            return Ok(());
        };
        let error = InputError::new(match nan {
            Some(_) => InputErrorKind::ContainsNan,
            None => InputErrorKind::ContainsInfinity { dtype: if single { "float32" } else { "float64" } },
        });
        Err(match cols {
            Some(cols) => error.in_row(place / cols),
            None => error,
        })
    }
}

impl Check {
    /// Columns that keep their dtype: objects are checked only for NaN.
    fn check_finite_columns(&self, columns: &Columns<'_>) -> Result<(), InputError> {
        let all = matches!(self.rule.finite, Finite::All | Finite::AllOfDense);
        let is_object = |column: &Column<'_>| matches!(column, Column::Texts(_) | Column::Objects(_));
        let is_of_objects = self.rule.whole && columns.columns.iter().any(is_object);
        for column in &columns.columns {
            let place = match column {
                _ if self.rule.finite == Finite::Any => None,
                Column::Floats(values, _) if is_of_objects => {
                    let nan = values.iter().position(|value| value.is_nan()).filter(|_| all);
                    nan.map(|row| (row, InputErrorKind::ContainsNan))
                }
                Column::Floats(values, _) => match values.iter().position(|value| value.is_nan()).filter(|_| all) {
                    Some(row) => Some((row, InputErrorKind::ContainsNan)),
                    None => values
                        .iter()
                        .position(|value| value.is_infinite())
                        .map(|row| (row, InputErrorKind::ContainsInfinity { dtype: "float64" })),
                },
                Column::Objects(values) if all => {
                    let is_nan = |value: &Scalar| matches!(value, Scalar::Float(value) if value.is_nan());
                    values.iter().position(is_nan).map(|row| (row, InputErrorKind::ContainsNan))
                }
                Column::Ints(..) | Column::Texts(_) | Column::Objects(_) => None,
            };
            if let Some((row, kind)) = place {
                return Err(InputError::new(kind).in_row(row));
            }
        }
        Ok(())
    }
}

impl Operator for Check {
    const NAME: &'static str = "check";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        self.check(inputs[0]).map_err(|error| error.by(&self.estimator))
    }

    fn run_owned<'a>(&self, input: Value<'a>) -> Result<Value<'a>, InputError> {
        let Value::Floats(matrix, precision) = input else { return self.run(&[&input]) };
        let numbers = to_dtype(matrix, precision, self.rule.dtype);
        self.check_numbers(&numbers).map_err(|error| error.by(&self.estimator))?;
        Ok(numbers)
    }

    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        let Some(empty) = inputs[0].empty() else { return Ok(ValueType::Unknown) };
        let check = || {
            if let Value::Columns(columns) = &empty {
                self.check_names(columns)?;
            }
            let numbers = self.to_numbers(&empty)?;
            self.check_width(numbers.cols())?;
            Ok(ValueType::of(&numbers))
        };
        check().map_err(|error: InputError| error.by(&self.estimator))
    }

    fn describe(&self) -> String {
        let ArrayRule { dtype, finite, sparse, .. } = self.rule;
        let features = self.n_features.map_or(String::new(), |n| format!(" {n} features,"));
        format!("for {}:{features} {dtype:?}, finite {finite:?}, sparse {sparse:?}", self.estimator)
    }
}

fn is_int(column: &Column<'_>) -> bool {
    matches!(column, Column::Ints(..))
}

#[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
fn to_f64(value: i64) -> f64 {
    value as f64
}

fn to_dtype(matrix: Matrix<'_, f64>, precision: Precision, dtype: Dtype) -> Value<'_> {
    match (dtype, precision) {
        (Dtype::Single, Precision::Double) => {
            Value::Floats(matrix.map(|&value| Precision::Single.round(value)), Precision::Single)
        }
        (Dtype::Single, Precision::Single) => Value::Floats(matrix, Precision::Single),
        (Dtype::Double, _) => Value::Floats(matrix, Precision::Double),
        (Dtype::Float | Dtype::Numeric | Dtype::Any, precision) => Value::Floats(matrix, precision),
    }
}

fn sparse_to_dtype(mut csr: Csr<'_>, dtype: Dtype) -> Csr<'_> {
    match (dtype, csr.dtype) {
        (Dtype::Numeric | Dtype::Any, _) | (Dtype::Float, NumberType::Float(_)) => {}
        (Dtype::Double | Dtype::Float, _) => csr.dtype = NumberType::Float(Precision::Double),
        (Dtype::Single, NumberType::Float(Precision::Single)) => {}
        (Dtype::Single, _) => {
            csr.data = csr.data.iter().map(|&value| Precision::Single.round(value)).collect();
            csr.dtype = NumberType::Float(Precision::Single);
        }
    }
    csr
}

/// A DataFrame, or an object array, as numbers: `float32` where some columns are and numpy promotes all others to it,
/// bool and integers of up to 16 bits.
pub(crate) fn columns_to_matrix(columns: &Columns<'_>) -> Result<(Matrix<'static, f64>, Precision), InputError> {
    let (rows, cols) = (columns.rows, columns.columns.len());
    let mut data = vec![0.0; rows * cols];
    let mut precision = if cols == 0 { Precision::Double } else { Precision::Single };
    let has_floats = columns.columns.iter().any(|column| matches!(column, Column::Floats(..)));
    for (col, column) in columns.columns.iter().enumerate() {
        let (values, column_precision) = column_to_floats(column)?;
        precision = precision.promote(match column {
            Column::Ints(_, kind) if has_floats => kind.to_float(),
            _ => column_precision,
        });
        for (row, &value) in values.iter().enumerate() {
            data[row * cols + col] = value;
        }
    }
    Ok((Matrix::new(rows, cols, data), precision))
}

fn column_to_floats<'c>(column: &'c Column<'_>) -> Result<(Cow<'c, [f64]>, Precision), InputError> {
    let parsed = |text: &str, row: usize| {
        parse_float(text)
            .ok_or_else(|| InputError::new(InputErrorKind::NotANumber { value: text.to_owned() }).in_row(row))
    };
    Ok(match column {
        Column::Floats(values, precision) => (Cow::Borrowed(values.as_ref()), *precision),
        Column::Ints(values, _) => (values.iter().map(|&value| to_f64(value)).collect(), Precision::Double),
        Column::Texts(texts) => {
            let values = texts.iter().enumerate().map(|(row, text)| parsed(text, row));
            (values.collect::<Result<_, _>>()?, Precision::Double)
        }
        Column::Objects(values) => {
            let values = values.iter().enumerate().map(|(row, value)| match value {
                Scalar::Float(value) => Ok(*value),
                Scalar::Int(value) => Ok(to_f64(*value)),
                Scalar::Bool(value) => Ok(f64::from(*value)),
                // numpy's astype makes NaN of None.
                Scalar::None => Ok(f64::NAN),
                Scalar::Str(text) => parsed(text, row),
                Scalar::Object(object) if object.number.is_some() => Ok(object.number.unwrap_or(f64::NAN)),
                other => Err(InputError::refused(format!(
                    "expected a number, found {}: {}",
                    times::shown(other),
                    kind_of(other)
                ))
                .in_row(row)),
            });
            (values.collect::<Result<_, _>>()?, Precision::Double)
        }
    })
}

/// The type of a value that is not a number.
fn kind_of(value: &Scalar) -> &'static str {
    match value {
        Scalar::DateTime(..) | Scalar::Timestamp(..) => "a date",
        Scalar::TimeDelta(..) => "a duration",
        Scalar::Bytes(_) => "bytes",
        Scalar::Interval(_) => "an interval",
        Scalar::Na => "a missing value",
        _ => "an object",
    }
}

/// Python's `float(text)`: white space around it, underscores between digits, `inf`, `nan` in any case.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain: String;
    let text = if text.contains('_') {
        let bytes = text.as_bytes();
        let between_digits =
            |at: usize| at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        if !(0..bytes.len()).filter(|&at| bytes[at] == b'_').all(between_digits) {
            return None;
        }
        plain = text.replace('_', "");
        &plain
    } else {
        text
    };
    text.parse().ok()
}

/// Whether no value is infinite or NaN: their products with zero are NaN, and so is every sum of these. Sixteen sums,
/// since one would wait for each addition before the next.
fn all_finite(values: &[f64]) -> bool {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += value * 0.0;
        }
    }
    !sums.iter().chain(rest).any(|value| (value * 0.0).is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::Affine;

    #[test]
    fn rows_that_are_not_finite_are_refused_whatever_shows_it() {
        let check = Check::new("Ridge", None, ArrayRule::FLOATS, Some(2));
        let affine = Affine::new(Matrix::new(1, 2, vec![0.0, 10.0]), vec![1.0], Precision::Double);
        assert!(affine.shows_what_is_not_finite());
        let ask = |rows: &[f64], cols: usize| {
            let input = Value::Floats(Matrix::new(rows.len() / cols, cols, rows.to_vec()), Precision::Double);
            let found = check.then(input.clone(), |rows| affine.run(&[rows]));
            let expected = check.run(&[&input]).and_then(|rows| affine.run(&[&rows]));
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
            found.is_ok()
        };
        assert!(ask(&[1.0, 2.0, 3.0, 4.0], 2));
        // Too large a product of rows that are finite.
        assert!(ask(&[1.0, 2.0, 3.0, 1e308], 2));
        // Nothing is left of a feature without weight but NaN.
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!ask(&[1.0, 2.0, value, 4.0], 2));
            assert!(!ask(&[1.0, 2.0, 3.0, value], 2));
            assert!(!ask(&[value, 4.0, 5.0], 3));
        }
        assert!(!ask(&[1.0, 2.0, 3.0], 3));
        assert!(!ask(&[], 2));
    }

    #[test]
    fn floats_are_parsed_as_python_parses_them() {
        for (text, value) in [(" 1.5\n", 1.5), ("1_000", 1000.0), ("-Infinity", f64::NEG_INFINITY), ("1e3", 1000.0)] {
            assert_eq!(parse_float(text), Some(value), "{text}");
        }
        assert!(parse_float("NaN").is_some_and(f64::is_nan));
        for text in ["", "_1", "1__0", "1_", "0x10", "abc", "1.5 2"] {
            assert_eq!(parse_float(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_finite_is_seen_at_every_place() {
        for len in [0, 1, 15, 16, 17, 40] {
            let mut values = vec![f64::MAX; len];
            assert!(all_finite(&values), "{len}");
            for place in 0..len {
                for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                    values[place] = value;
                    assert!(!all_finite(&values), "{value} at {place} of {len}");
                }
                values[place] = -f64::MAX;
            }
        }
    }
}
