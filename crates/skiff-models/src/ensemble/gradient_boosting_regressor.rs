//! `sklearn.ensemble.GradientBoostingRegressor`.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use super::gradient_boosting::GradientBoosting;
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, Scoring, class};
use crate::tree::importances;

pub(crate) const GRADIENT_BOOSTING_REGRESSOR: Class = class! {
    /// Gradient boosting of regression trees on any of its losses.
    ///
    /// # Reads
    /// `estimators_`, `learning_rate`, `init_`.
    /// # Predicts
    /// The prediction of `init_`, plus `learning_rate` times each tree's value, stage by stage.
    /// # Older versions
    /// Before 0.21 `init_` was a special class for each loss.
    paths: [
        "sklearn.ensemble._gb.GradientBoostingRegressor",
        "sklearn.ensemble.gradient_boosting.GradientBoostingRegressor",
    ],
    read: GradientBoostingRegressor::read,
};

/// A fitted `GradientBoostingRegressor`.
#[derive(Debug)]
pub struct GradientBoostingRegressor {
    boosting: GradientBoosting,
}

impl GradientBoostingRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let loss = fields.string("loss")?;
        // All of them predict what the trees sum up to.
        if !["squared_error", "ls", "absolute_error", "lad", "huber", "quantile"].contains(&loss.as_str()) {
            return Err(fields.unsupported("loss", format!("`{loss}`")));
        }
        let boosting = GradientBoosting::read(fields, None)?;
        fields.expect_len("estimators_", boosting.columns, 1)?;
        Ok(Self { boosting })
    }
}

impl Estimator for GradientBoostingRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(Output::column(self.boosting.scores(input, plan)?)),
            Method::DecisionFunction if plan.header().before(0, 19) => {
                Ok(Output::column(self.boosting.scores(input, plan)?))
            }
            Method::StagedDecisionFunction if plan.header().before(0, 19) => {
                let stages = self.boosting.staged_scores(input, plan)?;
                Ok(Output::List(stages.into_iter().map(Output::matrix).collect()))
            }
            Method::StagedPredict => {
                let stages = self.boosting.staged_scores(input, plan)?;
                Ok(Output::List(stages.into_iter().map(Output::column).collect()))
            }
            Method::Apply => Ok(Output::matrix(self.boosting.leaves(input, plan))),
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.boosting.n_features())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.boosting.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |boosting: &Attributes<'_>| importances::of_ensemble(boosting, self.boosting.n_features(), false);
        vec![("feature_importances_", Box::new(compute))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
