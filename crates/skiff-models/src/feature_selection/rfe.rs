//! `RFE`, `RFECV` and `SequentialFeatureSelector` of `sklearn.feature_selection`.

use std::sync::Arc;

use skiff_plan::operators::Finite;
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::allow_nan::allows_nan;
use super::selector_mixin::{SelectedColumns, selects_columns};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, Scoring, class};

pub(crate) const RFE: Class = class! {
    /// Recursive feature elimination, which drops the least important features step by step, and an estimator on the rest.
    ///
    /// # Reads
    /// `support_`, and `estimator_`, any supported estimator.
    /// # Predicts
    /// Each method of the estimator, on the selected columns.
    /// # Transforms
    /// The selected columns. `inverse_transform` puts zeros into the other columns.
    /// NaN and infinity are an error unless the estimator's tags allow NaN: trees, forests, histogram boosting, ensembles of them.
    paths: ["sklearn.feature_selection._rfe.RFE", "sklearn.feature_selection.rfe.RFE"],
    training_only: ["estimator", "estimator_params", "importance_getter", "n_features_", "n_features_to_select", "ranking_",
        "scores_", "step", "step_n_features_", "step_ranking_", "step_scores_", "step_support_", "verbose"],
    read: |fields| Selector::read(fields, Some(fields.model("estimator_")?)),
};

pub(crate) const RFECV: Class = class! {
    /// Like `RFE`, with the number of features with the best cross-validation score.
    ///
    /// # Reads
    /// `support_`, and `estimator_`, any supported estimator.
    /// # Predicts
    /// Each method of the estimator, on the selected columns.
    /// # Transforms
    /// The selected columns. `inverse_transform` puts zeros into the other columns.
    /// NaN and infinity are an error unless the estimator's tags allow NaN: trees, forests, histogram boosting, ensembles of them.
    paths: ["sklearn.feature_selection._rfe.RFECV", "sklearn.feature_selection.rfe.RFECV"],
    training_only: ["cv", "cv_results_", "estimator", "estimator_params", "grid_scores_", "importance_getter",
        "min_features_to_select", "n_features_", "n_jobs", "ranking_", "scoring", "step", "verbose"],
    read: |fields| Selector::read(fields, Some(fields.model("estimator_")?)),
};

pub(crate) const SEQUENTIAL_FEATURE_SELECTOR: Class = class! {
    /// Features that were added or removed one by one, each time with the best score.
    ///
    /// # Reads
    /// `support_`.
    /// # Transforms
    /// The selected columns. `inverse_transform` puts zeros into the other columns.
    /// NaN and infinity are an error unless the estimator's tags allow NaN: trees, forests, histogram boosting, ensembles of them.
    /// # Older versions
    /// New in 0.24.
    paths: ["sklearn.feature_selection._sequential.SequentialFeatureSelector"],
    training_only: ["cv", "direction", "estimator", "n_features_to_select", "n_features_to_select_", "n_jobs", "scoring", "tol"],
    read: |fields| Selector::read(fields, None),
};

/// The selected columns, and the estimator that was fitted on them.
#[derive(Debug)]
struct Selector {
    columns: SelectedColumns,
    model: Option<Arc<Model>>,
}

impl Selector {
    fn read(fields: &Fields<'_, '_>, model: Option<Arc<Model>>) -> Result<Self, ReadError> {
        let support = fields.ints("support_")?.into_iter().map(|stays| stays != 0).collect();
        let columns = SelectedColumns::new(fields, "support_", support, rows_of(fields))?;
        Ok(Self { columns, model })
    }
}

/// The numbers that rows of a selector may have: those that its estimator's tags allow.
pub(super) fn rows_of(fields: &Fields<'_, '_>) -> Finite {
    match fields.optional("estimator").is_some_and(|estimator| allows_nan(fields, estimator)) {
        true => Finite::Any,
        false => Finite::All,
    }
}

impl Estimator for Selector {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, &self.model) {
            (Method::Transform | Method::InverseTransform, _) => self.columns.lower(method, input, plan),
            (
                Method::Predict | Method::PredictProba | Method::PredictLogProba | Method::DecisionFunction,
                Some(model),
            ) => {
                let Output::One(x, _) = self.columns.lower(Method::Transform, input, plan)? else {
                    return plan.no_method(method);
                };
                plan.inner(model, method, x, params)
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.model.as_ref().map_or_else(Vec::new, |model| model.estimator().classes())
    }

    fn scoring(&self) -> Option<Scoring> {
        self.model.as_ref()?.estimator().scoring()
    }

    selects_columns!(self => self.columns);

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.model.iter().map(|model| ("estimator_".to_owned(), Arc::clone(model))).collect()
    }
}
