//! Names for the columns of an array: what `set_output(transform="pandas")` does.

use std::sync::Arc;

use crate::InputError;
use crate::operator::Operator;
use crate::operators::arrays::concatenate::{origins, to_columns};
use crate::value::{Columns, Value};

/// Makes a named table of an array, for those who select its columns by name.
#[derive(Debug)]
pub struct NameColumns {
    /// One name for each column.
    pub names: Arc<[String]>,
}

impl Operator for NameColumns {
    const NAME: &'static str = "name_columns";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        if matches!(inputs[0], Value::Sparse(_)) {
            return Err(InputError::refused("pandas output does not support sparse data"));
        }
        let columns = to_columns(inputs[0])?;
        if columns.len() != self.names.len() {
            return Err(InputError::refused(format!(
                "expected {} names for {} columns",
                self.names.len(),
                columns.len()
            )));
        }
        let origins = origins(inputs[0]);
        Ok(Value::Columns(Columns { rows: inputs[0].rows(), names: Some(Arc::clone(&self.names)), origins, columns }))
    }

    fn describe(&self) -> String {
        format!("{} columns", self.names.len())
    }
}
