//! Rejects sparse rows where only dense ones are supported.

use crate::InputError;
use crate::operator::Operator;
use crate::value::Value;

/// Passes dense rows through and rejects sparse ones, with the estimator's own message.
#[derive(Debug)]
pub struct RefuseSparse {
    /// scikit-learn's message.
    pub message: &'static str,
}

impl Operator for RefuseSparse {
    const NAME: &'static str = "refuse_sparse";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        match inputs[0] {
            Value::Sparse(_) => Err(InputError::refused(self.message)),
            other => Ok(other.clone()),
        }
    }
}
