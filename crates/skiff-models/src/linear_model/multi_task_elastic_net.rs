//! `sklearn.linear_model.MultiTaskElasticNet`.

use skiff_plan::{Method, Output, ValueId};

use super::LinearRegressor;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};

pub(crate) const MULTI_TASK_ELASTIC_NET: Class = class! {
    /// Elastic net for several targets that share their features.
    ///
    /// # Reads
    /// `coef_`, `intercept_`.
    /// # Predicts
    /// `X · coef_ᵀ + intercept_`, one column of it for each output.
    /// Sparse rows are not looked at for NaN and infinity, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, but for parameters of the fit.
    paths: [
        "sklearn.linear_model._coordinate_descent.MultiTaskElasticNet",
        "sklearn.linear_model.coordinate_descent.MultiTaskElasticNet",
    ],
    read: MultiTaskElasticNet::read,
};

/// A fitted `MultiTaskElasticNet`.
#[derive(Debug)]
pub struct MultiTaskElasticNet(LinearRegressor);

impl MultiTaskElasticNet {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(&[
            "alpha",
            "copy_X",
            "dual_gap_",
            "eps_",
            "fit_intercept",
            "l1_ratio",
            "max_iter",
            "n_iter_",
            "normalize",
            "random_state",
            "selection",
            "tol",
            "warm_start",
        ]);
        LinearRegressor::read_elastic_net(fields).map(Self)
    }
}

impl Estimator for MultiTaskElasticNet {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.0.lower(method, input, plan)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.0.n_features_in()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        vec![("sparse_coef_", Box::new(LinearRegressor::sparse_coef))]
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
