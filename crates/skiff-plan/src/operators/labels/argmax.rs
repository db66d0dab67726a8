//! From scores to the numbers of classes.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, Value};

/// The column of the greatest value in each row, the first of equals; a NaN counts as greatest, as in `np.argmax`.
/// (n, k) → (n, 1). Sparse rows are those of `LabelBinarizer`, which mistakes rows whose greatest value is a zero that is
/// not stored, next to stored ones: they are an error.
#[derive(Debug)]
pub struct Argmax;

/// As [`Argmax`], but the last of equals, and a NaN stops the search: `argmaxima[maxima == scores] = column`, column by
/// column.
#[derive(Debug)]
pub struct LastArgmax;

/// 1 where a value is greater than a bound, else 0: `(scores > 0).astype(int)`.
#[derive(Debug)]
pub struct GreaterThan {
    /// The bound; equality yields 0.
    pub bound: f64,
}

/// 1 where a value is not less than a bound, else 0: `(scores >= 0).astype(int)`.
#[derive(Debug)]
pub struct AtLeast {
    /// The bound; equality yields 1.
    pub bound: f64,
}

impl Operator for Argmax {
    const NAME: &'static str = "argmax";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let scores = match inputs[0] {
            Value::Floats(scores, _) => scores,
            Value::Sparse(csr) => {
                let is_mistaken = |&row: &usize| {
                    let (_, values) = csr.row(row);
                    !values.is_empty() && !values.iter().any(|&value| value > 0.0)
                };
                if let Some(row) = (0..csr.rows).find(is_mistaken) {
                    return Err(InputError::refused("a sparse row of scores, none of them positive").in_row(row));
                }
                &csr.to_dense()
            }
            other => return Err(InputError::wrong_kind("scores", other)),
        };
        let codes: Vec<i64> = scores.iter_rows().map(|row| i64::try_from(argmax(row)).unwrap_or(0)).collect();
        Ok(Value::Ints(Matrix::new(scores.rows, 1, codes), IntKind::I64))
    }
}

impl Operator for LastArgmax {
    const NAME: &'static str = "last_argmax";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        let last = |row: &[f64]| {
            let (mut most, mut place) = (f64::NEG_INFINITY, 0);
            for (column, &value) in (0_i64..).zip(row) {
                // `np.maximum`, which keeps NaN; nothing equals that any more.
                most = if most.is_nan() || value.is_nan() { f64::NAN } else { most.max(value) };
                if value == most {
                    place = column;
                }
            }
            place
        };
        let codes: Vec<i64> = scores.iter_rows().map(last).collect();
        Ok(Value::Ints(Matrix::new(scores.rows, 1, codes), IntKind::I64))
    }
}

/// `np.argmax` of one row; 0 for an empty one.
pub fn argmax(row: &[f64]) -> usize {
    let mut best = 0;
    for (column, value) in row.iter().enumerate() {
        if row[best].is_nan() {
            break;
        }
        if *value > row[best] || value.is_nan() {
            best = column;
        }
    }
    best
}

impl Operator for GreaterThan {
    const NAME: &'static str = "greater_than";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        Ok(Value::Ints(scores.map(|&score| i64::from(score > self.bound)), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!("> {}", self.bound)
    }
}

impl Operator for AtLeast {
    const NAME: &'static str = "at_least";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        Ok(Value::Ints(scores.map(|&score| i64::from(score >= self.bound)), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!(">= {}", self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::argmax;

    #[test]
    fn ties_and_nan_are_numpys() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[1.0, f64::NAN, 3.0, f64::NAN]), 1);
        assert_eq!(argmax(&[f64::NEG_INFINITY, f64::NEG_INFINITY]), 0);
    }
}
