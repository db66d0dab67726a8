//! A version as an artifact of ModelPack, the CNCF's specification of models in OCI registries.
//!
//! The first layer is the model's file. The others are documents: its signature, and the same manifest that a version has
//! in other registries, as `skiff-version.json`. Other programs see the configuration, which the specification fixes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::repository::MANIFEST;
use crate::address::Digest;
use crate::{AliasEntry, Blob, Error, Manifest};

/// Of an artifact that is a model.
const MODEL: &str = "application/vnd.cncf.model.manifest.v1+json";
const CONFIG: &str = "application/vnd.cncf.model.config.v1+json";
const WEIGHT: &str = "application/vnd.cncf.model.weight.v1.raw";
const DOCUMENT: &str = "application/vnd.cncf.model.doc.v1.raw";
/// The annotation that has the name of a layer's file, in ModelPack and for other programs.
const FILE_PATH: &str = "org.cncf.model.filepath";
const TITLE: &str = "org.opencontainers.image.title";
const VERSION: &str = "org.opencontainers.image.version";
/// The file that has the manifest of a version.
const RECORD: &str = "skiff-version.json";
/// Of an artifact that is the history of an alias.
const HISTORY: &str = "application/vnd.skiff.alias.history.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The manifest of an artifact or image.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Artifact {
    schema_version: u64,
    media_type: Option<String>,
    artifact_type: Option<String>,
    // An image index, which a tag may be at as well, has neither.
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// What a manifest says of a blob.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    media_type: String,
    digest: Digest,
    size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

/// A small blob that was made here.
pub(super) struct Small {
    pub(super) digest: Digest,
    pub(super) bytes: Vec<u8>,
}

impl Small {
    fn new(bytes: Vec<u8>) -> Self {
        Self { digest: Digest::of(&Sha256::digest(&bytes)), bytes }
    }

    fn descriptor(&self, kind: &str, name: Option<&str>) -> Descriptor {
        Descriptor {
            media_type: kind.to_owned(),
            digest: self.digest.clone(),
            size: u64::try_from(self.bytes.len()).unwrap_or(u64::MAX),
            annotations: name.map(named).unwrap_or_default(),
        }
    }
}

/// The artifact of a version: its manifest, and the blobs that it needs besides the files.
pub(super) fn of_version(version: &Manifest) -> (Vec<u8>, [Small; 2]) {
    let record = Small::new(text(version));
    let mut layers = vec![descriptor(&version.file, WEIGHT, version.file.safe_name())];
    if let Some(signature) = &version.signature {
        layers.push(descriptor(signature, DOCUMENT, &format!("{}.sig", version.file.safe_name())));
    }
    layers.push(record.descriptor(DOCUMENT, Some(RECORD)));
    let config = Small::new(text(&config(version, &layers)));
    let annotations = [
        (VERSION, version.version.to_string()),
        (TITLE, version.title()),
        ("org.opencontainers.image.created", version.at.clone()),
        ("org.opencontainers.image.authors", version.by.name.clone()),
    ];
    let artifact = Artifact {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        artifact_type: Some(MODEL.to_owned()),
        config: Some(config.descriptor(CONFIG, None)),
        layers,
        annotations: annotations.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    (text(&artifact), [record, config])
}

/// The configuration of ModelPack, which has no places for what it does not list.
fn config(version: &Manifest, layers: &[Descriptor]) -> Json {
    let passport = version.description.passport.as_ref();
    let git = |name: &str| passport.and_then(|passport| passport["source"]["git"][name].as_str());
    let descriptor = json!({
        "createdAt": version.at,
        "authors": [version.by.name],
        "name": version.model,
        "version": version.version.to_string(),
        "description": version.why,
        "sourceURL": git("remote"),
        "revision": git("commit"),
    });
    let config = json!({
        "architecture": version.description.estimators.first(),
        // `joblib, pickle protocol 4`
        "format": version.description.format.last().and_then(|format| format.split(',').next()),
    });
    json!({
        "descriptor": without_nulls(descriptor),
        "config": without_nulls(config),
        "modelfs": {
            "type": "layers",
            "diffIds": layers.iter().map(|layer| &layer.digest).collect::<Vec<_>>(),
        },
    })
}

fn without_nulls(mut json: Json) -> Json {
    if let Some(object) = json.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    json
}

fn descriptor(blob: &Blob, kind: &str, name: &str) -> Descriptor {
    Descriptor { media_type: kind.to_owned(), digest: blob.digest.clone(), size: blob.size, annotations: named(name) }
}

fn named(name: &str) -> BTreeMap<String, String> {
    [FILE_PATH, TITLE].into_iter().map(|annotation| (annotation.to_owned(), name.to_owned())).collect()
}

/// The artifact of an alias's history, and its blobs.
pub(super) fn of_history(entries: &[AliasEntry]) -> (Vec<u8>, [Small; 2]) {
    let (history, config) = (Small::new(text(&entries)), Small::new(b"{}".to_vec()));
    let artifact = Artifact {
        schema_version: 2,
        media_type: Some(MANIFEST.to_owned()),
        artifact_type: Some(HISTORY.to_owned()),
        config: Some(config.descriptor(EMPTY, None)),
        layers: vec![history.descriptor(HISTORY, Some("history.json"))],
        annotations: BTreeMap::new(),
    };
    (text(&artifact), [history, config])
}

impl Artifact {
    /// Reads a manifest; `place` is for messages.
    pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Self, Error> {
        serde_json::from_slice(bytes)
            .map_err(|error| Error::Damaged(place.to_owned(), format!("it is not the manifest of a model: {error}")))
    }

    /// The number of the version, if it is one that skiff pushed.
    pub(super) fn version(&self) -> Option<u64> {
        self.record()?;
        self.annotations.get(VERSION)?.parse().ok()
    }

    /// The layer that has the manifest of a version.
    pub(super) fn record(&self) -> Option<&Descriptor> {
        let is_record = |layer: &&Descriptor| {
            layer.media_type == DOCUMENT && layer.annotations.get(FILE_PATH).is_some_and(|name| name == RECORD)
        };
        self.layers.iter().find(is_record)
    }

    /// The layer that has the history of an alias.
    pub(super) fn history(&self) -> Option<&Descriptor> {
        self.layers.iter().find(|layer| layer.media_type == HISTORY)
    }

    /// All blobs: the configuration and the layers.
    pub(super) fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(&self.layers)
    }

    /// Whether a blob of a version is among the layers.
    pub(super) fn has(&self, blob: &Blob) -> bool {
        self.layers.iter().any(|layer| layer.digest == blob.digest && layer.size == blob.size)
    }

    /// Whether the model's file has this digest.
    pub(super) fn is_of_file(&self, digest: &Digest) -> bool {
        self.layers.iter().any(|layer| layer.media_type == WEIGHT && layer.digest == *digest)
    }
}

impl Descriptor {
    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }
}

fn text(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("maps with string keys, and numbers, are always JSON")
}
