//! ONNX files: float64 throughout, by operators that onnxruntime has in float64; or float32 throughout.

mod attributes;
mod form;
mod proto;
mod translate;
mod tree_ensemble;
mod tree_ensemble_regressor;

use form::Form;
use prost::Message;
use skiff_models::Model;
use skiff_plan::value::Classes;

use crate::model::{self, ModelGraph};
use crate::{ExportError, ExportOptions, Exported};
use proto::{ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// The domain of the operators for classical models.
const ML_DOMAIN: &str = "ai.onnx.ml";

/// `TensorProto.DataType.DOUBLE`
const DOUBLE: i32 = 11;
/// `TensorProto.DataType.FLOAT`
const FLOAT: i32 = 1;
/// `TensorProto.DataType.UINT8`
const UINT8: i32 = 2;
/// `TensorProto.DataType.INT64`
const INT64: i32 = 7;
/// `TensorProto.DataType.STRING`
const STRING: i32 = 8;
/// `TensorProto.DataType.BOOL`
const BOOL: i32 = 9;

/// How many bytes a protocol buffer has at most.
const MOST_BYTES: usize = i32::MAX as usize;

/// A model as an ONNX file. Its inputs are `X`, (n, n_features) of float64 or float32, or a column each where some hold text; its
/// outputs are named as the methods.
///
/// # Errors
/// When a method that was named cannot be exported, or none can.
pub(crate) fn onnx(model: &Model, options: &ExportOptions) -> Result<Exported, ExportError> {
    let form = Form::new(&options.onnx)?;
    let ModelGraph { graph, methods, refused } = model::graph(model, options.methods.as_deref())?;
    form.check(&graph)?;
    let file = ModelProto {
        ir_version: form.ir_version(),
        producer_name: "skiff".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(translate::graph(&graph, &model.header().class, form)),
        opset_import: vec![
            OperatorSetIdProto { domain: String::new(), version: form.opset },
            OperatorSetIdProto { domain: ML_DOMAIN.to_owned(), version: form.ml_opset() },
        ],
        metadata_props: metadata(model, options),
    };
    let bytes = file.encoded_len();
    if bytes > MOST_BYTES {
        return Err(ExportError::TooLarge { bytes });
    }
    Ok(Exported { bytes: file.encode_to_vec(), methods, refused, lost: form.lost(&graph) })
}

/// What the file says of the model: lists are JSON.
fn metadata(model: &Model, options: &ExportOptions) -> Vec<StringStringEntryProto> {
    let header = model.header();
    let mut pairs = vec![("estimator".to_owned(), header.class.clone())];
    if let Some(version) = &header.version {
        pairs.push(("scikit-learn".to_owned(), version.to_string()));
    }
    if let Some(names) = model.feature_names_in() {
        pairs.push(("feature_names_in_".to_owned(), list(names.iter().map(|name| quoted(name)))));
    }
    let classes = model.estimator().classes();
    if !classes.is_empty() {
        let lists = classes.iter().map(|classes| list(of_classes(classes)));
        let lists: Vec<String> = lists.collect();
        let value = if let [only] = lists.as_slice() { only.clone() } else { list(lists.into_iter()) };
        pairs.push(("classes_".to_owned(), value));
    }
    pairs.extend(options.metadata.iter().cloned());
    pairs.into_iter().map(|(key, value)| StringStringEntryProto { key, value }).collect()
}

fn of_classes(classes: &Classes) -> impl Iterator<Item = String> {
    (0..classes.len()).filter_map(|code| classes.get(code)).map(|class| match class.as_str() {
        Some(text) => quoted(text),
        None => match (class.as_i64(), class.as_f64()) {
            (Some(value), _) => value.to_string(),
            (None, Some(value)) if value.is_finite() => format!("{value:?}"),
            _ => quoted(&class.to_string()),
        },
    })
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}
