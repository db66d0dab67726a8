//! `sklearn.linear_model.LogisticRegressionCV`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::logistic_regression::LogisticClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const LOGISTIC_REGRESSION_CV: Class = class! {
    /// Logistic regression whose penalty was found by cross-validation.
    ///
    /// # Reads
    /// What `LogisticRegression` reads. What the search left behind
    /// (`scores_`, `coefs_paths_`, `C_`, …), in its old or its new shapes, changes no answer.
    /// # Predicts
    /// As `LogisticRegression`.
    /// # Older versions
    /// As `LogisticRegression`.
    paths: [
        "sklearn.linear_model._logistic.LogisticRegressionCV",
        "sklearn.linear_model.logistic.LogisticRegressionCV",
    ],
    read: LogisticRegressionCV::read,
};

/// A fitted `LogisticRegressionCV`.
#[derive(Debug)]
pub struct LogisticRegressionCV(LogisticClassifier);

impl LogisticRegressionCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "C_",
            "Cs",
            "Cs_",
            "_enc",
            "coefs_paths_",
            "cv",
            "l1_ratio_",
            "l1_ratios",
            "l1_ratios_",
            "refit",
            "scores_",
            "scoring",
            "use_legacy_attributes",
        ]);
        LogisticClassifier::read(fields).map(Self)
    }
}

impl Estimator for LogisticRegressionCV {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.0.lower(method, input, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.0.classes()
    }

    fn n_features_in(&self) -> Option<usize> {
        self.0.n_features_in()
    }
}
