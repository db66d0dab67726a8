//! `sklearn.neural_network.MLPRegressor`.

use skiff_plan::{Method, Output, ValueId};

use super::multilayer_perceptron::MultilayerPerceptron;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const MLP_REGRESSOR: Class = class! {
    /// Regression by a multi-layer perceptron, of one output or of several.
    ///
    /// # Reads
    /// `coefs_`, `intercepts_`, `activation`, `out_activation_`, `n_outputs_`.
    /// # Predicts
    /// Each layer is `activation(X · coef + intercept)`; the last one has no activation, or the exponential function
    /// where `loss='poisson'`.
    /// # Older versions
    /// `loss` is of 1.7. Since 0.24 a network that was fitted on `float32` is `float32`, and `relu` does not cut
    /// infinity to the largest number.
    paths: ["sklearn.neural_network._multilayer_perceptron.MLPRegressor",
        "sklearn.neural_network.multilayer_perceptron.MLPRegressor",],
    read: MLPRegressor::read,
};

/// A fitted `MLPRegressor`.
#[derive(Debug)]
pub struct MLPRegressor(MultilayerPerceptron);

impl MLPRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        MultilayerPerceptron::read(fields).map(Self)
    }
}

impl Estimator for MLPRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let outputs = self.0.forward(input, plan);
                Ok(if self.0.outputs() == 1 { Output::column(outputs) } else { Output::matrix(outputs) })
            }
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.0.n_features())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
