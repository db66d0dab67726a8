//! Random Fourier features: `RBFSampler` and `SkewedChi2Sampler`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Dtype, Elementwise, Function, LogAbove, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const RBF_SAMPLER: Class = class! {
    /// Random features whose products approximate the RBF kernel.
    ///
    /// # Reads
    /// `random_weights_`, `random_offset_`, `n_components`.
    /// # Transforms
    /// `√(2 / n_components) cos(X · random_weights_ + random_offset_)`.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.kernel_approximation.RBFSampler"],
    training_only: ["_gamma", "_n_features_out", "gamma", "random_state"],
    read: RandomFeatures::read_rbf,
};

pub(crate) const SKEWED_CHI2_SAMPLER: Class = class! {
    /// Random features whose products approximate the skewed χ² kernel.
    ///
    /// # Reads
    /// `random_weights_`, `random_offset_`, `n_components`, `skewedness`.
    /// # Transforms
    /// `√(2 / n_components) cos(log(X + skewedness) · random_weights_ + random_offset_)`. Numbers not above
    /// `-skewedness` are an error.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.kernel_approximation.SkewedChi2Sampler"],
    training_only: ["_n_features_out", "random_state"],
    read: RandomFeatures::read_skewed_chi2,
};

/// A linear map, and the cosine of its result.
#[derive(Debug)]
pub struct RandomFeatures {
    /// `random_weights_`, transposed, and `random_offset_`.
    affine: Arc<Affine>,
    /// What the cosines are multiplied by.
    scale: f64,
    /// `skewedness`: then the features are logarithms.
    skewedness: Option<f64>,
}

impl RandomFeatures {
    fn read_rbf(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let scale = (2.0 / real(fields.count("n_components")?)).sqrt();
        Self::read(fields, scale, None)
    }

    fn read_skewed_chi2(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let scale = 2.0_f64.sqrt() / real(fields.count("n_components")?).sqrt();
        let skewedness = fields.float("skewedness")?;
        Self::read(fields, scale, Some(skewedness))
    }

    fn read(fields: &Fields<'_, '_>, scale: f64, skewedness: Option<f64>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("random_weights_")?;
        let precision = numbers.precision;
        let weights = numbers.into_matrix();
        let weights = weights.ok_or_else(|| fields.unexpected("random_weights_", "an array of two dimensions"))?;
        fields.expect_n_features("random_weights_", weights.rows)?;
        let intercept = fields.vector_of("random_offset_", weights.cols)?;
        let affine = Affine::new(weights.transposed(), intercept, precision);
        Ok(Self { affine: Arc::new(affine), scale, skewedness })
    }
}

impl Estimator for RandomFeatures {
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
        let mut x = match self.skewedness {
            Some(_) => plan.check(input, ArrayRule::FLOATS, self.affine.coef.cols),
            None => {
                let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
                plan.check(input, rule, self.affine.coef.cols)
            }
        };
        if let Some(skewedness) = self.skewedness {
            x = plan.push(LogAbove { bound: -skewedness }, &[x]);
        }
        let mut features = plan.push(&self.affine, &[x]);
        for function in [Function::Cos, Function::Multiply(self.scale)] {
            features = plan.push(Elementwise { function }, &[features]);
        }
        Ok(Output::matrix(features))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check_count(self.affine.coef.rows)?;
        Ok(names::class_prefix(header, self.affine.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.affine.coef.cols)
    }
}
