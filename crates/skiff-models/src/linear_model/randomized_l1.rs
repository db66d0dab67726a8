//! `sklearn.linear_model.RandomizedLasso` and `RandomizedLogisticRegression`, which 0.21 removed.

use skiff_plan::operators::{Finite, RefuseSparse};
use skiff_plan::{Method, Output, ValueId};

use crate::feature_selection::selector_mixin::{SelectedColumns, selects_columns};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const RANDOMIZED_LASSO: Class = class! {
    /// The features that a lasso of random samples selected often enough.
    ///
    /// # Reads
    /// `scores_`, `selection_threshold`.
    /// # Transforms
    /// The columns with `scores_ > selection_threshold`. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// Removed in 0.21. Before 0.19 sparse rows were an error.
    paths: ["sklearn.linear_model.randomized_l1.RandomizedLasso"],
    training_only: ["all_scores_", "alpha", "alpha_", "eps", "fit_intercept", "max_iter", "memory", "n_jobs", "n_resampling",
        "normalize", "pre_dispatch", "precompute", "random_state", "sample_fraction", "scaling", "verbose"],
    read: RandomizedLinearModel::read,
};

pub(crate) const RANDOMIZED_LOGISTIC_REGRESSION: Class = class! {
    /// The features that a logistic regression of random samples selected often enough.
    ///
    /// # Reads
    /// `scores_`, `selection_threshold`.
    /// # Transforms
    /// The columns with `scores_ > selection_threshold`. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// Removed in 0.21. Before 0.19 sparse rows were an error.
    paths: ["sklearn.linear_model.randomized_l1.RandomizedLogisticRegression"],
    training_only: ["C", "all_scores_", "fit_intercept", "memory", "n_jobs", "n_resampling", "normalize", "pre_dispatch",
        "random_state", "sample_fraction", "scaling", "tol", "verbose"],
    read: RandomizedLinearModel::read,
};

/// A fitted `BaseRandomizedLinearModel`.
#[derive(Debug)]
pub struct RandomizedLinearModel {
    columns: SelectedColumns,
    /// Whether sparse rows are refused, as before 0.19.
    is_dense: bool,
}

impl RandomizedLinearModel {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let threshold = fields.float("selection_threshold")?;
        let support = fields.vector("scores_")?.iter().map(|&score| score > threshold).collect();
        let columns = SelectedColumns::new(fields, "scores_", support, Finite::All)?;
        let is_dense = fields.before(0, 19);
        Ok(Self { columns: if is_dense { columns.keeping_dtype() } else { columns }, is_dense })
    }
}

impl Estimator for RandomizedLinearModel {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let message = "A sparse matrix was passed, but dense data is required.";
        let input = if self.is_dense { plan.push(RefuseSparse { message }, &[input]) } else { input };
        self.columns.lower(method, input, plan)
    }

    selects_columns!(self => self.columns);
}
