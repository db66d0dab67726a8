//! `sklearn.pipeline.Pipeline`.

use std::ops::Range;
use std::sync::Arc;

use skiff_files::Instance;
use skiff_pickle::NodeId;
use skiff_plan::operators::NameColumns;
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Frame, Model, NamesError, Scoring, Takes, class};

pub(crate) const PIPELINE: Class = class! {
    /// Transformers one after the other, and an estimator at the end.
    ///
    /// # Reads
    /// `steps`; `'passthrough'` and `None` are identity steps.
    /// # Predicts
    /// Each method of the last estimator, on what the steps before make of the rows.
    /// # Transforms
    /// `transform` runs all steps, `inverse_transform` all of them backwards.
    ///
    /// A pipeline of imbalanced-learn (`imblearn.pipeline.Pipeline`) is read as well: its samplers only take part in the
    /// fit, and every other method passes them over; and what sklearn-pandas makes of lists of transformers.
    /// # Not supported
    /// Arguments that metadata routing would hand to steps before the last one.
    /// # Older versions
    /// The state has been the same since 0.17, but for `transform_input` (1.6) and `verbose` (0.21).
    paths: ["sklearn.pipeline.Pipeline", IMBLEARN_PIPELINE, "sklearn_pandas.pipeline.TransformerPipeline"],
    read: Pipeline::read,
};

/// A fitted `Pipeline`.
#[derive(Debug)]
pub struct Pipeline {
    /// `steps`: `None` for `'passthrough'`, `None`, and samplers of imbalanced-learn.
    steps: Vec<Option<Arc<Model>>>,
}

impl Pipeline {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let mut steps = Vec::new();
        let all = fields.list("steps")?;
        let last = all.len().saturating_sub(1);
        for (index, node) in all.into_iter().enumerate() {
            let path = format!("{}[{index}]", fields.path_of("steps"));
            let &[_name, estimator] = fields.list_at(node, &path)?.as_slice() else {
                return Err(fields.unexpected_at(node, &path, "a pair of name and estimator"));
            };
            let model = match fields.graph().str_of(estimator) {
                Some("passthrough") => None,
                _ if matches!(fields.graph().node(estimator), skiff_pickle::Node::None) => None,
                _ if index < last && fields.is_class(IMBLEARN_PIPELINE) && is_sampler(fields, estimator) => None,
                _ => Some(fields.model_at(estimator, path)?),
            };
            steps.push(model);
        }
        if steps.is_empty() {
            return Err(fields.damaged("steps", "a pipeline without steps"));
        }
        fields.training_only(&["memory", "named_steps", "transform_input", "verbose"]);
        Ok(Self { steps })
    }

    /// The rows as the steps `0..end` transform them.
    fn transform(&self, end: usize, mut value: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        for (index, step) in self.steps.iter().enumerate().take(end) {
            let Some(model) = step else { continue };
            value = plan.inner_value(model, Method::Transform, value)?;
            // The output is a DataFrame: a later step that selects by name needs the names.
            let mut later = self.steps.iter().skip(index + 1).flatten();
            if model.header().set_output.is_some()
                && later.next().is_some_and(|next| next.estimator().selects_by_name())
                && let Ok(names) = model.feature_names_out(None)
            {
                value = plan.push(NameColumns { names: names.into() }, &[value]);
            }
        }
        Ok(value)
    }

    fn last(&self) -> Option<&Arc<Model>> {
        self.steps.last()?.as_ref()
    }
}

const IMBLEARN_PIPELINE: &str = "imblearn.pipeline.Pipeline";

/// The classes of imbalanced-learn that have `fit_resample`, with the first part of their module.
const SAMPLERS: &[(&str, &[&str])] = &[
    ("imblearn.base", &["FunctionSampler"]),
    ("imblearn.combine.", &["SMOTEENN", "SMOTETomek"]),
    (
        "imblearn.over_sampling.",
        &["ADASYN", "BorderlineSMOTE", "KMeansSMOTE", "RandomOverSampler", "SMOTE", "SMOTEN", "SMOTENC", "SVMSMOTE"],
    ),
    (
        "imblearn.under_sampling.",
        &[
            "AllKNN",
            "ClusterCentroids",
            "CondensedNearestNeighbour",
            "EditedNearestNeighbours",
            "InstanceHardnessThreshold",
            "NearMiss",
            "NeighbourhoodCleaningRule",
            "OneSidedSelection",
            "RandomUnderSampler",
            "RepeatedEditedNearestNeighbours",
            "TomekLinks",
        ],
    ),
];

/// Whether the object is a sampler of imbalanced-learn: a step that `_iter` of its pipelines passes over.
fn is_sampler(fields: &Fields<'_, '_>, node: NodeId) -> bool {
    let Some(instance) = Instance::read(fields.graph(), node) else { return false };
    let known =
        |(module, names): &(&str, &[&str])| instance.module.starts_with(module) && names.contains(&instance.name);
    SAMPLERS.iter().any(known)
}

impl Estimator for Pipeline {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let before = self.transform(self.steps.len() - 1, input, plan)?;
                match self.last() {
                    Some(last) => plan.inner(last, method, before, params),
                    None => Ok(Output::matrix(before)),
                }
            }
            Method::InverseTransform => {
                let mut value = input;
                for model in self.steps.iter().rev().flatten() {
                    value = plan.inner_value(model, method, value)?;
                }
                Ok(Output::matrix(value))
            }
            Method::Predict
            | Method::PredictProba
            | Method::PredictLogProba
            | Method::DecisionFunction
            | Method::ScoreSamples => match self.last() {
                Some(last) => {
                    let before = self.transform(self.steps.len() - 1, input, plan)?;
                    plan.inner(last, method, before, params)
                }
                None => plan.no_method(method),
            },
            _ => plan.no_method(method),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.last().map_or_else(Vec::new, |last| last.estimator().classes())
    }

    fn scoring(&self) -> Option<Scoring> {
        self.last()?.estimator().scoring()
    }

    fn feature_names_out(&self, _header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        let mut names = input.to_vec();
        for model in self.steps.iter().flatten() {
            names = model.feature_names_out(Some(&names))?;
        }
        Ok(names)
    }

    fn frame(&self, _model: &Model, input: &Frame) -> Result<Frame, NamesError> {
        self.steps.iter().flatten().try_fold(input.clone(), |frame, step| step.frame(&frame))
    }

    fn n_features_in(&self) -> Option<usize> {
        self.steps.first()?.as_ref()?.n_features_in()
    }

    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.steps.first()?.as_ref()?.feature_names_in()
    }

    fn takes(&self) -> Takes {
        self.steps.iter().flatten().next().map_or(Takes::Table, |first| first.estimator().takes())
    }

    fn takes_series(&self) -> bool {
        self.steps.iter().flatten().next().is_some_and(|first| first.estimator().takes_series())
    }

    fn selects_by_name(&self) -> bool {
        self.steps.iter().flatten().next().is_some_and(|first| first.estimator().selects_by_name())
    }

    fn part(&self, part: Range<usize>) -> Option<Box<dyn Estimator>> {
        let steps = self.steps.get(part).filter(|steps| !steps.is_empty())?;
        Some(Box::new(Self { steps: steps.to_vec() }))
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let steps = self.steps.iter().enumerate();
        steps.filter_map(|(index, step)| Some((format!("steps[{index}]"), step.clone()?))).collect()
    }
}
