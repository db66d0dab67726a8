//! One of the several values of an operator.

use crate::InputError;
use crate::operator::Operator;
use crate::value::Value;

/// Selects value number `index` of a [`Value::Many`].
#[derive(Debug)]
pub struct Item {
    /// Counted from 0.
    pub index: usize,
}

impl Operator for Item {
    const NAME: &'static str = "item";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Many(values) if self.index < values.len() => Ok(values[self.index].clone()),
            other => Err(InputError::wrong_kind("several values", other)),
        }
    }

    fn describe(&self) -> String {
        self.index.to_string()
    }
}
