//! A process that serves until it is told to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until};

use crate::repository::{LoadError, Repository};
use crate::router;
use crate::shared::Settings;

/// What is told of the server while it runs.
pub trait Watcher: Send + Sync {
    /// It listens on this address.
    fn listening(&self, address: SocketAddr);

    /// A changed file could not be loaded; the model it replaces is still served.
    fn reload_failed(&self, error: &LoadError);

    /// It was told to end, and finishes the requests that have begun.
    fn stopping(&self);
}

/// How long requests may take that have begun when the server is told to end.
const MOST_STOPPING: Duration = Duration::from_secs(30);

/// Serves `repository` on `address` until the process is told to end by SIGTERM or Ctrl-C; requests that have begun by
/// then are finished. SIGHUP loads every model anew.
///
/// # Errors
/// When the address cannot be listened on, and when the socket fails.
pub fn run(
    repository: Arc<Repository>,
    settings: Settings,
    address: SocketAddr,
    watcher: Arc<dyn Watcher>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let every = settings.reload_every;
    runtime.block_on(async move {
        let listener = TcpListener::bind(address).await?;
        watcher.listening(listener.local_addr()?);
        let reloading = tokio::spawn(reload(Arc::clone(&repository), every, Arc::clone(&watcher)));
        let (told, stopped) = tokio::sync::oneshot::channel();
        let stop = async move {
            stop_signal().await;
            watcher.stopping();
            let _ = told.send(());
        };
        let served = axum::serve(listener, router(repository, settings)).with_graceful_shutdown(stop).into_future();
        let ended = tokio::select! {
            ended = served => ended,
            // A connection that never ends must not keep the process.
            () = async { let _ = stopped.await; sleep_until(Instant::now() + MOST_STOPPING).await } => Ok(()),
        };
        reloading.abort();
        ended
    })
}

/// Loads models anew when their files change, and all of them on SIGHUP.
async fn reload(repository: Arc<Repository>, every: Option<Duration>, watcher: Arc<dyn Watcher>) {
    let mut hang_up = HangUp::new();
    loop {
        let pause = async {
            match every {
                Some(every) => sleep_until(Instant::now() + every).await,
                None => std::future::pending().await,
            }
        };
        let everything = tokio::select! {
            () = pause => false,
            () = hang_up.next() => true,
        };
        let repository = Arc::clone(&repository);
        let failed = tokio::task::spawn_blocking(move || repository.reload(everything)).await.unwrap_or_default();
        failed.iter().for_each(|error| watcher.reload_failed(error));
    }
}

#[cfg(unix)]
struct HangUp(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl HangUp {
    fn new() -> Self {
        Self(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok())
    }

    async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => {
                signal.recv().await;
            }
            None => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
struct HangUp;

#[cfg(not(unix))]
impl HangUp {
    fn new() -> Self {
        Self
    }

    async fn next(&mut self) {
        std::future::pending().await
    }
}

#[cfg(unix)]
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    let _ = tokio::signal::ctrl_c().await;
}
