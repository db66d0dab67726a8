//! `KNNImputer.transform` before 1.3, with `add_indicator`.

use std::sync::Arc;

use super::ImputeNeighbors;
use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::operators::{Concatenate, Layout};
use crate::types::ValueType;
use crate::value::Value;

/// The imputed columns with those of the indicator after them, or without these where no row of the whole table has a
/// missing value. Inputs: the rows, the imputed columns, and the indicator's.
#[derive(Debug)]
pub struct AppendIfMissing {
    /// What a missing value is.
    pub donors: Arc<ImputeNeighbors>,
}

impl Operator for AppendIfMissing {
    const NAME: &'static str = "append_if_missing";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a dense table of numbers", inputs[0]));
        };
        match x.data.iter().any(|&value| self.donors.is_missing(value)) {
            true => Concatenate { layout: Layout::Any }.run(&inputs[1..]),
            false => Ok(inputs[1].clone()),
        }
    }

    fn output_type(&self, _inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        Ok(ValueType::Unknown)
    }

    fn scope(&self) -> Scope {
        Scope::Batch
    }
}
