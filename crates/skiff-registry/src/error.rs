//! What can go wrong with a registry.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::address::{Digest, Name};

/// An error of a registry.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The text is not the name of a model or an alias.
    Name(String),
    /// The text is not a digest.
    DigestText(String),
    /// The text, of the address after it, is not a version.
    VersionText(String, String),
    /// The text is not an address.
    Address(String),
    /// The address, of which a version is needed, names none.
    NoSelector(String),
    /// The URL is not one of a registry: why.
    Url(String, String),
    /// There is no registry at the URL.
    NoRegistry(String),
    /// There is one already.
    Exists(String),
    /// The store at the URL does not create an object for one writer only: what it did.
    Unsafe(String, String),
    /// The registry is of a later layout.
    Layout {
        /// Where the registry is.
        url: String,
        /// The latest layout that is known.
        expected: u64,
        /// Its layout.
        found: u64,
    },
    /// The registry has no such model.
    NoModel(String, Name),
    /// The model, at this address, has no such version.
    NoVersion(String),
    /// The model has no such alias.
    NoAlias(String),
    /// There is nothing to go back to.
    NoEarlier(String),
    /// An alias is not at the version that it was expected to be at.
    Moved {
        /// The alias.
        alias: String,
        /// The expected version; `None` for an alias that does not exist.
        expected: Option<u64>,
        /// Its version.
        found: Option<u64>,
    },
    /// The store at the place cannot do it: why.
    Unsupported(String, String),
    /// The store cannot keep writers apart, and the caller did not say that there is one only.
    ManyWriters(String),
    /// What was just written at the place is not there: there is another writer.
    OtherWriter(String),
    /// The artifact at the place is not a version that skiff pushed.
    NotAVersion(String),
    /// An OCI registry does not let the caller in: what it said.
    Denied(String, String),
    /// An OCI registry failed: how.
    Http(String, String),
    /// The store failed.
    Store {
        /// The object.
        place: String,
        /// Why.
        source: Box<object_store::Error>,
    },
    /// An object of the registry is not what it must be: what is wrong.
    Damaged(String, String),
    /// A blob has another digest than its name.
    Digest {
        /// The blob.
        place: String,
        /// Its name.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// A file was changed while it was pushed.
    Changed(PathBuf),
    /// A garbage collection did not end while a push waited for it.
    Collecting(String),
    /// A file on this machine could not be read or written.
    File(PathBuf, io::Error),
    /// This machine has no random numbers, or no runtime.
    System(io::Error),
}

