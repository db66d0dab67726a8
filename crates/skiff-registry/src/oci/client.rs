//! Requests to an OCI registry: who asks, how long it may take, and how much is read.

use std::env;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
use url::Url;

use super::credentials::{self, Challenge, DOCKER_HUB};
use crate::Error;

/// Seconds without a byte after which a registry is given up.
const TIMEOUT: u64 = 30;
/// How often a request is sent that a busy registry did not answer.
const ATTEMPTS: u32 = 4;
/// The longest answer of a token service, and the longest report of an error.
const MOST_REPORT: u64 = 64 << 10;
/// Bodies are sent in parts of this many bytes.
const PART: usize = 1 << 20;

/// A registry, and who asks.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    runtime: Runtime,
    /// `https://host:port/v2/`.
    root: Url,
    /// The header of the last request that needed one.
    authorization: Mutex<Option<HeaderValue>>,
}

/// What a request sends.
pub(super) enum Content<'a> {
    /// Nothing.
    None,
    /// A few bytes, of a type.
    Bytes(&'static str, &'a [u8]),
    /// So many bytes of a reader, which is opened for each attempt.
    Stream(u64, &'a dyn Fn() -> std::io::Result<Box<dyn Read + Send>>),
}

impl Client {
    /// The registry at `host` or `host:port`, by TLS except on this machine.
    pub(super) fn new(host: &str, url: &str) -> Result<Self, Error> {
        let wrong = |why: &dyn std::fmt::Display| Error::Url(url.to_owned(), why.to_string());
        let host = if matches!(host, "docker.io" | "index.docker.io") { DOCKER_HUB } else { host };
        let allows_http = env::var("SKIFF_OCI_ALLOW_HTTP").is_ok_and(|value| value == "true");
        let root = Url::parse(&format!("https://{host}/v2/")).map_err(|error| wrong(&error))?;
        let is_here = matches!(root.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_plain = is_here || allows_http;
        let root = match is_plain {
            true => Url::parse(&format!("http://{host}/v2/")).map_err(|error| wrong(&error))?,
            false => root,
        };
        if !root.username().is_empty() || root.password().is_some() || root.path() != "/v2/" {
            return Err(wrong(&"expected `oci://HOST[:PORT]/REPOSITORY`; user and password come from the environment"));
        }
        let seconds = env::var("SKIFF_OCI_TIMEOUT").ok().and_then(|value| value.parse().ok()).unwrap_or(TIMEOUT);
        let timeout = Duration::from_secs(seconds);
        let http = reqwest::Client::builder()
            .https_only(!is_plain)
            .redirect(Policy::limited(5))
            .connect_timeout(timeout)
            .read_timeout(timeout)
            .user_agent(concat!("skiff/", env!("CARGO_PKG_VERSION")));
        let http = http.build().map_err(|error| wrong(&error))?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
        Ok(Self { http, runtime, root, authorization: Mutex::default() })
    }

    /// `path` below `/v2/`.
    pub(super) fn url(&self, path: &str) -> Result<Url, Error> {
        self.root.join(path).map_err(|error| Error::Url(path.to_owned(), error.to_string()))
    }

    /// Sends a request until it is answered. A status below 400, or 404, is an answer.
    pub(super) fn ask(
        &self,
        method: &Method,
        url: &Url,
        accept: &str,
        content: &Content<'_>,
    ) -> Result<Response, Error> {
        let mut was_challenged = false;
        let mut attempt = 1;
        loop {
            let sent = self.send(method, url, accept, content)?;
            let again = attempt < ATTEMPTS;
            let answer = match sent {
                Ok(answer) => answer,
                Err(error) if error.is_connect() && again => {
                    self.wait(&mut attempt);
                    continue;
                }
                Err(error) => return Err(failed(url, &error)),
            };
            match answer.status() {
                StatusCode::UNAUTHORIZED if !was_challenged => {
                    was_challenged = true;
                    self.authenticate(url, &answer)?;
                }
                StatusCode::TOO_MANY_REQUESTS | StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE if again => {
                    self.wait(&mut attempt);
                }
                status if status == StatusCode::NOT_FOUND || status.as_u16() < 400 => return Ok(answer),
                _ => return Err(self.refused(url, answer)),
            }
        }
    }

    fn wait(&self, attempt: &mut u32) {
        let pause = Duration::from_millis(100 << *attempt);
        self.runtime.block_on(async { tokio::time::sleep(pause).await });
        *attempt += 1;
    }

    fn send(
        &self,
        method: &Method,
        url: &Url,
        accept: &str,
        content: &Content<'_>,
    ) -> Result<Result<Response, reqwest::Error>, Error> {
        let mut request = self.http.request(method.clone(), url.clone());
        if !accept.is_empty() {
            request = request.header(ACCEPT, accept);
        }
        // An upload may go to another host, which has no right to the password.
        if url.origin() == self.root.origin() {
            let authorization = self.authorization.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = &*authorization {
                request = request.header(AUTHORIZATION, value.clone());
            }
        }
        let request = match content {
            Content::None => request,
            Content::Bytes(kind, bytes) => request.header(CONTENT_TYPE, *kind).body(bytes.to_vec()),
            Content::Stream(size, open) => {
                let body = body(open().map_err(Error::System)?);
                let request = request.header(CONTENT_TYPE, "application/octet-stream");
                request.header(CONTENT_LENGTH, *size).body(body)
            }
        };
        // Its timers need the runtime where it is made.
        Ok(self.runtime.block_on(async { request.send().await }))
    }

    /// Gets what the registry asked for in its answer 401.
    fn authenticate(&self, url: &Url, answer: &Response) -> Result<(), Error> {
        let denied = |why: &str| Error::Denied(place(url), why.to_owned());
        if url.origin() != self.root.origin() {
            return Err(denied("the host that takes uploads asks for a password"));
        }
        let challenges = answer.headers().get_all(WWW_AUTHENTICATE).into_iter();
        let challenge = challenges.filter_map(|value| Challenge::parse(value.to_str().ok()?)).next();
        let host = self.root.host_str().unwrap_or_default();
        let host = self.root.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let basic = credentials::basic(&host);
        let value = match challenge.ok_or_else(|| denied("it asks for nothing that skiff knows"))? {
            Challenge::Basic => basic.ok_or_else(|| denied("it asks for a user and a password"))?,
            Challenge::Bearer { realm, service, scope } => {
                let mut realm = url.join(&realm).map_err(|_| denied("the address of its token service is wrong"))?;
                for (name, value) in [("service", service), ("scope", scope)] {
                    if let Some(value) = value {
                        realm.query_pairs_mut().append_pair(name, &value);
                    }
                }
                format!("Bearer {}", self.token(&realm, basic)?)
            }
        };
        let mut value = HeaderValue::from_str(&value).map_err(|_| denied("its token has characters of no header"))?;
        value.set_sensitive(true);
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        Ok(())
    }

    /// A token of the service that a registry names.
    fn token(&self, realm: &Url, basic: Option<String>) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Answer {
            token: Option<String>,
            access_token: Option<String>,
        }
        let request = self.http.get(realm.clone());
        let with = |request: RequestBuilder, value: String| request.header(AUTHORIZATION, value);
        let request = basic.into_iter().fold(request, with);
        let answer = self.runtime.block_on(async { request.send().await }).map_err(|error| failed(realm, &error))?;
        if !answer.status().is_success() {
            return Err(self.refused(realm, answer));
        }
        let text = self.bytes(realm, answer, MOST_REPORT)?;
        let answer: Option<Answer> = serde_json::from_slice(&text).ok();
        let token = answer.and_then(|answer| answer.token.or(answer.access_token));
        token.ok_or_else(|| Error::Denied(place(realm), "the token service answered without a token".to_owned()))
    }

