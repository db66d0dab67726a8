//! ONNX files: float64 throughout, by operators that onnxruntime has in float64; or float32 throughout.

mod attributes;
mod form;
mod proto;
mod translate;
mod tree_ensemble;
mod tree_ensemble_regressor;

use std::io::Write;

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use skiff_models::Model;
use skiff_plan::value::Classes;

use crate::model::{self, ModelGraph};
use crate::{ExportError, ExportOptions, Exported};
use form::Form;
use proto::{GRAPH, ModelProto, OperatorSetIdProto, StringStringEntryProto};

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
pub(crate) fn onnx(model: &Model, options: &ExportOptions, out: &mut dyn Write) -> Result<Exported, ExportError> {
    let form = Form::new(&options.onnx)?;
    let ModelGraph { graph, methods, refused } = model::graph(model, options.methods.as_deref())?;
    form.check(&graph)?;
    let lost = form.lost(&graph);
    // The fields of a `ModelProto` in their order, with those of the graph between others.
    let head = ModelProto {
        ir_version: form.ir_version(),
        producer_name: "skiff".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..ModelProto::default()
    };
    let tail = ModelProto {
        opset_import: vec![
            OperatorSetIdProto { domain: String::new(), version: form.opset },
            OperatorSetIdProto { domain: ML_DOMAIN.to_owned(), version: form.ml_opset() },
        ],
        metadata_props: metadata(model, options),
        ..ModelProto::default()
    };
    let pieces = translate::graph(graph, &model.header().class, form);
    let graph = pieces.iter().map(Vec::len).sum::<usize>();
    let mut head = head.encode_to_vec();
    encode_key(GRAPH, WireType::LengthDelimited, &mut head);
    encode_varint(u64::try_from(graph).unwrap_or(u64::MAX), &mut head);
    let tail = tail.encode_to_vec();
    let bytes = head.len() + graph + tail.len();
    if bytes > MOST_BYTES {
        return Err(ExportError::TooLarge { bytes });
    }
    for piece in std::iter::once(head).chain(pieces).chain([tail]) {
        out.write_all(&piece)?;
    }
    Ok(Exported { methods, refused, lost })
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
