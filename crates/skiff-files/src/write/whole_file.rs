//! Atomic writing of files.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::WriteError;

/// Writes the file at `path` with `write`: to a temporary name in the same directory, then synced and renamed. Whatever
/// happens meanwhile, either the old file or the new file exists, complete. The new file has the old one's permissions.
/// Pipes and devices, such as `/dev/null`, are written to instead of replaced.
///
/// # Errors
/// Errors of `write` and of the operating system; the temporary file is removed then.
pub fn whole_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), WriteError>) -> Result<(), WriteError> {
    let mut file = NewFile::create(path)?;
    write(&mut file)?;
    Ok(file.finish()?)
}

/// The temporary names of files that are being written, for [`remove_unfinished`].
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Removes all temporary files that this process is writing: for a process that ends
/// without unwinding, because of a signal.
pub fn remove_unfinished() {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for temporary in unfinished.drain(..) {
        // The process ends: errors cannot be reported.
        let _ = fs::remove_file(temporary);
    }
}

/// A file under a temporary name next to its final one, which is removed unless it is finished; or a pipe or a device.
#[derive(Debug)]
pub struct NewFile {
    out: BufWriter<File>,
    /// `None` for a pipe or a device.
    temporary: Option<PathBuf>,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file that will be named `path`. If that is a symbolic link, its target will be replaced; if it is a pipe
    /// or a device, it will be written to.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn create(path: &Path) -> io::Result<Self> {
        let (mut path, mut old) = (path.to_owned(), fs::symlink_metadata(path).ok());
        if old.as_ref().is_some_and(Metadata::is_symlink) {
            // `/dev/stdout` is a link to a link to the name of a pipe, which is in no directory.
            old = Some(fs::metadata(&path)?);
            path = fs::canonicalize(&path).unwrap_or(path);
        }
        let (file, temporary) = match &old {
            Some(old) if old.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Some(old) if !old.is_file() => (OpenOptions::new().write(true).open(&path)?, None),
            _ => {
                let (file, temporary) = create(&path)?;
                (file, Some(temporary))
            }
        };
        let new = Self { out: BufWriter::with_capacity(1 << 20, file), temporary, path };
        if let (Some(old), Some(_)) = (old, &new.temporary) {
            let file = new.out.get_ref();
            // Some file systems refuse even to set the permissions that a file has.
            if file.metadata()?.permissions() != old.permissions() {
                file.set_permissions(old.permissions())?;
            }
        }
        Ok(new)
    }

    /// Syncs the file to disk and renames it.
    ///
    /// # Errors
    /// Errors of the operating system.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        let Some(temporary) = &self.temporary else { return Ok(()) };
        self.out.get_ref().sync_all()?;
        fs::rename(temporary, &self.path)?;
        forget(temporary);
        self.temporary = None;
        sync_directory(&self.path)
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.out.seek(position)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // The original error matters more than that the temporary file could not be removed.
            let _ = fs::remove_file(temporary);
            forget(temporary);
        }
    }
}

/// [`remove_unfinished`] need not remove this file any more.
fn forget(temporary: &Path) {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != temporary);
}

/// A new file next to `path`, with a unique name.
fn create(path: &Path) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_file_name(format!(".{name}.{}-{count}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            file => {
                let file = file?;
                unfinished.push(temporary.clone());
                return Ok((file, temporary));
            }
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

    #[test]
    fn unfinished_files_can_be_removed() {
        let directory = std::env::temp_dir().join(format!("skiff-unfinished-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let mut file = NewFile::create(&directory.join("rows.csv")).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        // Not `remove_unfinished`, which would take the files of other tests.
        let temporary = file.temporary.clone().unwrap();
        assert!(UNFINISHED.lock().unwrap().contains(&temporary));
        drop(file);
        assert!(!UNFINISHED.lock().unwrap().contains(&temporary));
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_stays_one() {
        let directory = std::env::temp_dir().join(format!("skiff-linked-file-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let (target, link) = (directory.join("target"), directory.join("link"));
        fs::write(&target, b"old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        whole_file(&link, |out| Ok(out.write_all(b"new")?)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
        fs::remove_dir_all(&directory).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_written_to() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};

        let directory = std::env::temp_dir().join(format!("skiff-device-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        // A link, since a test that fails must not replace the machine's own device.
        let link = directory.join("null");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        let file = NewFile::create(&link).unwrap();
        assert_eq!(file.temporary, None);
        file.finish().unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let failed = NewFile::create(&directory).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::IsADirectory);
        let secret = directory.join("secret");
        fs::write(&secret, b"old").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        whole_file(&secret, |out| Ok(out.write_all(b"new")?)).unwrap();
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(&directory).unwrap();
    }
}