    /// The content of an answer, of at most so many bytes.
    pub(super) fn bytes(&self, url: &Url, answer: Response, most: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.each(url, answer, most, &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Gives the content of an answer, of at most so many bytes, to a function part by part.
    pub(super) fn each(
        &self,
        url: &Url,
        mut answer: Response,
        most: u64,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let too_long = || Error::Damaged(place(url), format!("expected at most {most} bytes, found more"));
        if answer.content_length().is_some_and(|length| length > most) {
            return Err(too_long());
        }
        self.runtime.block_on(async {
            let mut left = most;
            while let Some(part) = answer.chunk().await.map_err(|error| failed(url, &error))? {
                left = u64::try_from(part.len()).ok().and_then(|size| left.checked_sub(size)).ok_or_else(too_long)?;
                take(&part)?;
            }
            Ok(())
        })
    }

    /// What a registry said in a refusal.
    pub(super) fn refused(&self, url: &Url, answer: Response) -> Error {
        #[derive(Deserialize)]
        struct Report {
            errors: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            #[serde(default)]
            code: String,
            #[serde(default)]
            message: String,
        }
        let status = answer.status();
        let text = self.bytes(url, answer, MOST_REPORT).unwrap_or_default();
        let report = serde_json::from_slice::<Report>(&text).ok().and_then(|report| report.errors.into_iter().next());
        let said = report.map_or_else(String::new, |entry| format!(": {} {}", entry.code, entry.message));
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Error::Denied(place(url), format!("the answer is {status}{said}"))
            }
            _ => Error::Http(place(url), format!("the answer is {status}{said}")),
        }
    }
}

/// A body that is read while it is sent.
fn body(reader: Box<dyn Read + Send>) -> Body {
    Body::wrap_stream(stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        let mut part = Vec::new();
        match reader.by_ref().take(PART as u64).read_to_end(&mut part) {
            Ok(0) => None,
            Ok(_) => Some((Ok(part), Some(reader))),
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// An address for messages: without its query, which may hold a key.
pub(super) fn place(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string()
}

fn failed(url: &Url, error: &reqwest::Error) -> Error {
    let mut what = match error {
        error if error.is_timeout() => "it did not answer in time".to_owned(),
        error if error.is_redirect() => "it redirects too often, or to an address that is not safe".to_owned(),
        error if error.is_connect() => "no connection".to_owned(),
        _ => "the connection broke".to_owned(),
    };
    // The innermost reason names what the system said; the outer ones repeat the address.
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        source = inner.source();
        if source.is_none() {
            what = format!("{what}: {inner}");
        }
    }
    Error::Http(place(url), what)
}

/// A header's text.
pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
