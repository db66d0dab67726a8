//! `_PLS`: partial least squares and canonical correlation.

use std::sync::Arc;

use skiff_plan::operators::{Affine, Arithmetic, ArrayRule, Columnwise};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, Scoring, class};
use crate::names;

pub(crate) const PLS_REGRESSION: Class = class! {
    /// Regression by partial least squares.
    ///
    /// # Reads
    /// `coef_`, `intercept_`, `x_rotations_`, `x_loadings_`, and the means and deviations of the features.
    /// # Predicts
    /// `(X - mean) · coef_ᵀ + intercept_`.
    /// # Transforms
    /// `(X - mean) / deviation · x_rotations_`; `inverse_transform` is `X · x_loadings_ᵀ · deviation + mean`.
    /// # Not supported
    /// Targets as a second argument of `transform` and `inverse_transform`.
    /// # Older versions
    /// Before 1.5 rows were divided by the deviations before they were multiplied by `coef_`; before 1.3 `coef_` was
    /// transposed, and predictions of one target were a column of two dimensions. In 1.1 and 1.2 the coefficients are also
    /// in `_coef_`. The mean was `x_mean_`, and the deviation `x_std_`, before 0.24; the targets' mean was the
    /// intercept before 1.1. `inverse_transform` is new in 0.22.
    paths: ["sklearn.cross_decomposition._pls.PLSRegression", "sklearn.cross_decomposition.pls_.PLSRegression"],
    training_only: ["_coef_", "_n_features_out", "_norm_y_weights", "_predict_1d", "_x_mean", "_x_scores", "_x_std", "_y_mean", "_y_scores", "_y_std", "algorithm", "coef_", "copy", "deflation_mode", "intercept_", "max_iter", "mode", "n_components", "n_iter_", "norm_y_weights", "scale", "tol", "x_mean_", "x_scores_", "x_std_", "x_weights_", "y_loadings_", "y_mean_", "y_rotations_", "y_scores_", "y_std_", "y_weights_"],
    read: PartialLeastSquares::read,
};

pub(crate) const PLS_CANONICAL: Class = class! {
    /// Partial least squares, symmetric in both data sets.
    ///
    /// # Reads
    /// `coef_`, `intercept_`, `x_rotations_`, `x_loadings_`, and the means and deviations of the features.
    /// # Predicts
    /// `(X - mean) · coef_ᵀ + intercept_`.
    /// # Transforms
    /// `(X - mean) / deviation · x_rotations_`; `inverse_transform` is `X · x_loadings_ᵀ · deviation + mean`.
    /// # Not supported
    /// Targets as a second argument of `transform` and `inverse_transform`.
    /// # Older versions
    /// Before 1.5 rows were divided by the deviations before they were multiplied by `coef_`; before 1.3 `coef_` was
    /// transposed, and predictions of one target were a column of two dimensions. In 1.1 and 1.2 the coefficients are also
    /// in `_coef_`. The mean was `x_mean_`, and the deviation `x_std_`, before 0.24; the targets' mean was the
    /// intercept before 1.1. `inverse_transform` is new in 0.22.
    paths: ["sklearn.cross_decomposition._pls.PLSCanonical", "sklearn.cross_decomposition.pls_.PLSCanonical"],
    training_only: ["_coef_", "_n_features_out", "_norm_y_weights", "_predict_1d", "_x_mean", "_x_scores", "_x_std", "_y_mean", "_y_scores", "_y_std", "algorithm", "coef_", "copy", "deflation_mode", "intercept_", "max_iter", "mode", "n_components", "n_iter_", "norm_y_weights", "scale", "tol", "x_mean_", "x_scores_", "x_std_", "x_weights_", "y_loadings_", "y_mean_", "y_rotations_", "y_scores_", "y_std_", "y_weights_"],
    read: PartialLeastSquares::read,
};

pub(crate) const CCA: Class = class! {
    /// Canonical correlation analysis.
    ///
    /// # Reads
    /// `coef_`, `intercept_`, `x_rotations_`, `x_loadings_`, and the means and deviations of the features.
    /// # Predicts
    /// `(X - mean) · coef_ᵀ + intercept_`.
    /// # Transforms
    /// `(X - mean) / deviation · x_rotations_`; `inverse_transform` is `X · x_loadings_ᵀ · deviation + mean`.
    /// # Not supported
    /// Targets as a second argument of `transform` and `inverse_transform`.
    /// # Older versions
    /// Before 1.5 rows were divided by the deviations before they were multiplied by `coef_`; before 1.3 `coef_` was
    /// transposed, and predictions of one target were a column of two dimensions. In 1.1 and 1.2 the coefficients are also
    /// in `_coef_`. The mean was `x_mean_`, and the deviation `x_std_`, before 0.24; the targets' mean was the
    /// intercept before 1.1. `inverse_transform` is new in 0.22.
    paths: ["sklearn.cross_decomposition._cca.CCA", "sklearn.cross_decomposition._pls.CCA", "sklearn.cross_decomposition.cca_.CCA"],
    training_only: ["_coef_", "_n_features_out", "_norm_y_weights", "_predict_1d", "_x_mean", "_x_scores", "_x_std", "_y_mean", "_y_scores", "_y_std", "algorithm", "coef_", "copy", "deflation_mode", "intercept_", "max_iter", "mode", "n_components", "n_iter_", "norm_y_weights", "scale", "tol", "x_mean_", "x_scores_", "x_std_", "x_weights_", "y_loadings_", "y_mean_", "y_rotations_", "y_scores_", "y_std_", "y_weights_"],
    read: PartialLeastSquares::read,
};

