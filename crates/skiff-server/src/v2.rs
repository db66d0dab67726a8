//! Open Inference Protocol V2 over REST, with what Triton's clients need: binary tensors, configuration, statistics and
//! the repository.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json_, json};
use skiff::types::{ColumnType, ValueType};
use skiff::value::{NumberType, Precision};
use skiff::{Method, OutputType, Params, Rank, Scalar, Table};

use crate::error::ApiError;
use crate::predict::{Question, ask};
use crate::repository::Loaded;
use crate::shared::SharedArc;
use crate::shared::State;
use crate::tensor::{self, Data, Tensor, integer_name};

/// How long the JSON in front of binary data is.
const HEADER_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// The name and version of a model in a path.
#[derive(Debug, Deserialize)]
pub(crate) struct ModelPath {
    name: String,
    version: Option<String>,
}

impl ModelPath {
    fn find(&self, shared: &SharedArc) -> Result<Arc<Loaded>, ApiError> {
        let missing = || ApiError::no_model(&self.name, self.version.as_deref());
        let version = match &self.version {
            Some(version) => Some(version.parse().map_err(|_| missing())?),
            None => None,
        };
        shared.repository.get(&self.name, version).ok_or_else(missing)
    }
}

/// `GET /v2`
pub(crate) async fn server() -> Json<Json_> {
    Json(json!({
        "name": "skiff",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["binary_tensor_data", "model_configuration", "model_repository", "statistics"],
    }))
}

/// `GET /v2/models/NAME/ready`
pub(crate) async fn model_ready(shared: State, Path(path): Path<ModelPath>) -> Result<&'static str, ApiError> {
    path.find(&shared).map(|_| "OK")
}

/// `GET /v2/models/NAME`
pub(crate) async fn metadata(shared: State, Path(path): Path<ModelPath>) -> Result<Json<Json_>, ApiError> {
    let loaded = path.find(&shared)?;
    let versions: Vec<String> = shared.repository.versions(&loaded.name).iter().map(u64::to_string).collect();
    Ok(Json(json!({
        "name": loaded.name,
        "versions": versions,
        "platform": "scikit-learn",
        "inputs": inputs(&loaded).iter().map(Described::metadata).collect::<Vec<_>>(),
        "outputs": outputs(&loaded).iter().map(Described::metadata).collect::<Vec<_>>(),
    })))
}

/// `GET /v2/models/NAME/config`, in Triton's form.
pub(crate) async fn config(shared: State, Path(path): Path<ModelPath>) -> Result<Json<Json_>, ApiError> {
    let loaded = path.find(&shared)?;
    Ok(Json(json!({
        "name": loaded.name,
        "platform": "scikit-learn",
        "backend": "skiff",
        "version_policy": { "latest": { "num_versions": 1 } },
        "max_batch_size": 0,
        "input": inputs(&loaded).iter().map(Described::config).collect::<Vec<_>>(),
        "output": outputs(&loaded).iter().map(Described::config).collect::<Vec<_>>(),
        "instance_group": [],
        "parameters": {},
    })))
}

/// `GET /v2/models/NAME/stats`, in Triton's form.
pub(crate) async fn statistics(shared: State, Path(path): Path<ModelPath>) -> Result<Json<Json_>, ApiError> {
    Ok(Json(json!({ "model_stats": [stats(&*path.find(&shared)?)] })))
}

/// `GET /v2/models/stats`
pub(crate) async fn all_statistics(shared: State) -> Json<Json_> {
    let all: Vec<Json_> = shared.repository.all().iter().map(|loaded| stats(loaded)).collect();
    Json(json!({ "model_stats": all }))
}

fn stats(loaded: &Loaded) -> Json_ {
    let statistics = &loaded.statistics;
    let count = |of: &std::sync::atomic::AtomicU64| of.load(Ordering::Relaxed);
    let times = |count: u64, ns: u64| json!({ "count": count, "ns": ns });
    let success = count(&statistics.success);
    let compute = count(&statistics.compute_nanos);
    json!({
        "name": loaded.name,
        "version": loaded.version.to_string(),
        "last_inference": count(&statistics.last_millis),
        "inference_count": count(&statistics.rows),
        "execution_count": success,
        "inference_stats": {
            "success": times(success, count(&statistics.success_nanos)),
            "fail": times(count(&statistics.failures), count(&statistics.failure_nanos)),
            "queue": times(success, count(&statistics.success_nanos).saturating_sub(compute)),
            "compute_input": times(success, 0),
            "compute_infer": times(success, compute),
            "compute_output": times(success, 0),
        },
        "batch_stats": [],
    })
}

