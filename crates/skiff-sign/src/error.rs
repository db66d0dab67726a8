//! Errors of signing and verifying: cases without a verdict.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why there is no signature or no verdict.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The signature file is not one, or is inconsistent.
    Bundle(BundleError),
    /// A file that is read together with another one, which a signature of a single file would not cover.
    Companion(PathBuf, String),
    /// A certificate cannot be read, or does not match the key.
    Certificate(&'static str),
    /// A key cannot be read.
    Key(KeyError),
    /// A link in the model to be signed.
    Link(PathBuf),
    /// A name in the model to be signed that is not UTF-8.
    Name(PathBuf),
    /// The operating system could not read a file.
    Read(PathBuf, io::Error),
    /// Something that is neither a file nor a folder in the model to be signed.
    Special(PathBuf),
    /// The bundle is of a known kind that is not supported.
    Unsupported(Unsupported),
}

/// What is wrong with a signature file.
#[derive(Debug)]
#[non_exhaustive]
pub enum BundleError {
    /// Not JSON, or JSON of another structure.
    Json(serde_json::Error),
    /// It is larger than the limit.
    Large,
    /// A part of it is invalid.
    Malformed(&'static str),
    /// The digest over all files does not match the listed files.
    RootDigest,
}

/// What is wrong with a key.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is damaged, or not a point of its curve.
    Damaged,
    /// An Ed25519 key, which signs only if the extension is enabled.
    Extension,
    /// The text has no key of this kind.
    Missing {
        /// A private key, a public key.
        expected: &'static str,
        /// The labels of its PEM blocks.
        found: Vec<String>,
    },
    /// The key is encrypted, and no password was given.
    PasswordNeeded,
    /// The operating system returned no random numbers.
    Random,
    /// A key of another kind or curve.
    Unsupported(String),
    /// Wrong password.
    WrongPassword,
}

/// A known kind of signature that is not supported.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unsupported {
    /// The signer is attested by Sigstore's servers.
    Keyless,
    /// The bundle's media type.
    MediaType(String),
    /// The digest algorithm of the files.
    Digest(String),
    /// How files are mapped to resources.
    Method(String),
    /// The payload of the envelope.
    Payload(String),
    /// The type of the statement.
    Predicate(String),
}

impl Error {
    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read(path.to_owned(), error)
    }

    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Bundle(_) => "damaged-signature",
            Self::Certificate(_) => "wrong-certificate",
            Self::Key(KeyError::PasswordNeeded | KeyError::WrongPassword) => "wrong-password",
            Self::Key(KeyError::Extension | KeyError::Unsupported(_)) => "unsupported-key",
            Self::Key(_) => "wrong-key",
            Self::Companion(..) | Self::Link(_) | Self::Special(_) | Self::Name(_) => "unsupported-content",
            Self::Read(..) => "unreadable-file",
            Self::Unsupported(_) => "unsupported-signature",
        }
    }

    /// The file in the model that the error is about, if any.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Companion(path, _)
            | Self::Link(path)
            | Self::Name(path)
            | Self::Read(path, _)
            | Self::Special(path) => Some(path),
            _ => None,
        }
    }

    /// What the user can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Key(KeyError::Extension) => Some(
                "`--extension` signs all the same: skiff verifies it, the `model_signing` tool does not; \
                 `skiff keygen` makes a key that both take",
            ),
            Self::Key(KeyError::Missing { expected, .. }) if *expected == PUBLIC => {
                Some("`openssl pkey -in KEY.pem -pubout` prints the public key of a private key")
            }
            Self::Key(KeyError::Missing { .. }) => Some("`skiff keygen` makes a key"),
            Self::Key(KeyError::PasswordNeeded) => {
                Some("name the environment variable that holds it: `--password-env NAME`")
            }
            Self::Link(_) => Some("`--follow-links` signs the content of the files that links point to"),
            Self::Unsupported(Unsupported::Keyless) => Some("the `model_signing` tool verifies it, using the network"),
            _ => None,
        }
    }
}

pub(crate) const PRIVATE: &str = "a private key";
pub(crate) const PUBLIC: &str = "a public key";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundle(error) => error.fmt(f),
            Self::Certificate(what) => f.write_str(what),
            Self::Key(error) => error.fmt(f),
            Self::Link(_) => write!(f, "expected files and folders, found a link"),
            Self::Name(_) => write!(f, "expected names in UTF-8, found another encoding"),
            Self::Read(_, error) => write!(f, "cannot read the file: {error}"),
            Self::Companion(_, name) => {
                write!(
                    f,
                    "opening it reads `{name}` as well, which a signature of one file does not cover: sign the folder"
                )
            }
            Self::Special(_) => write!(f, "expected files and folders, found something else"),
            Self::Unsupported(what) => what.fmt(f),
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a signature bundle: {error}"),
            Self::Large => write!(f, "the signature file is larger than {} bytes", crate::bundle::MOST_BYTES),
            Self::Malformed(what) => write!(f, "damaged signature bundle: {what}"),
            Self::RootDigest => {
                write!(f, "damaged signature bundle: the digest over all files does not match the listed files")
            }
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => write!(f, "the key is damaged"),
            Self::Extension => write!(f, "Ed25519 keys are not part of Model Signing"),
            Self::Missing { expected, found } if found.is_empty() => {
                write!(f, "expected {expected} in PEM, found no PEM")
            }
            Self::Missing { expected, found } => {
                let found: Vec<_> = found.iter().map(|label| format!("`{label}`")).collect();
                write!(f, "expected {expected} in PEM, found {}", found.join(", "))
            }
            Self::PasswordNeeded => write!(f, "the key is encrypted: a password is needed"),
            Self::Random => write!(f, "the operating system returned no random numbers"),
            Self::Unsupported(what) => {
                write!(f, "expected a key on P-256, P-384 or P-521, found {what}")
            }
            Self::WrongPassword => write!(f, "wrong password"),
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyless => {
                write!(f, "the signer is attested by Sigstore's servers, not by a key or a certificate chain")
            }
            Self::MediaType(found) => {
                write!(f, "expected a bundle of type `{}`, found `{found}`", crate::bundle::MEDIA_TYPE)
            }
            Self::Digest(found) => write!(f, "expected digests by sha256, blake2b or blake3, found `{found}`"),
            Self::Method(found) => write!(f, "expected files or shards to be signed, found `{found}`"),
            Self::Payload(found) => {
                write!(f, "expected a payload of type `{}`, found `{found}`", crate::bundle::PAYLOAD_TYPE)
            }
            Self::Predicate(found) => {
                write!(f, "expected a statement of type `{}`, found `{found}`", crate::statement::PREDICATE)
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bundle(BundleError::Json(error)) => Some(error),
            Self::Read(_, error) => Some(error),
            _ => None,
        }
    }
}

impl From<BundleError> for Error {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<Unsupported> for Error {
    fn from(what: Unsupported) -> Self {
        Self::Unsupported(what)
    }
}
