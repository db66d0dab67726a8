//! `sklearn.utils.multiclass._ovr_decision_function`.

use crate::InputError;
use crate::operator::{Operator, Scope};
use crate::operators::svm::pair_scores::ConfidenceScale;
use crate::operators::svm::pair_votes::pairs as all_pairs;
use crate::value::{Matrix, Precision, Value};

/// From what the estimator of each pair of classes predicts (0 for its first class, 1 for its second) and how sure it is of
/// the second to a score for each class: its votes, plus the sum of its confidences as `scale` brings them below 1/2. Inputs:
/// predictions and confidences, (n, pairs) both. → (n, classes).
#[derive(Debug)]
pub struct PairwiseScores {
    /// How many classes there are.
    pub classes: usize,
    /// How confidences are added to votes.
    pub scale: ConfidenceScale,
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
        let mut votes = vec![0.0; predictions.rows * self.classes];
        let mut sums = votes.clone();
        let each = votes.chunks_exact_mut(self.classes.max(1)).zip(sums.chunks_exact_mut(self.classes.max(1)));
        for ((predictions, confidences), (votes, sums)) in
            predictions.iter_rows().zip(confidences.iter_rows()).zip(each)
        {
            let each = predictions.iter().zip(confidences);
            for ((first, second), (&prediction, &confidence)) in all_pairs(self.classes).zip(each) {
                sums[first] -= confidence;
                sums[second] += confidence;
                if prediction == 0.0 {
                    votes[first] += 1.0;
                } else if prediction == 1.0 {
                    votes[second] += 1.0;
                }
            }
        }
        let scores = self.scale.scores(votes, &sums);
        Ok(Value::Floats(Matrix::new(predictions.rows, self.classes, scores), Precision::Double))
    }

    fn describe(&self) -> String {
        self.scale.describe(self.classes)
    }

    fn scope(&self) -> Scope {
        self.scale.scope()
    }
}
