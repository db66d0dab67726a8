//! `sklearn.svm.NuSVC`.

use std::sync::Arc;

use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::support_vector_classifier::SupportVectorClassifier;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, class};

pub(crate) const NU_SVC: Class = class! {
    /// Support vector classification on libsvm, with `nu` in place of `C`.
    ///
    /// # Reads
    /// `support_vectors_`, `_dual_coef_`, `_intercept_`, `_n_support`, `classes_`; the kernel with `_gamma`, `coef0` and
    /// `degree`; `_probA` and `_probB` where `probability=True`.
    /// # Predicts
    /// The class with the most votes of the decisions between each pair of classes, the first of equals; with
    /// `break_ties` the class of the greatest one-versus-rest score. Probabilities are Platt's, coupled as libsvm does it.
    /// Kernels: linear, poly, rbf, sigmoid, precomputed.
    /// # Not supported
    /// Callable kernels. Sparse rows for a model that was fitted on dense ones, as in scikit-learn.
    /// # Older versions
    /// `_n_support` was `n_support_` before 0.22, `_probA` and `_probB` were `probA_` and `probB_` before 0.23. Before
    /// 0.21 one-versus-rest scores depended on the other rows of the table: `decision_function` refuses them for more than
    /// two classes.
    paths: ["sklearn.svm._classes.NuSVC", "sklearn.svm.classes.NuSVC"],
    read: NuSVC::read,
};

/// A fitted `NuSVC`.
#[derive(Debug)]
pub struct NuSVC {
    classifier: SupportVectorClassifier,
}

impl NuSVC {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { classifier: SupportVectorClassifier::read(fields)? })
    }
}

impl Estimator for NuSVC {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.classifier.lower(method, input, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classifier.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.classifier.width())
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        self.classifier.computed()
    }
}
