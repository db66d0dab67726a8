//! The operator that calls user code.

use skiff_files::Scalar;

use crate::InputError;
use crate::custom::{Bound, CustomCall, CustomError, Job};
use crate::operator::{Operator, Scope};
use crate::types::ValueType;
use crate::value::{Classes, Csr, IntKind, Labels, Matrix, NumberType, Precision, TermLists, Value};

/// Calls user code with the whole table; it returns another one of as many rows.
#[derive(Debug)]
pub struct CallCustom {
    /// The code.
    pub code: Bound,
    /// Its job.
    pub job: Job,
    /// Keyword arguments of the method.
    pub params: Vec<(String, Scalar)>,
}

impl CallCustom {
    /// Its result for `input`, all rows of the call. `origin` is the object from which the caller made the table, which is
    /// `input` itself where `is_origin`.
    ///
    /// # Errors
    /// Those of the code, and when its result is not valid.
    pub fn call(
        &self,
        input: &Value<'_>,
        origin: Option<&(dyn std::any::Any + Send + Sync)>,
        is_origin: bool,
    ) -> Result<Value<'static>, InputError> {
        let call = CustomCall { job: self.job, params: &self.params, origin, is_origin };
        let failed = |error| InputError::custom(&self.code, error);
        let value = self.code.step.call(&call, input).map_err(failed)?;
        check(&value).map_err(|what| failed(CustomError::new(format!("the answer {what}"))))?;
        let (expected, found) = (input.rows(), value.rows());
        if found != expected {
            return Err(failed(CustomError::new(format!("expected {expected} rows, found {found}"))));
        }
        Ok(value)
    }
}

impl Operator for CallCustom {
    const NAME: &'static str = "custom";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        self.call(inputs[0], None, false)
    }

    /// Known when the code has returned.
    fn output_type(&self, _inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        Ok(ValueType::Unknown)
    }

    fn describe(&self) -> String {
        let name = &self.code.name;
        let what = match self.job {
            Job::Function => format!("{name}()"),
            Job::Method(method) => format!("{name}.{method}()"),
            Job::Preprocess => format!("{name}() of each text"),
            Job::Split => format!("{name}() of each text, in words"),
        };
        format!("{what}, all rows at once")
    }

    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

/// Later steps rely on what every value of this crate's own is: code from elsewhere is not trusted with it.
fn check(value: &Value<'_>) -> Result<(), &'static str> {
    match value {
        Value::Floats(matrix, precision) => check_shape(matrix).and(check_floats(&matrix.data, *precision)),
        Value::Ints(matrix, kind) => check_shape(matrix).and(check_ints(&matrix.data, *kind)),
        Value::Sparse(csr) => check_csr(csr),
        Value::Columns(columns) => {
            let named = columns.names.as_ref().is_none_or(|names| names.len() == columns.columns.len());
            match named && columns.columns.iter().all(|column| column.len() == columns.rows) {
                true => Ok(()),
                false => {
                    Err("has columns whose number does not match the names, or whose length does not match the table")
                }
            }
        }
        Value::Labels(labels) => check_labels(labels),
        Value::Texts(_) | Value::Dicts(_) => Ok(()),
        Value::TermLists(lists) => check_lists(lists),
        Value::NumberLists(_) => Err("is lists of numbers"),
        Value::Many(_) => Err("consists of several values"),
    }
}

fn check_shape<T: Clone>(matrix: &Matrix<'_, T>) -> Result<(), &'static str> {
    match matrix.rows.checked_mul(matrix.cols) == Some(matrix.data.len()) {
        true => Ok(()),
        false => Err("has a number of elements that does not match its shape"),
    }
}

fn check_floats(data: &[f64], precision: Precision) -> Result<(), &'static str> {
    match data.iter().all(|&value| value.is_nan() || precision.round(value) == value) {
        true => Ok(()),
        false => Err("is declared as float32, but has numbers that float32 cannot represent"),
    }
}

fn check_ints(data: &[i64], kind: IntKind) -> Result<(), &'static str> {
    let (least, most) = match kind {
        IntKind::Bool => (0, 1),
        IntKind::Int { bytes: bytes @ (1 | 2 | 4), signed: true } => {
            let half = 1_i64 << (8 * u32::from(bytes) - 1);
            (-half, half - 1)
        }
        IntKind::Int { bytes: bytes @ (1 | 2 | 4), signed: false } => (0, (1_i64 << (8 * u32::from(bytes))) - 1),
        IntKind::Int { bytes: 8, .. } => (i64::MIN, i64::MAX),
        IntKind::Int { .. } => return Err("has integers of an invalid width"),
    };
    match data.iter().all(|value| (least..=most).contains(value)) {
        true => Ok(()),
        false => Err("has integers that its dtype cannot represent"),
    }
}

fn check_csr(csr: &Csr<'_>) -> Result<(), &'static str> {
    let bounds = csr.indptr.len() == csr.rows + 1 && csr.indptr.first() == Some(&0) && csr.indptr.is_sorted();
    let stored = csr.indptr.last() == Some(&csr.data.len()) && csr.data.len() == csr.indices.len();
    if !bounds || !stored {
        return Err("is a sparse matrix with inconsistent arrays");
    }
    let ascends = |row: usize| {
        let (indices, _) = csr.row(row);
        indices.is_sorted_by(|a, b| a < b) && indices.last().is_none_or(|&last| (last as usize) < csr.cols)
    };
    if !(0..csr.rows).all(ascends) {
        return Err("is a sparse matrix with column indices that are not ascending in each row, or out of range");
    }
    match csr.dtype {
        NumberType::Float(precision) => check_floats(&csr.data, precision),
        NumberType::Int(_) => match csr.data.iter().all(|value| value.fract() == 0.0) {
            true => Ok(()),
            false => Err("is a sparse matrix of integers with fractional values"),
        },
    }
}

fn check_labels(labels: &Labels) -> Result<(), &'static str> {
    let shape = labels.rows.checked_mul(labels.cols) == Some(labels.codes.len()) && labels.classes.len() == labels.cols;
    let known = |(place, &code): (usize, &u32)| {
        let classes = labels.classes.get(place % labels.cols.max(1));
        classes.is_some_and(|classes: &std::sync::Arc<Classes>| (code as usize) < classes.len())
    };
    match shape && labels.codes.iter().enumerate().all(known) {
        true => Ok(()),
        false => Err("has labels that are not among their classes"),
    }
}

fn check_lists(lists: &TermLists) -> Result<(), &'static str> {
    let bounds = lists.bounds.first() == Some(&0)
        && lists.bounds.is_sorted()
        && lists.bounds.last() == Some(&lists.numbers.len());
    match bounds && lists.numbers.iter().all(|&number| (number as usize) < lists.terms.len()) {
        true => Ok(()),
        false => Err("has inconsistent lists of words"),
    }
}
