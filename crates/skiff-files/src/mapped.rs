//! Files as bytes: mapped when large, read when small.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use skiff_pickle::Bytes;

/// Below this, reading is cheaper than mapping.
const SMALL: u64 = 64 << 10;

/// The bytes of the file at `path`.
///
/// A large regular file is mapped: whoever changes it meanwhile changes what is read, and whoever shortens it ends
/// this process. Files are to be replaced by renaming, as every careful writer does.
pub(crate) fn bytes(path: &Path, most: u64) -> io::Result<Bytes> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if metadata.is_file() && metadata.len() >= SMALL {
        return map(&file).map(Bytes::new);
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(Bytes::from(bytes))
}

#[expect(unsafe_code, reason = "the one memory map: models are larger than what a prediction touches of them")]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: The map is private and read-only. No `&str` or other type with an invariant is kept over these bytes
    // without being checked at each use, so a file that another process changes meanwhile gives a wrong or refused
    // value; one that is shortened raises SIGBUS, which the documentation of `open` tells.
    unsafe { memmap2::Mmap::map(file) }
}
