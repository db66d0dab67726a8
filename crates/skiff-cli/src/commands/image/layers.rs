//! Layers: tar archives of one file each, whose bytes depend on that file alone.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

/// A header with everything that is not the content's the same: no owner but root, no time.
pub fn header(path: &str, size: u64, mode: u32, kind: EntryType) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(path)?;
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    Ok(header)
}

/// An archive of a folder and a file in it, which is read while the archive is, and its length.
pub fn archive(folder: &str, path: &str, file: &Path, mode: u32) -> io::Result<(impl Read + Send + use<>, u64)> {
    let content = File::open(file)?;
    let size = content.metadata()?.len();
    let mut head = Vec::new();
    if !folder.is_empty() {
        head.extend(header(folder, 0, 0o755, EntryType::Directory)?.as_bytes());
    }
    head.extend(header(path, size, mode, EntryType::Regular)?.as_bytes());
    // Up to a whole block, and two empty ones.
    let padding = size.next_multiple_of(512) - size + 1024;
    let length = head.len() as u64 + size + padding;
    Ok((Cursor::new(head).chain(content.take(size)).chain(io::repeat(0).take(padding)), length))
}

/// A reader that hashes what is read.
pub struct Hashed<R> {
    reader: R,
    hash: Sha256,
}

impl<R: Read> Hashed<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, hash: Sha256::new() }
    }

    /// The digest of all that was read.
    pub fn digest(self) -> String {
        digest(&self.hash.finalize())
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.hash.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// A digest as images write it.
pub fn digest(hash: &[u8]) -> String {
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}
