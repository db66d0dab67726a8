//! `skiff-sql`: SQL over Parquet, CSV, JSON and Arrow files, with the predictions of models as functions; in this process
//! by DataFusion, or in a cluster of Ballista, whose scheduler and executors it also is.

mod arguments;
mod cluster;
mod diagnosis;
mod output;
mod query;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

#[global_allocator]
static ALLOCATOR: skiff_memory::LargePages = skiff_memory::LargePages;

/// Plans of long queries are deep.
const STACK: usize = 32 << 20;

/// What went wrong, as a sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error")).init();
    match run(arguments) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK);
    if let Some(threads) = arguments.query.threads {
        runtime.worker_threads(threads.get());
    }
    // On a thread of the runtime, whose stack is large.
    let runtime = runtime.build()?;
    runtime.block_on(async move {
        let work = tokio::spawn(async move {
            match arguments.command {
                Some(Command::Scheduler(options)) => cluster::scheduler(*options).await,
                Some(Command::Executor(options)) => cluster::executor(*options).await,
                None => query::run(arguments.query).await,
            }
        });
        let abort = work.abort_handle();
        tokio::select! {
            done = work => done.unwrap_or_else(|error| Err(Box::new(error))).map(|()| ExitCode::SUCCESS),
            // A server ends by itself, in order.
            _ = interrupted() => {
                abort.abort();
                Ok(ExitCode::from(130))
            }
        }
    })
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
