//! Sparse rows where only dense ones have an answer.

use crate::InputError;
use crate::operator::Operator;
use crate::value::Value;

/// Passes dense rows through and refuses sparse ones, in the estimator's own words.
#[derive(Debug)]
pub struct RefuseSparse {
    /// What scikit-learn says.
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
