//! Digests of files and folders as the passport has them, and copies of which they are.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The SHA-256 of a file, or of a folder as `docs/passport.md` defines it, and the size.
pub fn of(path: &Path) -> io::Result<(String, u64)> {
    copied(path, None)
}

/// The same of a copy at `to`, while it is made.
pub fn of_copy(path: &Path, to: &Path) -> io::Result<(String, u64)> {
    copied(path, Some(to))
}

/// Of bytes.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn copied(path: &Path, to: Option<&Path>) -> io::Result<(String, u64)> {
    if !path.is_dir() {
        return file(path, to);
    }
    let (mut lines, mut size) = (Vec::new(), 0_u64);
    // Children of folders, their names from `path` with slashes.
    let mut folders = vec![(path.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        if let Some(to) = to {
            fs::create_dir_all(joined(to, &prefix))?;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let path = entry.path();
            match (path.is_dir(), entry.file_type()?.is_symlink()) {
                (true, false) => folders.push((path, format!("{name}/"))),
                // Links to folders are not followed, as in Python's `os.walk`.
                (true, true) => {}
                (false, _) => {
                    let (digest, length) = file(&path, to.map(|to| joined(to, &name)).as_deref())?;
                    size = size.saturating_add(length);
                    lines.push((name, digest));
                }
            }
        }
    }
    lines.sort_unstable();
    let mut hash = Sha256::new();
    for (name, digest) in lines {
        hash.update(format!("{digest}  {name}\n"));
    }
    Ok((hex(&hash.finalize()), size))
}

fn joined(folder: &Path, name: &str) -> PathBuf {
    name.split('/').filter(|part| !part.is_empty()).fold(folder.to_owned(), |path, part| path.join(part))
}

fn file(path: &Path, to: Option<&Path>) -> io::Result<(String, u64)> {
    let mut out = match to {
        Some(to) => {
            to.parent().map_or(Ok(()), fs::create_dir_all)?;
            Some(File::create(to)?)
        }
        None => None,
    };
    let (mut file, mut hash, mut size) = (File::open(path)?, Sha256::new(), 0_u64);
    let mut bytes = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut bytes)?;
        let Some(part) = bytes.get(..read).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        if let Some(out) = &mut out {
            out.write_all(part)?;
        }
        size = size.saturating_add(part.len() as u64);
    }
    Ok((hex(&hash.finalize()), size))
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
