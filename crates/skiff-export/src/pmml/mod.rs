//! PMML 4.4: the models of the Data Mining Group's standard, <https://dmg.org/pmml/v4-4-1/GeneralStructure.html>.
//!
//! A document holds `predict`, as the target, and `predict_proba` and `decision_function`, as output fields. Where PMML has
//! an element for a model, that is what is written; what stands in front of it becomes derived fields, and what stands
//! between two models a chain of segments. Names are those of JPMML-SkLearn.

mod boosted_trees;
mod categories;
mod classification;
mod clustering_model;
mod decision;
mod document;
mod expression;
mod functions;
mod head;
mod mining_model;
mod model;
mod names;
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
mod voting;
mod xml;

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use skiff_models::Model as SkiffModel;
use skiff_models::lowering::Params;
use skiff_plan::types::{ColumnType, ValueType};
use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Method, Plan};

use crate::graph::DType;
use crate::{ExportError, ExportOptions, Exported};
use document::{DataField, Document};
use head::{Why, chain, head};
use translation::{PlanValues, Translation, Value};

/// What to do with a model that PMML cannot hold.
const INSTEAD: &str = "export it to ONNX or source code instead";

/// A model as a PMML document.
pub(crate) fn pmml(model: &SkiffModel, options: &ExportOptions, out: &mut dyn Write) -> Result<Exported, ExportError> {
    let estimator = || model.header().class.clone();
    let unsupported = |method: Method, reason: &str| ExportError::Signature {
        method,
        estimator: estimator(),
        reason: format!("{reason}; {INSTEAD}"),
    };
    let all = model.methods();
    let is_held = |method: Method| matches!(method, Method::Predict | Method::PredictProba | Method::DecisionFunction);
    let other = "a PMML document holds `predict`, `predict_proba` and `decision_function`";
    if let Some(&method) = options.methods.iter().flatten().find(|&&method| !is_held(method)) {
        return Err(unsupported(method, other));
    }
    if !all.contains(&Method::Predict) {
        return match all.first() {
            Some(&method) => Err(unsupported(method, "a PMML document needs a model that predicts")),
            None => Err(ExportError::Nothing { estimator: estimator() }),
        };
    }
    let mut refused = Vec::new();
    let predict = plan(model, Method::Predict)?;
    let mut other_plan = |method: Method| {
        let is_wanted = options.methods.as_ref().is_none_or(|methods| methods.contains(&method));
        if !is_wanted || !all.contains(&method) {
            return Ok(None);
        }
        match plan(model, method) {
            Ok(plan) => Ok(Some(plan)),
            Err(error) if options.methods.is_some() => Err(error),
            Err(error) => {
                refused.push(error);
                Ok(None)
            }
        }
    };
    let (proba, decision) = (other_plan(Method::PredictProba)?, other_plan(Method::DecisionFunction)?);
    let of_table = model.signature(Method::Predict)?.input;
    let (fields, names) = inputs(&of_table).map_err(|reason| unsupported(Method::Predict, reason))?;
    let mut translation = Translation::default();
    let input = input(&mut translation, &of_table, &fields);
    let mut predict_values = PlanValues::new(&predict, input.clone());
    let mut proba_values = proba.as_ref().map(|plan| PlanValues::new(plan, input.clone()));
    // Before the model itself, which uses the models that run for the scores as well.
    let scores = decision.as_ref().map(|plan| translation.decision(&mut PlanValues::new(plan, input)));
    let head = head(&mut translation, &mut predict_values, &mut proba_values);
    let mut head = head.map_err(|why| why.into_error(Method::Predict, &predict, model))?;
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
    if let (Some(plan), Some(scores)) = (&decision, scores) {
        match scores.and_then(|scores| translation.decision_outputs(&scores, &head.target, &names)) {
            Ok(outputs) => {
                head.model.outputs.extend(outputs);
                methods.push(Method::DecisionFunction);
            }
            Err(why) => {
                let why = why.into_error(Method::DecisionFunction, plan, model);
                if options.methods.is_some() {
                    return Err(why);
                }
                refused.push(why);
            }
        }
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
    if let Some(character) = document.write(out)? {
        let reason = format!("XML has no way to write the character U+{:04X} of its names", u32::from(character));
        return Err(unsupported(Method::Predict, &reason));
    }
    Ok(Exported { methods, refused, lost: Vec::new() })
}

fn plan(model: &SkiffModel, method: Method) -> Result<Plan, ExportError> {
    Ok(model.plan(method, &Params::default()).map_err(skiff_models::CallError::from)?)
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
