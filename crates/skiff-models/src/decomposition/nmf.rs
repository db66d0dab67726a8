//! `sklearn.decomposition.NMF` and `MiniBatchNMF`.

use std::sync::{Arc, OnceLock};

use skiff_files::Scalar;
use skiff_plan::operators::{
    Affine, ArrayRule, Dtype, Finite, MultiplicativeEnd, NonNegativeWeights, SparseRule, WeightSolver,
};
use skiff_plan::{Method, Output, ValueId};

use super::components::transpose;
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;
use crate::random_source::RandomSource;

pub(crate) const NMF: Class = class! {
    /// Non-negative matrix factorization.
    ///
    /// # Reads
    /// `components_`, `solver`, `beta_loss`, `tol`, `max_iter`, `shuffle`, `random_state`, `l1_ratio`, and `alpha_W` or,
    /// before 1.2, `alpha` and `regularization`.
    /// # Transforms
    /// The weights whose products with `components_` come closest to the rows, none of them negative: found as
    /// scikit-learn iterates, over the whole batch, which ends when all rows together have changed little. With
    /// `solver='cd'` weights begin at zero and go down coordinate by coordinate; with `solver='mu'` they begin at
    /// `sqrt(X.mean() / n_components)` and are multiplied by the gradient of the β-divergence. `inverse_transform` is
    /// `X · components_`.
    /// # Not supported
    /// `solver='pg'`, which 0.18 was the last to have; `shuffle=True` with `random_state=None`. Sparse rows stored by
    /// columns (CSC) answer as stored by rows: with another `beta_loss` than `'frobenius'`, scikit-learn divides their
    /// numbers by each other's products.
    /// # Older versions
    /// Before 0.24 rows were always `float64`; since then rows of another dtype than `components_` are refused. Before 1.0
    /// penalties were not multiplied by the number of features. Before 1.3 only products that are zero were raised to
    /// the least divisor.
    paths: ["sklearn.decomposition._nmf.NMF", "sklearn.decomposition.nmf.NMF"],
    training_only: ["_beta_loss", "_l1_reg_H", "_l1_reg_W", "_l2_reg_H", "_l2_reg_W", "_n_components", "alpha_H", "beta", "comp_sparseness_", "eta", "init", "n_components", "n_components_", "n_iter_", "nls_max_iter", "reconstruction_err_", "sparseness", "verbose"],
    read: NonNegativeFactorization::read,
};

pub(crate) const MINI_BATCH_NMF: Class = class! {
    /// Non-negative matrix factorization, fitted batch by batch.
    ///
    /// # Reads
    /// `components_`, `beta_loss`, `tol`, `_transform_max_iter`, `l1_ratio`, `alpha_W`.
    /// # Transforms
    /// As `NMF` with `solver='mu'`; the iteration ends when the weights of all rows together have changed little.
    /// `inverse_transform` is `X · components_`.
    /// # Not supported
    /// Sparse rows stored by columns (CSC) answer as stored by rows: with another `beta_loss` than `'frobenius'`,
    /// scikit-learn divides their numbers by each other's products.
    /// # Older versions
    /// The state has been the same since 1.1, which has the class first. Before 1.3 only products that are zero were
    /// raised to the least divisor.
    paths: ["sklearn.decomposition._nmf.MiniBatchNMF"],
    training_only: ["_batch_size", "_beta_loss", "_components_denominator", "_components_numerator", "_ewa_cost", "_ewa_cost_min", "_gamma", "_l1_reg_H", "_l1_reg_W", "_l2_reg_H", "_l2_reg_W", "_n_components", "_no_improvement", "_rho", "alpha_H", "batch_size", "forget_factor", "fresh_restarts", "fresh_restarts_max_iter", "init", "max_iter", "max_no_improvement", "n_components", "n_components_", "n_iter_", "n_steps_", "random_state", "reconstruction_err_", "regularization", "shuffle", "solver", "transform_max_iter", "verbose"],
    read: NonNegativeFactorization::read_mini_batch,
};

/// A fitted factorization.
#[derive(Debug)]
pub struct NonNegativeFactorization {
    weights: Arc<NonNegativeWeights>,
    /// The dtype of the rows.
    dtype: Dtype,
    /// Where the numbers come from by which components are shuffled, where they are.
    shuffle: Option<RandomSource>,
    /// Whether `inverse_transform` takes sparse rows: before 1.2 `np.dot` made an array of objects of them.
    multiplies_sparse: bool,
    /// `inverse_transform`, made when it is first asked for.
    back: OnceLock<Arc<Affine>>,
}

/// More rounds than any table needs: what a file may ask for.
const MOST_ROUNDS: usize = 1 << 20;

