//! `sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, GaussianDistances, GaussianScores};
use skiff_plan::value::{Classes, Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::prediction_mixin::DiscriminantScores;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const QUADRATIC_DISCRIMINANT_ANALYSIS: Class = class! {
    /// Classification by a separate Gaussian for each class.
    ///
    /// # Reads
    /// `means_`, `rotations_`, `scalings_`, `priors_`, `classes_`.
    /// # Predicts
    /// The class with the greatest of the scores `-½ (|(x - mean) · rotation · scaling^-½|² + Σ log scaling) + log
    /// prior`. `decision_function` of two classes is the difference of both; probabilities are the softmax of the
    /// scores.
    /// # Older versions
    /// The state has been the same since 0.17. Before 1.6 `predict_log_proba` was the logarithm of probabilities, which
    /// may be 0.
    paths: ["sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis", "sklearn.qda.QDA"],
    read: QuadraticDiscriminantAnalysis::read,
};

/// A fitted `QuadraticDiscriminantAnalysis`.
#[derive(Debug)]
pub struct QuadraticDiscriminantAnalysis {
    scores: Arc<GaussianScores>,
    n_features: usize,
    classes: Arc<Classes>,
    answers: DiscriminantScores,
}

impl QuadraticDiscriminantAnalysis {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let classes = fields.classes("classes_")?;
        let means = fields.matrix("means_")?;
        fields.expect_n_features("means_", means.cols)?;
        fields.expect_len("means_", means.rows, classes.len())?;
        let priors = fields.vector_of("priors_", classes.len())?;
        let (rotations, scalings) = (fields.list("rotations_")?, fields.list("scalings_")?);
        fields.expect_len("rotations_", rotations.len(), classes.len())?;
        fields.expect_len("scalings_", scalings.len(), classes.len())?;
        let mut precision = fields.numbers("means_")?.precision;
        let (mut factors, mut inner) = (Vec::new(), Vec::new());
        for (index, (&rotation, &scaling)) in rotations.iter().zip(&scalings).enumerate() {
            let path = fields.path_of(&format!("rotations_[{index}]"));
            let numbers = fields.numbers_at(rotation, &path)?;
            let of_rotation = numbers.precision;
            let matrix = numbers.into_matrix().filter(|matrix| matrix.rows == means.cols);
            let matrix =
                matrix.ok_or_else(|| fields.unexpected_at(rotation, &path, "a matrix of as many rows as features"))?;
            let path = fields.path_of(&format!("scalings_[{index}]"));
            let numbers = fields.numbers_at(scaling, &path)?;
            let of_class = of_rotation.promote(numbers.precision);
            precision = precision.promote(of_class);
            if numbers.shape != [matrix.cols] {
                return Err(fields.unexpected_at(scaling, &path, "a vector with an element for each rotation"));
            }
            let round = |value| numbers.precision.round(value);
            inner.push(numbers.data.iter().fold(0.0, |sum, scaling| round(sum + round(scaling.ln()))));
            factors.push(factor(&matrix, &numbers.data, of_class));
        }
        let outer: Vec<f64> = priors.iter().map(|prior| prior.ln()).collect();
        let precision = precision.promote(fields.numbers("priors_")?.precision);
        let n_features = means.cols;
        let distances = GaussianDistances::OfCentered { means, factors };
        let scores = Arc::new(GaussianScores { distances, inner, outer, precision, truncates: false });
        fields.training_only(&[
            "covariance_",
            "covariance_estimator",
            "covariances_",
            "priors",
            "reg_param",
            "shrinkage",
            "solver",
            "store_covariance",
            "store_covariances",
            "tol",
        ]);
        Ok(Self { scores, n_features, classes, answers: DiscriminantScores::new(fields) })
    }
}

/// The transpose of `rotation * scaling ** -0.5`.
fn factor(rotation: &Matrix<'_, f64>, scaling: &[f64], precision: Precision) -> Matrix<'static, f64> {
    let mut columns = rotation.transposed();
    for (column, scaling) in columns.data.to_mut().chunks_exact_mut(rotation.rows.max(1)).zip(scaling) {
        let factor = precision.round(scaling.powf(-0.5));
        column.iter_mut().for_each(|value| *value = precision.round(*value * factor));
    }
    columns
}

impl Estimator for QuadraticDiscriminantAnalysis {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Float), self.n_features);
        let scores = plan.push(&self.scores, &[x]);
        self.answers.lower(method, scores, &self.classes, plan)
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }
}
