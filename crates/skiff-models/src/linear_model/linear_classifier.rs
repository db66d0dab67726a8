//! `LinearClassifierMixin`: the common part of linear classifiers, here and in `sklearn.svm`.

use std::sync::Arc;

use skiff_plan::operators::{
    Argmax, BothSides, DivideByRowSum, Elementwise, Function, GreaterThan, OnesForZeros, TakeLabels,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::Coefficients;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::Estimator;

/// `coef_`, `intercept_`, `classes_`: one score for each class, or one score for both of two.
#[derive(Debug)]
pub(crate) struct LinearClassifier {
    coefficients: Coefficients,
    /// `classes_`.
    pub(crate) classes: Arc<Classes>,
    /// Whether one-versus-rest probabilities of a row that are all zero become equal ones.
    zeros_become_equal: bool,
}

impl LinearClassifier {
    /// Reads the three attributes and checks their shapes against each other.
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        Self::with_classes(fields, classes)
    }

    /// As [`LinearClassifier::read`], with `classes_` from elsewhere.
    pub(crate) fn with_classes(fields: &Fields<'_, '_>, classes: Arc<Classes>) -> Result<Self, ReadError> {
        let coefficients = Coefficients::read(fields)?;
        if coefficients.outputs() != 1 || classes.len() > 2 {
            fields.expect_len("coef_", coefficients.outputs(), classes.len())?;
        }
        if classes.is_empty() {
            return Err(fields.damaged("classes_", "there is no class"));
        }
        Ok(Self { coefficients, classes, zeros_become_equal: !fields.before(1, 9) })
    }

    /// Whether there is one score for both classes.
    pub(crate) fn is_binary(&self) -> bool {
        self.coefficients.outputs() == 1
    }

    /// The number of columns of a row.
    pub(crate) fn n_features(&self) -> usize {
        self.coefficients.n_features()
    }

    /// The scores, (n_samples, 1 or n_classes).
    pub(crate) fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        self.coefficients.scores(input, plan)
    }

    /// `decision_function`: a column for two classes, else a matrix.
    pub(crate) fn decision_function(&self, input: ValueId, plan: &mut Lowering<'_>) -> Output {
        let scores = self.scores(input, plan);
        if self.is_binary() { Output::column(scores) } else { Output::matrix(scores) }
    }

    /// `predict`: the second class for a score above 0, or the class of the greatest score.
    pub(crate) fn predict(&self, input: ValueId, plan: &mut Lowering<'_>) -> Output {
        let scores = self.scores(input, plan);
        let numbers = if self.is_binary() {
            plan.push(GreaterThan { bound: 0.0 }, &[scores])
        } else {
            plan.push(Argmax, &[scores])
        };
        Output::column(plan.push(TakeLabels::of(&self.classes), &[numbers]))
    }

    /// `_predict_proba_lr`: the logistic function of each score; of several, divided by their sum.
    pub(crate) fn one_versus_rest(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let scores = self.scores(input, plan);
        let mut each = plan.push(Elementwise { function: Function::Expit }, &[scores]);
        if self.is_binary() {
            return plan.push(BothSides::Complement, &[each]);
        }
        if self.zeros_become_equal {
            each = plan.push(OnesForZeros, &[each]);
        }
        plan.push(DivideByRowSum, &[each])
    }
}

/// An estimator by itself: a classifier without probabilities.
impl Estimator for LinearClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => Ok(self.predict(input, plan)),
            Method::DecisionFunction => Ok(self.decision_function(input, plan)),
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features())
    }
}
