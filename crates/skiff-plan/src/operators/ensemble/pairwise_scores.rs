//! `sklearn.utils.multiclass._ovr_decision_function`.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Precision, Value};

/// From what the estimator of each pair of classes predicts (0 for its first class, 1 for its second) and how sure it is of
/// the second to a score for each class: its votes, plus the sum of its confidences brought into (-1/3, 1/3). Inputs:
/// predictions and confidences, (n, pairs) both. → (n, classes).
#[derive(Debug)]
pub struct PairwiseScores {
    /// How many classes there are.
    pub classes: usize,
}

impl Operator for PairwiseScores {
    const NAME: &'static str = "pairwise_scores";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let numbers =
            |input: usize| inputs[input].to_floats().ok_or_else(|| InputError::wrong_kind("numbers", inputs[input]));
        let ((predictions, _), (confidences, _)) = (numbers(0)?, numbers(1)?);
        let pairs = self.classes * self.classes.saturating_sub(1) / 2;
        if predictions.cols != pairs || confidences.cols != pairs {
            return Err(InputError::refused(format!("expected the results of {pairs} pairs of classes")));
        }
        let mut scores = Vec::with_capacity(predictions.rows * self.classes);
        let (mut votes, mut sums) = (vec![0.0; self.classes], vec![0.0; self.classes]);
        for (predictions, confidences) in predictions.iter_rows().zip(confidences.iter_rows()) {
            votes.fill(0.0);
            sums.fill(0.0);
            let pairs =
                (0..self.classes).flat_map(|first| (first + 1..self.classes).map(move |second| (first, second)));
            for ((first, second), (&prediction, &confidence)) in pairs.zip(predictions.iter().zip(confidences)) {
                sums[first] -= confidence;
                sums[second] += confidence;
                if prediction == 0.0 {
                    votes[first] += 1.0;
                } else if prediction == 1.0 {
                    votes[second] += 1.0;
                }
            }
            let each = votes.iter().zip(&sums);
            scores.extend(each.map(|(votes, sum)| votes + sum / (3.0 * (sum.abs() + 1.0))));
        }
        Ok(Value::Floats(Matrix::new(predictions.rows, self.classes, scores), Precision::Double))
    }

    fn describe(&self) -> String {
        format!("{} classes", self.classes)
    }
}
