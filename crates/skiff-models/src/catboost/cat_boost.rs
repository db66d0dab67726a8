//! `catboost.CatBoostClassifier`, `CatBoostRegressor`, `CatBoostRanker` and their base.

use std::ops::Range;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::kernels::cat_trees::CatTrees;
use skiff_plan::operators::{
    Argmax, BoostedLink, BothSides, CatCounter, CatCounters, CatEnsemble, CatRows, Concatenate, Elementwise, Function,
    GreaterThan, Layout, SelectColumns, Selection, SubtractLogSumExp, TakeLabels,
};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::model_bytes::ModelBytes;
use crate::computed::Computed;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Scoring, class};

pub(crate) const CAT_BOOST_CLASSIFIER: Class = class! {
    /// CatBoost's classifier.
    ///
    /// # Reads
    /// The bytes of the model in the state's `__model`, which are in CatBoost's format `cbm`. Nothing of CatBoost is loaded.
    /// # Predicts
    /// Raw scores are `scale · (sum of one leaf of each tree) + bias`, in `float64` and in the order of the trees, of each
    /// class if there are several. Probabilities of two classes are `1 / (1 + exp(x))` and `1 / (1 + exp(-x))`, of
    /// several the softmax, or with `MultiClassOneVsAll` the sigmoid of each. The label of two classes is the second if the
    /// score is above the model's threshold, else that of the greatest score, as a matrix of one column. `predict` takes
    /// `prediction_type`; all methods take `ntree_start` and `ntree_end`, and leave the bias out after the first tree.
    ///
    /// Numbers become `float32`; a row is to the right of a border that its number is above. NaN is above none, or less or
    /// more than all numbers, by what the fit saw. A category is known by the hash of its text (`CityHash64`); one of few
    /// values is compared, one of many becomes shares of the target's classes that were counted in the fit, alone and in
    /// combinations. (`NModelEvaluation` and `TStaticCtrProvider` of CatBoost's source.)
    /// # Not supported
    /// Text and embedding features; several labels at once; labels of models without `class_params`; a list of features
    /// for one row. `skiff.load` does not make the estimator: CatBoost would.
    /// # Older versions
    /// Models of CatBoost 0.24 and later name their classes.
    paths: ["catboost.core.CatBoostClassifier"],
    read: |fields: &Fields<'_, '_>| CatBoost::read(fields, Kind::Classifier),
};

pub(crate) const CAT_BOOST_REGRESSOR: Class = class! {
    /// CatBoost's regressor.
    ///
    /// # Reads
    /// As `CatBoostClassifier`.
    /// # Predicts
    /// The raw score; its exponential for `Poisson` and `Tweedie`; with `RMSEWithUncertainty` the score and the exponential
    /// of twice the second one. Of several targets a matrix.
    /// # Not supported
    /// As `CatBoostClassifier`.
    /// # Older versions
    /// As `CatBoostClassifier`.
    paths: ["catboost.core.CatBoostRegressor"],
    read: |fields: &Fields<'_, '_>| CatBoost::read(fields, Kind::Regressor),
};

pub(crate) const CAT_BOOST_RANKER: Class = class! {
    /// CatBoost's ranker.
    ///
    /// # Reads
    /// As `CatBoostClassifier`.
    /// # Predicts
    /// The raw score, of which a greater one comes first in its group.
    /// # Not supported
    /// As `CatBoostClassifier`.
    /// # Older versions
    /// As `CatBoostClassifier`.
    paths: ["catboost.core.CatBoostRanker"],
    read: |fields: &Fields<'_, '_>| CatBoost::read(fields, Kind::Ranker),
};

pub(crate) const CAT_BOOST: Class = class! {
    /// The base of CatBoost's estimators, trained for any loss.
    ///
    /// # Reads
    /// As `CatBoostClassifier`.
    /// # Predicts
    /// The raw score, or what `prediction_type` asks for.
    /// # Not supported
    /// As `CatBoostClassifier`.
    /// # Older versions
    /// As `CatBoostClassifier`.
    paths: ["catboost.core.CatBoost"],
    read: |fields: &Fields<'_, '_>| CatBoost::read(fields, Kind::Base),
};

