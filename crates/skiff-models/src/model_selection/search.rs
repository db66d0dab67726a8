//! `BaseSearchCV`: what all searches for parameters share.

use std::sync::Arc;

use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Model, NamesError, Scoring};

/// The best estimator that a search found; `None` where it was not fitted again on all data.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) best: Option<Arc<Model>>,
    /// Whether `score` is the estimator's own: no `scoring` was named.
    own_score: bool,
}

impl Search {
    /// Reads `best_estimator_`. Everything else is about the search: parameters tried, scores, folds, and the objects
    /// that made them.
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let best = if fields.has("best_estimator_") { Some(fields.model("best_estimator_")?) } else { None };
        fields.training_only(&[
            "_checked_cv_orig",
            "best_index_",
            "best_params_",
            "best_score_",
            "cv",
            "cv_results_",
            "error_score",
            "estimator",
            "fit_params",
            "grid_scores_",
            "iid",
            "loss_func",
            "multimetric_",
            "n_jobs",
            "n_splits_",
            "pre_dispatch",
            "refit",
            "refit_time_",
            "return_train_score",
            "score_func",
            "scorer_",
            "scoring",
            "verbose",
        ]);
        Ok(Self { best, own_score: !fields.has("scoring") })
    }

    /// Whatever the best estimator does. `score_samples` came with 0.24.
    pub(crate) fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        let Some(best) = &self.best else { return plan.no_method(method) };
        match method {
            Method::Predict
            | Method::PredictProba
            | Method::PredictLogProba
            | Method::DecisionFunction
            | Method::ScoreSamples
            | Method::Transform
            | Method::InverseTransform => plan.inner(best, method, input, params),
            _ => plan.no_method(method),
        }
    }

    /// What `score` compares.
    pub(crate) fn scoring(&self) -> Option<Scoring> {
        self.best.as_ref().filter(|_| self.own_score)?.estimator().scoring()
    }

    /// Searches have no `get_feature_names_out`.
    pub(crate) fn feature_names_out(header: &Header) -> Result<Vec<String>, NamesError> {
        Err(NamesError::no_method(header))
    }
}

/// Implements `Estimator` for a model whose one field is `search`.
macro_rules! search_estimator {
    ($model:ident) => {
        impl crate::model::Estimator for $model {
            fn lower(
                &self,
                method: skiff_plan::Method,
                input: skiff_plan::ValueId,
                plan: &mut crate::lowering::Lowering<'_>,
                params: &crate::lowering::Params,
            ) -> Result<skiff_plan::Output, crate::lowering::Refusal> {
                self.search.lower(method, input, plan, params)
            }

            fn classes(&self) -> Vec<std::sync::Arc<skiff_plan::value::Classes>> {
                self.search.best.as_ref().map_or_else(Vec::new, |best| best.estimator().classes())
            }

            fn scoring(&self) -> Option<crate::model::Scoring> {
                self.search.scoring()
            }

            fn feature_names_out(
                &self,
                header: &crate::lowering::Header,
                _input: &[String],
            ) -> Result<Vec<String>, crate::model::NamesError> {
                crate::model_selection::search::Search::feature_names_out(header)
            }

            fn n_features_in(&self) -> Option<usize> {
                self.search.best.as_ref()?.n_features_in()
            }

            fn feature_names_in(&self) -> Option<std::sync::Arc<[String]>> {
                self.search.best.as_ref()?.feature_names_in()
            }

            fn takes(&self) -> crate::model::Takes {
                self.search.best.as_ref().map_or(crate::model::Takes::Table, |best| best.estimator().takes())
            }

            fn takes_series(&self) -> bool {
                self.search.best.as_ref().is_some_and(|best| best.estimator().takes_series())
            }

            fn selects_by_name(&self) -> bool {
                self.search.best.as_ref().is_some_and(|best| best.estimator().selects_by_name())
            }

            fn inner(&self) -> Vec<(String, std::sync::Arc<crate::model::Model>)> {
                self.search
                    .best
                    .iter()
                    .map(|best| ("best_estimator_".to_owned(), std::sync::Arc::clone(best)))
                    .collect()
            }
        }
    };
}

pub(crate) use search_estimator;
