//! KServe V1.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use axum::http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::mlflow;
use crate::object::Object;
use crate::shared::{SharedArc, State};

/// `GET /v1/models`
pub(crate) async fn list(shared: State) -> Json<Value> {
    let mut names: Vec<String> = shared.repository.all().iter().map(|loaded| loaded.name.clone()).collect();
    names.dedup();
    Json(json!({ "models": names }))
}

/// `GET /v1/models/NAME`; `POST /v1/models/NAME:predict`, and `:predict_proba` and others after the method's name.
pub(crate) async fn model(
    shared: State,
    Path(path): Path<String>,
    Query(asked): Query<Asked>,
    method: Method,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    match (path.rsplit_once(':'), method) {
        (Some((name, verb)), Method::POST) => predict(&shared, name, verb, &asked, &body).await,
        (Some(_), _) => Err(ApiError::only("POST")),
        (None, Method::GET | Method::HEAD) => {
            let loaded = shared.repository.get(&path, None).ok_or_else(|| ApiError::no_model(&path, None))?;
            Ok(Json(json!({ "name": loaded.name, "ready": true })))
        }
        (None, _) => Err(ApiError::only("GET,HEAD")),
    }
}

/// What a client may add to the path.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    /// A method instead of the default one.
    pub(crate) method: Option<String>,
}

/// The body of `:predict`.
#[derive(Debug, Deserialize)]
struct PredictRequest {
    #[serde(alias = "inputs")]
    instances: Vec<Value>,
    #[serde(default)]
    parameters: Map<String, Value>,
}

async fn predict(
    shared: &SharedArc,
    name: &str,
    verb: &str,
    asked: &Asked,
    body: &[u8],
) -> Result<Json<Value>, ApiError> {
    let loaded = shared.repository.get(name, None).ok_or_else(|| ApiError::no_model(name, None))?;
    let Object(request): Object<PredictRequest> =
        serde_json::from_slice(body).map_err(|error| ApiError::bad_request(format!("not a V1 request: {error}")))?;
    // `:predict` means the default method of what does not predict, too.
    let by_path = (verb != "predict").then_some(verb);
    let method = asked.method.as_deref().or(by_path);
    let table = crate::frame::of_rows(&loaded, request.instances)?;
    mlflow::answer(shared, &loaded, method, request.parameters, table).await.map(Json)
}
