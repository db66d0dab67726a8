//! `sklearn.svm.LinearSVC`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::linear_model::LinearClassifier;
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const LINEAR_SVC: Class = class! {
    /// Linear support vector classification by liblinear, one-versus-rest or after Crammer and Singer.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`, `classes_`.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0. There are no probabilities.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: ["sklearn.svm._classes.LinearSVC", "sklearn.svm.classes.LinearSVC"],
    read: LinearSVC::read,
};

/// A fitted `LinearSVC`.
#[derive(Debug)]
pub struct LinearSVC(LinearClassifier);

impl LinearSVC {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "C",
            "class_weight",
            "dual",
            "fit_intercept",
            "intercept_scaling",
            "loss",
            "max_iter",
            "multi_class",
            "n_iter_",
            "penalty",
            "random_state",
            "tol",
            "verbose",
        ]);
        LinearClassifier::read(fields).map(Self)
    }
}

impl Estimator for LinearSVC {
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