/// What `POST /v2/repository/index` may ask.
#[derive(Debug, Default, Deserialize)]
struct IndexRequest {
    /// Only models that are ready.
    #[serde(default)]
    ready: bool,
}

/// `POST /v2/repository/index`
pub(crate) async fn index(shared: State, body: Bytes) -> Result<Json<Vec<Json_>>, ApiError> {
    let request: IndexRequest = match body.is_empty() {
        true => IndexRequest::default(),
        false => serde_json::from_slice(&body).map_err(|error| ApiError::bad_request(error.to_string()))?,
    };
    let all = shared.repository.index().into_iter().filter(|entry| entry.is_ready || !request.ready);
    let entry = |entry: crate::repository::IndexEntry| {
        json!({
            "name": entry.name,
            "version": entry.version.to_string(),
            "state": if entry.is_ready { "READY" } else { "UNAVAILABLE" },
            "reason": entry.reason,
        })
    };
    Ok(Json(all.map(entry).collect()))
}

/// `POST /v2/repository/models/NAME/load`: from its file, anew.
pub(crate) async fn load(shared: State, Path(name): Path<String>) -> Result<Json<Json_>, ApiError> {
    let repository = Arc::clone(&shared.repository);
    let missing = ApiError::no_model(&name, None);
    let loaded = tokio::task::spawn_blocking(move || repository.load_again(&name)).await;
    match loaded.map_err(|error| ApiError::internal(error.to_string()))? {
        None => Err(missing),
        Some(Err(error)) => Err(ApiError::load(error.to_string())),
        Some(Ok(())) => Ok(Json(json!({}))),
    }
}

/// `POST /v2/repository/models/NAME/unload`
pub(crate) async fn unload(shared: State, Path(name): Path<String>) -> Result<Json<Json_>, ApiError> {
    match shared.repository.unload(&name) {
        true => Ok(Json(json!({}))),
        false => Err(ApiError::no_model(&name, None)),
    }
}

/// An input or output of a model.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) datatype: &'static str,
    /// -1 for the number of rows, and for what is not known.
    pub(crate) shape: Vec<i64>,
}

impl Described {
    fn metadata(&self) -> Json_ {
        json!({ "name": self.name, "datatype": self.datatype, "shape": self.shape })
    }

    fn config(&self) -> Json_ {
        let data_type = match self.datatype {
            "BYTES" => "TYPE_STRING".to_owned(),
            other => format!("TYPE_{other}"),
        };
        json!({ "name": self.name, "data_type": data_type, "dims": self.shape })
    }
}

/// The name of a model's one input.
pub(crate) const INPUT: &str = "X";

/// What a model takes: one array, or a tensor for each column of a DataFrame.
pub(crate) fn inputs(loaded: &Loaded) -> Vec<Described> {
    let one = |datatype, shape| vec![Described { name: INPUT.to_owned(), datatype, shape }];
    match &loaded.input {
        ValueType::Columns { names: Some(names), columns } if names.len() == columns.len() => {
            let column = |(name, column): (&String, &ColumnType)| Described {
                name: name.clone(),
                datatype: match column {
                    ColumnType::Numbers(dtype) => number_name(*dtype),
                    ColumnType::Texts | ColumnType::Objects => "BYTES",
                },
                shape: vec![-1],
            };
            names.iter().zip(columns).map(column).collect()
        }
        ValueType::Columns { columns, .. } => {
            let is_text = columns.iter().any(|column| !matches!(column, ColumnType::Numbers(_)));
            one(if is_text { "BYTES" } else { "FP64" }, vec![-1, length(columns.len())])
        }
        ValueType::Texts | ValueType::Dicts => one("BYTES", vec![-1]),
        ValueType::Dense { dtype, cols } | ValueType::Sparse { dtype, cols } => {
            one(number_name(*dtype), vec![-1, length(*cols)])
        }
        _ => one("FP64", vec![-1, -1]),
    }
}

