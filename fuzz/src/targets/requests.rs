//! Requests to the server, decoded and answered by its own routes.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use skiff::Options;
use skiff_server::{ModelSource, Repository, Settings, router};
use skiff_testing::workspace;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// The models: numbers, columns of a DataFrame, documents.
const MODELS: [&str; 3] = ["iris-svc", "passengers", "spam-filter"];
/// What a request may be and ask.
const MOST_BODY: usize = 1 << 16;
const MOST_ROWS: usize = 64;

/// `POST /v2/models/NAME/infer`
pub fn v2_json(bytes: &[u8]) -> bool {
    ask_each(|model| format!("/v2/models/{model}/infer"), &[], bytes)
}

/// The same with binary data after the JSON, which ends at the first zero byte.
pub fn v2_binary(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|&byte| byte == 0) else { return false };
    let body = [&bytes[..end], &bytes[end + 1..]].concat();
    let length = end.to_string();
    ask_each(|model| format!("/v2/models/{model}/infer"), &[("inference-header-content-length", &length)], &body)
}

/// `POST /v1/models/NAME:predict`
pub fn kserve(bytes: &[u8]) -> bool {
    ask_each(|model| format!("/v1/models/{model}:predict"), &[], bytes)
}

/// `POST /models/NAME/invocations`
pub fn mlflow_json(bytes: &[u8]) -> bool {
    ask_each(|model| format!("/models/{model}/invocations"), &[("content-type", "application/json")], bytes)
}

/// The same with a table.
pub fn mlflow_csv(bytes: &[u8]) -> bool {
    ask_each(|model| format!("/models/{model}/invocations"), &[("content-type", "text/csv")], bytes)
}

/// `inference.GRPCInferenceService/ModelInfer` with a message, which names its model.
pub fn v2_grpc(bytes: &[u8]) -> bool {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let frame = [&[0], &length.to_be_bytes()[..], bytes].concat();
    let path = "/inference.GRPCInferenceService/ModelInfer";
    let (status, headers, _, trailers) =
        reply(path, &[("content-type", "application/grpc"), ("te", "trailers")], &frame);
    assert_eq!(status, StatusCode::OK);
    let code = [&headers, &trailers].into_iter().find_map(|headers| headers.get("grpc-status"));
    let code = code.and_then(|code| code.to_str().ok()).expect("a status");
    // UNKNOWN, INTERNAL and DATA_LOSS are faults of a server. tonic calls a message that is none INTERNAL.
    let message = [&headers, &trailers].into_iter().find_map(|headers| headers.get("grpc-message"));
    let is_undecoded = message.is_some_and(|message| message.as_bytes().starts_with(b"failed%20to%20decode"));
    assert!(!["2", "13", "15"].contains(&code) || is_undecoded, "grpc-status {code}: {message:?}");
    code == "0" || !is_undecoded
}

/// Whether the reply to any model is more than "this is no request".
fn ask_each(path: impl Fn(&str) -> String, headers: &[(&str, &str)], body: &[u8]) -> bool {
    let mut is_meaningful = false;
    for model in MODELS {
        let (status, _, reply, _) = reply(&path(model), headers, body);
        let text = String::from_utf8_lossy(&reply);
        assert!(!status.is_server_error(), "{status} {text}");
        if !status.is_success() {
            let error: serde_json::Value = serde_json::from_slice(&reply).expect("an error as JSON");
            let named = |key: &str| error[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(named("error") && named("code"), "{text}");
        }
        is_meaningful |= status.is_success() || !text.contains("not JSON") && !text.contains("request: ");
    }
    is_meaningful
}

type Reply = (StatusCode, HeaderMap, Vec<u8>, HeaderMap);

fn reply(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    thread_local! {
        static SERVER: (Runtime, Router) = server();
    }
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_vec())).expect("a request");
    SERVER.with(|(runtime, server)| {
        runtime.block_on(async {
            let response = server.clone().oneshot(request).await.expect("a reply to every request");
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("a whole body");
            let trailers = body.trailers().cloned().unwrap_or_default();
            (parts.status, parts.headers, body.to_bytes().to_vec(), trailers)
        })
    })
}

fn server() -> (Runtime, Router) {
    let path = |model: &&str| workspace("examples").join(format!("{model}.joblib")).display().to_string();
    let sources = MODELS.iter().flat_map(|model| ModelSource::from_argument(&path(model)).expect("an example"));
    let repository = Repository::load(sources.collect(), Options::default(), None).expect("the examples load");
    let settings = Settings { most_body: MOST_BODY, most_rows: MOST_ROWS, ..Settings::default() };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    (runtime, router(Arc::new(repository), settings))
}
