//! Files that are there as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::WriteError;

/// Writes the file at `path` by `write`: to another name in the same directory, brought to the disk, renamed. Whatever
/// happens meanwhile, the old file is there as it was, or the new one is.
///
/// # Errors
/// What `write` says, and what the operating system says; nothing is left behind then.
pub fn whole_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), WriteError>) -> Result<(), WriteError> {
    let (file, temporary) = create(path)?;
    let outcome = fill(file, write).and_then(|()| Ok(fs::rename(&temporary, path)?));
    if outcome.is_err() {
        // The reason is what the caller wants to hear; that the rest could not be removed is less.
        let _ = fs::remove_file(&temporary);
        return outcome;
    }
    sync_directory(path)?;
    Ok(())
}

fn fill(file: File, write: impl FnOnce(&mut dyn Write) -> Result<(), WriteError>) -> Result<(), WriteError> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    write(&mut out)?;
    let file = out.into_inner().map_err(|error| WriteError::Io(error.into_error()))?;
    file.sync_all()?;
    Ok(())
}

/// A new file beside `path`, of a name that nobody else has.
fn create(path: &Path) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".{name}.{}-{count}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            file => return Ok((file?, temporary)),
        }
    }
}

/// The new name is on the disk only when its directory is.
#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

/// Other systems do not open directories.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file() {
        let directory = std::env::temp_dir().join(format!("skiff-whole-file-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("model.pkl");
        whole_file(&path, |out| Ok(out.write_all(b"old")?)).unwrap();
        let failed = whole_file(&path, |out| {
            out.write_all(b"new")?;
            Err(WriteError::Content)
        });
        assert!(matches!(failed, Err(WriteError::Content)));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing is left behind");
        whole_file(&path, |out| Ok(out.write_all(b"new")?)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::remove_dir_all(&directory).unwrap();
    }
}
