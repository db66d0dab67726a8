//! `sklearn.linear_model.SGDOneClassSVM`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, AtLeast, Dtype, Elementwise, Function, SparseRule, TakeLabels};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const SGD_ONE_CLASS_SVM: Class = class! {
    /// Outliers beyond a hyperplane, fitted by stochastic gradient descent.
    ///
    /// # Reads
    /// `coef_`, `offset_`.
    /// # Predicts
    /// `decision_function` is `X · coef_ - offset_`, `score_samples` adds `offset_`; `predict` is 1 if the former is
    /// not below 0, else -1.
    /// # Older versions
    /// The state has been the same since 1.0, which introduced the class.
    paths: ["sklearn.linear_model._stochastic_gradient.SGDOneClassSVM"],
    training_only: ["C", "_average_coef", "_average_intercept", "_loss_function_", "_standard_coef", "_standard_intercept", "alpha", "average", "early_stopping", "epsilon", "eta0", "fit_intercept", "l1_ratio", "learning_rate", "loss", "loss_function_", "max_iter", "n_iter_", "n_iter_no_change", "nu", "penalty", "power_t", "random_state", "shuffle", "t_", "tol", "validation_fraction", "verbose", "warm_start"],
    read: SGDOneClassSVM::read,
};

/// A fitted `SGDOneClassSVM`.
#[derive(Debug)]
pub struct SGDOneClassSVM {
    /// `coef_`, and the negative `offset_`.
    hyperplane: Arc<Affine>,
    offset: f64,
}

impl SGDOneClassSVM {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("coef_")?;
        let precision = numbers.precision.promote(fields.numbers("offset_")?.precision);
        let coef = numbers.into_rows().filter(|coef| coef.rows == 1);
        let coef = coef.ok_or_else(|| fields.unexpected("coef_", "one row of coefficients"))?;
        fields.expect_n_features("coef_", coef.cols)?;
        let &[offset] = &fields.vector_of("offset_", 1)?[..] else {
            return Err(fields.unexpected("offset_", "one number"));
        };
        Ok(Self { hyperplane: Arc::new(Affine::new(coef, vec![-offset], precision)), offset })
    }
}

impl Estimator for SGDOneClassSVM {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if !matches!(method, Method::Predict | Method::DecisionFunction | Method::ScoreSamples) {
            return plan.no_method(method);
        }
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.hyperplane.coef.cols);
        let decisions = plan.push(&self.hyperplane, &[x]);
        Ok(match method {
            Method::DecisionFunction => Output::column(decisions),
            Method::ScoreSamples => {
                Output::column(plan.push(Elementwise { function: Function::Add(self.offset) }, &[decisions]))
            }
            _ => {
                let inside = plan.push(AtLeast { bound: 0.0 }, &[decisions]);
                let kind = IntKind::Int { bytes: 4, signed: true };
                let sides = TakeLabels::of(&Arc::new(Classes::Ints(vec![-1, 1], kind)));
                Output::column(plan.push(sides, &[inside]))
            }
        })
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.hyperplane.coef.cols)
    }
}
