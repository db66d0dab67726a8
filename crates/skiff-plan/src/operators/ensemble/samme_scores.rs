//! The scores of SAMME.R, the boosting of probabilities.

use crate::InputError;
use crate::operator::Operator;
use crate::value::{Matrix, Value};

/// From the probabilities of one estimator to its scores: `(n_classes - 1) * (log(p) - mean of log(p))`, where no `p` counts
/// as less than the precision of its dtype (`_samme_proba` of `AdaBoostClassifier`). Shape: (n_samples, n_classes) both.
#[derive(Debug)]
pub struct SammeScores;

impl Operator for SammeScores {
    const NAME: &'static str = "samme_scores";

    fn run<'a>(&self, inputs: &[&Value<'a>]) -> Result<Value<'a>, InputError> {
        let Value::Floats(x, precision) = inputs[0] else {
            return Err(InputError::wrong_kind("probabilities", inputs[0]));
        };
        let eps = precision.epsilon();
        #[expect(clippy::cast_precision_loss, reason = "a number of classes")]
        let classes = x.cols as f64;
        let mut data = Vec::with_capacity(x.data.len());
        for row in x.iter_rows() {
            // NaN stays NaN, as in `np.clip`.
            let log = |&p: &f64| precision.round(if p < eps { eps } else { p }.ln());
            let start = data.len();
            data.extend(row.iter().map(log));
            let sum = data[start..].iter().fold(0.0, |sum, log| precision.round(sum + log));
            let mean = precision.round(precision.round(1.0 / classes) * sum);
            for value in &mut data[start..] {
                *value = precision.round((classes - 1.0) * precision.round(*value - mean));
            }
        }
        Ok(Value::Floats(Matrix::new(x.rows, x.cols, data), *precision))
    }
}
