//! The statements of one call, run in this process or in a cluster.

use ballista::prelude::SessionContextExt;
use ballista_core::object_store::session_config_with_s3_support;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::DFParser;

use crate::arguments::Query;
use crate::{Failure, cluster, diagnosis, output};

/// Runs the statements and writes the result of the last.
pub async fn run(arguments: Query) -> Result<(), Failure> {
    let format = output::format(arguments.format, arguments.output.as_deref())?;
    let models = cluster::models(&arguments.trust)?;
    let context = match &arguments.scheduler {
        None => {
            let state = cluster::local_state(&models)?;
            let threads = arguments.threads;
            let context = SessionContext::new_with_state(state);
            if let Some(threads) = threads {
                context.state_ref().write().config_mut().options_mut().execution.target_partitions = threads.get();
            }
            context
        }
        Some(url) => {
            let state = cluster::cluster_state(session_config_with_s3_support(), &models)?;
            let context = SessionContext::remote_with_state(url, state).await?;
            // Ballista replaces the functions of the state by its own.
            for function in skiff_datafusion::functions(&models) {
                context.register_udf(function);
            }
            context
        }
    };
    let context = context.enable_url_table();
    let mut statements = DFParser::parse_sql(arguments.sql.as_deref().unwrap_or_default())?;
    let Some(last) = statements.pop_back() else { return Err("expected a statement of SQL".into()) };
    for statement in statements {
        let plan = context.state().statement_to_plan(statement).await?;
        context.execute_logical_plan(plan).await?.collect().await?;
    }
    let outcome = async {
        let plan = context.state().statement_to_plan(last.clone()).await?;
        let frame = context.execute_logical_plan(plan).await?;
        match arguments.output {
            Some(path) => output::to_file(frame, &path, format).await,
            None => output::to_stdout(frame, format, arguments.rows).await,
        }
    };
    match outcome.await {
        Ok(()) => Ok(()),
        Err(failure) => match diagnosis::damaged(&context, &last).await {
            Some(damaged) => Err(damaged.into()),
            None => Err(failure),
        },
    }
}
