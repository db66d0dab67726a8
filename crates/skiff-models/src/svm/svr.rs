//! `SVR` and `NuSVR`.

use skiff_plan::{Method, Output, ValueId};

use super::support_vector_machine::SupportVectorMachine;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};

pub(crate) const SVR: Class = class! {
    /// Epsilon-support vector regression on libsvm.
    ///
    /// # Reads
    /// `support_vectors_`, `_dual_coef_`, `_intercept_`; the kernel with `_gamma`, `coef0` and `degree`.
    /// # Predicts
    /// The sum of `_dual_coef_ · kernel(x, support vector)`, plus the intercept. Kernels: linear, poly, rbf, sigmoid,
    /// precomputed.
    /// # Not supported
    /// Callable kernels. Sparse rows for a model that was fitted on dense ones, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, but for the names of what a regression does not use. Until 0.18 there was a
    /// `decision_function`, a matrix of one column.
    paths: ["sklearn.svm._classes.SVR", "sklearn.svm.classes.SVR"],
    read: SupportVectorRegressor::read,
};

pub(crate) const NU_SVR: Class = class! {
    /// Support vector regression on libsvm, with `nu` in place of `epsilon`.
    ///
    /// # Reads
    /// `support_vectors_`, `_dual_coef_`, `_intercept_`; the kernel with `_gamma`, `coef0` and `degree`.
    /// # Predicts
    /// The sum of `_dual_coef_ · kernel(x, support vector)`, plus the intercept. Kernels: linear, poly, rbf, sigmoid,
    /// precomputed.
    /// # Not supported
    /// Callable kernels. Sparse rows for a model that was fitted on dense ones, as in scikit-learn.
    /// # Older versions
    /// The state has been the same since 0.17, but for the names of what a regression does not use. Until 0.18 there was a
    /// `decision_function`, a matrix of one column.
    paths: ["sklearn.svm._classes.NuSVR", "sklearn.svm.classes.NuSVR"],
    read: SupportVectorRegressor::read,
};

/// A machine of one output.
#[derive(Debug)]
struct SupportVectorRegressor {
    machine: SupportVectorMachine,
}

impl SupportVectorRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { machine: SupportVectorMachine::read(fields, None)? })
    }
}

impl Estimator for SupportVectorRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(Output::column(self.machine.decisions(input, plan))),
            Method::DecisionFunction if plan.header().before(0, 19) => {
                Ok(Output::matrix(self.machine.decisions(input, plan)))
            }
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.machine.width())
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        self.machine.computed(false)
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
