//! Files as bytes: mapped when large, read when small.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use skiff_pickle::{Bytes, Owner};

/// Below this, reading is cheaper than mapping.
const SMALL: u64 = 64 << 10;

/// The bytes of the file at `path`.
///
/// A large regular file is mapped: if it is modified meanwhile, other values are read, and if it is truncated,
/// this process is killed. Writers should replace files by renaming.
pub(crate) fn bytes(path: &Path, most: u64) -> io::Result<Bytes> {
    let file = open_file(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.len() >= SMALL {
        return map(&file).map(|map| Bytes::owned_by(Mapped(map)));
    }
    read(file, most)
}

/// A copy of the bytes of the file at `path`, which may be modified and truncated meanwhile.
pub(crate) fn copied(path: &Path, most: u64) -> io::Result<Bytes> {
    read(open_file(path)?, most)
}

fn read(file: File, most: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(Bytes::from(bytes))
}

/// Opens a file for reading. Named pipes, sockets and devices are errors: opening or reading them may block
/// forever. Pipes that are already open, such as a shell's `<(command)`, are read.
///
/// # Errors
/// When the file does not exist, may not be read, or is not a regular file.
pub fn open_file(path: &Path) -> io::Result<File> {
    is_readable(path, &fs::metadata(path)?)?;
    let file = File::open(path)?;
    // The path may have been replaced meanwhile.
    is_readable(path, &file.metadata()?)?;
    Ok(file)
}

fn is_readable(path: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if metadata.is_file() || is_open_pipe(path, metadata) {
        return Ok(());
    }
    let what = "it is a pipe, a socket or a device, not a regular file; pass a stream on standard input, as `-`";
    Err(io::Error::new(io::ErrorKind::InvalidInput, what))
}

#[cfg(unix)]
fn is_open_pipe(path: &Path, metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;

    let is_given = path == Path::new("/dev/stdin") || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd");
    is_given && metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_open_pipe(_: &Path, _: &Metadata) -> bool {
    false
}

#[expect(unsafe_code, reason = "the one memory map: models are larger than what a prediction touches of them")]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: The map is read-only. No `&str` or other type with an invariant is kept over these bytes
    // without being checked at each use, so a file that another process changes meanwhile gives a wrong value or an error
    // only; one that is truncated raises SIGBUS, which the documentation of `open` mentions.
    unsafe { memmap2::Mmap::map(file) }
}

/// A mapped file.
struct Mapped(memmap2::Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Owner for Mapped {
    /// Releases pages of this process; the system's cache of the file keeps them.
    #[cfg(unix)]
    #[expect(
        unsafe_code,
        reason = "a forest's arrays are read once, and would count as this process's memory for good"
    )]
    fn release(&self, range: std::ops::Range<usize>) {
        // Less is not worth a system call.
        const WORTH_IT: usize = 128 << 10;
        if range.len() >= WORTH_IT {
            // SAFETY: Nothing was or can be written through this map, which is read-only: a page that is accessed again
            // is read from the file again, as on the first access. If the advice fails, nothing changes.
            let _ =
                unsafe { self.0.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, range.start, range.len()) };
        }
    }
}
