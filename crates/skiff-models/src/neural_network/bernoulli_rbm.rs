//! `sklearn.neural_network.BernoulliRBM`.

use std::sync::Arc;

use skiff_plan::operators::{
    Affine, ArrayRule, BoltzmannMachine, Dtype, Elementwise, Finite, Function, GibbsStep, PseudoLikelihood, SparseRule,
};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;
use crate::random_source::RandomSource;

pub(crate) const BERNOULLI_RBM: Class = class! {
    /// Restricted Boltzmann machine of binary units.
    ///
    /// # Reads
    /// `components_`, `intercept_hidden_`, `intercept_visible_`, `random_state`, `random_state_`.
    /// # Transforms
    /// The probabilities of the hidden units: `1 / (1 + exp(-(X · components_ᵀ + intercept_hidden_)))`. `score_samples` is
    /// the pseudo-likelihood: `-n_features · log(1 + exp(F(v) - F(v')))`, where `F` is the free energy and `v'` the row with
    /// one unit turned over, which is drawn. `gibbs` draws hidden units for the rows, and visible ones for these. Each call
    /// begins with the seed `random_state`, or with the state in the file.
    /// # Not supported
    /// What is drawn with `random_state=None`, but for `gibbs` after `partial_fit`, which left a state in the file.
    /// # Older versions
    /// The state has been the same since 0.17. Since 0.24 `float32` rows stay `float32`, and since 1.4 their scores.
    paths: ["sklearn.neural_network._rbm.BernoulliRBM", "sklearn.neural_network.rbm.BernoulliRBM"],
    read: BernoulliRBM::read,
};

/// A fitted `BernoulliRBM`.
#[derive(Debug)]
pub struct BernoulliRBM {
    /// `components_`, (n_components, n_features), and `intercept_hidden_`.
    hidden: Arc<Affine>,
    /// With the visible units, for what draws.
    machine: Arc<BoltzmannMachine>,
    /// `random_state`
    random: RandomSource,
    /// `random_state_`, in which `gibbs` goes on.
    random_of_fit: RandomSource,
    /// The dtype of the rows.
    dtype: Dtype,
    /// Whether scores are `float64` whatever comes in.
    widens: bool,
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
            "learning_rate",
            "n_components",
            "n_iter",
            "verbose",
        ]);
        let random = RandomSource::read(fields, "random_state");
        let random_of_fit = RandomSource::read(fields, "random_state_");
        let machine = BoltzmannMachine {
            components: coef.clone(),
            hidden: intercept.clone(),
            visible: fields.vector_of("intercept_visible_", coef.cols)?,
            precision,
        };
        let hidden = Arc::new(Affine::new(coef, intercept, precision));
        Ok(Self { hidden, machine: Arc::new(machine), random, random_of_fit, dtype, widens: fields.before(1, 4) })
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
            Method::ScoreSamples => {
                let random = self.random.start(method, plan)?;
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
                let x = plan.check(input, rule, self.hidden.coef.cols);
                let machine = Arc::clone(&self.machine);
                Ok(Output::column(plan.push(PseudoLikelihood { machine, random, widens: self.widens }, &[x])))
            }
            Method::Gibbs => {
                let source = if self.random_of_fit.is_unseeded() { &self.random } else { &self.random_of_fit };
                let random = source.start(method, plan)?;
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).finite(Finite::Any);
                let rule = rule.sparse(SparseRule::Accept).any_names();
                let x = plan.check(input, rule, self.hidden.coef.cols);
                let machine = Arc::clone(&self.machine);
                Ok(Output::matrix(plan.push(GibbsStep { machine, random }, &[x])))
            }
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
