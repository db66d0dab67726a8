//! The signed content: an in-toto statement that lists a model's files with their digests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::digest::FileDigest;
use crate::error::{BundleError, Unsupported};
use crate::hex::{hex, unhex};

/// The type of in-toto statements.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The predicate type of Model Signing v1.0.
pub(crate) const PREDICATE: &str = "https://model_signing/signature/v1.0";
/// The predicate type before 1.0, when each file was a subject.
const PREDICATE_BEFORE_1_0: &str = "https://model_signing/Digests/v0.1";
/// git's files in a folder; they are not part of a model, unless the signer includes them.
pub(crate) const GIT_PATHS: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// A model's files as they were signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The name of the model, for information. Not known before 1.0.
    pub name: Option<String>,
    pub method: Method,
    pub digest: FileDigest,
    /// Whether links to files were followed.
    pub follows_links: bool,
    /// Ignored paths within the model.
    pub ignored: Vec<String>,
    /// The digests, by path and part: `.` is a model that is one file.
    pub resources: BTreeMap<Name, Vec<u8>>,
}

/// How files are mapped to resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Each file is a resource.
    Files,
    /// Each piece of that many bytes is a resource.
    Shards(u64),
}

/// A file or a piece of one, ordered as `model_signing` orders them: by the parts of the path, then by offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// The path's parts; empty for `.`.
    pub path: Vec<String>,
    /// The start and end of a piece.
    pub part: Option<(u64, u64)>,
}

#[derive(Deserialize)]
struct StatementJson {
    #[serde(rename = "_type")]
    kind: String,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: Vec<SubjectJson>,
    #[serde(default)]
    predicate: PredicateJson,
}

#[derive(Deserialize)]
struct SubjectJson {
    name: String,
    digest: DigestJson,
}

#[derive(Deserialize)]
struct DigestJson {
    sha256: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PredicateJson {
    resources: Vec<ResourceJson>,
    serialization: SerializationJson,
}

#[derive(Deserialize, Serialize)]
struct ResourceJson {
    name: String,
    digest: String,
    algorithm: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct SerializationJson {
    method: String,
    hash_type: String,
    /// Python writes the number as `4.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard_size: Option<serde_json::Number>,
    allow_symlinks: bool,
    ignore_paths: Vec<String>,
}

impl Manifest {
    /// Reads a statement whose signature was verified.
    pub fn read(payload: &[u8]) -> Result<Self, Error> {
        let json: StatementJson = serde_json::from_slice(payload).map_err(BundleError::Json)?;
        if json.kind != STATEMENT {
            return Err(Unsupported::Predicate(json.kind).into());
        }
        match json.predicate_type.as_str() {
            PREDICATE => Self::of_predicate(json),
            PREDICATE_BEFORE_1_0 => Self::of_subjects(&json.subject),
            _ => Err(Unsupported::Predicate(json.predicate_type).into()),
        }
    }

    fn of_predicate(json: StatementJson) -> Result<Self, Error> {
        let [subject] = json.subject.as_slice() else {
            return Err(BundleError::Malformed("expected one subject").into());
        };
        let serialization = json.predicate.serialization;
        let digest =
            FileDigest::of_name(&serialization.hash_type).ok_or(Unsupported::Digest(serialization.hash_type))?;
        let method = match (serialization.method.as_str(), serialization.shard_size) {
            ("files", _) => Method::Files,
            ("shards", Some(size)) => Method::Shards(whole(&size).filter(|&size| size > 0).ok_or(SHARD_SIZE)?),
            ("shards", None) => return Err(SHARD_SIZE.into()),
            _ => return Err(Unsupported::Method(serialization.method).into()),
        };
        let algorithm = method.algorithm(digest);
        let mut all = Sha256::new();
        let mut resources = BTreeMap::new();
        for resource in json.predicate.resources {
            if resource.algorithm != algorithm {
                return Err(Unsupported::Digest(resource.algorithm).into());
            }
            let bytes = unhex(&resource.digest).ok_or(BundleError::Malformed("a digest is not hexadecimal"))?;
            all.update(&bytes);
            insert(&mut resources, Name::read(&resource.name, method)?, bytes)?;
        }
        if !hex(&all.finalize()).eq_ignore_ascii_case(&subject.digest.sha256) {
            return Err(BundleError::RootDigest.into());
        }
        Ok(Self {
            name: Some(subject.name.clone()),
            method,
            digest,
            follows_links: serialization.allow_symlinks,
            ignored: serialization.ignore_paths,
            resources,
        })
    }

