//! Labels of several estimators side by side.

use super::label_numbers::LabelNumbers;
use crate::InputError;
use crate::operator::Operator;
use crate::operators::arrays::concatenate;
use crate::value::{Classes, Labels, Value};

/// Predictions as the columns of one array: `np.asarray(predictions).T`. Labels stay labels if numpy's array has
/// their own dtype; numbers are promoted. Shape: the columns of all inputs side by side.
#[derive(Debug)]
pub struct JoinLabels;

impl Operator for JoinLabels {
    const NAME: &'static str = "join_labels";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let labels = inputs.iter().map(|input| match input {
            Value::Labels(labels) => Some(labels),
            _ => None,
        });
        if let Some(all) = labels.collect::<Option<Vec<&Labels>>>()
            && of_one_dtype(&all)
        {
            return Ok(join(inputs[0].rows(), &all));
        }
        let numbers = inputs.iter().map(|input| LabelNumbers.run(&[input])).collect::<Result<Vec<_>, _>>()?;
        concatenate::dense(&numbers.iter().collect::<Vec<_>>())
    }
}

/// Whether numpy combines the labels in one array without converting any.
fn of_one_dtype(all: &[&Labels]) -> bool {
    let mut classes = all.iter().flat_map(|labels| labels.classes.iter());
    let Some(first) = classes.next() else { return false };
    classes.all(|other| match (&**first, &**other) {
        (Classes::Ints(_, a), Classes::Ints(_, b)) => a == b,
        (Classes::Floats(_, a), Classes::Floats(_, b)) => a == b,
        (Classes::Strings(_), Classes::Strings(_)) | (Classes::Objects(_), Classes::Objects(_)) => true,
        (Classes::Values(_, a), Classes::Values(_, b)) => a == b,
        _ => false,
    })
}

fn join(rows: usize, all: &[&Labels]) -> Value<'static> {
    let cols = all.iter().map(|labels| labels.cols).sum();
    let mut codes = Vec::with_capacity(rows * cols);
    for row in 0..rows {
        for labels in all {
            codes.extend_from_slice(&labels.codes[row * labels.cols..(row + 1) * labels.cols]);
        }
    }
    let classes = all.iter().flat_map(|labels| labels.classes.iter().cloned()).collect();
    Value::Labels(Labels { rows, cols, codes, classes })
}
