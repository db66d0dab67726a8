//! `xgboost.XGBRegressor`, `XGBRFRegressor`, `XGBRanker` and their base, which predict what the booster does.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::wrapper::Wrapper;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, Scoring, class};

pub(crate) const XGB_REGRESSOR: Class = class! {
    /// XGBoost's regressor.
    ///
    /// # Reads
    /// `_Booster` ([Booster](xgboost.core.Booster)).
    /// # Predicts
    /// What the booster predicts, of the iterations up to the best one, if the fit stopped
    /// early. `output_margin` gives raw scores, `apply` the numbers of leaves.
    /// # Not supported
    /// What the booster does not; a `missing` that is a number; a `base_margin`. `skiff.load` does not make the estimator:
    /// XGBoost would.
    /// # Older versions
    /// As the booster.
    paths: ["xgboost.sklearn.XGBRegressor"],
    read: |fields: &Fields<'_, '_>| XGBRegressor::read(fields, Some(Scoring::R2)),
};

pub(crate) const XGB_RF_REGRESSOR: Class = class! {
    /// XGBoost's random forest, to regress.
    ///
    /// # Reads
    /// As `XGBRegressor`.
    /// # Predicts
    /// As `XGBRegressor`: all trees are of one iteration, and have their share of the sum.
    /// # Not supported
    /// As `XGBRegressor`.
    /// # Older versions
    /// As the booster.
    paths: ["xgboost.sklearn.XGBRFRegressor"],
    read: |fields: &Fields<'_, '_>| XGBRegressor::read(fields, Some(Scoring::R2)),
};

pub(crate) const XGB_RANKER: Class = class! {
    /// XGBoost's ranker.
    ///
    /// # Reads
    /// As `XGBRegressor`.
    /// # Predicts
    /// As `XGBRegressor`: scores; greater ones rank first in their group.
    /// # Not supported
    /// As `XGBRegressor`; a column `qid` among the others.
    /// # Older versions
    /// As the booster.
    paths: ["xgboost.sklearn.XGBRanker"],
    read: |fields: &Fields<'_, '_>| XGBRegressor::read(fields, None),
};

pub(crate) const XGB_MODEL: Class = class! {
    /// The base of XGBoost's wrappers, fitted for an objective.
    ///
    /// # Reads
    /// As `XGBRegressor`.
    /// # Predicts
    /// As `XGBRegressor`.
    /// # Not supported
    /// As `XGBRegressor`.
    /// # Older versions
    /// As the booster.
    paths: ["xgboost.sklearn.XGBModel"],
    read: |fields: &Fields<'_, '_>| XGBRegressor::read(fields, None),
};

/// A fitted `XGBRegressor`, `XGBRFRegressor`, `XGBRanker` or `XGBModel`.
#[derive(Debug)]
pub struct XGBRegressor {
    wrapper: Wrapper,
    scoring: Option<Scoring>,
}

impl XGBRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>, scoring: Option<Scoring>) -> Result<Self, ReadError> {
        Ok(Self { wrapper: Wrapper::read(fields)?, scoring })
    }
}

impl Estimator for XGBRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::Apply) {
            return plan.no_method(method);
        }
        let asked = self.wrapper.asked(method, params, plan)?;
        let answer = self.wrapper.booster.answer(&asked, input, plan);
        Ok(self.wrapper.booster.output(&asked, answer))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.wrapper.booster.n_features())
    }

    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.wrapper.feature_names()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.wrapper.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        self.wrapper.computed()
    }

    fn scoring(&self) -> Option<Scoring> {
        self.scoring
    }
}
