//! KServe V1.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::mlflow;
use crate::shared::State;

/// `GET /v1/models`
pub(crate) async fn list(shared: State) -> Json<Value> {
    let mut names: Vec<String> = shared.repository.all().iter().map(|loaded| loaded.name.clone()).collect();
    names.dedup();
    Json(json!({ "models": names }))
}

/// `GET /v1/models/NAME`
pub(crate) async fn status(shared: State, Path(name): Path<String>) -> Result<Json<Value>, ApiError> {
    let loaded = shared.repository.get(&name, None).ok_or_else(|| ApiError::no_model(&name, None))?;
    Ok(Json(json!({ "name": loaded.name, "ready": true })))
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

/// `POST /v1/models/NAME:predict`, and `:predict_proba` and others after the method's name.
pub(crate) async fn predict(
    shared: State,
    Path(path): Path<String>,
    Query(asked): Query<Asked>,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let Some((name, verb)) = path.rsplit_once(':') else {
        return Err(ApiError::bad_request(format!("expected `/v1/models/{path}:predict`")));
    };
    let loaded = shared.repository.get(name, None).ok_or_else(|| ApiError::no_model(name, None))?;
    let request: PredictRequest =
        serde_json::from_slice(&body).map_err(|error| ApiError::bad_request(format!("not a V1 request: {error}")))?;
    // `:predict` means the default method of what does not predict, too.
    let by_path = (verb != "predict").then_some(verb);
    let method = asked.method.as_deref().or(by_path);
    let table = crate::frame::of_rows(&loaded, request.instances)?;
    mlflow::answer(&shared, &loaded, method, request.parameters, table).await.map(Json)
}
