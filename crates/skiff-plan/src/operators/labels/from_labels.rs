//! Labels that are numbers, as numbers.

use crate::InputError;
use crate::operators::Operator;
use crate::value::{Classes, Matrix, Precision, Value};

/// The numbers that labels are, in `float64`; numbers pass. (n, k) → (n, k).
#[derive(Debug)]
pub struct FromLabels;

impl Operator for FromLabels {
    const NAME: &'static str = "from_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let labels = match inputs[0] {
            Value::Labels(labels) => labels,
            Value::Floats(..) | Value::Ints(..) => return Ok(inputs[0].clone()),
            other => return Err(InputError::wrong_kind("labels", other)),
        };
        let number = |(place, &code): (usize, &u32)| {
            let classes = labels.classes.get(place % labels.cols.max(1))?;
            match &**classes {
                #[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
                Classes::Ints(values, _) => values.get(code as usize).map(|&value| value as f64),
                Classes::Floats(values, _) => values.get(code as usize).copied(),
                _ => None,
            }
        };
        let numbers: Option<Vec<f64>> = labels.codes.iter().enumerate().map(number).collect();
        let numbers = numbers.ok_or_else(|| InputError::wrong_kind("labels that are numbers", inputs[0]))?;
        Ok(Value::Floats(Matrix::new(labels.rows, labels.cols, numbers), Precision::Double))
    }
}
