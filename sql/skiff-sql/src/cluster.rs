//! Ballista's scheduler and executors, with the functions of models; and the sessions of both and of queries.

use std::sync::Arc;

use ballista_core::object_store::{
    S3Options, runtime_env_with_s3_support, session_config_with_s3_support, session_state_with_s3_support,
};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_executor::health::spawn_health_server;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::SchedulerConfig;
use ballista_scheduler::scheduler_process::start_server;
use datafusion::common::Result;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;
use skiff_datafusion::{Models, functions};

use crate::Failure;
use crate::arguments::{Executor, Scheduler, Trusting};

/// Runs the scheduler until it is stopped.
pub async fn scheduler(arguments: Scheduler) -> Result<(), Failure> {
    let models = models(&arguments.trust)?;
    let options = arguments.options;
    let address = format!("{}:{}", options.bind_host, options.bind_port).parse()?;
    let config: SchedulerConfig = options.try_into()?;
    let config = config
        .with_override_config_producer(Arc::new(session_config_with_s3_support))
        .with_override_session_builder(Arc::new(move |config| cluster_state(config, &models)));
    let cluster = BallistaCluster::new_from_config(&config).await?;
    Ok(start_server(cluster, address, Arc::new(config)).await?)
}

/// Runs an executor until it is stopped.
pub async fn executor(arguments: Executor) -> Result<(), Failure> {
    let models = models(&arguments.trust)?;
    let options = arguments.options;
    let health_address = format!("{}:{}", options.bind_host, options.bind_health_port).parse()?;
    let mut config: ExecutorProcessConfig = options.try_into()?;
    config.override_config_producer = Some(Arc::new(session_config_with_s3_support));
    config.override_runtime_producer = Some(Arc::new(runtime_env_with_s3_support));
    let mut registry = BallistaFunctionRegistry::default();
    registry
        .scalar_functions
        .extend(functions(&models).map(|function| (function.name().to_owned(), Arc::new(function))));
    config.override_function_registry = Some(Arc::new(registry));
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let health = spawn_health_server(health_address, config.health.clone(), stopped);
    let outcome = start_executor_process(Arc::new(config)).await;
    // It may have ended by itself.
    let _ = stop.send(());
    let _ = health.await?;
    Ok(outcome?)
}

/// The models of this process.
pub fn models(trust: &Trusting) -> Result<Arc<Models>, Failure> {
    Ok(Arc::new(match &trust.require_signature {
        Some(key) => Models::require_signature(key)?,
        None => Models::default(),
    }))
}

/// The state of a session of the cluster.
pub fn cluster_state(config: SessionConfig, models: &Arc<Models>) -> Result<SessionState> {
    Ok(with_functions(session_state_with_s3_support(config)?, models))
}

/// The state of a session in this process, with the same files and object stores as in the cluster.
pub fn local_state(models: &Arc<Models>) -> Result<SessionState> {
    let config = SessionConfig::from_env()?.with_information_schema(true).with_option_extension(S3Options::default());
    let runtime = runtime_env_with_s3_support(&config)?;
    let state = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime).with_default_features();
    Ok(with_functions(state.build(), models))
}

/// The state with the functions of models.
pub fn with_functions(state: SessionState, models: &Arc<Models>) -> SessionState {
    let mut all: Vec<_> = state.scalar_functions().values().map(Arc::clone).collect();
    all.extend(functions(models).map(Arc::new));
    SessionStateBuilder::new_from_existing(state).with_scalar_functions(all).build()
}