/// The state beside the model: parameters of the constructor, and what is kept for plots.
const TRAINING_ONLY: &[&str] = &[
    "_loss_value_change",
    "_prediction_values_change",
    "_test_eval",
    "_test_evals",
    "allow_const_label",
    "allow_writing_files",
    "approx_on_full_history",
    "auto_class_weights",
    "bagging_temperature",
    "best_model_min_trees",
    "boost_from_average",
    "boosting_type",
    "bootstrap_type",
    "border_count",
    "callback",
    "cat_features",
    "class_names",
    "class_weights",
    "classes_count",
    "colsample_bylevel",
    "combinations_ctr",
    "counter_calc_method",
    "ctr_description",
    "ctr_history_unit",
    "ctr_leaf_count_limit",
    "ctr_target_border_count",
    "custom_loss",
    "custom_metric",
    "data_partition",
    "depth",
    "dev_efb_max_buckets",
    "dev_score_calc_obj_block_size",
    "device_config",
    "devices",
    "dictionaries",
    "diffusion_temperature",
    "early_stopping_rounds",
    "embedding_features",
    "eta",
    "eval_fraction",
    "eval_metric",
    "feature_border_type",
    "feature_calcers",
    "feature_weights",
    "final_ctr_computation_mode",
    "first_feature_use_penalties",
    "fixed_binary_splits",
    "fold_len_multiplier",
    "fold_permutation_block",
    "gpu_cat_features_storage",
    "gpu_ram_part",
    "grow_policy",
    "has_time",
    "ignored_features",
    "input_borders",
    "iterations",
    "kwargs",
    "l2_leaf_reg",
    "langevin",
    "leaf_estimation_backtracking",
    "leaf_estimation_iterations",
    "leaf_estimation_method",
    "learning_rate",
    "logging_level",
    "max_bin",
    "max_ctr_complexity",
    "max_depth",
    "max_leaves",
    "metadata",
    "metric_period",
    "min_child_samples",
    "min_data_in_leaf",
    "model_shrink_mode",
    "model_shrink_rate",
    "model_size_reg",
    "monotone_constraints",
    "mvs_reg",
    "n_estimators",
    "name",
    "nan_mode",
    "num_boost_round",
    "num_leaves",
    "num_trees",
    "od_pval",
    "od_type",
    "od_wait",
    "one_hot_max_size",
    "output_borders",
    "penalties_coefficient",
    "per_feature_ctr",
    "per_float_feature_quantization",
    "per_object_feature_penalties",
    "pinned_memory_size",
    "posterior_sampling",
    "random_score_type",
    "random_seed",
    "random_state",
    "random_strength",
    "reg_lambda",
    "rsm",
    "sampling_frequency",
    "sampling_unit",
    "save_snapshot",
    "scale_pos_weight",
    "score_function",
    "silent",
    "simple_ctr",
    "snapshot_file",
    "snapshot_interval",
    "sparse_features_conflict_fraction",
    "store_all_simple_ctr",
    "subsample",
    "target_border",
    "task_type",
    "text_features",
    "text_processing",
    "thread_count",
    "tokenizers",
    "train_dir",
    "use_best_model",
    "used_ram_limit",
    "verbose",
];

/// A model of CatBoost's.
#[derive(Debug)]
pub struct CatBoost {
    kind: Kind,
    rows: Arc<CatRows>,
    counters: Arc<[CatCounter]>,
    trees: Arc<CatTrees>,
    scale: f64,
    bias: Vec<f64>,
    loss: String,
    classes: Option<Arc<Classes>>,
    border: f64,
    by_default: Prediction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Base,
    Classifier,
    Ranker,
    Regressor,
}

/// What is made of raw scores: CatBoost's `prediction_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prediction {
    Class,
    Exponent,
    LogProbability,
    Probability,
    Raw,
    Uncertainty,
}

