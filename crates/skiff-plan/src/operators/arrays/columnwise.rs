//! One number for each column: what scalers do.

use std::borrow::Cow;

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, Matrix, Precision, Value};

/// Adds, subtracts, multiplies or divides each column by its own number. The dtype of the rows is kept, since
/// scikit-learn does this in place; the arithmetic is `float64`'s, as numpy's is for a `float64` operand.
///
/// Sparse rows are scaled only: sums would fill them, so their estimators reject them or omit sums.
#[derive(Debug)]
pub struct Columnwise {
    /// What is done.
    pub arithmetic: Arithmetic,
    /// One number for each column.
    pub values: Vec<f64>,
    /// Their dtype.
    pub precision: Precision,
    /// Whether they are cast to the dtype of dense rows first, as the array API of scikit-learn has it.
    pub cast: bool,
}

/// An operation on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// `x + value`
    Add,
    /// `x - value`
    Subtract,
    /// `x * value`
    Multiply,
    /// `x / value`
    Divide,
}

impl Arithmetic {
    fn at(self, x: f64, value: f64) -> f64 {
        match self {
            Self::Add => x + value,
            Self::Subtract => x - value,
            Self::Multiply => x * value,
            Self::Divide => x / value,
        }
    }
}

impl Operator for Columnwise {
    const NAME: &'static str = "columnwise";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Floats(x, precision) => {
                let mut data = Vec::with_capacity(x.data.len());
                let values: Cow<'_, [f64]> = match (self.cast, precision) {
                    (true, Precision::Single) => self.values.iter().map(|&value| precision.round(value)).collect(),
                    _ => self.values.as_slice().into(),
                };
                for row in x.iter_rows() {
                    let pairs = row.iter().zip(&*values);
                    data.extend(pairs.map(|(&x, &value)| precision.round(self.arithmetic.at(x, value))));
                }
                Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
            }
            Value::Sparse(x) => {
                let elements = x.indices.iter().zip(x.data.iter());
                let data = elements.map(|(&column, &element)| {
                    let value = self.values[column as usize];
                    x.dtype.round(match self.arithmetic {
                        Arithmetic::Add | Arithmetic::Subtract => element,
                        Arithmetic::Multiply => element * value,
                        // `inplace_column_scale(X, 1.0 / scale_)`, whose reciprocals have the dtype of `scale_`.
                        Arithmetic::Divide => element * self.precision.round(1.0 / value),
                    })
                });
                Ok(Value::Sparse(Csr { data: data.collect(), ..x.clone() }))
            }
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?} {} columns", self.arithmetic, self.values.len())
    }
}
