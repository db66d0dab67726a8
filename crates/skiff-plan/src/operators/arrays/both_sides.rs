//! From one score of a binary model to a column for each class.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// Makes two columns of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BothSides {
    /// `[1 - p, p]`: the probabilities of both classes.
    Complement,
    /// `[-d, d]`: the scores of both classes.
    Negative,
}

impl Operator for BothSides {
    const NAME: &'static str = "both_sides";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("scores", inputs[0]));
        };
        let first = |value: f64| match self {
            Self::Complement => precision.round(1.0 - value),
            Self::Negative => -value,
        };
        let data: Vec<f64> = x.data.iter().flat_map(|&value| [first(value), value]).collect();
        Ok(Value::Floats(Matrix::new(x.rows, 2, data), *precision))
    }

    fn describe(&self) -> String {
        match self {
            Self::Complement => "[1 - p, p]".to_owned(),
            Self::Negative => "[-d, d]".to_owned(),
        }
    }
}
