//! The verdict on a signature, for display, programs and policies.

use std::fmt;

use crate::{Algorithm, CertificateView};

/// The verdict on the signature of a model.
///
/// [`SignatureVerdict::is_verified`] is the result; everything else gives the reasons, the signer and the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureVerdict {
    /// The signer; authentic only if there are no problems.
    pub signer: Signer,
    /// The name of the model when it was signed, if known, for information.
    pub name: Option<String>,
    /// The files that match, `.` for a model that is one file.
    pub files: Vec<String>,
    /// Entries of the folder that the signer declared not to be part of the model; they are not verified.
    pub uncovered: Vec<String>,
    /// The problems. If there are none, the signature is verified.
    pub problems: Vec<Problem>,
    /// Notes that do not change the verdict.
    pub notes: Vec<Note>,
}

impl SignatureVerdict {
    /// Whether the model is the one that the signer signed, to the last byte.
    pub fn is_verified(&self) -> bool {
        self.problems.is_empty()
    }
}

/// The signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The algorithm of the key. `None` if the signer's certificate has no key for signing models.
    pub algorithm: Option<Algorithm>,
    /// SHA-256 of the public key in PEM, in hexadecimal, which identifies the key.
    pub key: Option<String>,
    /// The signer's certificate, if there is one.
    pub certificate: Option<CertificateView>,
}

/// A problem with a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A file that was not signed.
    Added {
        /// The file.
        name: String,
    },
    /// A file whose content differs from what was signed.
    Changed {
        /// The file.
        name: String,
    },
    /// A link, which may point at anything.
    Linked {
        /// The link.
        name: String,
    },
    /// A file that opening the model would read, and that the signature does not cover.
    NotCovered {
        /// The file.
        name: String,
    },
    /// A signed file that is missing.
    Missing {
        /// The file.
        name: String,
    },
    /// The bundle names another key than the given one.
    OtherKey {
        /// The fingerprint of the given key.
        expected: String,
        /// The fingerprint of the key in the bundle.
        found: String,
    },
    /// A file whose content was signed under another name.
    Renamed {
        /// Its name when it was signed.
        from: String,
        /// Its name now.
        to: String,
    },
    /// Something that is neither a file nor a folder, or has a name that is not UTF-8.
    Special {
        /// Its name.
        name: String,
    },
    /// The signer's certificate has no chain to a given root.
    Untrusted {
        /// The reason.
        why: String,
    },
    /// The signer's certificate was not valid at the given time.
    NotValid {
        /// The start of its validity.
        not_before: String,
        /// The end of its validity.
        not_after: String,
        /// The given time.
        at: String,
    },
    /// The signature does not match the signer's key and the signed content.
    WrongSignature,
}

impl Problem {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Added { .. } => "added",
            Self::Changed { .. } => "changed",
            Self::Linked { .. } => "linked",
            Self::Missing { .. } => "missing",
            Self::NotCovered { .. } => "not-covered",
            Self::NotValid { .. } => "not-valid",
            Self::OtherKey { .. } => "other-key",
            Self::Renamed { .. } => "renamed",
            Self::Special { .. } => "special",
            Self::Untrusted { .. } => "untrusted",
            Self::WrongSignature => "wrong-signature",
        }
    }

    /// The file that the problem is about, if any: its name now, or when it was signed.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Added { name }
            | Self::Changed { name }
            | Self::Linked { name }
            | Self::Missing { name }
            | Self::NotCovered { name }
            | Self::Special { name }
            | Self::Renamed { to: name, .. } => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { name } => write!(f, "`{}` was added", shown(name)),
            Self::Changed { name } => write!(f, "`{}` was changed", shown(name)),
            Self::Linked { name } => write!(f, "`{}` is a link", shown(name)),
            Self::Missing { name } => write!(f, "`{}` is missing", shown(name)),
            Self::NotCovered { name } => {
                write!(f, "`{}` is read with the model, and the signature does not cover it", shown(name))
            }
            Self::NotValid { not_before, not_after, at } => {
                write!(f, "the signer's certificate is valid from {not_before} to {not_after}, not at {at}")
            }
            Self::OtherKey { expected, found } => {
                write!(f, "expected a signature by the key `{expected}`, found one by the key `{}`", shown(found))
            }
            Self::Renamed { from, to } => write!(f, "`{}` was renamed to `{}`", shown(from), shown(to)),
            Self::Special { name } => write!(f, "`{}` is not a file or folder with a name in UTF-8", shown(name)),
            Self::Untrusted { why } => write!(f, "the signer is not trusted: {why}"),
            Self::WrongSignature => write!(f, "the signature does not match the signer's key"),
        }
    }
}

/// A note that does not change the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The signer's certificate has expired; it was valid when it was first used.
    Expired {
        /// The time of expiry.
        at: String,
    },
    /// Signed with an algorithm that is not in Model Signing v1.0: `model_signing` does not support it.
    Extension,
    /// Signed in the format of `model_signing` before 1.0: another encoding than the standard's, and at first without a digest
    /// over all files.
    Legacy,
    /// The signer's certificate is not valid yet.
    NotYetValid {
        /// The start of its validity.
        at: String,
    },
    /// The model had another name when it was signed.
    OtherName {
        /// That name.
        name: String,
    },
}

impl Note {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::Extension => "extension",
            Self::Legacy => "legacy",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::OtherName { .. } => "other-name",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { at } => write!(f, "the signer's certificate expired at {at}"),
            Self::Extension => write!(f, "signed with Ed25519, which the `model_signing` tool does not support"),
            Self::Legacy => write!(f, "signed in the format of `model_signing` before 1.0"),
            Self::NotYetValid { at } => write!(f, "the signer's certificate is not valid before {at}"),
            Self::OtherName { name } => write!(f, "the model was named `{}` when it was signed", shown(name)),
        }
    }
}

/// An untrusted name, with control characters escaped for terminals.
fn shown(name: &str) -> String {
    let escaped = |character| match character {
        '\'' | '"' => vec![character],
        other => other.escape_debug().collect(),
    };
    name.chars().flat_map(escaped).collect()
}
