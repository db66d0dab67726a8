//! `lightgbm.LGBMRegressor`, `LGBMRanker` and their base, which predict what the booster does.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::wrapper::Wrapper;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, Scoring, class};

pub(crate) const LGBM_REGRESSOR: Class = class! {
    /// LightGBM's regressor.
    ///
    /// # Reads
    /// `_Booster` ([Booster](lightgbm.basic.Booster)).
    /// # Predicts
    /// What the booster predicts, with the same arguments.
    /// # Not supported
    /// What the booster does not; custom objectives. `skiff.load` does not make the estimator: LightGBM would.
    /// # Older versions
    /// As the booster.
    paths: ["lightgbm.sklearn.LGBMRegressor"],
    read: |fields: &Fields<'_, '_>| LGBMRegressor::read(fields, Some(Scoring::R2)),
};

pub(crate) const LGBM_RANKER: Class = class! {
    /// LightGBM's ranker.
    ///
    /// # Reads
    /// `_Booster` ([Booster](lightgbm.basic.Booster)).
    /// # Predicts
    /// What the booster predicts, with the same arguments: scores; greater ones rank first in their group.
    /// # Not supported
    /// As the regressor.
    /// # Older versions
    /// As the booster.
    paths: ["lightgbm.sklearn.LGBMRanker"],
    read: |fields: &Fields<'_, '_>| LGBMRegressor::read(fields, None),
};

pub(crate) const LGBM_MODEL: Class = class! {
    /// The base of LightGBM's wrappers, fitted for an objective.
    ///
    /// # Reads
    /// `_Booster` ([Booster](lightgbm.basic.Booster)).
    /// # Predicts
    /// What the booster predicts, with the same arguments.
    /// # Not supported
    /// As the regressor.
    /// # Older versions
    /// As the booster.
    paths: ["lightgbm.sklearn.LGBMModel"],
    read: |fields: &Fields<'_, '_>| LGBMRegressor::read(fields, None),
};

/// A fitted `LGBMRegressor`, `LGBMRanker` or `LGBMModel`.
#[derive(Debug)]
pub struct LGBMRegressor {
    wrapper: Wrapper,
    scoring: Option<Scoring>,
}

impl LGBMRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>, scoring: Option<Scoring>) -> Result<Self, ReadError> {
        let wrapper = Wrapper::read(fields)?;
        fields.training_only(&["_classes", "_le"]);
        Ok(Self { wrapper, scoring })
    }
}

impl Estimator for LGBMRegressor {
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
        let booster = &self.wrapper.booster;
        let asked = booster.asked(method, params, plan)?;
        let answer = booster.answer(&asked, input, plan);
        Ok(booster.output(&asked, answer))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.wrapper.booster.n_features())
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
