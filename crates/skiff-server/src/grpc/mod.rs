//! Open Inference Protocol V2 over gRPC, with Triton's additions to it, and gRPC's own health protocol.

mod messages;
mod tensors;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use prost::Message;
use serde_json::{Map, Value as Json};
use tokio_stream::StreamExt;
use tonic::codec::CompressionEncoding;
use tonic::server::Grpc;
use tonic::{Code, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::access;
use crate::describe::{self, Described};
use crate::error::ApiError;
use crate::infer;
use crate::predict::Counts;
use crate::repository::Loaded;
use crate::shared::{SharedArc, State};
use crate::v2;
use messages::{
    DataType, Empty, HealthCheckRequest, HealthCheckResponse, InferParameter, InferRequestedOutputTensor,
    InferStatistics, Latest, ModelConfig, ModelConfigResponse, ModelIndex, ModelInferRequest, ModelInferResponse,
    ModelInput, ModelMetadataResponse, ModelOutput, ModelRequest, ModelStatistics, ModelStatisticsResponse,
    ModelStreamInferResponse, ModelVersionPolicy, Parameter, ReadyResponse, RepositoryIndexRequest,
    RepositoryIndexResponse, RepositoryModelRequest, ServerLiveResponse, ServerMetadataResponse, ServingStatus,
    StatisticDuration, TensorMetadata,
};

/// The paths of both services.
pub(crate) fn routes(shared: &SharedArc) -> Router<SharedArc> {
    let method = |name: &str| format!("/inference.GRPCInferenceService/{name}");
    let models = Router::new()
        .route(&method("ModelReady"), post(model_ready))
        .route(&method("ModelMetadata"), post(model_metadata))
        .route(&method("ModelInfer"), post(model_infer))
        .route(&method("ModelStreamInfer"), post(model_stream_infer))
        .route(&method("ModelConfig"), post(model_config))
        .route(&method("ModelStatistics"), post(model_statistics))
        .route(&method("RepositoryIndex"), post(repository_index))
        .route(&method("RepositoryModelLoad"), post(repository_model_load))
        .route(&method("RepositoryModelUnload"), post(repository_model_unload))
        .route(&method("{other}"), post(not_implemented))
        .route_layer(middleware::from_fn_with_state(Arc::clone(shared), require_key));
    let open = Router::new()
        .route(&method("ServerLive"), post(server_live))
        .route(&method("ServerReady"), post(server_ready))
        .route(&method("ServerMetadata"), post(server_metadata))
        .route("/grpc.health.v1.Health/Check", post(health_check))
        .route("/grpc.health.v1.Health/Watch", post(health_watch));
    models.merge(open)
}

impl From<ApiError> for Status {
    fn from(error: ApiError) -> Self {
        let code = match error.code() {
            "timeout" => Code::DeadlineExceeded,
            "too-many-requests" => Code::ResourceExhausted,
            _ => match error.status().as_u16() {
                401 => Code::Unauthenticated,
                404 => Code::NotFound,
                413 => Code::ResourceExhausted,
                503 => Code::Unavailable,
                500 => Code::Internal,
                _ => Code::InvalidArgument,
            },
        };
        // It travels in a header, whose length is limited.
        let message: String = error.message().chars().take(MOST_MESSAGE).collect();
        Self::new(code, message)
    }
}

/// Characters of an error's message.
const MOST_MESSAGE: usize = 1_000;

/// Refuses requests without the key, as gRPC refuses.
async fn require_key(shared: State, request: Request, next: Next) -> Response {
    match access::has_key(&shared, request.headers()) {
        true => next.run(request).await,
        false => Status::from(ApiError::unauthorized()).into_http(),
    }
}

/// A service with the server's limits and compression. `Q` is what it reads, and `A` what it writes.
fn service<Q, A>(shared: &SharedArc) -> Grpc<ProstCodec<A, Q>>
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
{
    let mut service = Grpc::new(ProstCodec::default()).max_decoding_message_size(shared.settings.most_body);
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Deflate] {
        service = service.accept_compressed(encoding).send_compressed(encoding);
    }
    service.max_encoding_message_size(usize::MAX)
}

