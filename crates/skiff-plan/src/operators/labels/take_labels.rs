//! From the numbers of classes to the classes: `classes_.take(indices)`.

use std::sync::Arc;

use crate::InputError;
use crate::operators::Operator;
use crate::value::{Classes, Labels, Value};

/// Names each number by the class that it stands for; one list of classes for each column.
#[derive(Debug)]
pub struct TakeLabels {
    /// `classes_` of each output.
    pub classes: Arc<[Arc<Classes>]>,
}

impl TakeLabels {
    /// The labels of one output.
    pub fn of(classes: &Arc<Classes>) -> Self {
        Self { classes: Arc::from([Arc::clone(classes)]) }
    }
}

impl Operator for TakeLabels {
    const NAME: &'static str = "take_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(numbers, _) = inputs[0] else {
            return Err(InputError::wrong_kind("class numbers", inputs[0]));
        };
        let mut codes = Vec::with_capacity(numbers.data.len());
        for row in numbers.iter_rows() {
            for (&number, classes) in row.iter().zip(self.classes.iter()) {
                let code = u32::try_from(number).ok().filter(|&code| (code as usize) < classes.len());
                codes.push(code.ok_or_else(|| {
                    InputError::refused(format!("no class has the number {number}; there are {}", classes.len()))
                })?);
            }
        }
        let classes = Arc::clone(&self.classes);
        Ok(Value::Labels(Labels { rows: numbers.rows, cols: self.classes.len(), codes, classes }))
    }

    fn describe(&self) -> String {
        let counts: Vec<_> = self.classes.iter().map(|classes| classes.len().to_string()).collect();
        format!("{} classes", counts.join(", "))
    }
}
