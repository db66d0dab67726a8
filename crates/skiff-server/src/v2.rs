//! Open Inference Protocol V2 over REST, with what Triton's clients need: binary tensors, configuration, statistics and
//! the repository.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json_, json};

use crate::describe::{Described, inputs, outputs};
use crate::error::ApiError;
use crate::infer;
use crate::object::Object;
use crate::repository::{IndexEntry, Loaded};
use crate::shared::{SharedArc, State};
use crate::tensor::{Data, Tensor};

/// How long the JSON in front of binary data is.
const HEADER_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// The name and version of a model in a path.
#[derive(Debug, Deserialize)]
pub(crate) struct ModelPath {
    name: String,
    pub(crate) version: Option<String>,
}

impl ModelPath {
    pub(crate) fn find(&self, shared: &SharedArc) -> Result<Arc<Loaded>, ApiError> {
        find(shared, &self.name, self.version.as_deref())
    }
}

/// The model of a name, in its highest version unless one is named.
pub(crate) fn find(shared: &SharedArc, name: &str, version: Option<&str>) -> Result<Arc<Loaded>, ApiError> {
    let missing = || ApiError::no_model(name, version);
    let number = version.map(str::parse).transpose().map_err(|_| missing())?;
    shared.repository.get(name, number).ok_or_else(missing)
}

/// Extensions of the protocol, as Triton names them.
pub(crate) const EXTENSIONS: [&str; 4] =
    ["binary_tensor_data", "model_configuration", "model_repository", "statistics"];

/// What the metadata and the configuration of every model say of its kind.
pub(crate) const PLATFORM: &str = "scikit-learn";
pub(crate) const BACKEND: &str = "skiff";

/// `GET /v2`
pub(crate) async fn server() -> Json<Json_> {
    Json(json!({ "name": "skiff", "version": env!("CARGO_PKG_VERSION"), "extensions": EXTENSIONS }))
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
        "platform": PLATFORM,
        "inputs": inputs(&loaded).iter().map(Described::metadata).collect::<Vec<_>>(),
        "outputs": outputs(&loaded).iter().map(Described::metadata).collect::<Vec<_>>(),
    })))
}

