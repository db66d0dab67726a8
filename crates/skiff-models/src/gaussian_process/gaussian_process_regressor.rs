//! `sklearn.gaussian_process.GaussianProcessRegressor`.

use std::sync::Arc;

use skiff_plan::operators::{
    Affine, Arithmetic, ArrayRule, Columnwise, Dtype, Elementwise, Function, ProcessCovariance, ProcessKernel,
    ProcessVariance,
};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, Rank, ValueId};

use super::kernels::read_kernel;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const GAUSSIAN_PROCESS_REGRESSOR: Class = class! {
    /// Regression by a Gaussian process.
    ///
    /// # Reads
    /// `X_train_`, `alpha_`, `L_`, `kernel_`, `_y_train_mean`, `_y_train_std`.
    /// # Predicts
    /// `_y_train_std kernel(X, X_train_) · alpha_ + _y_train_mean`; with `return_std=True` the deviation as well:
    /// `_y_train_std √(kernel(x, x) - |L_⁻¹ kernel(X_train_, x)|²)`, and with `return_cov=True` the covariance of all
    /// rows. Kernels are `RBF`, `Matern` with `nu` of 0.5, 1.5,
    /// 2.5 and infinity, `RationalQuadratic`, `ExpSineSquared`, `DotProduct`, `ConstantKernel`, `WhiteKernel`, and
    /// sums, products and powers of these.
    /// # Not supported
    /// Other kernels, rows that are not numbers, covariances of more than 16,384 rows; an unfitted estimator.
    /// # Older versions
    /// `_y_train_std` is new in 0.23, `_y_train_mean` was `y_train_mean` in 0.18. Before 1.1 predictions of a target with
    /// one column had two dimensions, and there was no deviation of several targets.
    paths: ["sklearn.gaussian_process._gpr.GaussianProcessRegressor", "sklearn.gaussian_process.gpr.GaussianProcessRegressor"],
    training_only: ["_K_inv", "_rng", "_y_train_mean", "_y_train_std", "alpha", "copy_X_train", "kernel", "log_marginal_likelihood_value_", "n_restarts_optimizer", "n_targets", "normalize_y", "optimizer", "random_state", "rng", "y_train_", "y_train_mean"],
    read: GaussianProcessRegressor::read,
};

/// A fitted `GaussianProcessRegressor`.
#[derive(Debug)]
pub struct GaussianProcessRegressor {
    kernel: Arc<ProcessKernel>,
    /// `alpha_`, transposed.
    weights: Arc<Affine>,
    variance: Arc<ProcessVariance>,
    /// `_y_train_mean` and `_y_train_std`, one for each target.
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// Whether predictions have one dimension.
    is_single: bool,
    /// Whether the deviation of several targets is supported.
    has_deviations: bool,
}

impl GaussianProcessRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let kernel = read_kernel(fields)?;
        let rows = kernel.fitted.rows;
        let numbers = fields.numbers("alpha_")?;
        let is_flat = numbers.shape.len() == 1;
        let coef = match is_flat {
            true => numbers.into_rows(),
            false => numbers.into_matrix().map(|matrix| matrix.transposed()),
        };
        let coef = coef.ok_or_else(|| fields.unexpected("alpha_", "an array of one or two dimensions"))?;
        fields.expect_len("alpha_", coef.cols, rows)?;
        let targets = coef.rows;
        let lower = read_lower(fields, rows)?;
        let each = |name: &str, default: f64| -> Result<Vec<f64>, ReadError> {
            if !fields.has(name) {
                return Ok(vec![default; targets]);
            }
            match fields.numbers(name) {
                Ok(numbers) if numbers.data.len() == targets => Ok(numbers.data),
                _ => Ok(vec![fields.float(name)?; targets]),
            }
        };
        let mean = each(if fields.has("_y_train_mean") { "_y_train_mean" } else { "y_train_mean" }, 0.0)?;
        let deviation = each("_y_train_std", 1.0)?;
        let old = fields.before(1, 1);
        let variance = ProcessVariance { kernel: Arc::clone(&kernel), lower, weights: None, clips: true };
        Ok(Self {
            kernel,
            weights: Arc::new(Affine::new(coef, Vec::new(), Precision::Double)),
            variance: Arc::new(variance),
            mean,
            deviation,
            is_single: is_flat || targets == 1 && !old,
            has_deviations: targets == 1 || !old,
        })
    }
}

/// `L_`, a triangle that can be solved.
pub(super) fn read_lower(fields: &Fields<'_, '_>, rows: usize) -> Result<Matrix<'static, f64>, ReadError> {
    let lower = fields.matrix("L_")?;
    fields.expect_len("L_", lower.rows, rows)?;
    fields.expect_len("L_", lower.cols, rows)?;
    match lower.data.iter().step_by(rows + 1).all(|value| *value != 0.0) {
        true => Ok(lower),
        false => Err(fields.damaged("L_", "a zero on the diagonal")),
    }
}

impl Estimator for GaussianProcessRegressor {
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
        let (has_deviation, has_covariance) = (params.flag("return_std", false), params.flag("return_cov", false));
        if has_deviation && has_covariance {
            return plan.unsupported(method, "`return_std` and `return_cov` at once");
        }
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Double), self.kernel.fitted.cols);
        let kernel = plan.push(&self.kernel, &[x]);
        let mut means = plan.push(&self.weights, &[kernel]);
        for (arithmetic, values) in [(Arithmetic::Multiply, &self.deviation), (Arithmetic::Add, &self.mean)] {
            let step = Columnwise { arithmetic, values: values.clone(), precision: Precision::Double, cast: false };
            means = plan.push(step, &[means]);
        }
        let shaped = |value| if self.is_single { Output::column(value) } else { Output::matrix(value) };
        if !has_deviation && !has_covariance {
            return Ok(shaped(means));
        }
        if !self.has_deviations {
            return plan.unsupported(method, "deviations and covariances of several targets before 1.1");
        }
        let squares = self.deviation.iter().map(|deviation| deviation * deviation).collect::<Vec<_>>();
        if has_covariance {
            let rank = if squares.len() == 1 { Rank::Two } else { Rank::Three { depth: squares.len() } };
            let covariance = ProcessCovariance { variance: Arc::clone(&self.variance), scales: squares };
            let covariance = plan.push(covariance, &[kernel, x]);
            return Ok(Output::Tuple(vec![shaped(means), Output::One(covariance, rank)]));
        }
        let variance = plan.push(&self.variance, &[kernel, x]);
        let coef = Matrix::new(squares.len(), 1, squares);
        let scaled = Affine::new(coef, Vec::new(), Precision::Double);
        let variances = plan.push(scaled, &[variance]);
        let deviations = plan.push(Elementwise { function: Function::Sqrt }, &[variances]);
        let deviations =
            if self.deviation.len() == 1 { Output::column(deviations) } else { Output::matrix(deviations) };
        Ok(Output::Tuple(vec![shaped(means), deviations]))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.kernel.fitted.cols)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