/// Answers one message with one.
async fn unary<Q, A, F>(shared: &SharedArc, request: Request, mut answer: impl FnMut(Q) -> F + Send) -> Response
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
    F: Future<Output = Result<A, ApiError>> + Send,
{
    let answered = tower::service_fn(move |request: tonic::Request<Q>| {
        let answer = answer(request.into_inner());
        async move { answer.await.map(tonic::Response::new).map_err(Status::from) }
    });
    service(shared).unary(answered, request).await.map(axum::body::Body::new)
}

/// Triton's shared memory, tracing and log settings, and whatever else there is no answer to.
pub(crate) async fn not_implemented(request: Request) -> Response {
    let method = request.uri().path().rsplit('/').next().unwrap_or_default().chars().take(100).collect::<String>();
    Status::unimplemented(format!("`{method}` is not supported")).into_http()
}

async fn server_live(shared: State, request: Request) -> Response {
    unary(&shared, request, async |_: Empty| Ok(ServerLiveResponse { live: true })).await
}

async fn server_ready(shared: State, request: Request) -> Response {
    let ready = shared.repository.is_ready();
    unary(&shared, request, async |_: Empty| Ok(ReadyResponse { ready })).await
}

async fn server_metadata(shared: State, request: Request) -> Response {
    let metadata = async |_: Empty| {
        Ok(ServerMetadataResponse {
            name: "skiff".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: v2::EXTENSIONS.iter().map(ToString::to_string).collect(),
        })
    };
    unary(&shared, request, metadata).await
}

/// The model of a request; an empty version is the highest.
fn find(shared: &SharedArc, name: &str, version: &str) -> Result<Arc<Loaded>, ApiError> {
    v2::find(shared, name, Some(version).filter(|version| !version.is_empty()))
}

async fn model_ready(shared: State, request: Request) -> Response {
    let ready =
        async |asked: ModelRequest| Ok(ReadyResponse { ready: find(&shared, &asked.name, &asked.version).is_ok() });
    unary(&shared, request, ready).await
}

async fn model_metadata(shared: State, request: Request) -> Response {
    let metadata = async |asked: ModelRequest| {
        let loaded = find(&shared, &asked.name, &asked.version)?;
        let each = |all: Vec<Described>| {
            let metadata =
                |Described { name, datatype, shape }| TensorMetadata { name, datatype: datatype.to_owned(), shape };
            all.into_iter().map(metadata).collect()
        };
        Ok(ModelMetadataResponse {
            name: loaded.name.clone(),
            versions: shared.repository.versions(&loaded.name).iter().map(u64::to_string).collect(),
            platform: v2::PLATFORM.to_owned(),
            inputs: each(describe::inputs(&loaded)),
            outputs: each(describe::outputs(&loaded)),
        })
    };
    unary(&shared, request, metadata).await
}

async fn model_config(shared: State, request: Request) -> Response {
    let config = async |asked: ModelRequest| {
        let loaded = find(&shared, &asked.name, &asked.version)?;
        let input = describe::inputs(&loaded).into_iter();
        let output = describe::outputs(&loaded).into_iter();
        let config = ModelConfig {
            name: loaded.name.clone(),
            platform: v2::PLATFORM.to_owned(),
            version_policy: Some(ModelVersionPolicy { latest: Some(Latest { num_versions: 1 }) }),
            max_batch_size: 0,
            input: input
                .map(|Described { name, datatype, shape }| ModelInput {
                    name,
                    data_type: data_type(datatype),
                    dims: shape,
                })
                .collect(),
            output: output
                .map(|Described { name, datatype, shape }| ModelOutput {
                    name,
                    data_type: data_type(datatype),
                    dims: shape,
                })
                .collect(),
            backend: v2::BACKEND.to_owned(),
        };
        Ok(ModelConfigResponse { config: Some(config) })
    };
    unary(&shared, request, config).await
}

