//! `DiscriminantAnalysisPredictionMixin`: from the scores of the classes to the results of methods.

use std::sync::Arc;

use skiff_plan::operators::{Affine, Argmax, Elementwise, Function, Softmax, SubtractLogSumExp, TakeLabels};
use skiff_plan::value::{Classes, Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::Fields;
use crate::lowering::{Lowering, Refusal};

/// The treatment of the log posteriors of the classes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiscriminantScores {
    /// Whether `predict_log_proba` is the logarithm of probabilities, as before 1.6.
    logarithm_of_probabilities: bool,
}

impl DiscriminantScores {
    pub(crate) fn new(fields: &Fields<'_, '_>) -> Self {
        Self { logarithm_of_probabilities: fields.before(1, 6) }
    }

    /// The result of `method` for `scores`, (n_samples, n_classes).
    pub(crate) fn lower(
        self,
        method: Method,
        scores: ValueId,
        classes: &Arc<Classes>,
        plan: &mut Lowering<'_>,
    ) -> Result<Output, Refusal> {
        Ok(match method {
            Method::Predict => {
                let numbers = plan.push(Argmax, &[scores]);
                Output::column(plan.push(TakeLabels::of(classes), &[numbers]))
            }
            Method::DecisionFunction if classes.len() == 2 => {
                // `scores[:, 1] - scores[:, 0]`
                let coef = Matrix::new(1, 2, vec![-1.0, 1.0]);
                let difference = Affine::new(coef, Vec::new(), Precision::Single);
                Output::column(plan.push(difference, &[scores]))
            }
            Method::DecisionFunction => Output::matrix(scores),
            Method::PredictProba => Output::matrix(plan.push(Softmax, &[scores])),
            Method::PredictLogProba if self.logarithm_of_probabilities => {
                let probabilities = plan.push(Softmax, &[scores]);
                Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities]))
            }
            Method::PredictLogProba => Output::matrix(plan.push(SubtractLogSumExp, &[scores])),
            _ => return plan.no_method(method),
        })
    }
}
