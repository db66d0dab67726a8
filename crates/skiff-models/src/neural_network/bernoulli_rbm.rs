//! `sklearn.neural_network.BernoulliRBM`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Dtype, Elementwise, Function, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const BERNOULLI_RBM: Class = class! {
    /// Restricted Boltzmann machine of binary units.
    ///
    /// # Reads
    /// `components_`, `intercept_hidden_`.
    /// # Transforms
    /// The probabilities of the hidden units: `1 / (1 + exp(-(X · components_ᵀ + intercept_hidden_)))`.
    /// # Not supported
    /// `score_samples` and `gibbs`, which draw random numbers.
    /// # Older versions
    /// The state has been the same since 0.17. Since 0.24 `float32` rows stay `float32`.
    paths: ["sklearn.neural_network._rbm.BernoulliRBM", "sklearn.neural_network.rbm.BernoulliRBM"],
    read: BernoulliRBM::read,
};

/// A fitted `BernoulliRBM`.
#[derive(Debug)]
pub struct BernoulliRBM {
    /// `components_`, (n_components, n_features), and `intercept_hidden_`.
    hidden: Arc<Affine>,
    /// The dtype of the rows.
    dtype: Dtype,
}

impl BernoulliRBM {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let coef = numbers.into_matrix();
        let coef = coef.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", coef.cols)?;
        let intercept = fields.vector_of("intercept_hidden_", coef.rows)?;
        let dtype = if fields.before(0, 24) { Dtype::Double } else { Dtype::Float };
        fields.training_only(&[
            "_n_features_out",
            "batch_size",
            "h_samples_",
            "intercept_visible_",
            "learning_rate",
            "n_components",
            "n_iter",
            "random_state",
            "random_state_",
            "verbose",
        ]);
        Ok(Self { hidden: Arc::new(Affine { coef, intercept, precision }), dtype })
    }
}

impl Estimator for BernoulliRBM {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let rule = ArrayRule::FLOATS.dtype(self.dtype).sparse(SparseRule::Accept);
                let x = plan.check(input, rule, self.hidden.coef.cols);
                let sums = plan.push(&self.hidden, &[x]);
                Ok(Output::matrix(plan.push(Elementwise { function: Function::Expit }, &[sums])))
            }
            Method::ScoreSamples => plan.unsupported(method, "random numbers, which it draws"),
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.hidden.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.hidden.coef.cols)
    }
}
