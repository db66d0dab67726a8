//! Connections: taking them in, keeping their time, and ending them without losing a request.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower::Service;

use crate::tls::Tls;

/// How long a client may take from connecting to the end of its first request's head, for the head of each later one,
/// and between two pieces of a body.
pub(crate) const SLOWEST_CLIENT: Duration = Duration::from_secs(30);
/// How often a silent HTTP/2 connection is asked whether it still lives, and how long it has to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(20));
/// Requests at a time of one HTTP/2 connection.
const MOST_STREAMS: u32 = 256;
/// Bytes of a request's head.
const MOST_HEAD: u32 = 64 << 10;
/// After this the next connection is tried that could not be accepted for want of file handles.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves the connections to `socket` until `stop` says so; returns when the requests are finished that had begun.
pub(crate) async fn serve(socket: TcpListener, tls: Option<Tls>, router: Router, mut stop: watch::Receiver<bool>) {
    let graceful = Arc::new(GracefulShutdown::new());
    let builder = Arc::new(builder());
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            // The sender is only gone when the process ends.
            _ = stop.wait_for(|&is_stopping| is_stopping) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    sleep(PAUSE).await;
                }
                continue;
            }
        };
        // Replies are small, and each waits for nothing.
        let _ = stream.set_nodelay(true);
        let (tls, router, builder, watcher) = (tls.clone(), router.clone(), Arc::clone(&builder), graceful.watcher());
        tokio::spawn(async move {
            match tls {
                None => connection(TokioIo::new(stream), router, &builder, watcher).await,
                Some(tls) => {
                    if let Some(stream) = handshake(&tls, stream).await {
                        connection(TokioIo::new(stream), router, &builder, watcher).await;
                    }
                }
            }
        });
    }
    drop(socket);
    if let Ok(graceful) = Arc::try_unwrap(graceful) {
        graceful.shutdown().await;
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(SLOWEST_CLIENT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1)
        .max_concurrent_streams(MOST_STREAMS)
        .max_header_list_size(MOST_HEAD);
    builder
}

/// Errors of a connection that was gone before it was accepted; of others, the next one meets the same.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn handshake(tls: &Tls, stream: TcpStream) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    timeout(SLOWEST_CLIENT, tls.accept(stream)).await.ok()?.ok()
}

/// The requests of one connection.
async fn connection<S>(
    stream: S,
    router: Router,
    builder: &Builder<TokioExecutor>,
    watcher: hyper_util::server::graceful::Watcher,
) where
    S: Read + Write + Unpin + Send + 'static,
{
    let has_begun = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&has_begun);
    let service = service_fn(move |request: axum::http::Request<Incoming>| {
        begun.store(true, Ordering::Relaxed);
        router.clone().call(request)
    });
    let served = watcher.watch(builder.serve_connection(stream, service).into_owned());
    // Which protocol a client speaks is not known before it has sent some bytes, and no timer runs until then.
    let is_silent = async {
        sleep(SLOWEST_CLIENT).await;
        if has_begun.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        // Errors are the client's: it was told, or it is gone.
        _ = served => {}
        () = is_silent => {}
    }
}
