//! Probes, the version and the metrics.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::shared::State;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "OK"
}

/// Every model that should be served is loaded.
pub(crate) async fn ready(shared: State) -> Result<&'static str, ApiError> {
    match shared.repository.is_ready() {
        true => Ok("OK"),
        false => Err(ApiError::not_ready("not every model is loaded")),
    }
}

/// The version of skiff.
pub(crate) async fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Counters and times for Prometheus.
pub(crate) async fn metrics(shared: State) -> Result<Response, ApiError> {
    let text = shared.metrics.text().ok_or_else(|| ApiError::internal("the metrics cannot be written"))?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
