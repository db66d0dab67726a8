//! 0 and 1 by a threshold.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, Value};

/// 1 for each element above `threshold`, else 0; the dtype is kept, and sparse rows store only ones.
#[derive(Debug)]
pub struct Binarize {
    /// What an element must exceed. Compared in the dtype of the elements, as numpy compares with a Python number.
    pub threshold: f64,
}

impl Operator for Binarize {
    const NAME: &'static str = "binarize";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        Ok(match inputs[0] {
            Value::Floats(x, precision) => {
                let threshold = precision.round(self.threshold);
                Value::Floats(x.map(|&value| f64::from(value > threshold)), *precision)
            }
            #[expect(clippy::cast_precision_loss, reason = "numpy compares integers with a float so as well")]
            Value::Ints(x, kind) => Value::Ints(x.map(|&value| i64::from(value as f64 > self.threshold)), *kind),
            Value::Sparse(x) => {
                let threshold = x.dtype.round(self.threshold);
                let (mut indptr, mut indices) = (vec![0], Vec::new());
                for row in 0..x.rows {
                    let (columns, values) = x.row(row);
                    let above = columns.iter().zip(values).filter(|(_, value)| **value > threshold);
                    indices.extend(above.map(|(column, _)| *column));
                    indptr.push(indices.len());
                }
                let data = vec![1.0; indices.len()];
                Value::Sparse(Csr { indptr: indptr.into(), indices: indices.into(), data: data.into(), ..x.clone() })
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        })
    }

    fn describe(&self) -> String {
        format!("above {}", self.threshold)
    }
}
