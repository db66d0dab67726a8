//! `IterativeImputer.transform`: one column after the other, filled from the others.

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::types::ValueType;
use crate::value::{Classes, Matrix, Value};

/// Puts predictions into the missing cells of one column: of a table without holes, the mask of the holes that it had, and a
/// prediction for each row. Shape: (n_samples, n_features).
#[derive(Debug)]
pub struct ImputeFeature {
    /// The column.
    pub feature: usize,
    /// What predictions are raised to at least.
    pub least: f64,
    /// What they are lowered to at most.
    pub most: f64,
}

impl Operator for ImputeFeature {
    const NAME: &'static str = "impute_feature";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let (Value::Floats(filled, precision), Value::Ints(mask, _)) = (inputs[0], inputs[1]) else {
            return Err(InputError::wrong_kind("floats and their mask", inputs[0]));
        };
        let predicted = numbers(inputs[2])?;
        if predicted.len() != filled.rows || self.feature >= filled.cols || mask.data.len() != filled.data.len() {
            return Err(InputError::refused("the estimator of a column predicts more than one value for each row"));
        }
        let mut data = filled.data.to_vec();
        for (row, value) in predicted.into_iter().enumerate() {
            let cell = row * filled.cols + self.feature;
            if mask.data[cell] != 0 {
                // `np.clip`, which leaves NaN as it is.
                let raised = if value < self.least { self.least } else { value };
                data[cell] = precision.round(if raised > self.most { self.most } else { raised });
            }
        }
        Ok(Value::Floats(Matrix::new(filled.rows, filled.cols, data), *precision))
    }

    fn describe(&self) -> String {
        format!("column {} within {} … {}", self.feature, self.least, self.most)
    }

    fn output_type(&self, inputs: &[&ValueType]) -> Result<ValueType, InputError> {
        Ok(inputs[0].clone())
    }
}

/// Predictions as numbers: those of a classifier are labels.
#[expect(clippy::cast_precision_loss, reason = "numpy's astype(float64) rounds as well")]
fn numbers(value: &Value<'_>) -> Result<Vec<f64>, InputError> {
    Ok(match value {
        Value::Floats(x, _) => x.data.to_vec(),
        Value::Ints(x, _) => x.data.iter().map(|&value| value as f64).collect(),
        Value::Labels(labels) if labels.cols == 1 => {
            let classes: Vec<f64> = match &*labels.classes[0] {
                Classes::Floats(classes, _) => classes.clone(),
                Classes::Ints(classes, _) => classes.iter().map(|&class| class as f64).collect(),
                _ => return Err(InputError::wrong_kind("numbers", value)),
            };
            labels.codes.iter().map(|&code| classes.get(code as usize).copied().unwrap_or(f64::NAN)).collect()
        }
        other => return Err(InputError::wrong_kind("numbers", other)),
    })
}

/// Which of two fillings scikit-learn returns, of the mask and both: the first one where every cell of the table is missing,
/// else the second one.
#[derive(Debug)]
pub struct UnlessAllMissing;

impl Operator for UnlessAllMissing {
    const NAME: &'static str = "unless_all_missing";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Ints(mask, _) = inputs[0] else {
            return Err(InputError::wrong_kind("a mask", inputs[0]));
        };
        Ok(inputs[if mask.data.iter().all(|&missing| missing != 0) { 1 } else { 2 }].clone())
    }

    /// Every cell of all rows counts.
    fn scope(&self) -> Scope {
        Scope::Batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{IntKind, Precision};

    #[test]
    fn only_missing_cells_are_filled_within_the_limits() {
        let floats =
            |data: Vec<f64>, cols| Value::Floats(Matrix::new(data.len() / cols, cols, data), Precision::Double);
        let mask = Value::Ints(Matrix::new(3, 2, vec![0, 1, 0, 1, 1, 0]), IntKind::Bool);
        let step = ImputeFeature { feature: 1, least: -1.0, most: 5.0 };
        let inputs = [&floats(vec![1.0, 0.0, 2.0, 0.0, 3.0, 0.0], 2), &mask, &floats(vec![9.0, 4.0, 7.0], 1)];
        let Ok(Value::Floats(found, _)) = step.run(&inputs) else { panic!("floats") };
        assert_eq!(&found.data[..], [1.0, 5.0, 2.0, 4.0, 3.0, 0.0]);
    }

    #[test]
    fn a_table_of_holes_keeps_its_first_filling() {
        let (first, second) = (1.0, 2.0);
        let value = |x: f64| Value::Floats(Matrix::new(1, 1, vec![x]), Precision::Double);
        for (mask, expected) in [(1, first), (0, second)] {
            let mask = Value::Ints(Matrix::new(1, 1, vec![mask]), IntKind::Bool);
            let Ok(Value::Floats(found, _)) = UnlessAllMissing.run(&[&mask, &value(first), &value(second)]) else {
                panic!("floats")
            };
            assert_eq!(&found.data[..], [expected]);
        }
    }
}
