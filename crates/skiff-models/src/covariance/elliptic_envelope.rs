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
    /// `error_norm`, and `raw_values` of versions before 0.20. A pseudo-inverse of which rounding errors decide more than a
    /// millionth.
    /// # Older versions
    /// Before 0.20 there was no `score_samples`, `decision_function` was `threshold_`^0.33 - `mahalanobis`^0.33, and `predict`
    /// compared distances with `threshold_`.
    paths: ["sklearn.covariance._elliptic_envelope.EllipticEnvelope", "sklearn.covariance.elliptic_envelope.EllipticEnvelope", "sklearn.covariance.outlier_detection.EllipticEnvelope"],
    read: EllipticEnvelope::read,
};

/// A fitted `EllipticEnvelope`.
#[derive(Debug)]
pub struct EllipticEnvelope {
    covariance: EstimatedCovariance,
    bound: Bound,
}

/// Where outliers begin.
#[derive(Clone, Copy, Debug)]
enum Bound {
    /// `offset_` of `score_samples`.
    Offset(f64),
    /// `threshold_` of distances, before 0.20.
    Threshold(f64),
}

impl EllipticEnvelope {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let covariance = EstimatedCovariance::read(fields)?;
        let bound = match fields.before(0, 20) {
            true => Bound::Threshold(fields.float("threshold_")?),
            false => Bound::Offset(fields.float("offset_")?),
        };
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
        Ok(Self { covariance, bound })
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
        let distances = self.covariance.mahalanobis(method, input, plan)?;
        let scores = plan.push(Elementwise { function: Function::Negative }, &[distances]);
        let inside = match (method, self.bound) {
            (Method::ScoreSamples, Bound::Threshold(_)) => return plan.no_method(method),
            (Method::ScoreSamples, Bound::Offset(_)) => return Ok(Output::column(scores)),
            (Method::DecisionFunction, Bound::Threshold(threshold)) => {
                let powers = plan.push(Elementwise { function: Function::Power(0.33) }, &[distances]);
                let powers = plan.push(Elementwise { function: Function::Negative }, &[powers]);
                let scores = plan.push(Elementwise { function: Function::Add(threshold.powf(0.33)) }, &[powers]);
                return Ok(Output::column(scores));
            }
            (_, Bound::Threshold(threshold)) => plan.push(AtLeast { bound: -threshold }, &[scores]),
            (_, Bound::Offset(offset)) => {
                let scores = plan.push(Elementwise { function: Function::Add(-offset) }, &[scores]);
                if method == Method::DecisionFunction {
                    return Ok(Output::column(scores));
                }
                plan.push(AtLeast { bound: 0.0 }, &[scores])
            }
        };
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
