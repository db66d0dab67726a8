//! From the numbers of classes to the classes: `classes_.take(indices)`.

use std::sync::Arc;

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Classes, Labels, Value};

/// Maps each number to its class; one list of classes for each column.
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

/// Maps each number to its category, the number after the last one to `None`; one list of categories
/// for each column.
#[derive(Debug)]
pub struct TakeCategories {
    /// The categories of each column.
    pub classes: Arc<[Arc<Classes>]>,
}

/// The labels of numbers, of which none may be more than `beyond` past the last class.
fn take<'a>(numbers: &Value<'a>, classes: &Arc<[Arc<Classes>]>, beyond: usize) -> Result<Value<'a>, InputError> {
    let Value::Ints(numbers, _) = numbers else {
        return Err(InputError::wrong_kind("class numbers", numbers));
    };
    let mut codes = Vec::with_capacity(numbers.data.len());
    for row in numbers.iter_rows() {
        for (&number, classes) in row.iter().zip(classes.iter()) {
            let code = u32::try_from(number).ok().filter(|&code| (code as usize) < classes.len() + beyond);
            codes.push(code.ok_or_else(|| {
                InputError::refused(format!("no class has the number {number}; there are {}", classes.len()))
            })?);
        }
    }
    Ok(Value::Labels(Labels { rows: numbers.rows, cols: classes.len(), codes, classes: Arc::clone(classes) }))
}

fn counts(classes: &[Arc<Classes>]) -> String {
    let counts: Vec<_> = classes.iter().map(|classes| classes.len().to_string()).collect();
    counts.join(", ")
}

impl Operator for TakeLabels {
    const NAME: &'static str = "take_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        take(inputs[0], &self.classes, 0)
    }

    fn describe(&self) -> String {
        format!("{} classes", counts(&self.classes))
    }
}

impl Operator for TakeCategories {
    const NAME: &'static str = "take_categories";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        take(inputs[0], &self.classes, 1)
    }

    fn describe(&self) -> String {
        format!("{} categories", counts(&self.classes))
    }
}