impl NonNegativeFactorization {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let beta = read_beta(fields)?;
        let shuffles = fields.bool_or("shuffle", false)?;
        let mut shuffle = None;
        let solver = match fields.string("solver")?.as_str() {
            "cd" => {
                shuffle = shuffles.then(|| RandomSource::read(fields, "random_state"));
                WeightSolver::CoordinateDescent { shuffle: None }
            }
            "mu" => multiplicative(fields, beta, MultiplicativeEnd::Divergence),
            other => return Err(fields.unsupported("solver", format!("`{other}`"))),
        };
        fields.training_only(&["random_state"]);
        let most_rounds = fields.count("max_iter")?;
        let model = Self::of(fields, solver, most_rounds, !fields.before(0, 24))?;
        Ok(Self { shuffle, ..model })
    }

    fn read_mini_batch(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let solver = multiplicative(fields, read_beta(fields)?, MultiplicativeEnd::Weights);
        Self::of(fields, solver, fields.count("_transform_max_iter")?, false)
    }

    fn of(
        fields: &Fields<'_, '_>,
        solver: WeightSolver,
        most_rounds: usize,
        one_dtype: bool,
    ) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let components = numbers.into_matrix();
        let components = components.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", components.cols)?;
        if !components.data.iter().all(|value| *value >= 0.0 && value.is_finite()) {
            return Err(fields.damaged("components_", "components are never negative"));
        }
        if most_rounds > MOST_ROUNDS {
            return Err(fields.unsupported("max_iter", format!("more than {MOST_ROUNDS} rounds")));
        }
        let (l1, l2) = read_penalties(fields, components.cols)?;
        let tolerance = fields.float("tol")?;
        let strict = !matches!(solver, WeightSolver::Multiplicative { ends: MultiplicativeEnd::Weights, .. });
        let weights = NonNegativeWeights {
            components,
            precision,
            solver,
            l1,
            l2,
            tolerance,
            most_rounds,
            strict,
            one_dtype,
            counts_unstored: !fields.before(0, 22),
        };
        let dtype = if fields.before(0, 23) { Dtype::Double } else { Dtype::Float };
        let multiplies_sparse = !fields.before(1, 2);
        Ok(Self { weights: Arc::new(weights), dtype, shuffle: None, multiplies_sparse, back: OnceLock::new() })
    }

    fn back(&self) -> Arc<Affine> {
        let NonNegativeWeights { components, precision, .. } = &*self.weights;
        Arc::new(Affine::new(transpose(components, &[]), Vec::new(), *precision))
    }
}

/// `beta_loss`; 0.18 and earlier had the Frobenius norm alone.
fn read_beta(fields: &Fields<'_, '_>) -> Result<f64, ReadError> {
    if !fields.has("beta_loss") {
        return Ok(2.0);
    }
    match fields.scalar("beta_loss")? {
        Scalar::Str(name) => match name.as_str() {
            "frobenius" => Ok(2.0),
            "kullback-leibler" => Ok(1.0),
            "itakura-saito" => Ok(0.0),
            other => Err(fields.unsupported("beta_loss", format!("`{other}`"))),
        },
        _ => fields.float("beta_loss"),
    }
}

fn multiplicative(fields: &Fields<'_, '_>, beta: f64, ends: MultiplicativeEnd) -> WeightSolver {
    WeightSolver::Multiplicative { beta, raises_small: !fields.before(1, 3), ends }
}

/// What the sum of weights, and that of their squares, costs.
fn read_penalties(fields: &Fields<'_, '_>, n_features: usize) -> Result<(f64, f64), ReadError> {
    let ratio = fields.float("l1_ratio")?;
    let features = real(n_features);
    let of_components =
        fields.has("alpha_H") && fields.string_or_none("alpha_H").ok().flatten().as_deref() != Some("same");
    let alpha_w = fields.float_or_none("alpha_W")?;
    let old = fields.node("alpha").is_some();
    let alpha = match alpha_w {
        Some(alpha) if !old || alpha != 0.0 || of_components => {
            fields.training_only(&["alpha", "regularization"]);
            features * alpha
        }
        // 1.0 and 1.1 had `alpha` as well, and `'deprecated'` where the user gave none.
        _ => {
            let text = |name| match fields.scalar(name) {
                Ok(Scalar::Str(text)) => Some(text),
                _ => None,
            };
            let alpha = if text("alpha").is_some() { 0.0 } else { fields.float_or_none("alpha")?.unwrap_or(0.0) };
            // Before 0.24 there was no such choice.
            let applies = match fields.node("regularization") {
                None => true,
                Some(_) => matches!(text("regularization").as_deref(), Some("both" | "transformation" | "deprecated")),
            };
            if applies { alpha } else { 0.0 }
        }
    };
    Ok((alpha * ratio, alpha * (1.0 - ratio)))
}

impl Estimator for NonNegativeFactorization {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let components = &self.weights.components;
        match method {
            Method::Transform => {
                let random = self.shuffle.as_ref().map(|source| source.start(method, plan)).transpose()?;
                // `MiniBatchNMF` does not look.
                if self.weights.strict && components.data.iter().all(|value| *value == 0.0) {
                    return plan.unsupported(method, "components that are all zero, where scikit-learn raises");
                }
                let rule = ArrayRule::FLOATS.dtype(self.dtype).sparse(SparseRule::Accept);
                let x = plan.check(input, rule, components.cols);
                let weights = match random {
                    None => plan.push(&self.weights, &[x]),
                    Some(random) => {
                        let solver = WeightSolver::CoordinateDescent { shuffle: Some(random) };
                        plan.push(NonNegativeWeights { solver, ..NonNegativeWeights::clone(&self.weights) }, &[x])
                    }
                };
                Ok(Output::matrix(weights))
            }
            Method::InverseTransform => {
                let sparse = if self.multiplies_sparse { SparseRule::Accept } else { SparseRule::Refuse };
                let rule = ArrayRule::FLOATS.finite(Finite::Any).sparse(sparse).any_names();
                let x = plan.check(input, rule, components.rows);
                Ok(Output::matrix(plan.push(self.back.get_or_init(|| self.back()), &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.weights.components.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.weights.components.cols)
    }
}
