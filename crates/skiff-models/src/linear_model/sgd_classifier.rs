//! `sklearn.linear_model.SGDClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{BothSides, DivideByRowSum, Elementwise, Function, OnesForZeros};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::LinearClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const SGD_CLASSIFIER: Class = class! {
    /// Linear classifier fitted by stochastic gradient descent, one-versus-rest for more than two classes.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`, `classes_`; `loss` decides whether there are probabilities.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0. Probabilities are the logistic function of the scores (`log_loss`), or `(clip(score, -1, 1) + 1) / 2`
    /// (`modified_huber`); of three classes and more divided by their sum, and all equal where that sum is zero
    /// (for `log_loss` from 1.9 on).
    /// # Older versions
    /// `log_loss` was `log` before 1.1.
    paths: [
        "sklearn.linear_model._stochastic_gradient.SGDClassifier",
        "sklearn.linear_model.stochastic_gradient.SGDClassifier",
    ],
    read: SGDClassifier::read,
};

/// A fitted `SGDClassifier`.
#[derive(Debug)]
pub struct SGDClassifier {
    linear: LinearClassifier,
    loss: Loss,
}

/// What the loss means to predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Log,
    ModifiedHuber,
    /// Without probabilities.
    Other,
}

impl SGDClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let loss = match fields.string("loss")?.as_str() {
            "log" | "log_loss" => Loss::Log,
            "modified_huber" => Loss::ModifiedHuber,
            _ => Loss::Other,
        };
        fields.training_only(&[
            "alpha",
            "average",
            "_average_coef",
            "average_coef_",
            "_average_intercept",
            "average_intercept_",
            "C",
            "class_weight",
            "early_stopping",
            "epsilon",
            "eta0",
            "_expanded_class_weight",
            "fit_intercept",
            "l1_ratio",
            "learning_rate",
            "loss_function",
            "_loss_function_",
            "loss_function_",
            "_max_iter",
            "max_iter",
            "n_iter",
            "n_iter_",
            "n_iter_no_change",
            "n_jobs",
            "penalty",
            "power_t",
            "random_state",
            "shuffle",
            "_standard_coef",
            "standard_coef_",
            "_standard_intercept",
            "standard_intercept_",
            "t_",
            "_tol",
            "tol",
            "validation_fraction",
            "verbose",
            "warm_start",
        ]);
        Ok(Self { linear: LinearClassifier::read(fields)?, loss })
    }

    fn probabilities(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        match self.loss {
            Loss::Log => Ok(self.linear.one_versus_rest(input, plan)),
            Loss::ModifiedHuber => {
                let mut each = self.linear.scores(input, plan);
                for function in [Function::Clip(-1.0, 1.0), Function::Add(1.0), Function::Divide(2.0)] {
                    each = plan.push(Elementwise { function }, &[each]);
                }
                if self.linear.is_binary() {
                    return Ok(plan.push(BothSides::Complement, &[each]));
                }
                let each = plan.push(OnesForZeros, &[each]);
                Ok(plan.push(DivideByRowSum, &[each]))
            }
            Loss::Other => plan.no_method(method),
        }
    }
}

impl Estimator for SGDClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(self.linear.predict(input, plan)),
            Method::DecisionFunction => Ok(self.linear.decision_function(input, plan)),
            Method::PredictProba => Ok(Output::matrix(self.probabilities(method, input, plan)?)),
            Method::PredictLogProba => {
                let probabilities = self.probabilities(method, input, plan)?;
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Log }, &[probabilities])))
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.linear.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.linear.n_features())
    }
}