/// The protocol's datatype as a configuration has it.
fn data_type(datatype: &str) -> i32 {
    let found = match datatype {
        "BOOL" => DataType::Bool,
        "UINT8" => DataType::Uint8,
        "UINT16" => DataType::Uint16,
        "UINT32" => DataType::Uint32,
        "UINT64" => DataType::Uint64,
        "INT8" => DataType::Int8,
        "INT16" => DataType::Int16,
        "INT32" => DataType::Int32,
        "INT64" => DataType::Int64,
        "FP32" => DataType::Fp32,
        "FP64" => DataType::Fp64,
        "BYTES" => DataType::String,
        _ => DataType::Invalid,
    };
    found.into()
}

async fn model_statistics(shared: State, request: Request) -> Response {
    let statistics = async |asked: ModelRequest| {
        let all = match asked.name.is_empty() {
            true => shared.repository.all(),
            false => vec![find(&shared, &asked.name, &asked.version)?],
        };
        Ok(ModelStatisticsResponse { model_stats: all.iter().map(|loaded| statistics_of(loaded)).collect() })
    };
    unary(&shared, request, statistics).await
}

fn statistics_of(loaded: &Loaded) -> ModelStatistics {
    let counts: Counts = loaded.statistics.counts();
    let times = |(count, ns)| Some(StatisticDuration { count, ns });
    ModelStatistics {
        name: loaded.name.clone(),
        version: loaded.version.to_string(),
        last_inference: counts.last_millis,
        inference_count: counts.rows,
        execution_count: counts.success.0,
        inference_stats: Some(InferStatistics {
            success: times(counts.success),
            fail: times(counts.fail),
            queue: times(counts.queue),
            compute_input: times((counts.success.0, 0)),
            compute_infer: times(counts.compute),
            compute_output: times((counts.success.0, 0)),
        }),
    }
}

async fn repository_index(shared: State, request: Request) -> Response {
    let index = async |asked: RepositoryIndexRequest| {
        let entries = v2::index_of(&shared, &asked.repository_name, asked.ready)?;
        let entry = |entry: crate::repository::IndexEntry| ModelIndex {
            state: entry.state().to_owned(),
            name: entry.name,
            version: entry.version.to_string(),
            reason: entry.reason,
        };
        Ok(RepositoryIndexResponse { models: entries.into_iter().map(entry).collect() })
    };
    unary(&shared, request, index).await
}

async fn repository_model_load(shared: State, request: Request) -> Response {
    let load = async |asked: RepositoryModelRequest| {
        v2::refuse_repository(&asked.repository_name)?;
        v2::refuse_load_parameters(asked.parameters.keys())?;
        v2::load_again(&shared, asked.model_name).await.map(|()| Empty {})
    };
    unary(&shared, request, load).await
}

async fn repository_model_unload(shared: State, request: Request) -> Response {
    let unload = async |asked: RepositoryModelRequest| {
        v2::refuse_repository(&asked.repository_name)?;
        match shared.repository.unload(&asked.model_name) {
            true => Ok(Empty {}),
            false => Err(ApiError::no_model(&asked.model_name, None)),
        }
    };
    unary(&shared, request, unload).await
}

async fn model_infer(shared: State, request: Request) -> Response {
    unary(&shared, request, async |asked| answer(&shared, asked).await).await
}

/// Each request of a stream is answered in turn; an error is the answer to its request, and ends nothing.
async fn model_stream_infer(shared: State, request: Request) -> Response {
    let own = Arc::clone(&shared);
    let answered = tower::service_fn(move |requests: tonic::Request<Streaming<ModelInferRequest>>| {
        let shared = Arc::clone(&own);
        let answers = requests.into_inner().then(move |asked| {
            let shared = Arc::clone(&shared);
            async move {
                let asked = asked?;
                let id = asked.id.clone();
                let wants_last = asked.parameters.contains_key(WANTS_FINAL);
                Ok(match answer(&shared, asked).await {
                    Ok(mut response) => {
                        if wants_last {
                            let yes = InferParameter { choice: Some(Parameter::Bool(true)) };
                            response.parameters.insert(IS_FINAL.to_owned(), yes);
                        }
                        ModelStreamInferResponse { error_message: String::new(), infer_response: Some(response) }
                    }
                    Err(error) => ModelStreamInferResponse {
                        error_message: error.message().to_owned(),
                        // Tells which request it was.
                        infer_response: Some(ModelInferResponse { id, ..ModelInferResponse::default() }),
                    },
                })
            }
        });
        async move { Ok::<_, Status>(tonic::Response::new(answers)) }
    });
    service(&shared).streaming(answered, request).await.map(axum::body::Body::new)
}

