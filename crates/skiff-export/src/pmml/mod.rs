//! PMML 4.4: the models of the Data Mining Group's standard, <https://dmg.org/pmml/v4-4-1/GeneralStructure.html>.
//!
//! A document holds `predict`, as the target, and `predict_proba`, as output fields. Where PMML has an element for a model,
//! that is what is written; what stands in front of it becomes derived fields, and what stands between two models a chain
//! of segments. Names are those of JPMML-SkLearn.

mod boosted_trees;
mod categories;
mod classification;
mod clustering_model;
mod document;
mod expression;
mod mining_model;
mod nearest_neighbor_model;
mod neural_network;
mod primitives;
mod regression;
mod regression_model;
mod support_vector_machine_model;
#[cfg(test)]
mod tests;
mod transformations;
mod translation;
mod tree_model;
mod xml;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use skiff_files::Scalar as FileScalar;
use skiff_models::Model as SkiffModel;
use skiff_models::lowering::Params;
use skiff_plan::operators::AnyOperator;
use skiff_plan::types::{ColumnType, ValueType};
use skiff_plan::value::{Classes, IntKind, NumberType, Precision};
use skiff_plan::{Method, Output, Plan, Rank, ValueId};

use crate::expand::Refused;
use crate::graph::DType;
use crate::{ExportError, ExportOptions, Exported};
use classification::Classification;
use clustering_model::ClusteringModel;
use document::{Body, DataField, Document, Feature, Function, Model, OutputField, Owner, Segment, Target};
use expression::{Expr, ExprId, Scalar};
use translation::{PlanValues, Translation, Value};

/// What to do with a model that PMML cannot hold.
const INSTEAD: &str = "export it to ONNX or source code instead";

/// A model as a PMML document.
pub(crate) fn pmml(model: &SkiffModel, options: &ExportOptions) -> Result<Exported, ExportError> {
    let estimator = || model.header().class.clone();
    let unsupported = |method: Method, reason: &str| ExportError::Signature {
        method,
        estimator: estimator(),
        reason: format!("{reason}; {INSTEAD}"),
    };
    let all = model.methods();
    let is_held = |method: Method| matches!(method, Method::Predict | Method::PredictProba);
    let other = "a PMML document holds `predict` and `predict_proba`";
    if let Some(&method) = options.methods.iter().flatten().find(|&&method| !is_held(method)) {
        return Err(unsupported(method, other));
    }
    if !all.contains(&Method::Predict) {
        return match all.first() {
            Some(&method) => Err(unsupported(method, "a PMML document needs a model that predicts")),
            None => Err(ExportError::Nothing { estimator: estimator() }),
        };
    }
    let mut refused: Vec<ExportError> =
        all.iter().filter(|&&method| !is_held(method)).map(|&method| unsupported(method, other)).collect();
    let wants_proba = options.methods.as_ref().is_none_or(|methods| methods.contains(&Method::PredictProba));
    let predict = plan(model, Method::Predict)?;
    let proba = match wants_proba && all.contains(&Method::PredictProba) {
        true => match plan(model, Method::PredictProba) {
            Ok(plan) => Some(plan),
            Err(error) if options.methods.is_some() => return Err(error),
            Err(error) => {
                refused.push(error);
                None
            }
        },
        false => None,
    };
    let of_table = model.signature(Method::Predict)?.input;
    let (fields, names) = inputs(&of_table).map_err(|reason| unsupported(Method::Predict, reason))?;
    let mut translation = Translation::default();
    let input = input(&mut translation, &of_table, &fields);
    let mut predict_values = PlanValues::new(&predict, input.clone());
    let mut proba_values = proba.as_ref().map(|plan| PlanValues::new(plan, input));
    let head = head(&mut translation, &mut predict_values, &mut proba_values);
    let head = head.map_err(|why| why.into_error(Method::Predict, &predict, model))?;
    let mut methods = vec![Method::Predict];
    match (&proba, head.refused) {
        (Some(plan), Some(why)) => {
            let why = Why::Operator(why).into_error(Method::PredictProba, plan, model);
            if options.methods.is_some() {
                return Err(why);
            }
            refused.push(why);
        }
        (Some(_), None) if head.has_probabilities => methods.push(Method::PredictProba),
        _ => {}
    }
    let target_name = ["y", "_target", "_y"].into_iter().find(|name| !names.contains(*name)).unwrap_or("_skiff_target");
    let document = Document {
        model: chain(&mut translation, head.model),
        expressions: &translation.expressions,
        inputs: fields,
        target_name: target_name.to_owned(),
        target: head.target,
        metadata: &options.metadata,
    };
    let bytes = document.write().map_err(|character| {
        let reason = format!("XML has no way to write the character U+{:04X} of its names", u32::from(character));
        unsupported(Method::Predict, &reason)
    })?;
    Ok(Exported { bytes, methods, refused })
}

