//! From predicted classes to a column for each class.

use std::sync::Arc;

use skiff_files::Scalar;

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Classes, IntKind, Matrix, Precision, Value};

/// One number where a prediction is the class of the column, another one everywhere else:
/// `np.where(predictions[:, np.newaxis] == classes, hit, miss)`. Shape: from (n_samples, 1) to (n_samples, n_classes).
#[derive(Debug)]
pub struct ClassIndicator {
    /// The classes of the columns.
    pub classes: Arc<Classes>,
    /// Where the prediction is the class.
    pub hit: f64,
    /// Where it is not.
    pub miss: f64,
}

impl Operator for ClassIndicator {
    const NAME: &'static str = "class_indicator";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (rows, width) = (inputs[0].rows(), self.classes.len());
        if inputs[0].cols() != 1 {
            return Err(InputError::refused("the estimator predicts several labels for each row"));
        }
        let mut data = vec![self.miss; rows * width];
        for (row, column) in self.columns(inputs[0])?.into_iter().enumerate() {
            if let Some(column) = column {
                data[row * width + column] = self.hit;
            }
        }
        Ok(Value::Floats(Matrix::new(rows, width, data), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} classes: {} or {}", self.classes.len(), self.hit, self.miss)
    }
}

impl ClassIndicator {
    /// The column of each row's prediction; `None` where it is none of the classes.
    fn columns(&self, predictions: &Value<'_>) -> Result<Vec<Option<usize>>, InputError> {
        match predictions {
            Value::Labels(labels) => {
                let own = labels.classes.first().map_or_else(Vec::new, |own| {
                    (0..own.len()).map(|code| own.get(code).and_then(|class| self.classes.position(&class))).collect()
                });
                Ok(labels.codes.iter().map(|&code| own.get(code as usize).copied().flatten()).collect())
            }
            Value::Ints(numbers, IntKind::Bool) => {
                Ok(numbers.data.iter().map(|&value| self.classes.position(&Scalar::Bool(value != 0))).collect())
            }
            Value::Ints(numbers, _) => {
                Ok(numbers.data.iter().map(|&value| self.classes.position(&Scalar::Int(value))).collect())
            }
            Value::Floats(numbers, _) => {
                Ok(numbers.data.iter().map(|&value| self.classes.position(&Scalar::Float(value))).collect())
            }
            other => Err(InputError::wrong_kind("labels", other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn predictions_are_compared_by_value() {
        let step = ClassIndicator { classes: Arc::new(Classes::Ints(vec![3, 7], IntKind::I64)), hit: 2.0, miss: -1.0 };
        let predictions = Value::Floats(Matrix::new(3, 1, vec![7.0, 3.0, 5.0]), Precision::Double);
        let Ok(Value::Floats(found, _)) = step.run(&[&predictions]) else { panic!("floats") };
        assert_eq!(&found.data[..], [-1.0, 2.0, 2.0, -1.0, -1.0, -1.0]);
    }
}
