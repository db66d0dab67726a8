//! `sklearn.kernel_approximation.Nystroem`.

use std::sync::Arc;

use skiff_plan::operators::Affine;
use skiff_plan::{Method, Output, ValueId};

use super::kernel::FittedKernel;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const NYSTROEM: Class = class! {
    /// An approximation of a kernel by its values with some rows of the fit.
    ///
    /// # Reads
    /// `components_`, `normalization_`; `kernel` with `gamma`, `coef0` and `degree`.
    /// # Transforms
    /// `kernel(X, components_) · normalization_ᵀ`, with `gamma = 1 / n_features` by default.
    /// # Not supported
    /// Kernels that are functions, and `kernel_params`.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.kernel_approximation.Nystroem"],
    training_only: ["_n_features_out", "coef0", "component_indices_", "degree", "gamma", "kernel_params", "n_components", "n_jobs", "random_state"],
    read: Nystroem::read,
};

/// A fitted `Nystroem`.
#[derive(Debug)]
pub struct Nystroem {
    kernel: FittedKernel,
    normalization: Arc<Affine>,
}

impl Nystroem {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let kernel = FittedKernel::read(fields, "components_")?;
        let numbers = fields.numbers("normalization_")?;
        let precision = numbers.precision;
        let coef = numbers.into_matrix();
        let coef = coef.ok_or_else(|| fields.unexpected("normalization_", "an array of two dimensions"))?;
        fields.expect_len("normalization_", coef.cols, kernel.fitted_rows())?;
        Ok(Self { kernel, normalization: Arc::new(Affine::new(coef, Vec::new(), precision)) })
    }
}

impl Estimator for Nystroem {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        let values = self.kernel.values(input, plan);
        Ok(Output::matrix(plan.push(&self.normalization, &[values])))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.normalization.coef.rows)?;
        Ok(names::class_prefix(header, self.normalization.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.kernel.width())
    }
}
