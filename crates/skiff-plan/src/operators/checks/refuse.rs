//! What scikit-learn computes of no rows at all.

use crate::InputError;
use crate::operator::Operator;
use crate::value::Value;

/// Refuses all rows: of an estimator that has the method, which raises.
#[derive(Debug)]
pub struct Refuse {
    /// Why.
    pub message: &'static str,
}

impl Operator for Refuse {
    const NAME: &'static str = "refuse";

    fn run<'a>(&self, _: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        Err(InputError::refused(self.message))
    }
}