/// What each method returns.
pub(crate) fn outputs(loaded: &Loaded) -> Vec<Described> {
    let mut all = Vec::new();
    for &method in &loaded.methods {
        if let Ok(signature) = loaded.model.signature(method) {
            describe(method.name(), &signature.output, &mut all);
        }
    }
    all
}

fn describe(name: &str, output: &OutputType, all: &mut Vec<Described>) {
    let (value, rank) = match output {
        OutputType::One(value, rank) => (value, *rank),
        OutputType::Constant(count) => {
            all.push(Described { name: name.to_owned(), datatype: "INT64", shape: vec![length(*count)] });
            return;
        }
        OutputType::List(items) | OutputType::Tuple(items) => {
            for (index, item) in items.iter().enumerate() {
                describe(&format!("{name}_{index}"), item, all);
            }
            return;
        }
    };
    let cols = value.cols();
    let shape = match (rank, cols) {
        (Rank::Zero, _) => Vec::new(),
        (Rank::One, _) | (Rank::OneOrTwo, Some(1)) => vec![-1],
        (Rank::Two | Rank::OneOrTwo, cols) => vec![-1, cols.map_or(-1, length)],
        (Rank::Three { depth }, cols) => vec![-1, cols.map_or(-1, |cols| length(cols / depth.max(1))), length(depth)],
    };
    let mut push = |name: String, datatype, shape| all.push(Described { name, datatype, shape });
    match value {
        ValueType::Dense { dtype, .. } | ValueType::Sparse { dtype, .. } => {
            push(name.to_owned(), number_name(*dtype), shape);
        }
        ValueType::Labels(classes) => match &classes[..] {
            [one] => push(name.to_owned(), class_name(one), shape),
            several => {
                for (index, classes) in several.iter().enumerate() {
                    push(format!("{name}_{index}"), class_name(classes), vec![-1]);
                }
            }
        },
        ValueType::Columns { names, columns } => {
            for (index, column) in columns.iter().enumerate() {
                let own = names.as_ref().and_then(|names| names.get(index));
                let own = own.map_or_else(|| index.to_string(), String::clone);
                let datatype = match column {
                    ColumnType::Numbers(dtype) => number_name(*dtype),
                    ColumnType::Texts | ColumnType::Objects => "BYTES",
                };
                push(format!("{name}:{own}"), datatype, vec![-1]);
            }
        }
        ValueType::Texts | ValueType::Dicts | ValueType::TermLists(_) | ValueType::NumberLists(_) => {
            push(name.to_owned(), "BYTES", vec![-1]);
        }
        _ => push(name.to_owned(), "FP64", vec![-1, -1]),
    }
}

fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(-1)
}

fn number_name(dtype: NumberType) -> &'static str {
    match dtype {
        NumberType::Float(Precision::Single) => "FP32",
        NumberType::Float(Precision::Double) => "FP64",
        NumberType::Int(kind) => integer_name(kind),
    }
}

fn class_name(classes: &skiff::value::Classes) -> &'static str {
    match classes {
        skiff::value::Classes::Ints(_, kind) => integer_name(*kind),
        skiff::value::Classes::Floats(_, precision) => number_name(NumberType::Float(*precision)),
        _ => "BYTES",
    }
}

/// The body of `infer`.
#[derive(Debug, Deserialize)]
struct InferRequest<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow)]
    inputs: Vec<InputTensor<'a>>,
    #[serde(default)]
    outputs: Option<Vec<OutputTensor>>,
    #[serde(default)]
    parameters: Option<Map<String, Json_>>,
}

#[derive(Debug, Deserialize)]
struct InputTensor<'a> {
    name: String,
    shape: Vec<usize>,
    datatype: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    parameters: TensorParameters,
}

#[derive(Debug, Default, Deserialize)]
struct TensorParameters {
    binary_data_size: Option<usize>,
    binary_data: Option<bool>,
    #[serde(default)]
    classification: Option<Json_>,
}

#[derive(Debug, Deserialize)]
struct OutputTensor {
    name: String,
    #[serde(default)]
    parameters: TensorParameters,
}

