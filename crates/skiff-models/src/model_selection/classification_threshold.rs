//! `FixedThresholdClassifier` and `TunedThresholdClassifierCV` of `sklearn.model_selection`.

use std::sync::Arc;

use skiff_files::{Instance, Scalar};
use skiff_pickle::{Node, NodeId};
use skiff_plan::operators::{AtLeast, Elementwise, Function, TakeLabels};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use crate::custom;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::response::{column, first_response};
use crate::model::{Class, Estimator, Model, class, delegates_rows};

pub(crate) const FIXED_THRESHOLD_CLASSIFIER: Class = class! {
    /// A binary classifier with a fixed decision threshold.
    ///
    /// # Reads
    /// `estimator_`, or a fitted `estimator`, any supported classifier; `threshold`, `pos_label`, `response_method`.
    /// # Predicts
    /// The positive class where its probability, or its score, is not less than the threshold: `'auto'` is 0.5 for
    /// probabilities and 0 for scores. All other methods are the classifier's own.
    /// # Older versions
    /// New in 1.5.
    paths: ["sklearn.model_selection._classification_threshold.FixedThresholdClassifier"],
    read: |fields| ThresholdClassifier::read(fields, "threshold", read_label(fields)?.as_ref()),
};

pub(crate) const TUNED_THRESHOLD_CLASSIFIER_CV: Class = class! {
    /// A binary classifier with the decision threshold that scored best.
    ///
    /// # Reads
    /// `estimator_`, any supported classifier; `best_threshold_`, `response_method`; the positive class is that of the scorer's
    /// function.
    /// # Predicts
    /// The positive class where its probability, or its score, is not less than the threshold. All other methods are the
    /// classifier's own.
    /// # Not supported
    /// Scorers of user functions, unless they have a `pos_label`.
    /// # Older versions
    /// New in 1.5.
    paths: ["sklearn.model_selection._classification_threshold.TunedThresholdClassifierCV"],
    training_only: ["_curve_scorer", "best_score_", "cv", "cv_results_", "n_jobs", "random_state", "refit", "scoring",
        "store_cv_results", "thresholds"],
    read: |fields| ThresholdClassifier::read(fields, "best_threshold_", scorer_label(fields)?.as_ref()),
};

/// A classifier and a threshold.
#[derive(Debug)]
struct ThresholdClassifier {
    model: Arc<Model>,
    name: &'static str,
    classes: Arc<Classes>,
    /// The negative and the positive class.
    sides: Arc<Classes>,
    /// The number of the positive class.
    positive: usize,
    /// `None` for `'auto'`.
    threshold: Option<f64>,
    methods: Vec<Method>,
}

impl ThresholdClassifier {
    fn read(fields: &Fields<'_, '_>, threshold: &str, label: Option<&Scalar>) -> Result<Self, ReadError> {
        let name = if fields.has("estimator_") { "estimator_" } else { "estimator" };
        fields.training_only(&["estimator"]);
        let model = fields.model(name)?;
        let all = model.estimator().classes();
        let Some(classes) = all.first().filter(|classes| classes.len() == 2 && all.len() == 1) else {
            return Err(fields.damaged(name, "not a classifier of two classes"));
        };
        let positive = match label {
            None => 1,
            Some(label) => classes
                .position(label)
                .ok_or_else(|| fields.damaged(name, "the positive class is not in `classes_`"))?,
        };
        let threshold = match fields.scalar(threshold)? {
            Scalar::Str(text) if text == "auto" => None,
            number => Some(number.as_f64().ok_or_else(|| fields.unexpected(threshold, "a number"))?),
        };
        let methods = match fields.string("response_method")?.as_str() {
            "auto" => vec![Method::PredictProba, Method::DecisionFunction],
            "predict_proba" => vec![Method::PredictProba],
            "decision_function" => vec![Method::DecisionFunction],
            other => return Err(fields.unsupported("response_method", format!("`{other}`"))),
        };
        let sides = Arc::new(classes.select(&[1 - positive, positive]));
        Ok(Self { classes: Arc::clone(classes), model, name, sides, positive, threshold, methods })
    }

