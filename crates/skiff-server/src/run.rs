//! A process that serves until it is told to end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Routes;
use crate::listen::serve;
use crate::repository::{LoadError, Repository};
use crate::shared::Settings;
use crate::tls::Tls;

/// Where a server listens, and how.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address of every protocol: HTTP/1.1 and HTTP/2, gRPC among them.
    pub http: SocketAddr,
    /// Another address that gRPC's clients may use.
    pub grpc: Option<SocketAddr>,
    /// Both listen for TLS alone, if it is given.
    pub tls: Option<Tls>,
}

/// What is told of the server while it runs.
pub trait Watcher: Send + Sync {
    /// It listens on this address: `http://127.0.0.1:8080`.
    fn listening(&self, url: &str);

    /// A changed file could not be loaded; what it replaces is still served.
    fn reload_failed(&self, error: &LoadError);

    /// It was told to end, and finishes the requests that have begun.
    fn stopping(&self);
}

/// How long requests may take that have begun when the server is told to end.
const MOST_STOPPING: Duration = Duration::from_secs(30);

/// Serves `repository` until the process is told to end by SIGTERM or Ctrl-C; requests that have begun by then are
/// finished. SIGHUP loads every model, and the certificate, anew.
///
/// # Errors
/// When an address cannot be listened on.
pub fn run(
    repository: Arc<Repository>,
    settings: Settings,
    listen: &Listen,
    watcher: Arc<dyn Watcher>,
) -> io::Result<()> {
    raise_limit_of_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let every = settings.reload_every;
    runtime.block_on(async move {
        let secure = if listen.tls.is_some() { "s" } else { "" };
        let (told, stop) = watch::channel(false);
        let routes = Routes::new(Arc::clone(&repository), settings);
        let mut sockets = vec![(bind(listen.http).await?, format!("http{secure}"), routes.all())];
        if let Some(address) = listen.grpc {
            sockets.push((bind(address).await?, format!("grpc{secure}"), routes.grpc()));
        }
        let mut serving = JoinSet::new();
        for (socket, scheme, router) in sockets {
            watcher.listening(&format!("{scheme}://{}", socket.local_addr()?));
            serving.spawn(serve(socket, listen.tls.clone(), router, stop.clone()));
        }
        let reloading = tokio::spawn(reload(repository, listen.tls.clone(), every, Arc::clone(&watcher)));
        stop_signal().await;
        watcher.stopping();
        told.send_replace(true);
        // A connection that never ends must not keep the process.
        let _ = timeout(MOST_STOPPING, serving.join_all()).await;
        reloading.abort();
        Ok(())
    })
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    TcpListener::bind(address).await.map_err(named)
}

/// A connection is a file handle, of which a process gets 1,024 on many systems unless it asks for more.
#[cfg(unix)]
fn raise_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it may not be raised, fewer connections are served at a time.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

#[cfg(not(unix))]
fn raise_limit_of_files() {}

/// Loads models anew when their files change, and all of them on SIGHUP.
async fn reload(repository: Arc<Repository>, tls: Option<Tls>, every: Option<Duration>, watcher: Arc<dyn Watcher>) {
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
        let (repository, tls) = (Arc::clone(&repository), tls.clone().filter(|_| everything));
        let reloaded = tokio::task::spawn_blocking(move || {
            let mut failed = repository.reload(everything);
            failed.extend(tls.and_then(|tls| tls.reload().err()));
            failed
        });
        let failed = reloaded.await.unwrap_or_default();
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
