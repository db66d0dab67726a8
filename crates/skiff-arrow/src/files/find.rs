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

/// The folder of an object store whose files [`find_listed`] chooses from: the path, or what is before a pattern in it.
pub fn folder_of(path: &str) -> &str {
    match path.find(['*', '?', '[']) {
        Some(wildcard) => {
            path.get(..wildcard).and_then(|start| start.rsplit_once('/')).map_or("", |(folder, _)| folder)
        }
        None => path,
    }
}

/// The files of a path in an object store, which has no folders but in the names of its files: by their places among
/// those that are `listed`, as [`find`] finds them on this machine.
///
/// # Errors
/// When there is none.
pub fn find_listed(path: &str, listed: &[&str], extensions: &[&str]) -> Result<Vec<(usize, Vec<Partition>)>, Error> {
    let folder = folder_of(path);
    let mut found = Vec::new();
    if folder == path {
        for (place, name) in listed.iter().enumerate() {
            let Some(rest) = name.strip_prefix(folder) else { continue };
            if !folder.is_empty() && !rest.starts_with('/') {
                continue;
            }
            let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
            let extension = Path::new(name).extension().and_then(OsStr::to_str).map(str::to_lowercase);
            let is_data = extension.is_some_and(|extension| extensions.contains(&extension.as_str()));
            if is_data && parts.iter().all(|part| !part.starts_with(['.', '_'])) {
                parts.pop();
                found.push((place, parts.into_iter().filter_map(Partition::of_folder).collect()));
            }
        }
        if found.is_empty() {
            let extensions = extensions.join(", .");
            return Err(Error::new(format!(
                "there is no such file, and no folder with a file that has one of the extensions .{extensions}"
            )));
        }
        return Ok(found);
    }
    let pattern = glob::Pattern::new(path).map_err(|error| Error::new(format!("cannot read the data: {error}")))?;
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::default() };
    for (place, name) in listed.iter().enumerate() {
        if pattern.matches_with(name, options) {
            found.push((place, Vec::new()));
        }
    }
    match found.is_empty() {
        true => Err(Error::new("no file matches the pattern")),
        false => Ok(found),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: [&str; 6] =
        ["a/_x/p.parquet", "a/b/p.parquet", "a/p.parquet", "a/q.csv", "a/y=1/z=b/p.pq", "ab/p.parquet"];

    fn names(path: &str) -> Vec<&'static str> {
        let found = find_listed(path, &LISTED, &["parquet", "pq"]);
        found.map_or_else(|_| Vec::new(), |found| found.into_iter().map(|(place, _)| LISTED[place]).collect())
    }

    #[test]
    fn folders_and_patterns_of_object_stores() {
        assert_eq!(names("a"), ["a/b/p.parquet", "a/p.parquet", "a/y=1/z=b/p.pq"]);
        assert_eq!(names("a/*.parquet"), ["a/p.parquet"]);
        assert_eq!(names("a/**/*.p*q*"), ["a/_x/p.parquet", "a/b/p.parquet", "a/p.parquet", "a/y=1/z=b/p.pq"]);
        assert_eq!(names("a*/p.parquet"), ["a/p.parquet", "ab/p.parquet"]);
        assert_eq!(names("a/[!b]/*"), [""; 0]);
        assert_eq!((folder_of("a/b*/c"), folder_of("*"), folder_of("a/b")), ("a", "", "a/b"));
        assert!(find_listed("a/***", &LISTED, &[]).is_err());
        let (_, partitions) = find_listed("a", &LISTED, &["pq"]).unwrap().remove(0);
        let values: Vec<_> = partitions.into_iter().map(|partition| (partition.name, partition.value)).collect();
        assert_eq!(values, [("y".to_owned(), Some("1".to_owned())), ("z".to_owned(), Some("b".to_owned()))]);
    }
}
