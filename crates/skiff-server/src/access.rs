//! What is done around every request: the API key, the request id, metrics and the access log.

use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::ApiError;
use crate::shared::{Shared, State};

/// A key that requests must bring. Only its digest is kept.
#[derive(Clone)]
pub struct ApiKey([u8; 32]);

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey")
    }
}

impl ApiKey {
    /// The key `key`; `None` for an empty one, which would let everybody in.
    pub fn new(key: &str) -> Option<Self> {
        (!key.is_empty()).then(|| Self(Sha256::digest(key.as_bytes()).into()))
    }

    fn is(&self, key: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(key).into();
        self.0.ct_eq(&digest).into()
    }
}

/// Refuses requests without the key. Probes and the server's name need none.
pub(crate) async fn require_key(shared: State, request: Request, next: Next) -> Result<Response, ApiError> {
    match has_key(&shared, request.headers()) {
        true => Ok(next.run(request).await),
        false => Err(ApiError::unauthorized()),
    }
}

/// Whether a request has the key, or needs none.
pub(crate) fn has_key(shared: &Shared, headers: &HeaderMap) -> bool {
    let Some(expected) = &shared.settings.api_key else { return true };
    given_key(headers).is_some_and(|key| expected.is(key))
}

fn given_key(headers: &HeaderMap) -> Option<&[u8]> {
    if let Some(key) = headers.get("x-api-key") {
        return Some(key.as_bytes());
    }
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().as_bytes())
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A longer id of a client's is cut: it is copied to the log.
const MOST_ID: usize = 128;

/// Counts and times a request, gives it an id, and logs it.
pub(crate) async fn observe(shared: State, mut request: Request, next: Next) -> Response {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    // The system is asked for it once.
    static PROCESS: LazyLock<u32> = LazyLock::new(std::process::id);
    let start = Instant::now();
    let given = request.headers().get(REQUEST_ID).filter(|id| id.len() <= MOST_ID).cloned();
    let id = given.or_else(|| {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        HeaderValue::from_str(&format!("{:x}-{count:x}", *PROCESS)).ok()
    });
    if let Some(id) = &id {
        request.headers_mut().insert(REQUEST_ID, id.clone());
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // Paths as the client wrote them would be a label without bounds.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let in_flight = shared.metrics.request_begins();
    let mut response = next.run(request).await;
    drop(in_flight);
    let seconds = start.elapsed().as_secs_f64();
    shared.metrics.request_ends(&route, method.as_str(), response.status().as_u16(), seconds);
    if shared.settings.access_log {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
        let line = json!({
            "time": time,
            "method": method.as_str(),
            "path": path,
            "status": response.status().as_u16(),
            "seconds": seconds,
            "request_id": id.as_ref().and_then(|id| id.to_str().ok()),
        });
        // A log that cannot be written must not end the server.
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}
