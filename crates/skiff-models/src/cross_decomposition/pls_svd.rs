//! `sklearn.cross_decomposition.PLSSVD`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, Arithmetic, ArrayRule, Columnwise, Dtype};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const PLSSVD: Class = class! {
    /// Partial least squares by a singular value decomposition.
    ///
    /// # Reads
    /// `x_weights_`, and the means and deviations of the features.
    /// # Transforms
    /// `(X - mean) / deviation · x_weights_`.
    /// # Not supported
    /// Targets as a second argument of `transform`.
    /// # Older versions
    /// The mean was `x_mean_`, and the deviation `x_std_`, before 0.24.
    paths: ["sklearn.cross_decomposition._pls.PLSSVD", "sklearn.cross_decomposition.pls_.PLSSVD"],
    training_only: ["_n_features_out", "_x_mean", "_x_scores", "_x_std", "_y_mean", "_y_scores", "_y_std", "copy", "n_components", "scale", "x_mean_", "x_scores_", "x_std_", "y_mean_", "y_scores_", "y_std_", "y_weights_"],
    read: PLSSVD::read,
};

/// A fitted `PLSSVD`.
#[derive(Debug)]
#[expect(clippy::upper_case_acronyms, reason = "scikit-learn's name")]
pub struct PLSSVD {
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// By `x_weights_`, transposed.
    weights: Arc<Affine>,
}

impl PLSSVD {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let (mean, deviation) = if fields.before(0, 24) { ("x_mean_", "x_std_") } else { ("_x_mean", "_x_std") };
        let mean = fields.vector(mean)?;
        fields.expect_n_features("_x_mean", mean.len())?;
        let deviation = fields.vector_of(deviation, mean.len())?;
        let numbers = fields.numbers("x_weights_")?;
        let precision = numbers.precision;
        let weights = numbers.into_matrix();
        let weights = weights.ok_or_else(|| fields.unexpected("x_weights_", "an array of two dimensions"))?;
        fields.expect_len("x_weights_", weights.rows, mean.len())?;
        let weights = Affine::new(weights.transposed(), Vec::new(), precision);
        Ok(Self { mean, deviation, weights: Arc::new(weights) })
    }
}

impl Estimator for PLSSVD {
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
        let mut x = plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Double), self.mean.len());
        for (arithmetic, values) in [(Arithmetic::Subtract, &self.mean), (Arithmetic::Divide, &self.deviation)] {
            let step = Columnwise { arithmetic, values: values.clone(), precision: Precision::Double, cast: false };
            x = plan.push(step, &[x]);
        }
        Ok(Output::matrix(plan.push(&self.weights, &[x])))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.weights.coef.rows)?;
        Ok(names::class_prefix(header, self.weights.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.mean.len())
    }
}
