//! The manifest of a version: an object that is created once and never changed.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::address::{Digest, Name};

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The model.
    pub model: Name,
    /// The version, from 1.
    pub version: u64,
    /// Random, so that a writer knows its own manifest.
    pub id: String,
    /// The model's file.
    pub file: Blob,
    /// Its signature, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Blob>,
    /// What is in the file.
    #[serde(default)]
    pub description: Description,
    /// The versions that it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Parent>,
    /// Who pushed it.
    pub by: Author,
    /// When, in UTC: `2026-11-25T15:09:04Z`.
    pub at: String,
    /// Why, if they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Manifest {
    /// `churn:3`
    pub fn title(&self) -> String {
        format!("{}:{}", self.model, self.version)
    }

    /// The blobs that the version needs.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        [Some(&self.file), self.signature.as_ref()].into_iter().flatten()
    }
}

/// A file in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob {
    /// The file's name when it was pushed, without folders.
    pub name: String,
    /// The digest of its content, which is its name in the registry.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Blob {
    /// The file's name, if it is safe as one on every system; `model` if it is not.
    pub fn safe_name(&self) -> &str {
        let name = self.name.as_str();
        let is_safe = name.len() <= 128
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        if is_safe { name } else { "model" }
    }
}

/// What is in a model's file, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The file's format, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub format: Vec<String>,
    /// The libraries that wrote it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written_by: Vec<String>,
    /// The classes of its estimators.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub estimators: Vec<String>,
    /// Its passport.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passport: Option<Json>,
}

/// A version that another one was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its model.
    pub model: Name,
    /// Its version.
    pub version: u64,
    /// The digest of its file.
    pub digest: Digest,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// A name.
    pub name: String,
    /// The machine, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}