impl Error {
    /// A name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name(_)
            | Self::DigestText(_)
            | Self::VersionText(..)
            | Self::Address(_)
            | Self::NoSelector(_)
            | Self::Url(..) => "wrong-address",
            Self::NoRegistry(_) => "no-registry",
            Self::Exists(_) => "registry-exists",
            Self::Unsafe(..) => "unsafe-store",
            Self::Layout { .. } => "later-registry",
            Self::NoModel(..) | Self::NoVersion(_) | Self::NoAlias(_) | Self::NoEarlier(_) => "not-in-registry",
            Self::Moved { .. } => "alias-moved",
            Self::Unsupported(..) => "not-in-this-store",
            Self::ManyWriters(_) => "many-writers",
            Self::OtherWriter(_) => "other-writer",
            Self::NotAVersion(_) => "not-a-version",
            Self::Denied(..) => "access-denied",
            Self::Store { .. } | Self::Http(..) => "store-failed",
            Self::Damaged(..) => "damaged-registry",
            Self::Digest { .. } => "wrong-digest-of-blob",
            Self::Changed(_) => "file-changed",
            Self::Collecting(_) => "collecting",
            Self::File(..) => "unreadable-file",
            Self::System(_) => "system-failed",
        }
    }

    /// Where it happened: an object, an address or a file.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::VersionText(_, place)
            | Self::Address(place)
            | Self::NoSelector(place)
            | Self::Url(place, _)
            | Self::NoRegistry(place)
            | Self::Exists(place)
            | Self::Unsafe(place, _)
            | Self::Layout { url: place, .. }
            | Self::NoModel(place, _)
            | Self::NoVersion(place)
            | Self::NoAlias(place)
            | Self::NoEarlier(place)
            | Self::Moved { alias: place, .. }
            | Self::Unsupported(place, _)
            | Self::ManyWriters(place)
            | Self::OtherWriter(place)
            | Self::NotAVersion(place)
            | Self::Denied(place, _)
            | Self::Http(place, _)
            | Self::Store { place, .. }
            | Self::Damaged(place, _)
            | Self::Digest { place, .. }
            | Self::Collecting(place) => Some(place.clone()),
            Self::Changed(path) | Self::File(path, _) => Some(path.display().to_string()),
            Self::Name(_) | Self::DigestText(_) | Self::System(_) => None,
        }
    }

    /// What the user can do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Address(_) => {
                "an address is `URL/NAME`, `URL/NAME@ALIAS`, `URL/NAME:3` or `URL/NAME@sha256:…`".into()
            }
            Self::NoSelector(address) => format!("add one: `{address}@production`, `{address}:3`"),
            Self::NoRegistry(url) => format!("`skiff registry init {url}` makes one"),
            Self::Unsafe(..) => {
                "use a store with conditional writes (S3, Google Cloud Storage, Azure), or a folder on a \
                                 file system with hard links"
                    .into()
            }
            Self::Layout { .. } => "a later skiff made it: use that".into(),
            Self::Digest { .. } => "`skiff registry verify` lists every damaged blob; pushing the same file again \
                                    replaces one"
                .into(),
            Self::Moved { .. } => "somebody else changed it: look at `skiff registry log`, and decide again".into(),
            Self::ManyWriters(_) => "`--single-writer` says that nobody else changes this model meanwhile".into(),
            Self::NotAVersion(_) => {
                "`oras pull` gets the files of other artifacts; `skiff registry push` makes a version of one".into()
            }
            Self::OtherWriter(_) => "look at `skiff registry show`, and let one program write at a time".into(),
            Self::Denied(..) => {
                "`docker login`, `skopeo login` or `oras login` write passwords where skiff finds them; so \
                                 do SKIFF_OCI_USER and SKIFF_OCI_PASSWORD. Programs that keep passwords are not run"
                    .into()
            }
            Self::Collecting(_) => "wait for `skiff registry gc` to end, then push again: it will check the version's \
                                    blobs"
                .into(),
            _ => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(
                f,
                "expected a name of letters, digits, `.`, `_` and `-`, beginning with a letter or digit, found `{name}`"
            ),
            Self::DigestText(text) => {
                write!(f, "expected `sha256:` and 64 lower-case hexadecimal digits, found `{text}`")
            }
            Self::VersionText(text, _) => write!(f, "expected a version, 1 or more, after the colon, found `{text}`"),
            Self::Address(_) => f.write_str("it is not the address of a model in a registry"),
            Self::NoSelector(_) => f.write_str("the address names a model, but no version"),
            Self::Url(_, why) => write!(f, "it cannot be a registry: {why}"),
            Self::NoRegistry(_) => f.write_str("there is no registry"),
            Self::Exists(_) => f.write_str("there is a registry already"),
            Self::Unsafe(_, what) => write!(
                f,
                "the store cannot hold a registry, since it does not create an object for one writer only: {what}"
            ),
            Self::Layout { expected, found, .. } => {
                write!(f, "expected a registry of layout {expected}, found {found}")
            }
            Self::NoModel(_, name) => write!(f, "the registry has no model `{name}`"),
            Self::NoVersion(_) => f.write_str("the model has no such version"),
            Self::NoAlias(_) => f.write_str("the model has no such alias"),
            Self::NoEarlier(_) => f.write_str("the alias has no earlier version to go back to"),
            Self::Moved { expected, found, .. } => {
                write!(f, "expected the alias at {}, found it at {}", version(*expected), version(*found))
            }
            Self::Unsupported(_, what) => f.write_str(what),
            Self::ManyWriters(_) => f.write_str(
                "an OCI registry has no conditional writes: of two writers at the same time one loses its change",
            ),
            Self::OtherWriter(_) => f.write_str("another writer changed the tag at the same time"),
            Self::NotAVersion(_) => f.write_str("it is not a version that skiff pushed"),
            Self::Denied(_, what) => write!(f, "the registry denies access: {what}"),
            Self::Http(_, what) => write!(f, "the registry failed: {what}"),
            Self::Store { source, .. } => write!(f, "the store failed: {source}"),
            Self::Damaged(_, what) => f.write_str(what),
            Self::Digest { expected, found, .. } => {
                write!(f, "digest mismatch: expected `{expected}`, found `{found}`: the blob was modified")
            }
            Self::Changed(_) => f.write_str("the file was changed while it was pushed"),
            Self::Collecting(_) => f.write_str("a garbage collection has not ended"),
            Self::File(_, error) => write!(f, "cannot read or write the file: {error}"),
            Self::System(error) => write!(f, "the system failed: {error}"),
        }
    }
}

/// A version, or none.
fn version(version: Option<u64>) -> String {
    version.map_or_else(|| "no version".to_owned(), |version| format!("version {version}"))
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store { source, .. } => Some(source),
            Self::File(_, source) | Self::System(source) => Some(source),
            _ => None,
        }
    }
}
