//! `sklearn.preprocessing.KernelCenterer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, CenterKernel};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const KERNEL_CENTERER: Class = class! {
    /// A kernel as if the rows of the fit had no mean.
    ///
    /// # Reads
    /// `K_fit_rows_`, `K_fit_all_`.
    /// # Transforms
    /// `K - K_fit_rows_ - mean of the row + K_fit_all_`.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.preprocessing._data.KernelCenterer", "sklearn.preprocessing.data.KernelCenterer"],
    training_only: [],
    read: KernelCenterer::read,
};

/// A fitted `KernelCenterer`.
#[derive(Debug)]
pub struct KernelCenterer {
    center: Arc<CenterKernel>,
}

impl KernelCenterer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let rows = fields.vector("K_fit_rows_")?;
        fields.expect_n_features("K_fit_rows_", rows.len())?;
        Ok(Self { center: Arc::new(CenterKernel { rows, all: fields.float("K_fit_all_")? }) })
    }

    /// How many rows the fit had.
    pub(crate) fn width(&self) -> usize {
        self.center.rows.len()
    }

    /// The centered kernel.
    pub(crate) fn centered(&self, kernel: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.push(&self.center, &[kernel])
    }
}

impl Estimator for KernelCenterer {
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
        let kernel = plan.check(input, ArrayRule::FLOATS, self.width());
        Ok(Output::matrix(self.centered(kernel, plan)))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.width())?;
        Ok(names::class_prefix(header, self.width()))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.width())
    }
}