/// `GET /v2/models/NAME/config`, in Triton's form.
pub(crate) async fn config(shared: State, Path(path): Path<ModelPath>) -> Result<Json<Json_>, ApiError> {
    let loaded = path.find(&shared)?;
    Ok(Json(json!({
        "name": loaded.name,
        "platform": PLATFORM,
        "backend": BACKEND,
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
    let counts = loaded.statistics.counts();
    let times = |(count, ns): (u64, u64)| json!({ "count": count, "ns": ns });
    json!({
        "name": loaded.name,
        "version": loaded.version.to_string(),
        "last_inference": counts.last_millis,
        "inference_count": counts.rows,
        "execution_count": counts.success.0,
        "inference_stats": {
            "success": times(counts.success),
            "fail": times(counts.fail),
            "queue": times(counts.queue),
            "compute_input": times((counts.success.0, 0)),
            "compute_infer": times(counts.compute),
            "compute_output": times((counts.success.0, 0)),
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
    let Object(request) = match body.is_empty() {
        true => Object(IndexRequest::default()),
        false => serde_json::from_slice(&body).map_err(|error| ApiError::bad_request(error.to_string()))?,
    };
    let entry = |entry: IndexEntry| {
        json!({
            "name": entry.name,
            "version": entry.version.to_string(),
            "state": entry.state(),
            "reason": entry.reason,
        })
    };
    Ok(Json(index_of(&shared, "", request.ready)?.into_iter().map(entry).collect()))
}

/// The versions of the models in a repository, of which there is one, without a name.
pub(crate) fn index_of(shared: &SharedArc, repository: &str, ready: bool) -> Result<Vec<IndexEntry>, ApiError> {
    refuse_repository(repository)?;
    Ok(shared.repository.index().into_iter().filter(|entry| entry.is_ready || !ready).collect())
}

/// Refuses a named repository: the server has one, without a name.
pub(crate) fn refuse_repository(name: &str) -> Result<(), ApiError> {
    match name {
        "" => Ok(()),
        _ => Err(ApiError::bad_request(format!("there is no repository `{name}`; leave the name out"))),
    }
}

/// What `POST /v2/repository/models/NAME/load` may ask.
#[derive(Debug, Default, Deserialize)]
struct LoadRequest {
    #[serde(default)]
    parameters: Map<String, Json_>,
}

/// `POST /v2/repository/models/NAME/load`: from its file, anew.
pub(crate) async fn load(shared: State, Path(name): Path<String>, body: Bytes) -> Result<Json<Json_>, ApiError> {
    let Object(request) = match body.is_empty() {
        true => Object(LoadRequest::default()),
        false => serde_json::from_slice(&body).map_err(|error| ApiError::bad_request(error.to_string()))?,
    };
    refuse_load_parameters(request.parameters.keys())?;
    load_again(&shared, name).await.map(|()| Json(json!({})))
}

/// Refuses what a client would have instead of the file: another configuration, or the bytes of a model.
pub(crate) fn refuse_load_parameters<'a>(mut names: impl Iterator<Item = &'a String>) -> Result<(), ApiError> {
    match names.next() {
        None => Ok(()),
        Some(name) => Err(ApiError::bad_request(format!(
            "the parameter `{name}` is not supported: models are loaded from their files"
        ))),
    }
}

/// Loads all versions of a model from their files.
pub(crate) async fn load_again(shared: &SharedArc, name: String) -> Result<(), ApiError> {
    let repository = Arc::clone(&shared.repository);
    let missing = ApiError::no_model(&name, None);
    let loaded = tokio::task::spawn_blocking(move || repository.load_again(&name)).await;
    match loaded.map_err(|error| ApiError::internal(error.to_string()))? {
        None => Err(missing),
        Some(loaded) => loaded.map_err(|error| ApiError::load(&error)),
    }
}

/// `POST /v2/repository/models/NAME/unload`
pub(crate) async fn unload(shared: State, Path(name): Path<String>) -> Result<Json<Json_>, ApiError> {
    match shared.repository.unload(&name) {
        true => Ok(Json(json!({}))),
        false => Err(ApiError::no_model(&name, None)),
    }
}

/// The body of `infer`.
#[derive(Debug, Deserialize)]
struct InferRequest<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(borrow)]
    inputs: Vec<Object<InputTensor<'a>>>,
    #[serde(default)]
    outputs: Option<Vec<Object<OutputTensor>>>,
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
    #[serde(flatten)]
    other: Map<String, Json_>,
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
    let Object(request): Object<InferRequest<'_>> =
        serde_json::from_slice(json).map_err(|error| ApiError::bad_request(format!("not a V2 request: {error}")))?;
    let wants_binary = wants_binary(request.parameters.as_ref());
    let outputs: Vec<_> = request.outputs.unwrap_or_default().into_iter().map(|Object(output)| output).collect();
    for output in &outputs {
        infer::refuse_output_parameters(&output.name, output.parameters.other.keys())?;
    }
    let names: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    let inputs = read_inputs(request.inputs, binary)?;
    let tensors = infer::infer(&shared, &loaded, &names, request.parameters.as_ref(), inputs).await?;
    let is_binary = |name: &str| match outputs.iter().find(|output| output.name == name) {
        Some(output) => output.parameters.binary_data.unwrap_or(wants_binary),
        None => wants_binary,
    };
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

fn wants_binary(parameters: Option<&Map<String, Json_>>) -> bool {
    parameters.and_then(|parameters| parameters.get("binary_data_output")) == Some(&Json_::Bool(true))
}

fn read_inputs(inputs: Vec<Object<InputTensor<'_>>>, binary: Option<&[u8]>) -> Result<Vec<Tensor>, ApiError> {
    let mut rest = binary.unwrap_or_default();
    let mut tensors = Vec::with_capacity(inputs.len());
    for Object(InputTensor { name, shape, datatype, data, parameters }) in inputs {
        let wrong = |what: String| ApiError::bad_request(format!("input `{name}`: {what}"));
        if parameters.other.contains_key(infer::SHARED_MEMORY) {
            return Err(wrong(infer::NO_SHARED_MEMORY.to_owned()));
        }
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
