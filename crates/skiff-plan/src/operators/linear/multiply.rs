//! A block times one number: the weights of transformers.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Csr, IntKind, Matrix, NumberType, Precision, Value};

/// Multiplies every element, dense or sparse, by `factor`.
#[derive(Debug)]
pub struct Multiply {
    /// The factor.
    pub factor: f64,
    /// Whether it is a Python `int`: then integers stay integers.
    pub whole: bool,
}

impl Operator for Multiply {
    const NAME: &'static str = "multiply";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        Ok(match inputs[0] {
            Value::Floats(x, precision) => {
                Value::Floats(x.map(|&value| precision.round(value * self.factor)), *precision)
            }
            Value::Ints(x, kind) => {
                #[expect(clippy::cast_precision_loss, reason = "numpy converts integers so as well")]
                let product: Matrix<'static, f64> = x.map(|&value| value as f64 * self.factor);
                match (self.whole, *kind) {
                    #[expect(clippy::cast_possible_truncation, reason = "a product of integers")]
                    (true, kind) => {
                        let kind = if kind == IntKind::Bool { IntKind::I64 } else { kind };
                        Value::Ints(product.map(|&value| value as i64), kind)
                    }
                    (false, _) => Value::Floats(product, Precision::Double),
                }
            }
            Value::Sparse(x) => {
                let dtype = match (x.dtype, self.whole) {
                    (NumberType::Int(IntKind::Bool), true) => NumberType::Int(IntKind::I64),
                    (NumberType::Int(_), false) => NumberType::Float(Precision::Double),
                    (dtype, _) => dtype,
                };
                let data = x.data.iter().map(|value| dtype.round(value * self.factor)).collect();
                Value::Sparse(Csr { data, dtype, ..x.clone() })
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        })
    }

    fn describe(&self) -> String {
        self.factor.to_string()
    }
}
