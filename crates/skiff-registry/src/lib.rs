//! Versions of models in a folder, or in S3, Google Cloud Storage or Azure; no server, no database.
//!
//! A registry has blobs named by their SHA-256, a manifest for each version of a model, and for each alias
//! (`production`) an entry for each change. Nothing is ever overwritten: versions and changes are numbered, and a number
//! is taken by creating its object, which a store does for one writer only. So two writers never lose a change, a
//! writer that is killed leaves the old or the new state, and an alias has its whole history. `docs/registry.md`
//! specifies the objects.
//!
//! OCI registries (`oci://`), with which container images are kept, have the same versions and aliases as tags; they
//! cannot keep two writers apart, so that only one may write.
//!
//! ```no_run
//! use skiff_registry::{Author, Registry, Selector};
//!
//! # fn main() -> Result<(), skiff_registry::Error> {
//! let registry = Registry::open("s3://models/registry")?;
//! let production = Selector::Alias("production".parse()?);
//! let manifest = registry.resolve(&"churn".parse()?, &production)?;
//! registry.fetch(&manifest.model, &manifest.file, "churn.skiff".as_ref())?;
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod address;
mod aliases;
mod backend;
mod bucket;
mod cache;
mod collected;
mod error;
mod manifest;
mod objects;
#[cfg(feature = "clouds")]
mod oci;
mod push;
mod registry;
mod stamp;
mod verify;

pub use address::{Address, Digest, Name, Selector};
pub use aliases::{AliasChange, AliasEntry, Expected};
pub use bucket::{Bucket, BucketFile, Upload};
pub use cache::{Cache, Cached};
pub use collected::Collected;
pub use error::Error;
pub use manifest::{Author, Blob, Description, Manifest, Parent};
pub use objects::{MARKER, Settings};
#[cfg(feature = "clouds")]
pub use oci::Repository;
pub use push::{Push, Pushed};
pub use registry::Registry;
pub use verify::{Problem, Report};