    /// Before 1.0 the way of reading files was implicit: SHA-256, without links, and without git's files.
    fn of_subjects(subjects: &[SubjectJson]) -> Result<Self, Error> {
        let mut resources = BTreeMap::new();
        for subject in subjects {
            let bytes = unhex(&subject.digest.sha256).ok_or(BundleError::Malformed("a digest is not hexadecimal"))?;
            insert(&mut resources, Name::read(&subject.name, Method::Files)?, bytes)?;
        }
        Ok(Self {
            name: None,
            method: Method::Files,
            digest: FileDigest::Sha256,
            follows_links: false,
            ignored: GIT_PATHS.map(str::to_owned).to_vec(),
            resources,
        })
    }

    /// The statement, as it is signed.
    pub fn to_json(&self) -> Vec<u8> {
        let algorithm = self.method.algorithm(self.digest);
        let mut all = Sha256::new();
        let mut resources = Vec::with_capacity(self.resources.len());
        for (name, digest) in &self.resources {
            all.update(digest);
            resources.push(ResourceJson { name: name.to_string(), digest: hex(digest), algorithm: algorithm.clone() });
        }
        let (method, shard_size) = match self.method {
            Method::Files => ("files", None),
            Method::Shards(size) => ("shards", Some(size)),
        };
        let serialization = SerializationJson {
            method: method.to_owned(),
            hash_type: self.digest.name().to_owned(),
            shard_size: shard_size.map(Into::into),
            allow_symlinks: self.follows_links,
            ignore_paths: self.ignored.clone(),
        };
        let statement = json!({
            "_type": STATEMENT,
            "subject": [{ "name": self.name, "digest": { "sha256": hex(&all.finalize()) } }],
            "predicateType": PREDICATE,
            "predicate": { "serialization": serialization, "resources": resources },
        });
        statement.to_string().into_bytes()
    }

