//! `column_or_1d`: one column of labels.

use crate::InputError;
use crate::operator::Operator;
use crate::types::ValueType;
use crate::value::{IntKind, Matrix, NumberType, Value};

/// Passes one column through and rejects more; floats become integers if all are integral, or if requested.
#[derive(Debug)]
pub struct CastLabels {
    /// Whether floats are cut to integers.
    pub integers: bool,
}

impl Operator for CastLabels {
    const NAME: &'static str = "cast_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        if inputs[0].cols() != 1 {
            let what = format!("y should be a 1d array, got an array of {} columns instead.", inputs[0].cols());
            return Err(InputError::refused(what));
        }
        Ok(match inputs[0] {
            #[expect(clippy::cast_possible_truncation, clippy::float_cmp, reason = "the way back shows what was lost")]
            Value::Floats(x, _) => {
                let cut: Vec<i64> = x.data.iter().map(|&value| value as i64).collect();
                #[expect(clippy::cast_precision_loss, reason = "the way back shows what was lost")]
                let whole = cut.iter().zip(x.data.iter()).all(|(&cut, &value)| cut as f64 == value);
                match self.integers || whole {
                    true => Value::Ints(Matrix::new(x.rows, 1, cut), IntKind::I64),
                    false => inputs[0].clone(),
                }
            }
            other => other.clone(),
        })
    }

    /// Floats that are all whole become integers.
    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        Ok(match inputs[0] {
            ValueType::Dense { dtype: NumberType::Float(_), .. } if !self.integers => ValueType::Unknown,
            ValueType::Dense { dtype: NumberType::Float(_), cols } => {
                ValueType::Dense { dtype: NumberType::Int(IntKind::I64), cols: *cols }
            }
            other => other.clone(),
        })
    }
}
