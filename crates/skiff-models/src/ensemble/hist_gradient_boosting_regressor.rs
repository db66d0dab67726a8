//! `sklearn.ensemble.HistGradientBoostingRegressor`.

use std::sync::Arc;

use skiff_plan::operators::{Elementwise, Function};
use skiff_plan::{Method, Output, ValueId};

use super::hist_gradient_boosting::{HistGradientBoosting, read_loss};
use crate::computed::{Attributes, Computed};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, Scoring, class};

pub(crate) const HIST_GRADIENT_BOOSTING_REGRESSOR: Class = class! {
    /// Histogram-based gradient boosting on any of its losses.
    ///
    /// # Reads
    /// `_predictors`, `_baseline_prediction`, `_bin_mapper` and `_preprocessor` (categories); `loss` decides the link.
    /// # Predicts
    /// `_baseline_prediction` and the value of each tree, in their order; the exponential of that for the Poisson and the
    /// gamma loss. Missing values go to the side that the tree records, and so do unknown and negative categories.
    /// # Older versions
    /// Experimental until 0.24. Before 0.22 no value could be missing. Before 1.4 categories were numbers from 0 to 255.
    paths: ["sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor"],
    read: HistGradientBoostingRegressor::read,
};

/// A fitted `HistGradientBoostingRegressor`.
#[derive(Debug)]
pub struct HistGradientBoostingRegressor {
    boosting: HistGradientBoosting,
    link: Link,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Identity,
    Log,
}

impl HistGradientBoostingRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let link = match read_loss(fields)?.as_str() {
            "squared_error" | "least_squares" | "absolute_error" | "least_absolute_deviation" | "quantile" => {
                Link::Identity
            }
            "poisson" | "gamma" => Link::Log,
            loss => return Err(fields.unsupported("loss", format!("`{loss}`"))),
        };
        Ok(Self { boosting: HistGradientBoosting::read(fields, 1)?, link })
    }

    fn answer(&self, scores: ValueId, plan: &mut Lowering<'_>) -> Output {
        Output::column(match self.link {
            Link::Identity => scores,
            Link::Log => plan.push(Elementwise { function: Function::Exp }, &[scores]),
        })
    }
}

impl Estimator for HistGradientBoostingRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let scores = self.boosting.scores(input, plan)?;
                Ok(self.answer(scores, plan))
            }
            Method::StagedPredict => {
                let stages = self.boosting.staged_scores(input, plan)?;
                Ok(Output::List(stages.into_iter().map(|scores| self.answer(scores, plan)).collect()))
            }
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.boosting.n_features())
    }

    fn selects_by_name(&self) -> bool {
        self.boosting.selects_by_name()
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.boosting.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        // One entry for each iteration.
        let compute = |boosting: &Attributes<'_>| boosting.items("_predictors").map(|all| Computed::Count(all.len()));
        vec![("n_iter_", Box::new(compute))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
