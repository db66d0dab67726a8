//! `skiff serve`: models over HTTP and gRPC.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use skiff::Options;
use skiff_server::{ApiKey, Listen, LoadError, ModelSource, Repository, Settings, Tls, Watcher};

use super::verify_signature;
use crate::args::Serve;
use crate::report::{self, Failure, Outcome};

/// Loads the models, and serves them until the process is told to end.
pub fn run(arguments: &Serve) -> Outcome {
    let options =
        Options { limits: arguments.limits.limits(), identity: arguments.identity.read()?, ..Options::default() };
    let requirement = verify_signature::trusted(&arguments.signature)?;
    let mut sources = Vec::new();
    for argument in &arguments.models {
        sources.extend(ModelSource::from_argument(argument).map_err(failure)?);
    }
    let repository = Arc::new(Repository::load(sources, options, requirement).map_err(failure)?);
    let requests = &arguments.requests;
    let default = Settings::default();
    let settings = Settings {
        most_body: requests.max_body,
        most_rows: requests.max_rows,
        concurrency: requests.concurrency.unwrap_or(default.concurrency),
        queue: requests.queue,
        timeout: requests.timeout,
        coalesce: requests.coalesce,
        api_key: arguments.api_key_env.as_deref().map(api_key).transpose()?,
        reload_every: Some(arguments.reload_every).filter(|every| !every.is_zero()),
        access_log: arguments.access_log,
    };
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::from_files(certificate, key).map_err(failure)?),
        _ => None,
    };
    let listen = Listen { http: arguments.http, grpc: arguments.grpc, tls };
    #[cfg(feature = "registry")]
    super::registry::follow(&repository, arguments.follow);
    let served = skiff_server::run(repository, settings, &listen, Arc::new(Notes));
    served.map_err(|error| Failure::Usage(format!("cannot listen on {error}")))
}

/// An error of a model that is not served.
pub(super) fn failure(error: LoadError) -> Failure {
    Failure::in_file(error.code, &error.path, error.message).with_help_if(error.help)
}

fn api_key(name: &str) -> Result<ApiKey, Failure> {
    let missing = || Failure::Usage(format!("the environment variable `{name}` has no API key"));
    std::env::var(name).ok().and_then(|key| ApiKey::new(&key)).ok_or_else(missing)
}

/// Notes on standard error; the address goes to standard output, for scripts.
struct Notes;

impl Watcher for Notes {
    fn listening(&self, url: &str) {
        let mut out = io::stdout().lock();
        // Nobody may be reading.
        let _ = writeln!(out, "listening on {url}").and_then(|()| out.flush());
        // Arguments and models have been read.
        skiff_memory::give_back();
    }

    fn reload_failed(&self, error: &LoadError) {
        let path = Path::new(&error.path).display();
        report::note(&format!(
            "{path} was changed and cannot be loaded: {}; the old model is still served",
            error.message
        ));
    }

    fn stopping(&self) {
        report::note("ending; requests that have begun are finished");
    }
}