/// Triton's parameters of streams: a client wants to be told which response is the last one to its request.
const WANTS_FINAL: &str = "triton_enable_empty_final_response";
const IS_FINAL: &str = "triton_final_response";

async fn answer(shared: &SharedArc, asked: ModelInferRequest) -> Result<ModelInferResponse, ApiError> {
    let loaded = find(shared, &asked.model_name, &asked.model_version)?;
    refuse_extensions(&asked.outputs)?;
    let is_raw = !asked.raw_input_contents.is_empty();
    let parameters = json_parameters(asked.parameters);
    let inputs = tensors::read(asked.inputs, &asked.raw_input_contents)?;
    drop(asked.raw_input_contents);
    let names: Vec<&str> = asked.outputs.iter().map(|output| output.name.as_str()).collect();
    let answered = infer::infer(shared, &loaded, &names, Some(&parameters), inputs).await?;
    let mut response = ModelInferResponse {
        model_name: loaded.name.clone(),
        model_version: loaded.version.to_string(),
        id: asked.id,
        ..ModelInferResponse::default()
    };
    for tensor in answered {
        let (output, raw) = tensors::write(tensor, is_raw);
        response.outputs.push(output);
        response.raw_output_contents.extend(raw);
    }
    Ok(response)
}

fn refuse_extensions(outputs: &[InferRequestedOutputTensor]) -> Result<(), ApiError> {
    for output in outputs {
        infer::refuse_output_parameters(&output.name, output.parameters.keys())?;
    }
    Ok(())
}

fn json_parameters(parameters: HashMap<String, InferParameter>) -> Map<String, Json> {
    let value = |parameter: InferParameter| match parameter.choice {
        None => Json::Null,
        Some(Parameter::Bool(value)) => value.into(),
        Some(Parameter::Int64(value)) => value.into(),
        Some(Parameter::Uint64(value)) => value.into(),
        Some(Parameter::Double(value)) => value.into(),
        Some(Parameter::String(value)) => value.into(),
    };
    parameters.into_iter().map(|(name, parameter)| (name, value(parameter))).collect()
}

/// The status of the server, or of the model of a name; `None` when there is no such model.
fn serving_status(shared: &SharedArc, service: &str) -> Option<ServingStatus> {
    let is_serving = match service {
        "" | "inference.GRPCInferenceService" => shared.repository.is_ready(),
        name => {
            let mut versions = shared.repository.index().into_iter().filter(|entry| entry.name == name).peekable();
            versions.peek()?;
            versions.any(|entry| entry.is_ready)
        }
    };
    Some(if is_serving { ServingStatus::Serving } else { ServingStatus::NotServing })
}

async fn health_check(shared: State, request: Request) -> Response {
    let check = async |asked: HealthCheckRequest| match serving_status(&shared, &asked.service) {
        Some(status) => Ok(HealthCheckResponse { status: status.into() }),
        None => Err(ApiError::no_model(&asked.service, None)),
    };
    unary(&shared, request, check).await
}

/// How often a watched status is looked at.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// The status now, and each time that it is another one.
async fn health_watch(shared: State, request: Request) -> Response {
    let own = Arc::clone(&shared);
    let watched = tower::service_fn(move |asked: tonic::Request<HealthCheckRequest>| {
        let (shared, name) = (Arc::clone(&own), asked.into_inner().service);
        let mut last = None;
        let mut ticks = tokio::time::interval(WATCH_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let statuses = tokio_stream::wrappers::IntervalStream::new(ticks).filter_map(move |_| {
            let status = serving_status(&shared, &name).unwrap_or(ServingStatus::ServiceUnknown);
            let is_new = last.replace(status) != Some(status);
            is_new.then(|| Ok::<_, Status>(HealthCheckResponse { status: status.into() }))
        });
        async move { Ok::<_, Status>(tonic::Response::new(statuses)) }
    });
    service(&shared).server_streaming(watched, request).await.map(axum::body::Body::new)
}
