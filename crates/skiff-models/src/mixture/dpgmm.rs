//! `sklearn.mixture.DPGMM` and `VBGMM`, until 0.19.

use std::sync::Arc;

use skiff_plan::kernels::cholesky::cholesky;
use skiff_plan::kernels::digamma::digamma;
use skiff_plan::operators::{Argmax, ArrayRule, Dtype, GaussianDistances, GaussianScores, Item, NormalizeBounds};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const DPGMM: Class = class! {
    /// A mixture of Gaussians whose weights are a Dirichlet process, by variational inference; `BayesianGaussianMixture`
    /// since 0.18.
    ///
    /// # Reads
    /// `means_`, `precs_`, `covariance_type`, `bound_prec_`, `_initial_bound`; `gamma_`, from which the expected logarithms
    /// of the weights are computed.
    /// # Predicts
    /// A bound `b = _initial_bound + bound_prec_ - ½ (x - mean)ᵀ prec (x - mean)` of each component. `predict_proba` is the
    /// softmax of `b + E[ln weight]`, with 2⁻²³ (the machine epsilon of `float32`) added to each fraction before they are
    /// normalized. `score_samples` returns the bounds summed by these fractions, and next to it the fractions; `predict` is
    /// the index of the greatest fraction. `score` returns the bounds of all rows, and not their mean.
    /// # Not supported
    /// `sample`, which raises in scikit-learn, for the class has no `covars_`. `aic` and `bic`, which depend on all rows
    /// together; precisions that are not positive definite.
    /// # Older versions
    /// The class was deprecated in 0.18 and removed in 0.20. Since 0.19 the sum by which the exponentials are divided is
    /// that of all rows, so that 2⁻²³ counts for more the more rows there are.
    /// # References
    /// `sklearn/mixture/dpgmm.py` of 0.19.
    paths: ["sklearn.mixture.dpgmm.DPGMM"],
    training_only: ["alpha", "converged_", "det_scale_", "dof_", "init_params", "min_covar", "n_components", "n_init", "n_iter", "params", "random_state", "random_state_", "scale_", "thresh", "tol", "verbose", "weights_"],
    read: Dpgmm::read_process,
};

pub(crate) const VBGMM: Class = class! {
    /// A mixture of Gaussians whose weights are from a Dirichlet distribution, by variational inference;
    /// `BayesianGaussianMixture` since 0.18.
    ///
    /// # Reads
    /// As `DPGMM`.
    /// # Predicts
    /// As `DPGMM`, with the expected logarithms of weights from a Dirichlet distribution: `ψ(gamma_) - ψ(Σ gamma_)`.
    /// # Not supported
    /// As of `DPGMM`.
    /// # Older versions
    /// As of `DPGMM`; `alpha_` is new in 0.18.
    /// # References
    /// `sklearn/mixture/dpgmm.py` of 0.19.
    paths: ["sklearn.mixture.dpgmm.VBGMM"],
    training_only: ["alpha", "alpha_", "converged_", "det_scale_", "dof_", "init_params", "min_covar", "n_components", "n_init", "n_iter", "params", "random_state", "random_state_", "scale_", "thresh", "tol", "verbose", "weights_"],
    read: Dpgmm::read_distribution,
};

/// A fitted `DPGMM` or `VBGMM`.
#[derive(Debug)]
pub struct Dpgmm {
    bounds: Arc<GaussianScores>,
    normalize: Arc<NormalizeBounds>,
    n_features: usize,
}

impl Dpgmm {
    /// Reads and checks the attributes of a `DPGMM`.
    fn read_process(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let gamma = fields.matrix("gamma_")?;
        fields.expect_len("gamma_", gamma.cols, 3)?;
        let mut rest = None;
        let (rows, _) = gamma.data.as_chunks();
        let weights = rows.iter().map(|&[_, chosen, passed]| {
            let either = shifted_digamma(chosen + passed);
            let (chosen, passed) = (shifted_digamma(chosen) - either, shifted_digamma(passed) - either);
            // The first component counts what the others are left with as well.
            let left = rest.unwrap_or(passed);
            rest = Some(left + passed);
            chosen + left
        });
        let weights = weights.collect();
        Self::read(fields, weights)
    }

    /// Reads and checks the attributes of a `VBGMM`.
    fn read_distribution(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let gamma = fields.vector("gamma_")?;
        let all = shifted_digamma(gamma.iter().sum());
        Self::read(fields, gamma.iter().map(|&value| shifted_digamma(value) - all).collect())
    }

