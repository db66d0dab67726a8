//! Errors as replies: a status, and `{"error": …}` as Open Inference Protocol has it.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::repository::LoadError;

/// Why a request gets no answer.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    /// A stable name of what went wrong.
    code: &'static str,
    /// After how many seconds the client may try again.
    retry_after: Option<u32>,
    /// The HTTP methods that the path has, where this one is not among them.
    allow: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), code, retry_after: None, allow: None }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What was sent is not a request that can be answered.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    /// There is no such model.
    pub(crate) fn no_model(name: &str, version: Option<&str>) -> Self {
        let message = match version {
            Some(version) => format!("no model `{name}` of version `{version}`"),
            None => format!("no model `{name}`"),
        };
        Self::new(StatusCode::NOT_FOUND, "no-such-model", message)
    }

    /// The content type is one that is not read.
    pub(crate) fn content_type(found: &str, expected: &str) -> Self {
        let message = format!("expected the content type {expected}, found `{found}`");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-type", message)
    }

    /// The body would take more memory than the limit.
    #[cfg(feature = "arrow")]
    pub(crate) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "limit", message)
    }

    /// The path has these HTTP methods, and no others.
    pub(crate) fn only(methods: &'static str) -> Self {
        let message = format!("the path has no such method; it has {methods}");
        Self { allow: Some(methods), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message) }
    }

    /// No model is loaded.
    pub(crate) fn not_ready(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", message)
    }

    /// More requests than the server admits.
    pub(crate) fn too_many() -> Self {
        let message = "too many requests wait already; try again later";
        Self { retry_after: Some(1), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", message) }
    }

    /// The request waited or computed for too long.
    pub(crate) fn timeout(seconds: f64) -> Self {
        let message = format!("the request took longer than the limit of {seconds} seconds");
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", message) }
    }

    /// The key is missing or wrong.
    pub(crate) fn unauthorized() -> Self {
        let message = "expected an API key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// A model could not be loaded.
    pub(crate) fn load(error: &LoadError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.code, error.to_string())
    }

    /// A fault of the server's.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl From<skiff::Error> for ApiError {
    fn from(error: skiff::Error) -> Self {
        let status = match error.kind() {
            skiff::ErrorKind::Limit => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<skiff::ShapeError> for ApiError {
    fn from(error: skiff::ShapeError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.message, "code": self.code }));
        let mut response = (self.status, body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(methods) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        response
    }
}

/// The reply to paths that do not exist.
pub(crate) async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no-such-path", "no such path; /openapi.json lists those that there are")
}

/// The reply to methods that a path does not have.
pub(crate) async fn wrong_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "the path has no such method")
}
