//! Estimators of covariance, which share a model.

use std::sync::Arc;

use skiff_plan::kernels::symmetric_eigen::pseudo_inverse;
use skiff_plan::operators::{ArrayRule, Finite, Mahalanobis};
use skiff_plan::value::{Precision, Value};
use skiff_plan::{Answer, Method, Output, Rank, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const EMPIRICAL_COVARIANCE: Class = class! {
    /// Covariance by maximum likelihood.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._empirical_covariance.EmpiricalCovariance", "sklearn.covariance.empirical_covariance_.EmpiricalCovariance"],
    training_only: ["assume_centered"],
    read: EstimatedCovariance::read,
};

pub(crate) const SHRUNK_COVARIANCE: Class = class! {
    /// Covariance, shrunk by a given factor towards a multiple of the identity.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._shrunk_covariance.ShrunkCovariance", "sklearn.covariance.shrunk_covariance_.ShrunkCovariance"],
    training_only: ["assume_centered", "shrinkage"],
    read: EstimatedCovariance::read,
};

pub(crate) const LEDOIT_WOLF: Class = class! {
    /// Covariance, shrunk by the Ledoit-Wolf coefficient.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._shrunk_covariance.LedoitWolf", "sklearn.covariance.shrunk_covariance_.LedoitWolf"],
    training_only: ["assume_centered", "block_size", "shrinkage_"],
    read: EstimatedCovariance::read,
};

pub(crate) const OAS: Class = class! {
    /// Covariance, shrunk by the oracle approximating coefficient.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._shrunk_covariance.OAS", "sklearn.covariance.shrunk_covariance_.OAS"],
    training_only: ["assume_centered", "shrinkage_"],
    read: EstimatedCovariance::read,
};

pub(crate) const MIN_COV_DET: Class = class! {
    /// Robust covariance of the rows whose covariance has the least determinant.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._robust_covariance.MinCovDet", "sklearn.covariance.robust_covariance.MinCovDet"],
    training_only: ["assume_centered", "dist_", "random_state", "raw_covariance_", "raw_location_", "raw_support_", "support_", "support_fraction"],
    read: EstimatedCovariance::read,
};

pub(crate) const GRAPHICAL_LASSO: Class = class! {
    /// Covariance with a sparse inverse, by an l1 penalty.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._graph_lasso.GraphicalLasso", "sklearn.covariance.graph_lasso_.GraphicalLasso", "sklearn.covariance.graph_lasso_.GraphLasso"],
    training_only: ["alpha", "assume_centered", "costs_", "covariance", "enet_tol", "eps", "max_iter", "mode", "n_iter_", "tol", "verbose"],
    read: EstimatedCovariance::read,
};

pub(crate) const GRAPHICAL_LASSO_CV: Class = class! {
    /// Covariance with a sparse inverse, whose penalty was chosen by cross-validation.
    ///
    /// # Reads
    /// `location_`; `precision_`, or `covariance_` where `store_precision=False`.
    /// # Predicts
    /// `mahalanobis`: `(x - location_)ᵀ · precision_ · (x - location_)`. Without `precision_` it is the pseudo-inverse
    /// of `covariance_`. `get_precision` takes no rows.
    /// # Not supported
    /// `score`, the likelihood of all rows together, and `error_norm`. A pseudo-inverse of which rounding errors decide more
    /// than a millionth.
    /// # Older versions
    /// From 0.20 on rows are validated.
    paths: ["sklearn.covariance._graph_lasso.GraphicalLassoCV", "sklearn.covariance.graph_lasso_.GraphicalLassoCV", "sklearn.covariance.graph_lasso_.GraphLassoCV"],
    training_only: ["alpha", "alpha_", "alphas", "assume_centered", "costs_", "cv", "cv_alphas_", "cv_results_", "enet_tol", "eps", "grid_scores", "grid_scores_", "max_iter", "mode", "n_iter_", "n_jobs", "n_refinements", "tol", "verbose"],
    read: EstimatedCovariance::read,
};

/// The location and the inverse of the covariance.
#[derive(Debug)]
pub struct EstimatedCovariance {
    distances: Arc<Mahalanobis>,
    /// The dtype of the inverse.
    dtype: Precision,
    /// The numbers that rows may have.
    finite: Finite,
    /// Whether rounding errors do not decide the inverse.
    is_certain: bool,
}

impl EstimatedCovariance {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let stored = fields.bool("store_precision")?;
        let name = if stored { "precision_" } else { "covariance_" };
        let numbers = fields.numbers(name)?;
        let dtype = numbers.precision;
        let matrix = numbers.into_matrix().filter(|matrix| matrix.rows == matrix.cols);
        let matrix = matrix.ok_or_else(|| fields.unexpected(name, "a square matrix"))?;
        fields.expect_n_features(name, matrix.cols)?;
        let location = fields.vector_of("location_", matrix.cols)?;
        let (precision, is_certain) = match stored {
            true => (matrix, true),
            false => {
                let inverse = pseudo_inverse(&matrix);
                let is_certain = inverse.is_certain();
                (inverse.matrix, is_certain)
            }
        };
        // Read where `precision_` is not.
        fields.training_only(&["covariance_", "precision_"]);
        let finite = if fields.before(0, 20) { Finite::Any } else { Finite::All };
        Ok(Self {
            distances: Arc::new(Mahalanobis { location, precision, squares_roots: !fields.before(0, 20) }),
            dtype,
            finite,
            is_certain,
        })
    }

    pub(super) fn n_features(&self) -> usize {
        self.distances.location.len()
    }

    pub(super) fn mahalanobis(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
    ) -> Result<ValueId, Refusal> {
        if !self.is_certain {
            return plan.unsupported(method, "an ill-conditioned `covariance_`: rounding errors decide its inverse, which `store_precision=True` keeps");
        }
        let x = plan.check(input, ArrayRule::FLOATS.finite(self.finite), self.n_features());
        Ok(plan.push(&self.distances, &[x]))
    }
}

impl Estimator for EstimatedCovariance {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Mahalanobis => Ok(Output::column(self.mahalanobis(method, input, plan)?)),
            _ => plan.no_method(method),
        }
    }

    fn without_rows(&self, method: &str, _params: &Params) -> Option<Answer> {
        let precision = self.distances.precision.clone();
        (method == "get_precision" && self.is_certain)
            .then(|| Answer::One(Value::Floats(precision, self.dtype), Rank::Two))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features())
    }
}