fn plan(model: &SkiffModel, method: Method) -> Result<Plan, ExportError> {
    Ok(model.plan(method, &Params::default()).map_err(skiff_models::CallError::from)?)
}

/// The last model of a document.
struct Head {
    model: Model,
    target: Target,
    has_probabilities: bool,
    /// Why probabilities are not in it.
    refused: Option<Refused>,
}

/// Why there is none.
enum Why {
    Operator(Refused),
    Shape(&'static str),
}

impl From<Refused> for Why {
    fn from(refused: Refused) -> Self {
        Self::Operator(refused)
    }
}

impl Why {
    fn into_error(self, method: Method, plan: &Plan, model: &SkiffModel) -> ExportError {
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

fn head(
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
    Ok(match plan.node(value).map(|node| &node.operator) {
        Some(AnyOperator::Affine(affine)) => Some(affine.coef.rows),
        Some(AnyOperator::TreeEnsemble(ensemble)) => Some(match &ensemble.trees {
            skiff_plan::operators::TreeTables::Single(trees) => trees.leaves.columns,
            skiff_plan::operators::TreeTables::Double(trees) => trees.leaves.columns,
        }),
        Some(AnyOperator::SupportVectors(vectors)) => Some(vectors.intercepts.len()),
        Some(AnyOperator::Elementwise(_)) => match plan.before(value) {
            Some(before) => match plan.node(before).map(|node| &node.operator) {
                Some(AnyOperator::Affine(affine)) => Some(affine.coef.rows),
                _ => translation.value(plan, value)?.floats().map(|columns| columns.len()),
            },
            None => None,
        },
        _ => translation.value(plan, value)?.floats().map(|columns| columns.len()),
    })
}

impl Translation {
    /// -1 or 1 as the classes of these numbers.
    fn signs(&mut self, numbers: &[Scalar]) -> Model {
        use document::Score;
        use tree_model::{Node, Test, TreeModel};
        let sign = numbers.first().cloned().unwrap_or(Scalar::I64(1));
        let field = self.expressions.id(&sign);
        let split = Node::Split { field, test: Test::AtMost(0.0), missing_left: false, left: 1, right: 2 };
        let nodes = vec![split, Node::Leaf(Score::Class(0)), Node::Leaf(Score::Class(1))];
        let body = Body::Tree(TreeModel { nodes, has_default_children: false });
        Model { body, function: Function::Classification, outputs: Vec::new(), rescale: None, target: Owner::Document }
    }
}

/// The model alone, or after the segments that it needs.
fn chain(translation: &mut Translation, model: Model) -> Model {
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

/// The inputs of a document for a table of this type, and their names.
fn inputs(table: &ValueType) -> Result<(Vec<DataField>, HashSet<String>), &'static str> {
    let numbered = |at: usize| format!("x{}", at + 1);
    let fields: Vec<DataField> = match table {
        ValueType::Dense { cols, .. } | ValueType::Sparse { cols, .. } => {
            (0..*cols).map(|at| DataField { name: numbered(at), is_text: false }).collect()
        }
        ValueType::Columns { names, columns } => {
            let names = names.as_deref().unwrap_or_default();
            let own = columns.iter().enumerate().map(|(at, kind)| {
                let name = names.get(at).filter(|name| !name.is_empty());
                let is_unique = |name: &&String| names.iter().filter(|other| other == name).count() == 1;
                let name = name.filter(is_unique).cloned().unwrap_or_else(|| numbered(at));
                DataField { name, is_text: !matches!(kind, ColumnType::Numbers(_)) }
            });
            own.collect()
        }
        ValueType::Texts => return Err("it takes documents"),
        ValueType::Dicts => return Err("it takes mappings"),
        _ => return Err("the type of its input is known only with the rows"),
    };
    let names = fields.iter().map(|field| field.name.clone()).collect();
    Ok((fields, names))
}

/// The table that the plans take.
fn input(translation: &mut Translation, table: &ValueType, fields: &[DataField]) -> Value {
    let mut scalars = fields.iter().map(|field| {
        let dtype = if field.is_text { DType::Str } else { DType::F64 };
        translation.expressions.field(&field.name, dtype, 0)
    });
    match table {
        ValueType::Columns { names, columns } => Value::Columns {
            names: names.as_ref().map(Arc::clone),
            columns: scalars.zip(columns.iter().copied()).collect(),
        },
        ValueType::Sparse { .. } => {
            let dtype = NumberType::Float(Precision::Double);
            Value::Numbers { columns: scalars.by_ref().collect(), dtype, sparse: true }
        }
        _ => Value::doubles(scalars.by_ref().collect()),
    }
}