    fn read(fields: &Fields<'_, '_>, log_weights: Vec<f64>) -> Result<Self, ReadError> {
        let means = fields.matrix("means_")?;
        fields.expect_n_features("means_", means.cols)?;
        let (k, n) = (means.rows, means.cols);
        fields.expect_len("gamma_", log_weights.len(), k)?;
        let start = fields.float("_initial_bound")?;
        let covariance_type = fields.string("covariance_type")?;
        let is_tied = covariance_type == "tied";
        let each = if is_tied { vec![fields.float("bound_prec_")?; k] } else { fields.vector_of("bound_prec_", k)? };
        let factors = read_precisions(fields, &covariance_type, k, n)?;
        let bounds = GaussianScores {
            distances: GaussianDistances::OfCentered { means, factors },
            inner: vec![0.0; k],
            outer: each.iter().map(|more| start + more).collect(),
            precision: Precision::Double,
            truncates: false,
        };
        let normalize = NormalizeBounds { log_weights, whole_batch: !fields.before(0, 19) };
        Ok(Self { bounds: Arc::new(bounds), normalize: Arc::new(normalize), n_features: n })
    }
}

/// `digamma` of scikit-learn's own, which adds the distance of 1 to the next `float32`.
fn shifted_digamma(x: f64) -> f64 {
    digamma(x + f64::from(f32::EPSILON))
}

/// `precs_`: for each component the transpose of a factor L of its precision L·Lᵀ.
fn read_precisions(
    fields: &Fields<'_, '_>,
    covariance_type: &str,
    k: usize,
    n: usize,
) -> Result<Vec<Matrix<'static, f64>>, ReadError> {
    let name = "precs_";
    let size = n.saturating_mul(n);
    fields.spend(&fields.path_of(name), k.saturating_mul(size).saturating_mul(size_of::<f64>()))?;
    let not_positive = || fields.unsupported(name, "precisions that are not positive definite");
    let of_whole = |values: &[f64]| {
        // Of a precision that is not symmetric to the last place the mean of both halves counts.
        let precisions = Matrix::new(n, n, values);
        let halves = values.iter().zip(&*precisions.transposed().data).map(|(a, b)| 0.5 * (a + b)).collect::<Vec<_>>();
        cholesky(&Matrix::new(n, n, halves)).map(|lower| lower.transposed()).ok_or_else(not_positive)
    };
    match covariance_type {
        "diag" | "spherical" => {
            let precisions = fields.matrix(name)?;
            fields.expect_len(name, precisions.rows, k)?;
            fields.expect_len(name, precisions.cols, n)?;
            if !precisions.data.iter().all(|&value| value >= 0.0) {
                return Err(not_positive());
            }
            let diagonal = |row: &[f64]| {
                let mut factor = vec![0.0; size];
                factor.iter_mut().step_by(n + 1).zip(row).for_each(|(factor, value)| *factor = value.sqrt());
                Matrix::new(n, n, factor)
            };
            Ok(precisions.iter_rows().map(diagonal).collect())
        }
        "tied" => {
            let numbers = fields.numbers(name)?;
            fields.expect_len(name, numbers.data.len(), size)?;
            Ok(vec![of_whole(&numbers.data)?; k])
        }
        "full" => {
            let path = fields.path_of(name);
            let items = fields.list(name)?;
            fields.expect_len(name, items.len(), k)?;
            let each = items.into_iter().map(|item| {
                let numbers = fields.numbers_at(item, &path)?;
                fields.expect_len(name, numbers.data.len(), size)?;
                of_whole(&numbers.data)
            });
            each.collect()
        }
        other => Err(fields.unsupported("covariance_type", format!("`{other}`"))),
    }
}

impl Estimator for Dpgmm {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::PredictProba | Method::ScoreSamples => {}
            Method::Sample => return plan.invalid(method, "the class has no `covars_`, which it draws from"),
            _ => return plan.no_method(method),
        }
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric), self.n_features);
        let bounds = plan.push(&self.bounds, &[x]);
        let both = plan.push(&self.normalize, &[bounds]);
        let shares = plan.push(Item { index: 1 }, &[both]);
        Ok(match method {
            Method::Predict => Output::column(plan.push(Argmax, &[shares])),
            Method::PredictProba => Output::matrix(shares),
            _ => {
                let sums = Output::column(plan.push(Item { index: 0 }, &[both]));
                Output::Tuple(vec![sums, Output::matrix(shares)])
            }
        })
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::OfEachSample)
    }
}
