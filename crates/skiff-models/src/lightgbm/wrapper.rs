//! `LGBMModel`: what the wrappers share.

use std::sync::Arc;

use skiff_pickle::Node;
use skiff_plan::operators::BoostedLink;
use skiff_plan::value::IntKind;

use super::booster::Booster;
use crate::computed::Computed;
use crate::fields::{Fields, ReadError};
use crate::model::{ComputedAttribute, Model};

/// The attributes of all versions that no prediction depends on.
const TRAINING_ONLY: &[&str] = &[
    "_Booster",
    "_best_iteration",
    "_best_score",
    "_class_map",
    "_class_weight",
    "_eval_at",
    "_evals_result",
    "_fitted_with_feature_names",
    "_fobj",
    "_n_classes",
    "boosting_type",
    "class_weight",
    "colsample_bytree",
    "fitted_",
    "importance_type",
    "learning_rate",
    "max_depth",
    "min_child_samples",
    "min_child_weight",
    "min_split_gain",
    "n_estimators",
    "n_jobs",
    "nthread",
    "num_leaves",
    "objective",
    "random_state",
    "reg_alpha",
    "reg_lambda",
    "seed",
    "silent",
    "subsample",
    "subsample_for_bin",
    "subsample_freq",
];

/// A wrapper, without its classes.
#[derive(Debug)]
pub(super) struct Wrapper {
    model: Arc<Model>,
    pub(super) booster: Booster,
    by_gain: bool,
}

impl Wrapper {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let model = fields.model("_Booster")?;
        let Some(booster) = model.downcast::<Booster>().cloned() else {
            return Err(fields.unexpected("_Booster", "a `lightgbm.Booster`"));
        };
        for name in ["_n_features", "_n_features_in"] {
            if fields.has(name) {
                fields.expect_len(name, fields.count(name)?, booster.n_features())?;
            }
        }
        if let Some(node) = fields.optional("_objective")
            && fields.graph().str_of(node).is_none()
        {
            return Err(fields.unsupported("_objective", "a custom objective"));
        }
        let by_gain = match fields.string_or_none("importance_type")?.as_deref() {
            None | Some("split") => false,
            Some("gain") => true,
            Some(other) => return Err(fields.unsupported("importance_type", format!("`{other}`"))),
        };
        read_other_params(fields)?;
        fields.training_only(TRAINING_ONLY);
        Ok(Self { model, booster, by_gain })
    }

    /// The number of classes of the objective.
    pub(super) fn n_classes(&self) -> Option<usize> {
        match (self.booster.link(), self.booster.columns()) {
            (Some(BoostedLink::Logistic { .. }), 1) => Some(2),
            (Some(BoostedLink::Softmax | BoostedLink::Logistic { .. }), columns) => Some(columns),
            _ => None,
        }
    }

    pub(super) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![("_Booster".to_owned(), Arc::clone(&self.model))]
    }

    pub(super) fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let importances = || {
            let (counts, gains) = self.booster.importances();
            let int32 = IntKind::Int { bytes: 4, signed: true };
            if self.by_gain { Computed::vector(gains.clone()) } else { Computed::integers(counts.clone(), int32) }
        };
        let iterations = || Computed::Count(self.booster.iterations());
        vec![
            ("feature_importances_", Box::new(move |_| Some(importances()))),
            ("n_estimators_", Box::new(move |_| Some(iterations()))),
            ("n_features_in_", Box::new(move |_| Some(Computed::Count(self.booster.n_features())))),
            ("n_iter_", Box::new(move |_| Some(iterations()))),
        ]
    }
}

/// `_other_params`: parameters of training that the constructor does not name are attributes as well. Those of
/// predicting change the answer.
fn read_other_params(fields: &Fields<'_, '_>) -> Result<(), ReadError> {
    let Some(node) = fields.optional("_other_params") else { return Ok(()) };
    let Node::Dict(pairs) = fields.graph().node(node) else {
        return Err(fields.unexpected("_other_params", "a dict"));
    };
    for &(name, value) in pairs {
        let Some(name) = fields.graph().name_of(name) else {
            return Err(fields.unexpected("_other_params", "names of parameters"));
        };
        let is_predicting = name.starts_with("pred") || name.contains("_predict") || name.contains("raw_score");
        if is_predicting && !matches!(fields.graph().node(value), Node::None | Node::Bool(false)) {
            return Err(fields.unsupported("_other_params", format!("the parameter `{name}`")));
        }
        fields.training_only(&[name]);
    }
    Ok(())
}
