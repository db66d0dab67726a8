//! `sklearn.linear_model.RANSACRegressor`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, Finite, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, Scoring, class, delegates_rows};

pub(crate) const RANSAC_REGRESSOR: Class = class! {
    /// A regressor that was fitted on the inliers of random samples.
    ///
    /// # Reads
    /// `estimator_`, any supported regressor.
    /// # Predicts
    /// The prediction of that regressor.
    /// # Older versions
    /// Before 0.24 only the regressor itself validated the rows.
    paths: ["sklearn.linear_model._ransac.RANSACRegressor", "sklearn.linear_model.ransac.RANSACRegressor"],
    training_only: ["base_estimator", "estimator", "inlier_mask_", "is_data_valid", "is_model_valid", "loss", "max_skips",
        "max_trials", "min_samples", "n_skips_invalid_data_", "n_skips_invalid_model_", "n_skips_no_inliers_", "n_trials_",
        "random_state", "residual_metric", "residual_threshold", "stop_n_inliers", "stop_probability", "stop_score"],
    read: RansacRegressor::read,
};

/// A fitted `RANSACRegressor`.
#[derive(Debug)]
pub struct RansacRegressor {
    model: Arc<Model>,
    /// Since 0.24.
    checks_rows: bool,
}

impl RansacRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { model: fields.model("estimator_")?, checks_rows: !fields.before(0, 24) })
    }
}

impl Estimator for RansacRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).finite(Finite::Any).sparse(SparseRule::Accept);
        let x = if self.checks_rows { plan.check(input, rule, None) } else { input };
        plan.inner(&self.model, method, x, params)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("estimator_".to_owned(), Arc::clone(&self.model))]
    }

    delegates_rows!(self => Some(&self.model));
}