#[derive(Debug, Serialize)]
struct InferResponse {
    model_name: String,
    model_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    outputs: Vec<Json_>,
}

/// `POST /v2/models/NAME/infer`
pub(crate) async fn infer(
    shared: State,
    Path(path): Path<ModelPath>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let loaded = path.find(&shared)?;
    let (json, binary) = match headers.get(HEADER_LENGTH) {
        None => (&body[..], None),
        Some(length) => {
            let length = length.to_str().ok().and_then(|length| length.parse::<usize>().ok());
            let parts = length.and_then(|length| body.split_at_checked(length));
            let (json, binary) = parts.ok_or_else(|| {
                ApiError::bad_request("`Inference-Header-Content-Length` is not a length within the body")
            })?;
            (json, Some(binary))
        }
    };
    let request: InferRequest<'_> =
        serde_json::from_slice(json).map_err(|error| ApiError::bad_request(format!("not a V2 request: {error}")))?;
    let wants_binary = wants_binary(request.parameters.as_ref());
    let outputs = request.outputs.unwrap_or_default();
    if let Some(output) = outputs.iter().find(|output| output.parameters.classification.is_some()) {
        let what = format!("the classification extension is not supported, which is asked of `{}`", output.name);
        return Err(ApiError::bad_request(what));
    }
    let questions = {
        let params = method_params(request.parameters.as_ref())?;
        questions(&loaded, outputs.iter().map(|output| output.name.as_str()), &params)?
    };
    let table = table(&loaded, read_inputs(request.inputs, binary)?)?;
    let answers = ask(&shared, &loaded, questions, table).await?;
    let mut tensors = Vec::new();
    for (method, answer) in answers {
        tensors.extend(tensor::tensors(method.name(), answer)?);
    }
    let is_binary = |name: &str| match outputs.iter().find(|output| output.name == name) {
        Some(output) => output.parameters.binary_data.unwrap_or(wants_binary),
        None => wants_binary,
    };
    if !outputs.is_empty() {
        // A method may have been asked for one of its several arrays.
        tensors.retain(|tensor| outputs.iter().any(|output| is_asked(&output.name, &tensor.name)));
    }
    let (mut described, mut tail) = (Vec::with_capacity(tensors.len()), Vec::new());
    for Tensor { name, shape, data } in tensors {
        let mut output = json!({ "name": name, "shape": shape, "datatype": data.datatype() });
        if is_binary(&name) {
            let bytes = data.to_bytes();
            output["parameters"] = json!({ "binary_data_size": bytes.len() });
            tail.extend(bytes);
        } else {
            output["data"] = data.to_json();
        }
        described.push(output);
    }
    let has_binary = described.iter().any(|output| output.get("parameters").is_some());
    let response = InferResponse {
        model_name: loaded.name.clone(),
        model_version: loaded.version.to_string(),
        id: request.id,
        outputs: described,
    };
    if !has_binary {
        return Ok(Json(response).into_response());
    }
    let mut bytes = serde_json::to_vec(&response).map_err(|error| ApiError::internal(error.to_string()))?;
    let length = bytes.len();
    bytes.extend(tail);
    let octets = HeaderValue::from_static("application/octet-stream");
    let headers = [(header::CONTENT_TYPE, octets), (HEADER_LENGTH, HeaderValue::from(length))];
    Ok((headers, bytes).into_response())
}

/// Whether the array `tensor` is one of the output `asked`: the whole method, or itself.
fn is_asked(asked: &str, tensor: &str) -> bool {
    tensor == asked || tensor.strip_prefix(asked).is_some_and(|rest| rest.starts_with(['_', ':']))
}

fn wants_binary(parameters: Option<&Map<String, Json_>>) -> bool {
    parameters.and_then(|parameters| parameters.get("binary_data_output")) == Some(&Json_::Bool(true))
}

/// Parameters of the protocol's and of Triton's that are not of the method.
const PROTOCOL_PARAMETERS: [&str; 8] = [
    "binary_data_output",
    "sequence_id",
    "sequence_start",
    "sequence_end",
    "priority",
    "timeout",
    "content_type",
    "headers",
];

