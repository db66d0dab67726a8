//! From scores to the numbers of classes.

use crate::InputError;
use crate::kernels::arch::vectorized;
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
        Ok(Value::Ints(Matrix::new(scores.rows, 1, argmax_of_rows(scores)), IntKind::I64))
    }
}

/// [`argmax`] of each row. Which column is the greatest is as good as random, so nothing branches on it: some rows are
/// next to each other in lanes.
fn argmax_of_rows(scores: &Matrix<'_, f64>) -> Vec<i64> {
    const LANES: usize = 8;
    let cols = scores.cols.max(1);
    let mut codes = vec![0; scores.rows];
    let (groups, rest) = codes.as_chunks_mut::<LANES>();
    vectorized!({
        for (codes, rows) in groups.iter_mut().zip(scores.data.chunks_exact(LANES * cols)) {
            let mut most: [f64; LANES] = std::array::from_fn(|lane| rows[lane * cols]);
            for (column, at) in (0_i64..).zip(0..cols) {
                for lane in 0..LANES {
                    let value = rows[lane * cols + at];
                    // Greater, or the first NaN.
                    let is_more = (value > most[lane]) | (value.is_nan() & !most[lane].is_nan());
                    most[lane] = if is_more { value } else { most[lane] };
                    codes[lane] = if is_more { column } else { codes[lane] };
                }
            }
        }
    });
    let first = scores.rows - rest.len();
    for (code, row) in rest.iter_mut().zip(scores.iter_rows().skip(first)) {
        *code = i64::try_from(argmax(row)).unwrap_or(0);
    }
    codes
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
    use super::{argmax, argmax_of_rows};
    use crate::value::Matrix;

    #[test]
    fn rows_next_to_each_other_are_as_rows_alone() {
        let values = [f64::NAN, 1.0, -0.0, 0.0, 2.0, f64::INFINITY, f64::NEG_INFINITY, 2.0, 1.0];
        for (rows, cols) in [(0, 3), (5, 0), (7, 2), (8, 1), (31, 3), (64, 10)] {
            let value = |at: usize| values[at * at * 7 % 11 % values.len()];
            let scores = Matrix::new(rows, cols, (0..rows * cols).map(value).collect::<Vec<_>>());
            let expected: Vec<i64> = scores.iter_rows().map(|row| argmax(row) as i64).collect();
            assert_eq!(argmax_of_rows(&scores), expected);
        }
    }

    #[test]
    fn ties_and_nan_are_numpys() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[1.0, f64::NAN, 3.0, f64::NAN]), 1);
        assert_eq!(argmax(&[f64::NEG_INFINITY, f64::NEG_INFINITY]), 0);
    }
}
