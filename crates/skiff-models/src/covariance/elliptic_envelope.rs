//! `sklearn.covariance.EllipticEnvelope`.

use std::sync::Arc;

use skiff_plan::operators::{AtLeast, Elementwise, Function, TakeLabels};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Answer, Method, Output, ValueId};

use super::estimated_covariance::EstimatedCovariance;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const ELLIPTIC_ENVELOPE: Class = class! {
    /// Outliers of a Gaussian, whose covariance was estimated robustly.
    ///
    /// # Reads
    /// `location_`, `offset_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. `score_samples` is its negative,
    /// `decision_function` subtracts `offset_`, and `predict` is 1 if it is not below 0, else -1.
    /// # Not supported
    /// `error_norm`; the scores of versions before 0.20, which were powers of distances.
    /// # Older versions
    /// `offset_` is new in 0.20. Since then rows are validated.
    paths: ["sklearn.covariance._elliptic_envelope.EllipticEnvelope", "sklearn.covariance.elliptic_envelope.EllipticEnvelope", "sklearn.covariance.outlier_detection.EllipticEnvelope"],
    read: EllipticEnvelope::read,
};

/// A fitted `EllipticEnvelope`.
#[derive(Debug)]
pub struct EllipticEnvelope {
    covariance: EstimatedCovariance,
    /// `offset_`; none before 0.20.
    offset: Option<f64>,
}

impl EllipticEnvelope {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let covariance = EstimatedCovariance::read(fields)?;
        let offset = if fields.before(0, 20) { None } else { Some(fields.float("offset_")?) };
        fields.training_only(&[
            "assume_centered",
            "contamination",
            "covariance_",
            "dist_",
            "location_",
            "precision_",
            "random_state",
            "raw_covariance_",
            "raw_location_",
            "raw_support_",
            "store_precision",
            "support_",
            "support_fraction",
            "threshold_",
        ]);
        Ok(Self { covariance, offset })
    }
}

impl Estimator for EllipticEnvelope {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::ScoreSamples | Method::DecisionFunction | Method::Predict) {
            return self.covariance.lower(method, input, plan, params);
        }
        let Some(offset) = self.offset else {
            return plan.unsupported(method, "the threshold of a version before 0.20");
        };
        let distances = self.covariance.mahalanobis(input, plan);
        let scores = plan.push(Elementwise { function: Function::Negative }, &[distances]);
        if method == Method::ScoreSamples {
            return Ok(Output::column(scores));
        }
        let scores = plan.push(Elementwise { function: Function::Add(-offset) }, &[scores]);
        if method == Method::DecisionFunction {
            return Ok(Output::column(scores));
        }
        let inside = plan.push(AtLeast { bound: 0.0 }, &[scores]);
        let sides = TakeLabels::of(&Arc::new(Classes::Ints(vec![-1, 1], IntKind::I64)));
        Ok(Output::column(plan.push(sides, &[inside])))
    }

    fn without_rows(&self, method: &str, params: &Params) -> Option<Answer> {
        self.covariance.without_rows(method, params)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.covariance.n_features())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::Accuracy)
    }
}
