//! The files that are meant by a path, a pattern or a folder.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::Partition;
use crate::Error;

/// A file, and the partitions of the folders between it and the folder that was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// The columns that its folders are named for.
    pub partitions: Vec<Partition>,
}

/// How deep folders are searched.
const DEEPEST: usize = 32;

/// The files of an argument of the command: the file itself; those that match a pattern; those with one of `extensions`
/// in a folder and its folders, but for hidden ones and those that begin with an underscore.
///
/// # Errors
/// When there is none, or a folder cannot be read.
pub fn find(argument: &Path, extensions: &[&str]) -> Result<Vec<Found>, Error> {
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| Error::new(format!("cannot read the data: {error}")).in_file(path);
    let text = argument.to_str().filter(|text| text.contains(['*', '?', '[']) && !argument.exists());
    let roots = match text {
        None => vec![argument.to_owned()],
        Some(pattern) => {
            let paths = glob::glob(pattern).map_err(|error| failed(argument, &error))?;
            let paths = paths.collect::<Result<Vec<_>, _>>().map_err(|error| failed(error.path(), &error.error()))?;
            if paths.is_empty() {
                return Err(Error::new("no file matches the pattern").in_file(argument));
            }
            paths
        }
    };
    let mut found = Vec::new();
    for root in roots {
        if root.is_dir() {
            let before = found.len();
            walk(&root, &mut Vec::new(), extensions, &mut found).map_err(|(path, error)| failed(&path, &error))?;
            if found.len() == before {
                let extensions = extensions.join(", .");
                return Err(Error::new(format!("the folder has no file with one of the extensions .{extensions}"))
                    .in_file(&root));
            }
        } else {
            found.push(Found { path: root, partitions: Vec::new() });
        }
    }
    Ok(found)
}

fn walk(
    folder: &Path,
    partitions: &mut Vec<Partition>,
    extensions: &[&str],
    found: &mut Vec<Found>,
) -> Result<(), (PathBuf, std::io::Error)> {
    let failed = |error| (folder.to_owned(), error);
    if partitions.len() > DEEPEST || folder.components().count() > 256 {
        return Err(failed(std::io::Error::other("the folders are nested too deeply")));
    }
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if name.starts_with(['.', '_']) {
            continue;
        }
        let extension = path.extension().and_then(OsStr::to_str).map(str::to_lowercase);
        if path.is_dir() {
            let partition = Partition::of_folder(name);
            let depth = partitions.len();
            partitions.extend(partition);
            walk(&path, partitions, extensions, found)?;
            partitions.truncate(depth);
        } else if extension.is_some_and(|extension| extensions.contains(&extension.as_str())) {
            found.push(Found { path, partitions: partitions.clone() });
        }
    }
    Ok(())
}
