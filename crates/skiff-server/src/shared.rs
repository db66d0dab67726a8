//! The settings of a server, and what its handlers share.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::access::ApiKey;
use crate::coalesce::Gathering;
use crate::metrics::Metrics;
use crate::repository::Repository;

/// How the server behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The longest body of a request in bytes, decompressed.
    pub most_body: usize,
    /// The most rows of one request.
    pub most_rows: usize,
    /// How many requests are computed at a time.
    pub concurrency: NonZeroUsize,
    /// How many requests wait while others are computed; one more is refused with 429.
    pub queue: usize,
    /// How long a request may wait and compute.
    pub timeout: Duration,
    /// How long a request of a few rows waits for others, to be computed together with them; `None` for not at all.
    pub coalesce: Option<Duration>,
    /// The key that requests must bring, if any.
    pub api_key: Option<ApiKey>,
    /// How often files are looked at for changes; `None` for never.
    pub reload_every: Option<Duration>,
    /// Whether a line of JSON is written to standard error for each request.
    pub access_log: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            most_body: 64 << 20,
            most_rows: 1_000_000,
            concurrency: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue: 1024,
            timeout: Duration::from_secs(60),
            coalesce: None,
            api_key: None,
            reload_every: Some(Duration::from_secs(1)),
            access_log: false,
        }
    }
}

/// What all handlers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) repository: Arc<Repository>,
    pub(crate) settings: Settings,
    pub(crate) metrics: Metrics,
    /// A permit for each request that is computed.
    pub(crate) running: Semaphore,
    /// A permit for each request that is computed or waits.
    pub(crate) admitted: Semaphore,
    /// Requests that wait to be computed together.
    pub(crate) gathering: Gathering,
}

/// What all handlers share, as an extractor.
pub(crate) type State = axum::extract::State<Arc<Shared>>;

/// The same, for functions that keep it longer than a call.
pub(crate) type SharedArc = Arc<Shared>;
