//! A server for scikit-learn models: what a client of Triton, KServe, MLflow or SageMaker asks, answered by skiff.
//!
//! | protocol | paths |
//! |---|---|
//! | Open Inference Protocol V2 (REST) | `/v2`, `/v2/health/…`, `/v2/models/NAME[/versions/V]/…`, `/v2/repository/…` |
//! | Open Inference Protocol V2 (gRPC) | `inference.GRPCInferenceService`, `grpc.health.v1.Health` |
//! | KServe V1 | `/v1/models`, `/v1/models/NAME`, `/v1/models/NAME:predict` |
//! | MLflow, SageMaker | `/ping`, `/health`, `/version`, `/invocations`, `/models/NAME/invocations` |
//! | people | `/`, `/models/NAME[/versions/V]`: HTML |
//! | operations | `/metrics` (Prometheus), `/openapi.json`, `/healthz`, `/livez`, `/readyz` |
//!
//! A request never changes what another one gets: a row's answer is the same alone and in a batch, and a model that is
//! loaded again is swapped whole.
#![forbid(unsafe_code)]

mod access;
mod coalesce;
mod columnar;
mod describe;
mod error;
mod frame;
mod grpc;
mod infer;
mod kserve;
mod listen;
mod metrics;
mod mlflow;
mod object;
mod openapi;
mod operations;
mod page;
mod predict;
mod repository;
mod run;
mod shared;
mod tensor;
mod tls;
mod v2;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::routing::{any, get, post};
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::timeout::TimeoutBody;

pub use access::ApiKey;
pub use repository::{LoadError, ModelSource, Repository};
pub use run::{Listen, Watcher, run};
pub use shared::Settings;
pub use tls::Tls;

use coalesce::Gathering;
use metrics::Metrics;
use shared::{Shared, SharedArc};

/// The routes of a server of the models in `repository`, on a connection of any protocol.
pub fn router(repository: Arc<Repository>, settings: Settings) -> Router {
    Routes::new(repository, settings).all()
}

/// The routes of one server, for each of the addresses on which it listens.
#[derive(Debug)]
struct Routes(SharedArc);

impl Routes {
    fn new(repository: Arc<Repository>, settings: Settings) -> Self {
        let admitted = settings.concurrency.get().saturating_add(settings.queue).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Shared {
            metrics: Metrics::new(&repository),
            running: Semaphore::new(settings.concurrency.get().min(Semaphore::MAX_PERMITS)),
            admitted: Semaphore::new(admitted),
            gathering: Gathering::default(),
            repository,
            settings,
        }))
    }

    fn all(&self) -> Router {
        self.observed(rest(&self.0).merge(grpc::routes(&self.0)))
    }

    fn grpc(&self) -> Router {
        self.observed(grpc::routes(&self.0).fallback(grpc::not_implemented))
    }

    fn observed(&self, routes: Router<SharedArc>) -> Router {
        let shared = &self.0;
        routes.layer(middleware::from_fn_with_state(Arc::clone(shared), access::observe)).with_state(Arc::clone(shared))
    }
}

/// The routes that take and give JSON, text and bytes.
fn rest(shared: &SharedArc) -> Router<SharedArc> {
    let models = Router::new()
        .route("/v2/models/{name}", get(v2::metadata))
        .route("/v2/models/{name}/ready", get(v2::model_ready))
        .route("/v2/models/{name}/config", get(v2::config))
        .route("/v2/models/{name}/stats", get(v2::statistics))
        .route("/v2/models/{name}/infer", post(v2::infer))
        .route("/v2/models/{name}/versions/{version}", get(v2::metadata))
        .route("/v2/models/{name}/versions/{version}/ready", get(v2::model_ready))
        .route("/v2/models/{name}/versions/{version}/config", get(v2::config))
        .route("/v2/models/{name}/versions/{version}/stats", get(v2::statistics))
        .route("/v2/models/{name}/versions/{version}/infer", post(v2::infer))
        .route("/v2/models/stats", get(v2::all_statistics))
        .route("/v2/repository/index", post(v2::index))
        .route("/v2/repository/models/{name}/load", post(v2::load))
        .route("/v2/repository/models/{name}/unload", post(v2::unload))
        .route("/v1/models", get(kserve::list))
        .route("/v1/models/{name}", any(kserve::model))
        .route("/invocations", post(mlflow::invocations))
        .route("/models/{name}/invocations", post(mlflow::model_invocations))
        .route("/models/{name}/versions/{version}/invocations", post(mlflow::model_invocations))
        .route("/metrics", get(operations::metrics))
        .route("/openapi.json", get(openapi::document))
        .route_layer(middleware::from_fn_with_state(Arc::clone(shared), access::require_key));
    // The page asks for the key itself.
    let open = Router::new()
        .route("/", get(page::overview))
        .route("/models/{name}", get(page::model))
        .route("/models/{name}/versions/{version}", get(page::model))
        .route("/page.css", get(page::style))
        .route("/page.js", get(page::script))
        .route("/v2", get(v2::server))
        .route("/v2/health/live", get(operations::live))
        .route("/v2/health/ready", get(operations::ready))
        .route("/livez", get(operations::live))
        .route("/healthz", get(operations::live))
        .route("/readyz", get(operations::ready))
        .route("/ping", get(operations::ready))
        .route("/health", get(operations::ready))
        .route("/version", get(operations::version));
    models
        .merge(open)
        .fallback(error::no_such_path)
        .method_not_allowed_fallback(error::wrong_method)
        // The limit is of the decompressed body.
        .layer(DefaultBodyLimit::max(shared.settings.most_body))
        .layer(RequestDecompressionLayer::new())
        .layer(middleware::map_request(limit_pauses))
        .layer(CompressionLayer::new())
}

/// Ends a body whose next piece does not come.
async fn limit_pauses(request: Request) -> Request {
    request.map(|body| Body::new(TimeoutBody::new(listen::SLOWEST_CLIENT, body)))
}
