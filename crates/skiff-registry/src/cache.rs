//! Files of versions on this machine, by digest.

use std::fs;
use std::path::{Path, PathBuf};

use skiff_files::sha256_of;

use crate::address::Digest;
use crate::{Blob, Error, Manifest, Registry};

/// A folder of files that were fetched.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// The files of a version.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The model.
    pub model: PathBuf,
    /// Its signature, next to it: `MODEL.sig`.
    pub signature: Option<PathBuf>,
}

impl Cache {
    /// The cache in this folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The files of a version, fetched if they are missing or were modified.
    ///
    /// # Errors
    /// When a blob cannot be fetched, or was modified, or the folder cannot be written.
    pub fn get(&self, registry: &Registry, manifest: &Manifest) -> Result<Cached, Error> {
        // A signature is next to its model, so the same model has a folder for each of its signatures.
        let mut name = manifest.file.digest.hex().to_owned();
        if let Some(signature) = &manifest.signature {
            name.push('-');
            name.push_str(signature.digest.hex().get(..16).unwrap_or_default());
        }
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(|error| Error::File(folder.clone(), error))?;
        let model = folder.join(manifest.file.safe_name());
        fetch(registry, manifest, &manifest.file, &model)?;
        let signature = match &manifest.signature {
            Some(blob) => {
                let path = folder.join(format!("{}.sig", manifest.file.safe_name()));
                fetch(registry, manifest, blob, &path)?;
                Some(path)
            }
            None => None,
        };
        Ok(Cached { model, signature })
    }
}

/// Fetches a blob, unless the file has its digest.
fn fetch(registry: &Registry, manifest: &Manifest, blob: &Blob, path: &Path) -> Result<(), Error> {
    match sha256_of(path) {
        Ok(found) if Digest::of(&found) == blob.digest => Ok(()),
        _ => registry.fetch(&manifest.model, blob, path),
    }
}
