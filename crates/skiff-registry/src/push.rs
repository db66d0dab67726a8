//! What becomes a version.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::address::Digest;
use crate::{Author, Blob, Description, Error, Manifest, Parent};

/// What becomes a version.
#[derive(Debug)]
pub struct Push<'a> {
    /// The model's file.
    pub file: &'a Path,
    /// The file's name in the registry, if it is another.
    pub name: Option<&'a str>,
    /// Its signature file.
    pub signature: Option<&'a Path>,
    /// What is in the file.
    pub description: Description,
    /// What it was made from.
    pub parents: Vec<Parent>,
    /// Who pushes it.
    pub by: Author,
    /// Why.
    pub why: Option<String>,
    /// Whether the file of the newest version becomes another version: where an import keeps those that there were.
    pub repeat: bool,
}

/// What a push did.
#[derive(Debug)]
pub struct Pushed {
    /// The version.
    pub manifest: Manifest,
    /// Whether it is new: the same file and signature as those of the newest version are that version.
    pub is_new: bool,
}

/// A file's name, digest and size.
pub(crate) fn blob_of(path: &Path) -> Result<Blob, Error> {
    let read = || {
        let mut file = File::open(path)?;
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        let mut bytes = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut bytes)?;
            let Some(part) = bytes.get(..read).filter(|part| !part.is_empty()) else { break };
            hash.update(part);
            size = size.saturating_add(read as u64);
        }
        Ok((Digest::of(&hash.finalize()), size))
    };
    let (digest, size) = read().map_err(|error: io::Error| Error::File(path.to_owned(), error))?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Ok(Blob { name, digest, size })
}