impl CatBoost {
    /// Reads and checks the state.
    fn read(fields: &Fields<'_, '_>, kind: Kind) -> Result<Self, ReadError> {
        let node = fields.required("__model")?;
        let path = fields.path_of("__model");
        let Scalar::Bytes(bytes) = fields.scalar_at(node, &path)? else {
            return Err(fields.unexpected_at(node, &path, "the bytes of a model"));
        };
        // A split takes four bytes there and up to sixteen here, a node eight and 28, a count twelve and about 32.
        fields.spend(&path, bytes.len().saturating_mul(4))?;
        let model = ModelBytes::read(&bytes).map_err(|kind| ReadError::new(path.clone(), kind))?;
        let by_default = match kind {
            Kind::Classifier => Prediction::Class,
            Kind::Base | Kind::Ranker => Prediction::Raw,
            Kind::Regressor => regression(fields)?,
        };
        if kind != Kind::Regressor {
            fields.training_only(&["loss_function", "objective"]);
        }
        fields.training_only(TRAINING_ONLY);
        let columns = model.trees.columns;
        if by_default == Prediction::Uncertainty && columns != 2 {
            return Err(fields.damaged("__model", format!("{columns} scores of a value and its uncertainty")));
        }
        let is_of = |count: usize| count == columns || (count, columns) == (2, 1);
        if let Some(classes) = &model.classes
            && kind == Kind::Classifier
            && !is_of(classes.len())
        {
            return Err(fields.damaged("__model", format!("{} classes with {columns} columns", classes.len())));
        }
        Ok(Self {
            kind,
            rows: Arc::new(model.rows),
            counters: model.counters.into(),
            trees: Arc::new(model.trees),
            scale: model.scale,
            bias: model.bias,
            loss: model.loss,
            classes: model.classes.map(Arc::new),
            border: model.border,
            by_default,
        })
    }

    /// Whether each score stands for a question of its own.
    fn has_own_scores(&self) -> bool {
        matches!(self.loss.as_str(), "MultiClassOneVsAll" | "MultiLogloss" | "MultiCrossEntropy")
    }

    /// The trees that a call asks for.
    fn range(&self, method: Method, params: &Params, plan: &Lowering<'_>) -> Result<Range<usize>, Refusal> {
        let int = |name: &str| match params.get(name) {
            None => Ok(0),
            Some(Scalar::Int(value)) => Ok(*value),
            Some(_) => plan.unsupported(method, format!("a `{name}` that is not an integer")),
        };
        let all = self.trees.trees.len();
        let (start, end) = (int("ntree_start")?, int("ntree_end")?);
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        match range {
            Some((0, 0)) => Ok(0..all),
            Some((start, end)) if start < end && end <= all => Ok(start..end),
            _ => plan.unsupported(method, format!("the range of trees [{start}, {end}) of {all}")),
        }
    }

    /// What a call asks for.
    fn prediction(&self, method: Method, params: &Params, plan: &Lowering<'_>) -> Result<Prediction, Refusal> {
        match (method, self.kind) {
            (Method::PredictProba, Kind::Classifier) => return Ok(Prediction::Probability),
            (Method::PredictLogProba, Kind::Classifier) => return Ok(Prediction::LogProbability),
            (Method::Predict, _) => {}
            _ => return plan.no_method(method),
        }
        if self.kind == Kind::Ranker {
            return Ok(Prediction::Raw);
        }
        match params.get("prediction_type") {
            None | Some(Scalar::None) => Ok(self.by_default),
            Some(Scalar::Str(kind)) => Ok(match kind.as_str() {
                "Class" => Prediction::Class,
                "Exponent" => Prediction::Exponent,
                "LogProbability" => Prediction::LogProbability,
                "Probability" => Prediction::Probability,
                "RawFormulaVal" => Prediction::Raw,
                other => return plan.unsupported(method, format!("the `prediction_type` {other:?}")),
            }),
            Some(_) => plan.unsupported(method, "a `prediction_type` that is not text"),
        }
    }

    /// Labels, as a matrix where there are several scores.
    fn labels(&self, method: Method, scores: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let is_single = self.trees.columns == 1;
        let Some(classes) = &self.classes else {
            return plan.unsupported(method, "a model that does not name its classes");
        };
        if !is_single && self.loss.starts_with("MultiLogloss") || self.loss.starts_with("MultiCrossEntropy") {
            return plan.unsupported(method, "several labels at once");
        }
        let number = match is_single {
            true => plan.push(GreaterThan { bound: self.border }, &[scores]),
            false => plan.push(Argmax, &[scores]),
        };
        let labels = plan.push(TakeLabels::of(classes), &[number]);
        Ok(if is_single { Output::column(labels) } else { Output::matrix(labels) })
    }

