//! `sklearn.ensemble.BaggingRegressor`.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::bagging::Bagging;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, Scoring, class};

pub(crate) const BAGGING_REGRESSOR: Class = class! {
    /// Regressors, each fitted on a sample of rows and columns.
    ///
    /// # Reads
    /// `estimators_`, any supported regressors; `estimators_features_`, `n_estimators`; `n_jobs` decides the order of sums.
    /// # Predicts
    /// The mean of the regressors' predictions, of one output or several.
    /// # Not supported
    /// A negative `n_jobs` depends on the number of processors when scikit-learn predicts, which determines the order of sums:
    /// here it is one job. `estimators_samples_`, which scikit-learn draws again.
    /// # Older versions
    /// Before 0.20 rows had to be finite.
    paths: ["sklearn.ensemble._bagging.BaggingRegressor", "sklearn.ensemble.bagging.BaggingRegressor"],
    read: BaggingRegressor::read,
};

/// A fitted `BaggingRegressor`.
#[derive(Debug)]
pub struct BaggingRegressor {
    bagging: Bagging,
}

impl BaggingRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { bagging: Bagging::read(fields)? })
    }
}

impl Estimator for BaggingRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => self.bagging.mean_of(method, input, plan),
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.bagging.n_features())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.bagging.inner()
    }
}
