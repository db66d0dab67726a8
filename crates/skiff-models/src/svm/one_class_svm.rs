//! `sklearn.svm.OneClassSVM`.

use skiff_plan::operators::{Elementwise, Function, Inliers, SumUp};
use skiff_plan::{Method, Output, ValueId};

use super::support_vector_machine::SupportVectorMachine;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, class};

pub(crate) const ONE_CLASS_SVM: Class = class! {
    /// Outlier detection by the support of a distribution, on libsvm.
    ///
    /// # Reads
    /// `support_vectors_`, `_dual_coef_`, `_intercept_`, `offset_`; the kernel with `_gamma`, `coef0` and `degree`.
    /// # Predicts
    /// 1 where the sum of `_dual_coef_ · kernel(x, support vector)` plus the intercept is above 0, else -1.
    /// `score_samples` is that sum plus `offset_`.
    /// # Not supported
    /// Callable kernels. Sparse rows for a model that was fitted on dense ones, as in scikit-learn.
    /// # Older versions
    /// `offset_` and `score_samples` are new in 0.20; before, `decision_function` returned a matrix of one column. Before
    /// 0.19 `predict` returned floats.
    paths: ["sklearn.svm._classes.OneClassSVM", "sklearn.svm.classes.OneClassSVM"],
    read: OneClassSVM::read,
};

/// A fitted `OneClassSVM`.
#[derive(Debug)]
pub struct OneClassSVM {
    machine: SupportVectorMachine,
    /// `offset_`, from 0.20.
    offset: Option<f64>,
    /// Before 0.19 `predict` answered floats.
    answers_floats: bool,
}

impl OneClassSVM {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self {
            machine: SupportVectorMachine::read(fields, None)?,
            offset: fields.float_or_none("offset_")?,
            answers_floats: fields.before(0, 19),
        })
    }
}

impl Estimator for OneClassSVM {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, self.offset) {
            (Method::Predict, _) => {
                let decisions = self.machine.decisions(input, plan);
                let sides = plan.push(Inliers { bound: 0.0, inclusive: false }, &[decisions]);
                Ok(Output::column(if self.answers_floats { plan.push(SumUp::as_double(), &[sides]) } else { sides }))
            }
            (Method::DecisionFunction, Some(_)) => Ok(Output::column(self.machine.decisions(input, plan))),
            (Method::DecisionFunction, None) => Ok(Output::matrix(self.machine.decisions(input, plan))),
            (Method::ScoreSamples, Some(offset)) => {
                let decisions = self.machine.decisions(input, plan);
                Ok(Output::column(plan.push(Elementwise { function: Function::Add(offset) }, &[decisions])))
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
}
