//! From scores of several outputs to the numbers of their classes.

use crate::InputError;
use crate::operator::Operator;
use crate::operators::labels::argmax::argmax;
use crate::value::{IntKind, Matrix, Value};

/// As [`crate::operators::Argmax`], for the columns of each output by themselves: one number for each output.
#[derive(Debug)]
pub struct ArgmaxGroups {
    /// How many columns each output has that can be its greatest.
    pub widths: Vec<usize>,
    /// From the first column of one output to the first column of the next one.
    pub stride: usize,
}

impl Operator for ArgmaxGroups {
    const NAME: &'static str = "argmax_groups";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(scores, _) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        let mut codes = Vec::with_capacity(scores.rows * self.widths.len());
        for row in scores.iter_rows() {
            let outputs = row.chunks(self.stride.max(1)).zip(&self.widths);
            codes.extend(outputs.map(|(output, &width)| i64::try_from(argmax(&output[..width])).unwrap_or(0)));
        }
        Ok(Value::Ints(Matrix::new(scores.rows, self.widths.len(), codes), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!("{:?} of every {}", self.widths, self.stride)
    }
}
