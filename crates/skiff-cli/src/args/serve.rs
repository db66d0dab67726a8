//! The flags of `skiff serve`.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::keys::{IdentityArguments, SignatureArguments};
use super::model::LimitArguments;
use super::values;

/// `skiff serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// What to serve: files, NAME=FILE, or folders with files and with folders of versions (NAME/1/model.joblib,
    /// NAME/2.joblib). A file is called after itself: iris-svc.joblib is the model iris-svc.
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<String>,
    /// The address to listen on. Only this machine reaches the default; 0.0.0.0:8080 is reached by others.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,
    /// Another address, for gRPC alone; --http answers gRPC too.
    #[arg(long, value_name = "ADDRESS")]
    pub grpc: Option<SocketAddr>,
    /// Serve by TLS only, with this certificate: a PEM file with the whole chain. SIGHUP reads it again.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key: a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The environment variable that holds the API key that requests must have.
    #[arg(long, value_name = "NAME")]
    pub api_key_env: Option<String>,
    /// How often files are looked at for changes, which are loaded without a failed request; 0 for never. SIGHUP loads
    /// every model again at any time.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = values::seconds)]
    pub reload_every: Duration,
    /// How often the aliases of models from registries are looked up: where one was moved, its new version is served,
    /// without a failed request; 0 for never.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = values::seconds)]
    pub follow: Duration,
    /// Write a line of JSON to standard error for each request.
    #[arg(long)]
    pub access_log: bool,
    #[command(flatten)]
    pub requests: RequestArguments,
    #[command(flatten)]
    pub signature: SignatureArguments,
    #[command(flatten)]
    pub identity: IdentityArguments,
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// What requests may cost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Requests")]
pub struct RequestArguments {
    /// How many requests are computed at a time; as many as there are cores unless this says so.
    #[arg(long, value_name = "COUNT", value_parser = values::count)]
    pub concurrency: Option<NonZeroUsize>,
    /// How many requests may wait; one more is refused with status 429.
    #[arg(long, value_name = "COUNT", default_value = "1024")]
    pub queue: usize,
    /// How long a request may wait and compute before it is refused with status 503.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = values::seconds)]
    pub timeout: Duration,
    /// Let requests of a few rows wait this long for others, and compute them together: each gets the answer that it gets
    /// alone. It pays where computing 64 rows takes little longer than one, and never for a single client.
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    pub coalesce: Option<Duration>,
    /// The longest body of a request, decompressed.
    #[arg(long, value_name = "BYTES", default_value = "67108864")]
    pub max_body: usize,
    /// The most rows of one request.
    #[arg(long, value_name = "COUNT", default_value = "1000000")]
    pub max_rows: usize,
}
