//! `sklearn.decomposition.TruncatedSVD`.

use std::sync::{Arc, OnceLock};

use skiff_plan::operators::{Affine, ArrayRule, Dtype, SparseRule};
use skiff_plan::value::Matrix;
use skiff_plan::{Method, Output, ValueId};

use super::components::transpose;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const TRUNCATED_SVD: Class = class! {
    /// Dimensionality reduction by truncated singular value decomposition (latent semantic analysis).
    ///
    /// # Reads
    /// `components_`.
    /// # Transforms
    /// `X · components_ᵀ`, for dense and sparse rows.
    /// # Older versions
    /// `components_` has been the same since 0.17.
    paths: ["sklearn.decomposition._truncated_svd.TruncatedSVD", "sklearn.decomposition.truncated_svd.TruncatedSVD"],
    read: TruncatedSVD::read,
};

/// A fitted `TruncatedSVD`.
#[derive(Debug)]
pub struct TruncatedSVD {
    /// By `components_`, (n_components, n_features).
    forth: Arc<Affine>,
    /// By its transpose, computed on first use.
    back: OnceLock<Arc<Affine>>,
}

impl TruncatedSVD {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let components = numbers.into_matrix();
        let components = components.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", components.cols)?;
        fields.training_only(&[
            "algorithm",
            "explained_variance_",
            "explained_variance_ratio_",
            "n_components",
            "n_iter",
            "n_oversamples",
            "power_iteration_normalizer",
            "random_state",
            "singular_values_",
            "tol",
        ]);
        let forth = Affine::new(components, Vec::new(), precision);
        Ok(Self { forth: Arc::new(forth), back: OnceLock::new() })
    }

    fn back(&self) -> Arc<Affine> {
        let Affine { coef, precision, .. } = &*self.forth;
        Arc::new(Affine::new(transpose(coef, &[]), Vec::new(), *precision))
    }
}

impl Estimator for TruncatedSVD {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric);
        let Matrix { rows, cols, .. } = self.forth.coef;
        let (x, affine) = match method {
            Method::Transform => (plan.check(input, rule.sparse(SparseRule::Accept), cols), &self.forth),
            Method::InverseTransform => {
                (plan.check(input, rule.any_names(), rows), self.back.get_or_init(|| self.back()))
            }
            _ => return plan.no_method(method),
        };
        Ok(Output::matrix(plan.push(affine, &[x])))
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.forth.coef.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.forth.coef.cols)
    }
}
