//! A block times one number: the weights of transformers.

use skiff_files::Scalar;

use crate::InputError;
use crate::operator::Operator;
use crate::table::Column;
use crate::value::{Columns, Csr, IntKind, NumberType, Precision, Value};

/// Multiplies every element, dense or sparse, by `factor`.
#[derive(Debug)]
pub struct Multiply {
    /// The factor.
    pub factor: f64,
    /// Whether it is a Python `int`: then integers stay integers.
    pub whole: bool,
}

impl Multiply {
    /// The dtype of the products of integers.
    fn kind(&self, of: IntKind) -> NumberType {
        match (self.whole, of) {
            (false, _) => NumberType::Float(Precision::Double),
            (true, IntKind::Bool) => NumberType::Int(IntKind::I64),
            (true, kind) => NumberType::Int(kind),
        }
    }

    /// An integer times the factor, which is one too; what the dtype cannot hold wraps round.
    #[expect(clippy::cast_possible_truncation, reason = "an integer that is held as a float")]
    fn int(&self, value: i64, product: IntKind) -> i64 {
        product.wrap(value.wrapping_mul(self.factor as i64))
    }

    fn float(&self, value: i64, kind: IntKind) -> f64 {
        kind.to_f64(value) * self.factor
    }

    fn column(&self, column: &Column<'_>) -> Result<Column<'static>, InputError> {
        Ok(match column {
            Column::Floats(values, precision) => {
                let products = values.iter().map(|value| precision.round(value * self.factor));
                Column::Floats(products.collect(), *precision)
            }
            Column::Ints(values, kind) => match self.kind(*kind) {
                NumberType::Int(product) => {
                    Column::Ints(values.iter().map(|&value| self.int(value, product)).collect(), product)
                }
                NumberType::Float(precision) => {
                    Column::Floats(values.iter().map(|&value| self.float(value, *kind)).collect(), precision)
                }
            },
            Column::Objects(values) => {
                let products = values.iter().map(|value| self.object(value));
                Column::Objects(products.collect::<Result<Vec<_>, _>>()?.into())
            }
            Column::Texts(_) => return Err(InputError::refused(format!("text times {}", self.factor))),
        })
    }

    /// As Python multiplies objects.
    fn object(&self, value: &Scalar) -> Result<Scalar, InputError> {
        let refused = || InputError::refused(format!("{value} times {}", self.factor));
        let (float, int) = match value {
            Scalar::Float(value) => (*value, None),
            #[expect(clippy::cast_precision_loss, reason = "Python rounds as well")]
            Scalar::Int(value) => (*value as f64, Some(*value)),
            Scalar::Bool(value) => (f64::from(*value), Some(i64::from(*value))),
            _ => return Err(refused()),
        };
        match int.filter(|_| self.whole) {
            #[expect(clippy::cast_possible_truncation, reason = "an integer that is held as a float")]
            Some(int) => int.checked_mul(self.factor as i64).map(Scalar::Int).ok_or_else(refused),
            None => Ok(Scalar::Float(float * self.factor)),
        }
    }
}

impl Operator for Multiply {
    const NAME: &'static str = "multiply";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        Ok(match inputs[0] {
            Value::Floats(x, precision) => {
                Value::Floats(x.map(|&value| precision.round(value * self.factor)), *precision)
            }
            Value::Ints(x, kind) => match self.kind(*kind) {
                NumberType::Int(product) => Value::Ints(x.map(|&value| self.int(value, product)), product),
                NumberType::Float(precision) => Value::Floats(x.map(|&value| self.float(value, *kind)), precision),
            },
            Value::Columns(columns) => {
                let products = columns.columns.iter().map(|column| self.column(column));
                let columns = Columns { columns: products.collect::<Result<_, _>>()?, ..columns.clone() };
                Value::Columns(columns)
            }
            Value::Sparse(x) => {
                let dtype = match x.dtype {
                    NumberType::Int(kind) => self.kind(kind),
                    dtype @ NumberType::Float(_) => dtype,
                };
                let data = x.data.iter().map(|value| dtype.wrap(value * self.factor)).collect();
                Value::Sparse(Csr { data, dtype, ..x.clone() })
            }
            other => return Err(InputError::wrong_kind("numbers", other)),
        })
    }

    fn describe(&self) -> String {
        self.factor.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Matrix;

    #[test]
    fn elements_keep_the_dtype_that_numpy_gives_them() {
        let int8 = IntKind::Int { bytes: 1, signed: true };
        let (half, twice) = (Multiply { factor: 0.5, whole: false }, Multiply { factor: 2.0, whole: true });
        let ints = Value::Ints(Matrix::new(1, 2, vec![100, -3]), int8);
        assert!(matches!(twice.run(&[&ints]), Ok(Value::Ints(x, kind)) if kind == int8 && x.data[..] == [-56, -6]));
        assert!(matches!(half.run(&[&ints]), Ok(Value::Floats(x, Precision::Double)) if x.data[..] == [50.0, -1.5]));
        let objects = vec![Scalar::Bool(true), Scalar::Float(3.0), Scalar::Int(7)];
        let frame = |objects: Vec<Scalar>| {
            let columns = vec![Column::Objects(objects.into())];
            Value::Columns(Columns { rows: 3, names: None, origins: None, columns })
        };
        for (times, products) in [
            (&half, [Scalar::Float(0.5), Scalar::Float(1.5), Scalar::Float(3.5)]),
            (&twice, [Scalar::Int(2), Scalar::Float(6.0), Scalar::Int(14)]),
        ] {
            let Ok(Value::Columns(found)) = times.run(&[&frame(objects.clone())]) else { panic!("no columns") };
            assert!(matches!(&found.columns[..], [Column::Objects(found)] if found[..] == products));
        }
        assert!(half.run(&[&frame(vec![Scalar::None, Scalar::Int(1), Scalar::Int(2)])]).is_err());
    }
}
