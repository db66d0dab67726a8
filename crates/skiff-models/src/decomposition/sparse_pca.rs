//! `sklearn.decomposition.SparsePCA` and `MiniBatchSparsePCA`.

use std::sync::{Arc, OnceLock};

use skiff_plan::operators::{Affine, ArrayRule, RidgeCode, ScaleCodes};
use skiff_plan::value::{Matrix, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::components::transpose;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const SPARSE_PCA: Class = class! {
    /// Principal components that are sparse.
    ///
    /// # Reads
    /// `components_`, `mean_`, `ridge_alpha`; `normalize_components` of 0.20 and 0.21.
    /// # Transforms
    /// The coefficients of `X - mean_` in the components, by ridge regression:
    /// `(X - mean_) · components_ᵀ · (components_ · components_ᵀ + ridge_alpha)⁻¹`. `inverse_transform` is
    /// `X · components_ + mean_`.
    /// # Not supported
    /// Components that depend on each other with `ridge_alpha=0`: scikit-learn divides by what rounding leaves.
    /// # Older versions
    /// `inverse_transform` came with 1.2. Before 0.22, unless `normalize_components`, rows were not centered, and each column
    /// was divided by the root of its sum of squares over all rows of the call.
    paths: ["sklearn.decomposition._sparse_pca.SparsePCA", "sklearn.decomposition.sparse_pca.SparsePCA"],
    training_only: ["U_init", "V_init", "alpha", "error_", "max_iter", "method", "n_components", "n_components_", "n_iter_", "n_jobs", "random_state", "tol", "verbose"],
    read: SparsePCA::read,
};

pub(crate) const MINI_BATCH_SPARSE_PCA: Class = class! {
    /// Principal components that are sparse, fitted batch by batch.
    ///
    /// # Reads
    /// What `SparsePCA` reads.
    /// # Transforms
    /// As `SparsePCA`.
    /// # Not supported
    /// What `SparsePCA` does not support.
    /// # Older versions
    /// As `SparsePCA`.
    paths: ["sklearn.decomposition._sparse_pca.MiniBatchSparsePCA", "sklearn.decomposition.sparse_pca.MiniBatchSparsePCA"],
    training_only: ["U_init", "V_init", "alpha", "batch_size", "callback", "error_", "max_iter", "max_no_improvement", "method", "n_components", "n_components_", "n_iter", "n_iter_", "n_jobs", "random_state", "shuffle", "tol", "verbose"],
    read: SparsePCA::read,
};

/// A fitted sparse principal component analysis.
#[derive(Debug)]
pub struct SparsePCA {
    /// `components_`, (n_components, n_features).
    components: Matrix<'static, f64>,
    /// Their dtype.
    precision: Precision,
    /// `mean_`; empty where rows are not centered.
    mean: Vec<f64>,
    /// `None` where the components depend on each other.
    code: Option<Arc<RidgeCode>>,
    /// Whether columns are scaled over all rows.
    scales: bool,
    /// Whether there is an `inverse_transform`.
    inverts: bool,
    /// `inverse_transform`, made when it is first asked for.
    back: OnceLock<Arc<Affine>>,
}

impl SparsePCA {
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let numbers = fields.numbers("components_")?;
        let precision = numbers.precision;
        let components = numbers.into_matrix();
        let components = components.ok_or_else(|| fields.unexpected("components_", "an array of two dimensions"))?;
        fields.expect_n_features("components_", components.cols)?;
        // Since 0.22 it says `'deprecated'`.
        let scales = fields.before(0, 22) && !fields.bool_or("normalize_components", false)?;
        fields.training_only(&["normalize_components"]);
        let (mean, mean_precision) = match scales {
            true => (Vec::new(), precision),
            false => {
                let numbers = fields.numbers("mean_")?;
                fields.expect_len("mean_", numbers.data.len(), components.cols)?;
                (numbers.data, numbers.precision)
            }
        };
        let alpha = fields.float("ridge_alpha")?;
        let size = components.rows.min(components.cols);
        fields.spend(&fields.path_of("components_"), size.saturating_mul(size).saturating_mul(16))?;
        let code = RidgeCode::new(components.clone(), precision, mean.clone(), mean_precision, alpha).map(Arc::new);
        let inverts = !fields.before(1, 2);
        Ok(Self { components, precision, mean, code, scales, inverts, back: OnceLock::new() })
    }

    fn back(&self) -> Arc<Affine> {
        let coef = transpose(&self.components, &[]);
        Arc::new(Affine::new(coef, self.mean.clone(), self.precision))
    }
}

impl Estimator for SparsePCA {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let Some(code) = &self.code else {
                    return plan.unsupported(method, "components that depend on each other");
                };
                let x = plan.check(input, ArrayRule::FLOATS, self.components.cols);
                let mut codes = plan.push(code, &[x]);
                if self.scales {
                    codes = plan.push(ScaleCodes, &[codes]);
                }
                Ok(Output::matrix(codes))
            }
            Method::InverseTransform if self.inverts => {
                let x = plan.check(input, ArrayRule::FLOATS.any_names(), self.components.rows);
                Ok(Output::matrix(plan.push(self.back.get_or_init(|| self.back()), &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(names::class_prefix(header, self.components.rows))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.components.cols)
    }
}
