//! libsvm's vote among the classes.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{IntKind, Matrix, Value};

/// From the decision value of each pair of classes (0 and 1, 0 and 2, …, 1 and 2, …) to the number of the class with
/// the most votes, the first of equals. A value above 0 is a vote for the pair's first class, any other for its second.
#[derive(Debug)]
pub struct PairVotes {
    /// How many classes there are.
    pub classes: usize,
}

impl Operator for PairVotes {
    const NAME: &'static str = "pair_votes";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(decisions, _) = inputs[0] else {
            return Err(InputError::wrong_kind("decision values", inputs[0]));
        };
        let mut votes = vec![0_usize; self.classes];
        let mut numbers = Vec::with_capacity(decisions.rows);
        for row in decisions.iter_rows() {
            votes.fill(0);
            for ((first, second), &value) in pairs(self.classes).zip(row) {
                votes[if value > 0.0 { first } else { second }] += 1;
            }
            let mut best = 0;
            for (class, &count) in votes.iter().enumerate() {
                if count > votes[best] {
                    best = class;
                }
            }
            numbers.push(i64::try_from(best).unwrap_or(0));
        }
        Ok(Value::Ints(Matrix::new(decisions.rows, 1, numbers), IntKind::I64))
    }

    fn describe(&self) -> String {
        format!("{} classes", self.classes)
    }
}

/// All pairs of classes in libsvm's order.
pub(crate) fn pairs(classes: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..classes).flat_map(move |first| (first + 1..classes).map(move |second| (first, second)))
}