    /// Probabilities, or their logarithms.
    fn probabilities(&self, scores: ValueId, log: bool, plan: &mut Lowering<'_>) -> ValueId {
        let is_single = self.trees.columns == 1;
        if !is_single && !self.has_own_scores() {
            return match log {
                true => plan.push(SubtractLogSumExp, &[scores]),
                false => plan.push(BoostedLink::Softmax, &[scores]),
            };
        }
        let scores = if is_single { plan.push(BothSides::Negative, &[scores]) } else { scores };
        let steps: &[Function] = match log {
            // Minus the logarithm of `1 + exp(-x)`.
            true => &[Function::Negative, Function::Exp, Function::Add(1.0), Function::Log, Function::Negative],
            false => &[Function::Expit],
        };
        steps.iter().fold(scores, |value, &function| plan.push(Elementwise { function }, &[value]))
    }
}

/// What a regressor predicts: by the parameter of its constructor, not by the loss of the model.
fn regression(fields: &Fields<'_, '_>) -> Result<Prediction, ReadError> {
    let mut found = Prediction::Raw;
    for name in ["loss_function", "objective"] {
        let loss = match fields.optional(name) {
            Some(node) => fields.graph().str_of(node).unwrap_or_default(),
            None => continue,
        };
        if loss.starts_with("Poisson") || loss.starts_with("Tweedie") {
            found = Prediction::Exponent;
        } else if loss == "RMSEWithUncertainty" {
            found = Prediction::Uncertainty;
        }
    }
    Ok(found)
}

impl Estimator for CatBoost {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        let prediction = self.prediction(method, params, plan)?;
        let range = self.range(method, params, plan)?;
        let mut width = self.rows.width();
        let mut x = plan.push(&self.rows, &[input]);
        if !self.counters.is_empty() {
            x = plan.push(CatCounters { counters: Arc::clone(&self.counters), width }, &[x]);
            width += self.counters.len();
        }
        let bias = if range.start == 0 { self.bias.clone() } else { vec![0.0; self.trees.columns] };
        let ensemble = CatEnsemble { trees: Arc::clone(&self.trees), width, range, scale: self.scale, bias };
        let scores = plan.push(ensemble, &[x]);
        let raw = |value: ValueId| if self.trees.columns == 1 { Output::column(value) } else { Output::matrix(value) };
        match prediction {
            Prediction::Class => self.labels(method, scores, plan),
            Prediction::Exponent => Ok(raw(plan.push(Elementwise { function: Function::Exp }, &[scores]))),
            Prediction::LogProbability => Ok(Output::matrix(self.probabilities(scores, true, plan))),
            Prediction::Probability => Ok(Output::matrix(self.probabilities(scores, false, plan))),
            Prediction::Raw => Ok(raw(scores)),
            Prediction::Uncertainty => {
                let column = |place, plan: &mut Lowering<'_>| {
                    let by = Selection::Places(vec![place]);
                    plan.push(SelectColumns { by, series: false }, &[scores])
                };
                let value = column(0, plan);
                let deviation = column(1, plan);
                let double = plan.push(Elementwise { function: Function::Multiply(2.0) }, &[deviation]);
                let variance = plan.push(Elementwise { function: Function::Exp }, &[double]);
                Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Dense }, &[value, variance])))
            }
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.classes.iter().filter(|_| self.kind == Kind::Classifier).cloned().collect()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.rows.features.len())
    }

    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.rows.names.clone()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        vec![
            ("n_features_in_", Box::new(move |_| Some(Computed::Count(self.rows.features.len())))),
            ("tree_count_", Box::new(move |_| Some(Computed::Count(self.trees.trees.len())))),
        ]
    }

    fn scoring(&self) -> Option<Scoring> {
        (self.kind == Kind::Regressor).then_some(Scoring::R2)
    }
}
