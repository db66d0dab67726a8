//! `XGBModel`: what the wrappers share.

use std::sync::Arc;

use super::booster::{Asked, Booster};
use crate::computed::Computed;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{ComputedAttribute, Model};
use skiff_plan::Method;

/// The attributes of all versions that no prediction depends on.
const TRAINING_ONLY: &[&str] = &[
    "base_score",
    "callbacks",
    "colsample_bylevel",
    "colsample_bynode",
    "colsample_bytree",
    "device",
    "early_stopping_rounds",
    "enable_categorical",
    "eval_metric",
    "evals_result_",
    "feature_types",
    "feature_weights",
    "gamma",
    "gpu_id",
    "grow_policy",
    "importance_type",
    "interaction_constraints",
    "kwargs",
    "learning_rate",
    "max_bin",
    "max_cat_threshold",
    "max_cat_to_onehot",
    "max_delta_step",
    "max_depth",
    "max_leaves",
    "min_child_weight",
    "monotone_constraints",
    "multi_strategy",
    "n_estimators",
    "n_jobs",
    "num_parallel_tree",
    "objective",
    "predictor",
    "normalize_type",
    "one_drop",
    "random_state",
    "rate_drop",
    "reg_alpha",
    "reg_lambda",
    "sample_type",
    "sampling_method",
    "scale_pos_weight",
    "skip_drop",
    "subsample",
    "tree_method",
    "use_label_encoder",
    "validate_parameters",
    "verbosity",
];

/// A wrapper, without its classes.
#[derive(Debug)]
pub(super) struct Wrapper {
    model: Arc<Model>,
    pub(super) booster: Booster,
}

impl Wrapper {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let model = fields.model("_Booster")?;
        let Some(booster) = model.downcast::<Booster>().cloned() else {
            return Err(fields.unexpected("_Booster", "an `xgboost.Booster`"));
        };
        if fields.float_or_none("missing")?.is_some_and(|missing| !missing.is_nan()) {
            return Err(fields.unsupported("missing", "a number as the marker of missing values"));
        }
        match fields.string_or_none("booster")?.as_deref() {
            None | Some("gbtree" | "dart" | "gblinear") => {}
            Some(other) => return Err(fields.unsupported("booster", format!("`{other}`"))),
        }
        if let Some(objective) = fields.optional("objective") {
            // What the wrapper does with answers depends on it.
            let objective = fields.graph().str_of(objective);
            if objective != Some(booster.objective()) {
                return Err(fields.unsupported("objective", "an objective that differs from the booster's"));
            }
        }
        fields.training_only(TRAINING_ONLY);
        Ok(Self { model, booster })
    }

    /// The arguments of a method, which asks the iterations up to the best one.
    pub(super) fn asked(&self, method: Method, params: &Params, plan: &Lowering<'_>) -> Result<Asked, Refusal> {
        self.booster.asked(method, self.booster.best_iteration(), params, plan)
    }

    pub(super) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("_Booster".to_owned(), Arc::clone(&self.model))]
    }

    pub(super) fn feature_names(&self) -> Option<Arc<[String]>> {
        self.booster.feature_names().cloned()
    }

    pub(super) fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        vec![("n_features_in_", Box::new(move |_| Some(Computed::Count(self.booster.n_features()))))]
    }
}
