//! `sklearn.linear_model.PassiveAggressiveClassifier`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::LinearClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const PASSIVE_AGGRESSIVE_CLASSIFIER: Class = class! {
    /// Passive aggressive classifier.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`, `classes_`.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0. There are no probabilities.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: [
        "sklearn.linear_model._passive_aggressive.PassiveAggressiveClassifier",
        "sklearn.linear_model.passive_aggressive.PassiveAggressiveClassifier",
    ],
    read: PassiveAggressiveClassifier::read,
};

/// A fitted `PassiveAggressiveClassifier`.
#[derive(Debug)]
pub struct PassiveAggressiveClassifier(LinearClassifier);

impl PassiveAggressiveClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
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
            "loss",
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
        LinearClassifier::read(fields).map(Self)
    }
}

impl Estimator for PassiveAggressiveClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(self.0.predict(input, plan)),
            Method::DecisionFunction => Ok(self.0.decision_function(input, plan)),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.0.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.0.n_features())
    }
}