    /// Whether a path within the model is ignored.
    pub fn ignores(&self, path: &[String]) -> bool {
        self.ignored.iter().any(|ignored| {
            let mut parts = path.iter();
            ignored
                .split('/')
                .filter(|part| !matches!(*part, "" | "."))
                .all(|part| parts.next().is_some_and(|it| it == part))
        })
    }
}

const SHARD_SIZE: BundleError = BundleError::Malformed("expected a size of shards");

fn insert(resources: &mut BTreeMap<Name, Vec<u8>>, name: Name, digest: Vec<u8>) -> Result<(), BundleError> {
    match resources.insert(name, digest) {
        None => Ok(()),
        Some(_) => Err(BundleError::Malformed("a file is listed twice")),
    }
}

/// A whole number, which Python may have written as a float.
fn whole(number: &serde_json::Number) -> Option<u64> {
    number.as_u64().or_else(|| number.as_f64().and_then(|float| format!("{float}").parse().ok()))
}

impl Method {
    /// The name of the digest algorithm in resources.
    fn algorithm(self, digest: FileDigest) -> String {
        match self {
            Self::Files => digest.name().to_owned(),
            Self::Shards(size) => format!("{}-sharded-{size}", digest.name()),
        }
    }
}

impl Name {
    /// A path within the model, whose parts cannot lead out of it.
    fn read(text: &str, method: Method) -> Result<Self, BundleError> {
        let (path, part) = match method {
            Method::Files => (text, None),
            Method::Shards(_) => {
                let mut parts = text.rsplitn(3, ':');
                let mut number = || parts.next().and_then(|number| number.parse().ok());
                let (end, start) = (number(), number());
                let (Some(end), Some(start), Some(path)) = (end, start, parts.next()) else {
                    return Err(BundleError::Malformed("expected a path and two numbers as the name of a shard"));
                };
                (path, Some((start, end)))
            }
        };
        let parts: Vec<String> = if path == "." { Vec::new() } else { path.split('/').map(str::to_owned).collect() };
        if parts.iter().any(|part| matches!(part.as_str(), "" | "." | "..") || part.contains('\0')) {
            return Err(BundleError::Malformed("a file's path is outside of the model"));
        }
        Ok(Self { path: parts, part })
    }
}

/// The name of a path in resources.
pub(crate) fn shown(path: &[String]) -> String {
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shown(&self.path))?;
        match self.part {
            Some((start, end)) => write!(f, ":{start}:{end}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(names: &[&str]) -> Manifest {
        let name = |name: &&str| (Name::read(name, Method::Files).unwrap(), vec![1; 32]);
        Manifest {
            name: Some("m".to_owned()),
            method: Method::Files,
            digest: FileDigest::Sha256,
            follows_links: false,
            ignored: vec![".git".to_owned(), "a/b".to_owned()],
            resources: names.iter().map(name).collect(),
        }
    }

    #[test]
    fn a_manifest_survives_its_text() {
        let one = manifest(&["a.txt", "a/b", "ü"]);
        assert_eq!(Manifest::read(&one.to_json()).unwrap(), one);
        let mut resources = BTreeMap::new();
        resources.insert(Name { path: vec!["a:b".to_owned()], part: Some((0, 4)) }, vec![2; 64]);
        let shards = Manifest { method: Method::Shards(4), digest: FileDigest::Blake2b, resources, ..one };
        assert_eq!(Manifest::read(&shards.to_json()).unwrap(), shards);
    }

    #[test]
    fn paths_are_ordered_by_their_parts() {
        let names: Vec<_> = manifest(&["a.txt", "a/b", "a", "B"]).resources.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["B", "a", "a/b", "a.txt"]);
    }

    #[test]
    fn what_is_ignored_is_ignored_with_all_within() {
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let one = manifest(&[]);
        for (text, expected) in
            [(".git", true), (".git/config", true), (".gitx", false), ("x/.git", false), ("a/b/c", true), ("a", false)]
        {
            assert_eq!(one.ignores(&path(text)), expected, "{text}");
        }
    }

    #[test]
    fn wrong_statements_are_refused() {
        let text = String::from_utf8(manifest(&["a", "b"]).to_json()).unwrap();
        let says = |from: &str, to: &str| {
            let changed = text.replace(from, to);
            assert_ne!(changed, text);
            Manifest::read(changed.as_bytes()).unwrap_err().to_string()
        };
        assert!(says("\"name\":\"a\"", "\"name\":\"../a\"").ends_with("outside of the model"));
        assert!(says("\"name\":\"a\"", "\"name\":\"/a\"").ends_with("outside of the model"));
        assert!(says("\"name\":\"a\"", "\"name\":\"b\"").ends_with("a file is listed twice"));
        assert!(says("\"digest\":\"01", "\"digest\":\"02").ends_with("does not match the listed files"));
        assert!(says("\"digest\":\"01", "\"digest\":\"0x").ends_with("a digest is not hexadecimal"));
        assert!(says("\"hash_type\":\"sha256\"", "\"hash_type\":\"md5\"").ends_with("found `md5`"));
        assert!(says("\"method\":\"files\"", "\"method\":\"words\"").ends_with("found `words`"));
        assert!(says("\"method\":\"files\"", "\"method\":\"shards\"").ends_with("expected a size of shards"));
        assert!(says("signature/v1.0", "signature/v9.0").ends_with("found `https://model_signing/signature/v9.0`"));
    }
}
