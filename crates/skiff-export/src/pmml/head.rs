//! From the plans of a model to the last model of its document, and the chain that leads to it.

use std::collections::{HashMap, HashSet};

use skiff_files::Scalar as FileScalar;
use skiff_models::Model as SkiffModel;
use skiff_plan::operators::{AnyOperator, TreeTables};
use skiff_plan::value::{Classes, IntKind};
use skiff_plan::{Method, Output, Plan, Rank, ValueId};

use super::INSTEAD;
use super::classification::Classification;
use super::clustering_model::ClusteringModel;
use super::document::Target;
use super::expression::{Expr, ExprId, Scalar};
use super::model::{Body, Feature, Function, Model, OutputField, Owner, Score, Segment};
use super::translation::{PlanValues, Translation};
use super::tree_model::{Node, Test, TreeModel};
use super::xml;
use crate::ExportError;
use crate::expand::Refused;

/// The last model of a document.
pub(super) struct Head {
    pub model: Model,
    pub target: Target,
    pub has_probabilities: bool,
    /// Why probabilities are not in it.
    pub refused: Option<Refused>,
}

/// Why there is none.
pub(super) enum Why {
    Operator(Refused),
    Shape(&'static str),
}

impl From<Refused> for Why {
    fn from(refused: Refused) -> Self {
        Self::Operator(refused)
    }
}

impl Why {
    pub(super) fn into_error(self, method: Method, plan: &Plan, model: &SkiffModel) -> ExportError {
        match self {
            Self::Operator(Refused { node, reason }) => match plan.nodes().get(node) {
                Some(node) => ExportError::Operator {
                    method,
                    estimator: node.estimator.to_string(),
                    operator: node.operator.name(),
                    reason: format!("{reason}; {INSTEAD}"),
                },
                None => Self::Shape("it returns its input").into_error(method, plan, model),
            },
            Self::Shape(reason) => ExportError::Signature {
                method,
                estimator: model.header().class.clone(),
                reason: format!("{reason}; {INSTEAD}"),
            },
        }
    }
}

/// The last model of a document, from the plans of `predict` and `predict_proba`.
pub(super) fn head(
    translation: &mut Translation,
    predict: &mut PlanValues<'_>,
    proba: &mut Option<PlanValues<'_>>,
) -> Result<Head, Why> {
    let Output::One(value, rank) = predict.plan.output() else {
        return Err(Why::Shape("it returns several arrays"));
    };
    let (value, rank) = (*value, *rank);
    let several = Why::Shape("a PMML model has one target, and it has several outputs");
    match predict.node(value).map(|node| &node.operator) {
        Some(AnyOperator::TakeLabels(labels)) => {
            let [classes] = &labels.classes[..] else { return Err(several) };
            let (texts, dtype) = class_texts(classes).map_err(Why::Shape)?;
            let codes = predict.before(value).ok_or(Why::Shape("it returns its input"))?;
            return classifier(translation, predict, proba, codes, &texts, dtype);
        }
        Some(AnyOperator::Argmax(_)) => {
            let count = translation.numbers(predict, predict.before(value).unwrap_or(value))?.len();
            let texts: Vec<String> = (0..count).map(|class| class.to_string()).collect();
            return classifier(translation, predict, proba, value, &texts, "integer");
        }
        Some(AnyOperator::Inliers(_)) => {
            let texts = vec!["-1".to_owned(), "1".to_owned()];
            let numbers = translation.numbers(predict, value)?;
            let model = translation.signs(&numbers);
            return Ok(Head {
                model,
                target: Target::Classes(texts, "integer"),
                has_probabilities: false,
                refused: None,
            });
        }
        Some(AnyOperator::NearestCenter(centers)) => {
            let before = predict.before(value).ok_or(Why::Shape("it returns its input"))?;
            let x = translation.numbers(predict, before)?;
            let body = ClusteringModel { fields: translation.fields(&x), centers: centers.centers().0.clone() };
            let outputs = vec![OutputField {
                name: "cluster".to_owned(),
                dtype: "string",
                feature: Feature::PredictedValue,
                is_final: true,
            }];
            let body = Body::Clustering(body);
            let model = Model { body, function: Function::Clustering, outputs, rescale: None, target: Owner::Nobody };
            return Ok(Head { model, target: Target::None, has_probabilities: false, refused: None });
        }
        _ => {}
    }
    if rank == Rank::Two {
        return Err(several);
    }
    match value_width(translation, predict, value)? {
        Some(1) => {}
        Some(_) => return Err(several),
        None => return Err(Why::Shape("it does not return numbers")),
    }
    let model = translation.regression(predict, value)?;
    Ok(Head { model, target: Target::Number, has_probabilities: false, refused: None })
}

/// The model of a class, whose numbers are a value of the plan of `predict`.
fn classifier(
    translation: &mut Translation,
    predict: &mut PlanValues<'_>,
    proba: &mut Option<PlanValues<'_>>,
    codes: ValueId,
    texts: &[String],
    dtype: &'static str,
) -> Result<Head, Why> {
    let probabilities = proba.as_ref().and_then(|plan| plan.plan.output().value());
    if proba.is_some() && probabilities.is_none() {
        return Err(Why::Shape("a PMML model has one target, and it has several outputs"));
    }
    let mut classes: Vec<String> = Vec::with_capacity(texts.len());
    let mut known: HashMap<&str, usize> = HashMap::new();
    let places = texts.iter().map(|text| {
        *known.entry(text).or_insert_with(|| {
            classes.push(text.clone());
            classes.len() - 1
        })
    });
    let places: Vec<usize> = places.collect();
    let wanted = Classification { codes, classes: &classes, places: &places, probabilities };
    let (model, refused) = translation.classification(predict, proba, &wanted)?;
    let has_probabilities = !model.outputs.is_empty();
    Ok(Head { model, target: Target::Classes(classes, dtype), has_probabilities, refused })
}

/// How many columns of numbers a value has, as far as that is known without computing large ones.
fn value_width(
    translation: &mut Translation,
    plan: &mut PlanValues<'_>,
    value: ValueId,
) -> Result<Option<usize>, Refused> {
    // What keeps the width is passed over.
    let mut from = value;
    while let Some(AnyOperator::Elementwise(_) | AnyOperator::SumUp(_)) = plan.node(from).map(|node| &node.operator) {
        let Some(before) = plan.before(from) else { break };
        from = before;
    }
    Ok(match plan.node(from).map(|node| &node.operator) {
        Some(AnyOperator::Affine(affine)) => Some(affine.coef.rows),
        Some(AnyOperator::TreeEnsemble(ensemble)) => Some(match &ensemble.trees {
            TreeTables::Single(trees) => trees.leaves.columns,
            TreeTables::Double(trees) => trees.leaves.columns,
        }),
        Some(AnyOperator::SupportVectors(vectors)) => Some(vectors.intercepts.len()),
        Some(AnyOperator::NeighborMeans(means)) => Some(means.targets.cols),
        Some(AnyOperator::WeightedMedian(median)) if !median.staged => Some(1),
        _ => translation.value(plan, value)?.floats().map(|columns| columns.len()),
    })
}

impl Translation {
    /// -1 or 1 as the classes of these numbers.
    fn signs(&mut self, numbers: &[Scalar]) -> Model {
        let sign = numbers.first().cloned().unwrap_or(Scalar::I64(1));
        let field = self.expressions.id(&sign);
        let split = Node::Split { field, test: Test::AtMost(0.0), missing_left: false, left: 1, right: 2 };
        let nodes = vec![split, Node::Leaf(Score::Class(0)), Node::Leaf(Score::Class(1))];
        let body = Body::Tree(TreeModel { nodes, has_default_children: false });
        Model { body, function: Function::Classification, outputs: Vec::new(), rescale: None, target: Owner::Document }
    }
}

/// The model alone, or after the segments that it needs.
pub(super) fn chain(translation: &mut Translation, model: Model) -> Model {
    let mut needed = HashSet::new();
    let mut open: Vec<ExprId> = model.fields();
    let mut seen: HashSet<ExprId> = HashSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match translation.expressions.get(id) {
            Expr::Field { level, .. } if *level > 0 && needed.insert(level - 1) => {
                open.extend(translation.segments.get(level - 1).iter().flat_map(|segment| segment.model.fields()));
            }
            expr => open.extend(
                expr.arguments().iter().filter_map(|x| if let Scalar::Expr(id) = x { Some(*id) } else { None }),
            ),
        }
    }
    if needed.is_empty() {
        return model;
    }
    let segments = std::mem::take(&mut translation.segments).into_iter().enumerate();
    let mut segments: Vec<Segment> =
        segments.filter(|(at, _)| needed.contains(at)).map(|(_, segment)| segment).collect();
    let (function, target) = (model.function, model.target.clone());
    segments.push(Segment { model, weight: None });
    Model {
        body: Body::Mining { method: "modelChain", segments },
        function,
        outputs: Vec::new(),
        rescale: None,
        target,
    }
}

/// The classes as PMML writes values, and their data type.
fn class_texts(classes: &Classes) -> Result<(Vec<String>, &'static str), &'static str> {
    let objects = "its classes are of several types, or of one that PMML has not";
    Ok(match classes {
        Classes::Ints(values, IntKind::Bool) => {
            (values.iter().map(|value| (*value != 0).to_string()).collect(), "boolean")
        }
        Classes::Ints(values, _) => (values.iter().map(ToString::to_string).collect(), "integer"),
        Classes::Floats(values, _) => (values.iter().map(|&value| xml::number(value)).collect(), "double"),
        Classes::Strings(texts) => (texts.clone(), "string"),
        Classes::Objects(values) => {
            let texts = values.iter().map(|value| match value {
                FileScalar::Str(text) => Ok(text.to_string()),
                _ => Err(objects),
            });
            (texts.collect::<Result<_, _>>()?, "string")
        }
        Classes::Values(..) => return Err(objects),
    })
}
