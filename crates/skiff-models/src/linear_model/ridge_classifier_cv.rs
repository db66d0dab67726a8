//! `sklearn.linear_model.RidgeClassifierCV`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::ridge_classifier::RidgeLabels;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const RIDGE_CLASSIFIER_CV: Class = class! {
    /// Ridge classification whose penalty was found by cross-validation.
    ///
    /// # Reads
    /// What `RidgeClassifier` reads.
    /// # Predicts
    /// As `RidgeClassifier`.
    /// # Not supported
    /// As `RidgeClassifier`.
    /// # Older versions
    /// As `RidgeClassifier`.
    paths: ["sklearn.linear_model._ridge.RidgeClassifierCV", "sklearn.linear_model.ridge.RidgeClassifierCV"],
    read: RidgeClassifierCV::read,
};

/// A fitted `RidgeClassifierCV`.
#[derive(Debug)]
pub struct RidgeClassifierCV(RidgeLabels);

impl RidgeClassifierCV {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "_store_cv_results",
            "alpha_",
            "alpha_per_target",
            "alphas",
            "best_score_",
            "cv",
            "cv_results_",
            "cv_values_",
            "gcv_mode",
            "scoring",
            "store_cv_results",
            "store_cv_values",
        ]);
        RidgeLabels::read(fields).map(Self)
    }
}

impl Estimator for RidgeClassifierCV {
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
