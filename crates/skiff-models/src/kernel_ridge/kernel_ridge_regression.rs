//! `sklearn.kernel_ridge.KernelRidge`.

use std::sync::Arc;

use skiff_plan::operators::Affine;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::kernel_approximation::FittedKernel;
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Scoring, class};

pub(crate) const KERNEL_RIDGE: Class = class! {
    /// Kernel ridge regression.
    ///
    /// # Reads
    /// `X_fit_`, `dual_coef_`; `kernel` with `gamma`, `coef0` and `degree`.
    /// # Predicts
    /// `kernel(X, X_fit_) · dual_coef_`, with `gamma = 1 / n_features` by default.
    /// # Not supported
    /// Kernels that are functions or of Gaussian processes, and `kernel_params`.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.kernel_ridge.KernelRidge"],
    training_only: ["alpha", "coef0", "degree", "gamma", "kernel_params"],
    read: KernelRidge::read,
};

/// A fitted `KernelRidge`.
#[derive(Debug)]
pub struct KernelRidge {
    kernel: FittedKernel,
    /// `dual_coef_`, transposed.
    dual: Arc<Affine>,
    /// Whether `dual_coef_` has one dimension.
    is_single: bool,
}

impl KernelRidge {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let kernel = FittedKernel::read(fields, "X_fit_")?;
        let numbers = fields.numbers("dual_coef_")?;
        let (precision, is_single) = (numbers.precision, numbers.shape.len() == 1);
        let coef = match is_single {
            true => numbers.into_rows(),
            false => numbers.into_matrix().map(|matrix| matrix.transposed()),
        };
        let coef = coef.ok_or_else(|| fields.unexpected("dual_coef_", "an array of one or two dimensions"))?;
        fields.expect_len("dual_coef_", coef.cols, kernel.fitted_rows())?;
        Ok(Self { kernel, dual: Arc::new(Affine::new(coef, Vec::new(), precision)), is_single })
    }
}

impl Estimator for KernelRidge {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let values = self.kernel.values(input, plan);
        let predictions = plan.push(&self.dual, &[values]);
        Ok(if self.is_single { Output::column(predictions) } else { Output::matrix(predictions) })
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.kernel.width())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
