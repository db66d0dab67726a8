//! Rows divided by their norms: `sklearn.preprocessing.normalize`.

use crate::InputError;
use crate::kernels::dot;
use crate::operator::Operator;
use crate::value::{Csr, Matrix, NumberType, Precision, Value};

/// Divides each row by its norm; a row with norm 0 is unchanged.
#[derive(Debug)]
pub struct Normalize {
    /// Which norm.
    pub norm: Norm,
    /// Whether norms of dense rows below ten times the precision of the dtype count as 0 (since 1.0).
    pub tiny: bool,
}

/// A norm of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// `'l1'`: the sum of the absolute values.
    Sum,
    /// `'l2'`: the square root of the sum of squares.
    Euclidean,
    /// `'max'`: the greatest absolute value.
    Maximum,
    /// `'max'` before 0.23: the greatest value, which may be negative.
    SignedMaximum,
}

impl Norm {
    fn of(self, row: &[f64]) -> f64 {
        match self {
            Self::Sum => row.iter().map(|value| value.abs()).sum(),
            Self::Euclidean => dot::dot(row, row).sqrt(),
            Self::Maximum => row.iter().fold(0.0, |most, value| value.abs().max(most)),
            Self::SignedMaximum => row.iter().copied().reduce(f64::max).unwrap_or(0.0),
        }
    }
}

impl Operator for Normalize {
    const NAME: &'static str = "normalize";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Floats(x, precision) => {
                let smallest = match (self.tiny, precision) {
                    (false, _) => 0.0,
                    (true, Precision::Double) => 10.0 * f64::EPSILON,
                    (true, Precision::Single) => 10.0 * f64::from(f32::EPSILON),
                };
                let mut data = Vec::with_capacity(x.data.len());
                for row in x.iter_rows() {
                    let norm = precision.round(self.norm.of(row));
                    let zero = if self.tiny { norm < smallest } else { norm == 0.0 };
                    let norm = if zero { 1.0 } else { norm };
                    data.extend(row.iter().map(|value| precision.round(value / norm)));
                }
                Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
            }
            Value::Sparse(x) => {
                let mut data = Vec::with_capacity(x.data.len());
                for row in 0..x.rows {
                    let (_, values) = x.row(row);
                    let mut norm = self.norm.of(values);
                    // A row that is not full has zeros as well.
                    if self.norm == Norm::SignedMaximum && values.len() < x.cols {
                        norm = norm.max(0.0);
                    }
                    let norm = if norm == 0.0 { 1.0 } else { norm };
                    data.extend(values.iter().map(|value| x.dtype.round(value / norm)));
                }
                let dtype = match x.dtype {
                    NumberType::Int(_) => NumberType::Float(Precision::Double),
                    dtype @ NumberType::Float(_) => dtype,
                };
                Ok(Value::Sparse(Csr { data: data.into(), dtype, ..x.clone() }))
            }
            other => Err(InputError::wrong_kind("numbers", other)),
        }
    }

    fn describe(&self) -> String {
        format!("{:?}", self.norm)
    }
}
