//! Tables in object stores: `s3://`, `gs://` and `az://`, and `file://` for a folder that is treated as one.

#[cfg(all(feature = "arrow", feature = "registry"))]
mod stores;
#[cfg(not(all(feature = "arrow", feature = "registry")))]
#[path = "without.rs"]
mod stores;

use std::path::Path;

#[cfg(feature = "arrow")]
pub use stores::{RemoteFolder, find};
pub use stores::{create, text};

/// The schemes of tables.
const SCHEMES: [&str; 9] = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "file"];

/// Whether a table is in an object store.
pub fn is_remote(path: &Path) -> bool {
    let scheme = path.to_str().and_then(|text| text.split_once("://")).map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| SCHEMES.contains(&scheme))
}