    fn predict(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let (method, value, _) = first_response(&self.model, &self.methods, input, plan)?;
        let score = match (method, self.positive) {
            (Method::PredictProba, positive) => column(value, positive, plan),
            (_, 0) => plan.push(Elementwise { function: Function::Negative }, &[value]),
            _ => value,
        };
        let automatic = if method == Method::PredictProba { 0.5 } else { 0.0 };
        let bound = self.threshold.unwrap_or(automatic);
        let numbers = plan.push(AtLeast { bound }, &[score]);
        Ok(Output::column(plan.push(TakeLabels::of(&self.sides), &[numbers])))
    }
}

/// The parameter `pos_label`.
fn read_label(fields: &Fields<'_, '_>) -> Result<Option<Scalar>, ReadError> {
    let label = fields.scalar("pos_label")?;
    Ok((label != Scalar::None).then_some(label))
}

/// The functions of `sklearn.metrics` whose parameter `pos_label` is 1 unless it is set.
const POSITIVE_IS_ONE: [&str; 6] =
    ["average_precision_score", "f1_score", "fbeta_score", "jaccard_score", "precision_score", "recall_score"];
/// Those that have no such parameter, or `None` for it.
const NO_POSITIVE: [&str; 11] = [
    "accuracy_score",
    "balanced_accuracy_score",
    "brier_score_loss",
    "cohen_kappa_score",
    "d2_brier_score",
    "d2_log_loss_score",
    "hamming_loss",
    "log_loss",
    "matthews_corrcoef",
    "roc_auc_score",
    "zero_one_loss",
];

/// `_curve_scorer._get_pos_label()`: the argument that the scorer was made with, or the default of its function.
fn scorer_label(fields: &Fields<'_, '_>) -> Result<Option<Scalar>, ReadError> {
    let is_scorer = |object: &Instance<'_>| object.name == "_CurveScorer";
    fields.object_in("_curve_scorer", "a `_CurveScorer`", is_scorer, |scorer| {
        scorer.training_only(&["_deprecation_msg", "_response_method", "_sign", "_thresholds"]);
        let Node::Dict(pairs) = scorer.graph().node(scorer.required("_kwargs")?) else {
            return Err(scorer.unexpected("_kwargs", "a dict of arguments"));
        };
        let function = scorer.required("_score_func")?;
        let given = pairs.iter().rev().find(|(key, _)| scorer.graph().str_of(*key) == Some("pos_label"));
        if let Some(&(_, value)) = given {
            let label = scorer.scalar_at(value, &scorer.path_of("_kwargs"))?;
            return Ok((label != Scalar::None).then_some(label));
        }
        default_label(scorer, function)
    })
}

fn default_label(fields: &Fields<'_, '_>, function: NodeId) -> Result<Option<Scalar>, ReadError> {
    let name = custom::name_of(fields.graph(), function).map(|(name, _)| name).unwrap_or_default();
    let own = name.strip_prefix("sklearn.metrics.").and_then(|path| path.rsplit('.').next());
    match own {
        Some(own) if POSITIVE_IS_ONE.contains(&own) => Ok(Some(Scalar::Int(1))),
        Some(own) if NO_POSITIVE.contains(&own) => Ok(None),
        _ => Err(fields.unsupported("_score_func", format!("the function `{name}`, whose `pos_label` is unknown"))),
    }
}

impl Estimator for ThresholdClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => self.predict(input, plan),
            Method::PredictProba | Method::PredictLogProba | Method::DecisionFunction => {
                plan.inner(&self.model, method, input, &Params::default())
            }
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes)]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![(self.name.to_owned(), Arc::clone(&self.model))]
    }

    delegates_rows!(self => Some(&self.model));
}
