//! `LinearClassifierMixin`: what linear classifiers share, here and in `sklearn.svm`.

use std::sync::Arc;

use crate::fields::{Fields, ReadError};
use crate::plan::{Lowering, Output, ValueId};
use crate::steps::{Affine, Argmax, ArrayRule, GreaterThan, SparseRule, TakeLabels};
use crate::value::{Classes, Matrix, Precision};

/// `coef_`, `intercept_`, `classes_`: one score for each class, or one score for both of two.
#[derive(Debug)]
pub(crate) struct LinearClassifier {
    /// `coef_`, (1 or n_classes, n_features).
    coef: Matrix<'static, f64>,
    /// `intercept_`, one for each row of `coef_`.
    intercept: Vec<f64>,
    /// The dtype of `coef_`.
    precision: Precision,
    /// `classes_`.
    pub(crate) classes: Arc<Classes>,
}

impl LinearClassifier {
    /// Reads the three attributes and checks their shapes against each other.
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        let numbers = fields.numbers("coef_")?;
        let precision = numbers.precision;
        let coef = numbers.into_rows().ok_or_else(|| fields.unexpected("coef_", "an array of two dimensions"))?;
        fields.expect_n_features("coef_", coef.cols)?;
        let rows = if classes.len() <= 2 { 1 } else { classes.len() };
        fields.expect_len("coef_", coef.rows, rows)?;
        let intercept = read_intercept(fields, coef.rows)?;
        Ok(Self { coef, intercept, precision, classes })
    }

    /// Whether there is one score for both classes.
    pub(crate) fn is_binary(&self) -> bool {
        self.coef.rows == 1
    }

    /// The scores, (n_samples, 1 or n_classes).
    pub(crate) fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let x = plan.check(input, ArrayRule::FLOATS.sparse(SparseRule::Accept), self.coef.cols);
        let (coef, intercept, precision) = (self.coef.clone(), self.intercept.clone(), self.precision);
        plan.push(Affine { coef, intercept, precision }, &[x])
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
}

/// `intercept_`: a vector, or one number for all outputs (`0.0` where `fit_intercept=False`).
pub(crate) fn read_intercept(fields: &Fields<'_, '_>, outputs: usize) -> Result<Vec<f64>, ReadError> {
    let node = fields.required("intercept_")?;
    match fields.array_at(node, "intercept_") {
        Ok(array) if array.shape.len() == 1 && array.shape[0] != 1 => fields.vector_of("intercept_", outputs),
        _ => Ok(vec![fields.float("intercept_")?; outputs]),
    }
}
