//! `sklearn.utils.multiclass._ovr_decision_function`, as support vector machines call it.

use crate::InputError;
use crate::operator::Operator;
use crate::operators::svm::pair_votes::pairs;
use crate::value::{Matrix, Precision, Value};

/// From the decision value of each pair of classes to a score for each class: its votes, plus the sum of its
/// confidences brought into (-1/3, 1/3). A value below 0 is a vote for the pair's second class.
#[derive(Debug)]
pub struct PairScores {
    /// How many classes there are.
    pub classes: usize,
}

impl Operator for PairScores {
    const NAME: &'static str = "pair_scores";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(decisions, _) = inputs[0] else {
            return Err(InputError::wrong_kind("decision values", inputs[0]));
        };
        let mut scores = Vec::with_capacity(decisions.rows * self.classes);
        let (mut votes, mut confidences) = (vec![0.0; self.classes], vec![0.0; self.classes]);
        for row in decisions.iter_rows() {
            votes.fill(0.0);
            confidences.fill(0.0);
            for ((first, second), &value) in pairs(self.classes).zip(row) {
                let confidence = -value;
                confidences[first] -= confidence;
                confidences[second] += confidence;
                votes[if value < 0.0 { second } else { first }] += 1.0;
            }
            let pairs = votes.iter().zip(&confidences);
            scores.extend(pairs.map(|(votes, sum)| votes + sum / (3.0 * (sum.abs() + 1.0))));
        }
        Ok(Value::Floats(Matrix::new(decisions.rows, self.classes, scores), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} classes", self.classes)
    }
}
