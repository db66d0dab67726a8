//! Labels that are numbers, as numbers.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Classes, Matrix, Value};

/// The labels themselves where all classes are numbers of one dtype: what a classifier predicts, as columns that other
/// estimators compute with. Numbers pass through. Shape: that of the input.
#[derive(Debug)]
pub struct LabelNumbers;

impl Operator for LabelNumbers {
    const NAME: &'static str = "label_numbers";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let labels = match inputs[0] {
            Value::Labels(labels) => labels,
            Value::Ints(..) | Value::Floats(..) => return Ok(inputs[0].clone()),
            other => return Err(InputError::wrong_kind("labels", other)),
        };
        let no_numbers = || InputError::refused("labels must be numbers of one type");
        let (rows, cols) = (labels.rows, labels.cols);
        let codes = || labels.codes.iter().enumerate().map(|(at, &code)| (at % cols.max(1), code as usize));
        match labels.classes.first().map(|classes| &**classes) {
            Some(&Classes::Ints(_, kind)) => {
                let number = |(column, code): (usize, usize)| match &**labels.classes.get(column)? {
                    Classes::Ints(values, own) if *own == kind => values.get(code).copied(),
                    _ => None,
                };
                let numbers = codes().map(number).collect::<Option<Vec<_>>>().ok_or_else(no_numbers)?;
                Ok(Value::Ints(Matrix::new(rows, cols, numbers), kind))
            }
            Some(&Classes::Floats(_, precision)) => {
                let number = |(column, code): (usize, usize)| match &**labels.classes.get(column)? {
                    Classes::Floats(values, own) if *own == precision => values.get(code).copied(),
                    _ => None,
                };
                let numbers = codes().map(number).collect::<Option<Vec<_>>>().ok_or_else(no_numbers)?;
                Ok(Value::Floats(Matrix::new(rows, cols, numbers), precision))
            }
            _ => Err(no_numbers()),
        }
    }
}
