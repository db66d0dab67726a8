//! One of the several values that a step made.

use crate::InputError;
use crate::operator::Operator;
use crate::value::Value;

/// Takes value number `index` out of a [`Value::Many`].
#[derive(Debug)]
pub struct Part {
    /// Counted from 0.
    pub index: usize,
}

impl Operator for Part {
    const NAME: &'static str = "part";

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
