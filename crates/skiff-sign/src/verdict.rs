//! What was found out about a signature: a value, for people, for programs, and for policies.

use std::fmt;

use crate::{Algorithm, CertificateView};

/// What a signature says of a model, and whether it is so.
///
/// [`SignatureVerdict::is_verified`] is the answer; everything else says why, and of whom and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureVerdict {
    /// Whose signature was looked for; proven only where no problem says otherwise.
    pub signer: Signer,
    /// What the model was called when it was signed, where that is known. Nothing hangs on it.
    pub name: Option<String>,
    /// The files that are as they were signed, `.` for a model that is one file.
    pub files: Vec<String>,
    /// What lies in the folder and is, by the signer's word, no part of the model; nothing is promised of it.
    pub uncovered: Vec<String>,
    /// What stands against the signature. None: it is verified.
    pub problems: Vec<Problem>,
    /// What should be known beside the answer.
    pub notes: Vec<Note>,
}

impl SignatureVerdict {
    /// Whether the model is the one that the signer signed, to the last byte.
    pub fn is_verified(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Who signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// How the key signs. Nothing where the signer's certificate holds no key that signs models.
    pub algorithm: Option<Algorithm>,
    /// SHA-256 of the public key in PEM, in hexadecimal: the key's own name.
    pub key: Option<String>,
    /// The signer's certificate, where there is one.
    pub certificate: Option<CertificateView>,
}

/// What stands against a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// A file that was not there when the model was signed.
    Added {
        /// The file.
        name: String,
    },
    /// A file with other content than was signed.
    Changed {
        /// The file.
        name: String,
    },
    /// A link, which may point at anything.
    Linked {
        /// The link.
        name: String,
    },
    /// A file that opening the model would read, and that the signature is not of.
    NotCovered {
        /// The file.
        name: String,
    },
    /// A file that was signed and is not there.
    Missing {
        /// The file.
        name: String,
    },
    /// The bundle names another key than the one that was given.
    OtherKey {
        /// The name of the key that was given.
        expected: String,
        /// The name of the key that is said to have signed.
        found: String,
    },
    /// A file that was signed, content and all, under another name.
    Renamed {
        /// What it was called.
        from: String,
        /// What it is called.
        to: String,
    },
    /// Something that is neither a file nor a folder, or has a name that is no text.
    Special {
        /// Its name.
        name: String,
    },
    /// The signer's certificate does not lead to a root that was given.
    Untrusted {
        /// Why not.
        why: String,
    },
    /// The signer's certificate was not valid at the time that was given.
    NotValid {
        /// Since when it is valid.
        not_before: String,
        /// Until when it is valid.
        not_after: String,
        /// The time that was given.
        at: String,
    },
    /// The signature is not the signer's, of what it is said to be of.
    WrongSignature,
}

impl Problem {
    /// A stable name of the kind of problem.
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

    /// The file, where one is to blame: the name that it has now, or had.
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
                write!(f, "expected a signature by the key `{expected}`, found one by `{}`", shown(found))
            }
            Self::Renamed { from, to } => write!(f, "`{}` was renamed to `{}`", shown(from), shown(to)),
            Self::Special { name } => write!(f, "`{}` is neither a file nor a folder with a name of text", shown(name)),
            Self::Untrusted { why } => write!(f, "the signer is not trusted: {why}"),
            Self::WrongSignature => write!(f, "the signature is not the signer's"),
        }
    }
}

/// What should be known beside the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The signer's certificate has expired by now; it had not when it was used first.
    Expired {
        /// When it did.
        at: String,
    },
    /// Signed by an algorithm that Model Signing v1.0 lacks: `model_signing` refuses it.
    Extension,
    /// Signed as `model_signing` did before 1.0: other text than the standard says, and before that without a digest
    /// over all files.
    Legacy,
    /// The signer's certificate is not valid yet.
    NotYetValid {
        /// From when on it is.
        at: String,
    },
    /// The model had another name when it was signed.
    OtherName {
        /// Which.
        name: String,
    },
}

impl Note {
    /// A stable name of the kind of note.
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
            Self::Expired { at } => write!(f, "the signer's certificate has expired at {at}"),
            Self::Extension => write!(f, "signed by Ed25519, which the `model_signing` tool does not verify"),
            Self::Legacy => write!(f, "signed in the way of `model_signing` before 1.0"),
            Self::NotYetValid { at } => write!(f, "the signer's certificate is not valid before {at}"),
            Self::OtherName { name } => write!(f, "the model was called `{}` when it was signed", shown(name)),
        }
    }
}

/// A name from elsewhere, with what could steer a terminal escaped.
fn shown(name: &str) -> String {
    let escaped = |character| match character {
        '\'' | '"' => vec![character],
        other => other.escape_debug().collect(),
    };
    name.chars().flat_map(escaped).collect()
}