/// The other parameters, as keyword arguments of the method: `return_std`, `n_neighbors`, ….
fn method_params(parameters: Option<&Map<String, Json_>>) -> Result<Params, ApiError> {
    let own = parameters.into_iter().flatten().filter(|(name, _)| !PROTOCOL_PARAMETERS.contains(&name.as_str()));
    params(own)
}

/// Keyword arguments of a method.
pub(crate) fn params<'a>(given: impl Iterator<Item = (&'a String, &'a Json_)>) -> Result<Params, ApiError> {
    let each = given.map(|(name, value)| {
        let value = match value {
            Json_::Null => Scalar::None,
            Json_::Bool(value) => Scalar::Bool(*value),
            Json_::String(text) => Scalar::Str(text.clone()),
            Json_::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Scalar::Int(value),
                (None, Some(value)) => Scalar::Float(value),
                (None, None) => return Err(ApiError::bad_request(format!("the parameter `{name}` is too large"))),
            },
            Json_::Array(_) | Json_::Object(_) => {
                return Err(ApiError::bad_request(format!("the parameter `{name}` is not a single value")));
            }
        };
        Ok((name.clone(), value))
    });
    Ok(Params::new(each.collect::<Result<Vec<_>, ApiError>>()?))
}

/// The methods whose outputs are asked for; without any, the first one.
fn questions<'a>(
    loaded: &Loaded,
    outputs: impl Iterator<Item = &'a str>,
    params: &Params,
) -> Result<Vec<Question>, ApiError> {
    let mut methods: Vec<Method> = Vec::new();
    for output in outputs {
        let own = |method: &&Method| is_asked(method.name(), output);
        // `predict_proba` begins with `predict_`: the longest name is meant.
        let found = loaded.methods.iter().filter(own).max_by_key(|method| method.name().len());
        let Some(&method) = found else {
            let known: Vec<&str> = loaded.methods.iter().map(|method| method.name()).collect();
            let what = format!("model `{}` has no output `{output}`; it has {}", loaded.name, known.join(", "));
            return Err(ApiError::bad_request(what));
        };
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    if methods.is_empty() {
        methods.extend(loaded.methods.first());
    }
    methods.into_iter().map(|method| Question::new(loaded, method, params)).collect()
}

fn read_inputs(inputs: Vec<InputTensor<'_>>, binary: Option<&[u8]>) -> Result<Vec<Tensor>, ApiError> {
    let mut rest = binary.unwrap_or_default();
    let mut tensors = Vec::with_capacity(inputs.len());
    for InputTensor { name, shape, datatype, data, parameters } in inputs {
        let wrong = |what: String| ApiError::bad_request(format!("input `{name}`: {what}"));
        let data = match (data, parameters.binary_data_size) {
            (Some(data), None) => Data::from_json(&datatype, data).map_err(wrong)?,
            (None, Some(size)) => {
                let Some((bytes, tail)) = rest.split_at_checked(size) else {
                    return Err(wrong(format!("expected {size} bytes of binary data, found {}", rest.len())));
                };
                rest = tail;
                let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
                let count = count.ok_or_else(|| wrong(format!("the shape {shape:?} is too large")))?;
                Data::from_bytes(&datatype, count, bytes).map_err(wrong)?
            }
            (Some(_), Some(_)) => return Err(wrong("expected either `data` or `binary_data_size`".to_owned())),
            (None, None) => return Err(wrong("expected `data`, or `binary_data_size` in `parameters`".to_owned())),
        };
        tensors.push(Tensor::new(name, shape, data)?);
    }
    match rest.is_empty() {
        true => Ok(tensors),
        false => Err(ApiError::bad_request(format!("{} bytes of binary data belong to no input", rest.len()))),
    }
}

/// The table that the inputs are for a model: one array, or a tensor for each column.
fn table(loaded: &Loaded, mut tensors: Vec<Tensor>) -> Result<Table<'static>, ApiError> {
    let takes_texts = matches!(loaded.input, ValueType::Texts);
    let names = loaded.model.feature_names_in();
    let is_column = |tensor: &Tensor| names.as_ref().is_some_and(|names| names.contains(&tensor.name));
    match tensors.len() {
        0 => Err(ApiError::bad_request("expected an input")),
        1 if !is_column(&tensors[0]) => tensors.remove(0).into_table(takes_texts),
        _ => tensor::columns(tensors),
    }
}
