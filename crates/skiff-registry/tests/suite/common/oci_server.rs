//! An OCI registry in this process: what its distribution specification says, and whatever else a test wants it to do.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// A registry that lives as long as the process.
#[derive(Clone, Debug)]
pub struct Server {
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// By `REPOSITORY/blobs/DIGEST` and `REPOSITORY/manifests/REFERENCE`.
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    requests: Mutex<Vec<Request>>,
    fault: Mutex<Option<Fault>>,
}

/// Answers in place of the registry, if it returns something.
type Fault = Box<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State")
    }
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    pub authorization: Option<String>,
    pub body: Vec<u8>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The length that the answer claims, if it is another; `None` for one that says nothing and goes on for ever.
    pub length: Option<usize>,
    /// How long it takes.
    pub pause: Duration,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, headers: Vec::new(), length: Some(body.len()), body, pause: Duration::ZERO }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Server {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let answering = server.clone();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let answering = answering.clone();
                // A client that gives up is no failure of the server.
                thread::spawn(move || drop(answering.answer(&connection.unwrap())));
            }
        });
        server
    }

    /// `oci://127.0.0.1:PORT/models`
    pub fn url(&self) -> String {
        format!("oci://127.0.0.1:{}/models", self.port)
    }

    pub fn set_fault(&self, fault: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) {
        *self.state.fault.lock().unwrap() = Some(Box::new(fault));
    }

    pub fn clear_fault(&self) {
        *self.state.fault.lock().unwrap() = None;
    }

    /// The objects, to look at or to damage.
    pub fn objects<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> T {
        look(&mut self.state.objects.lock().unwrap())
    }

    /// What was asked since the last time.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.requests.lock().unwrap())
    }

    fn answer(&self, mut connection: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(connection);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorization = Some(value.to_owned()),
                "transfer-encoding" => panic!("registries want a length"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let request = Request { method, path, authorization, body };
        self.state.requests.lock().unwrap().push(request.clone());
        let fault = self.state.fault.lock().unwrap().as_ref().and_then(|fault| fault(&request));
        let reply = fault.unwrap_or_else(|| self.registry(&request));
        thread::sleep(reply.pause);
        write!(connection, "HTTP/1.1 {} x\r\nConnection: close\r\n", reply.status)?;
        for (name, value) in &reply.headers {
            write!(connection, "{name}: {value}\r\n")?;
        }
        match reply.length {
            Some(length) => {
                write!(connection, "Content-Length: {length}\r\n\r\n")?;
                if request.method != "HEAD" {
                    connection.write_all(&reply.body)?;
                }
            }
            None => {
                write!(connection, "\r\n")?;
                loop {
                    connection.write_all(&reply.body)?;
                }
            }
        }
        connection.flush()
    }

    /// What a registry without faults answers. Listings have pages of two.
    fn registry(&self, request: &Request) -> Reply {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let Some(path) = path.strip_prefix("/v2/") else { return Reply::new(404, "") };
        let mut objects = self.state.objects.lock().unwrap();
        let digest = |bytes: &[u8]| {
            let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("sha256:{digits}")
        };
        let last = query.strip_prefix("last=").map_or(0, |last| last.parse().unwrap());
        let page = |name: &str, items: Vec<String>| {
            let listed: Vec<_> = items.iter().skip(last).take(2).collect();
            let reply = Reply::new(200, format!("{{\"name\": \"x\", \"{name}\": {listed:?}}}"));
            match last + 2 < items.len() {
                true => reply.with("Link", format!("</v2/{path}?last={}>; rel=\"next\"", last + 2)),
                false => reply,
            }
        };
        if path == "_catalog" {
            let mut names: Vec<_> =
                objects.keys().filter_map(|name| Some(name.split_once("/manifests/")?.0.to_owned())).collect();
            names.dedup();
            return page("repositories", names);
        }
        if let Some(repository) = path.strip_suffix("/tags/list") {
            let start = format!("{repository}/manifests/");
            let tags = objects.keys().filter_map(|name| name.strip_prefix(&start)).filter(|tag| !tag.contains(':'));
            let tags: Vec<String> = tags.map(str::to_owned).collect();
            return if tags.is_empty() { Reply::new(404, "") } else { page("tags", tags) };
        }
        let found = digest(&request.body);
        match request.method.as_str() {
            "POST" => Reply::new(202, "").with("Location", format!("/v2/{path}one?state=1")),
            "PUT" if path.contains("/blobs/uploads/") => {
                let wanted = query.strip_prefix("state=1&digest=").unwrap().replace("%3A", ":");
                if wanted != found {
                    return Reply::new(400, r#"{"errors": [{"code": "DIGEST_INVALID", "message": "another digest"}]}"#);
                }
                let repository = path.split_once("/blobs/").unwrap().0;
                objects.insert(format!("{repository}/blobs/{found}"), request.body.clone());
                Reply::new(201, "")
            }
            "PUT" => {
                let repository = path.split_once("/manifests/").unwrap().0;
                objects.insert(format!("{repository}/manifests/{found}"), request.body.clone());
                objects.insert(path.to_owned(), request.body.clone());
                Reply::new(201, "")
            }
            "DELETE" => Reply::new(if objects.remove(path).is_some() { 202 } else { 404 }, ""),
            _ => match objects.get(path) {
                Some(bytes) => Reply::new(200, bytes.clone()).with("Docker-Content-Digest", digest(bytes)),
                None => Reply::new(404, r#"{"errors": [{"code": "UNKNOWN", "message": "there is none"}]}"#),
            },
        }
    }
}