/// A fitted model of partial least squares.
#[derive(Debug)]
pub struct PartialLeastSquares {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// The dtype of both.
    precision: Precision,
    /// `coef_` and `intercept_`.
    prediction: Arc<Affine>,
    /// Whether rows are divided by the deviations before.
    scales: bool,
    /// Whether predictions have one dimension.
    is_single: bool,
    /// By `x_rotations_`, transposed.
    rotation: Arc<Affine>,
    /// By `x_loadings_`.
    back: Arc<Affine>,
    /// Whether there is an inverse transform.
    has_inverse: bool,
}

impl PartialLeastSquares {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let old = fields.before(0, 24);
        let (mean, deviation) = if old { ("x_mean_", "x_std_") } else { ("_x_mean", "_x_std") };
        let precision = fields.numbers(mean)?.precision.promote(fields.numbers(deviation)?.precision);
        let mean = fields.vector(mean)?;
        fields.expect_n_features("_x_mean", mean.len())?;
        let deviation = fields.vector_of(deviation, mean.len())?;
        let matrix = |name: &str, rows: usize| {
            let numbers = fields.numbers(name)?;
            let precision = numbers.precision;
            let matrix = numbers.into_matrix().ok_or_else(|| fields.unexpected(name, "an array of two dimensions"))?;
            fields.expect_len(name, matrix.rows, rows)?;
            Ok((matrix, precision))
        };
        let name = if fields.has("_coef_") { "_coef_" } else { "coef_" };
        // 1.1 and 1.2 have the transpose in `_coef_`, from 1.3 on in `coef_`.
        let is_transposed = name == "_coef_" || !fields.before(1, 3);
        let numbers = fields.numbers(name)?;
        let coef_precision = numbers.precision;
        let coef = numbers.into_matrix().ok_or_else(|| fields.unexpected(name, "an array of two dimensions"))?;
        let coef = if is_transposed { coef } else { coef.transposed() };
        fields.expect_len(name, coef.cols, mean.len())?;
        let offset = match (fields.before(1, 1), old) {
            (false, _) => "intercept_",
            (true, false) => "_y_mean",
            (true, true) => "y_mean_",
        };
        let intercept = fields.vector_of(offset, coef.rows)?;
        let coef_precision = coef_precision.promote(fields.numbers(offset)?.precision);
        let (rotations, rotation_precision) = matrix("x_rotations_", mean.len())?;
        let (loadings, loading_precision) = matrix("x_loadings_", mean.len())?;
        fields.expect_len("x_loadings_", loadings.cols, rotations.cols)?;
        let is_single = fields.bool_or("_predict_1d", false)?;
        if is_single {
            fields.expect_len(name, coef.rows, 1)?;
        }
        let linear = |coef: Matrix<'static, f64>, precision| Arc::new(Affine::new(coef, Vec::new(), precision));
        Ok(Self {
            mean,
            deviation,
            precision,
            prediction: Arc::new(Affine::new(coef, intercept, coef_precision)),
            scales: fields.before(1, 5),
            is_single,
            rotation: linear(rotations.transposed(), rotation_precision),
            back: linear(loadings, loading_precision),
            has_inverse: !fields.before(0, 22),
        })
    }

    fn by(&self, arithmetic: Arithmetic, values: &[f64]) -> Columnwise {
        Columnwise { arithmetic, values: values.to_vec(), precision: self.precision, cast: false }
    }
}

impl Estimator for PartialLeastSquares {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::Transform => {
                let mut x = plan.check(input, ArrayRule::FLOATS, self.mean.len());
                x = plan.push(self.by(Arithmetic::Subtract, &self.mean), &[x]);
                if self.scales || method == Method::Transform {
                    x = plan.push(self.by(Arithmetic::Divide, &self.deviation), &[x]);
                }
                if method == Method::Transform {
                    return Ok(Output::matrix(plan.push(&self.rotation, &[x])));
                }
                let predictions = plan.push(&self.prediction, &[x]);
                Ok(if self.is_single { Output::column(predictions) } else { Output::matrix(predictions) })
            }
            Method::InverseTransform if self.has_inverse => {
                let x = plan.check(input, ArrayRule::FLOATS.any_names(), self.rotation.coef.rows);
                let x = plan.push(&self.back, &[x]);
                let x = plan.push(self.by(Arithmetic::Multiply, &self.deviation), &[x]);
                Ok(Output::matrix(plan.push(self.by(Arithmetic::Add, &self.mean), &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.rotation.coef.rows)?;
        Ok(names::class_prefix(header, self.rotation.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.mean.len())
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
