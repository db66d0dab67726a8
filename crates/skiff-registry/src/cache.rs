//! Files of versions on this machine, by digest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

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
    match digest(path) {
        Ok(found) if found == blob.digest => Ok(()),
        _ => registry.fetch(&manifest.model, blob, path),
    }
}

fn digest(path: &Path) -> io::Result<Digest> {
    let (mut file, mut hash) = (fs::File::open(path)?, Sha256::new());
    io::copy(&mut file, &mut Hashing(&mut hash))?;
    Ok(Digest::of(&hash.finalize()))
}

struct Hashing<'h>(&'h mut Sha256);

impl io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
