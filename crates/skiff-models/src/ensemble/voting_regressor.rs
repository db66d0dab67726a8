//! `sklearn.ensemble.VotingRegressor`.

use std::sync::Arc;

use skiff_plan::operators::{Concatenate, Layout};
use skiff_plan::{Method, Output, ValueId};

use super::heterogeneous::{Heterogeneous, takes_rows_of};
use super::voting_classifier::average;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, Scoring, class};

pub(crate) const VOTING_REGRESSOR: Class = class! {
    /// The mean of regressors of any kind.
    ///
    /// # Reads
    /// `estimators_`, any supported regressors; `weights`; the names in `estimators`, of which `'drop'` removes one.
    /// # Predicts
    /// The weighted mean of the regressors' predictions, added in their order.
    /// # Transforms
    /// The predictions side by side.
    /// # Not supported
    /// Regressors of several outputs, which scikit-learn cannot fit either.
    /// # Older versions
    /// New in 0.21; before 0.24 `None` was used for `'drop'`.
    paths: ["sklearn.ensemble._voting.VotingRegressor", "sklearn.ensemble.voting.VotingRegressor"],
    read: VotingRegressor::read,
};

/// A fitted `VotingRegressor`.
#[derive(Debug)]
pub struct VotingRegressor {
    estimators: Heterogeneous,
    /// Those of the estimators that were not dropped.
    weights: Option<Vec<f64>>,
}

impl VotingRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let estimators = Heterogeneous::read(fields)?;
        let weights = estimators.read_weights(fields)?;
        Ok(Self { estimators, weights })
    }
}

impl Estimator for VotingRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::Transform) {
            return plan.no_method(method);
        }
        let each = self.estimators.models.iter();
        let all = each.map(|model| plan.inner_value(model, Method::Predict, input)).collect::<Result<Vec<_>, _>>()?;
        Ok(match method {
            Method::Predict => Output::column(plan.push(average(self.weights.as_deref(), all.len()), &all)),
            _ => Output::matrix(plan.push(Concatenate { layout: Layout::Dense }, &all)),
        })
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        if header.version.is_none_or(|version| version < crate::fields::Version::new(1, 1)) {
            return Err(NamesError::no_method(header));
        }
        self.estimators.check_names(header, input)?;
        Ok(self.estimators.names.iter().map(|name| format!("votingregressor_{name}")).collect())
    }

    takes_rows_of!(self => self.estimators);

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.estimators.inner()
    }
}
