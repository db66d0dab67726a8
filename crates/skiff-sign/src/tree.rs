//! The files of a model on disk.

use std::collections::BTreeMap;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use crate::Error;

/// The entries of a model's folder by relative path, as parts; empty if the model is one file.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub files: BTreeMap<Vec<String>, PathBuf>,
    /// Entries that cannot be part of a model.
    pub odd: BTreeMap<Vec<String>, (Odd, PathBuf)>,
    /// Ignored entries, of folders only the name.
    pub ignored: Vec<Vec<String>>,
}

/// An entry that is neither a file nor a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    Link,
    /// A name that is not UTF-8.
    Name,
    /// A pipe, a socket, a device; a broken link.
    Special,
}

impl Tree {
    /// Lists `model`, a file or a folder. Links to folders are never followed, since they may be cyclic or lead
    /// out of the model; those to files only if `follows_links`.
    pub fn of(model: &Path, follows_links: bool, ignores: &dyn Fn(&[String]) -> bool) -> Result<Self, Error> {
        let mut tree = Self::default();
        let own = fs::symlink_metadata(model).map_err(|error| Error::read(model, error))?;
        let metadata = match own.is_symlink() && follows_links {
            true => fs::metadata(model).map_err(|error| Error::read(model, error))?,
            false => own,
        };
        if !metadata.is_dir() {
            tree.add(Vec::new(), model.to_owned(), metadata.file_type(), follows_links);
            return Ok(tree);
        }
        let mut folders = vec![(Vec::new(), model.to_owned())];
        while let Some((path, folder)) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(|error| Error::read(&folder, error))? {
                let entry = entry.map_err(|error| Error::read(&folder, error))?;
                let name = entry.file_name();
                let mut inner: Vec<String> = path.clone();
                inner.push(name.to_string_lossy().into_owned());
                let kind = entry.file_type().map_err(|error| Error::read(&entry.path(), error))?;
                if ignores(&inner) {
                    tree.ignored.push(inner);
                } else if name.to_str().is_none() {
                    tree.odd.insert(inner, (Odd::Name, entry.path()));
                } else if kind.is_dir() {
                    folders.push((inner, entry.path()));
                } else {
                    tree.add(inner, entry.path(), kind, follows_links);
                }
            }
        }
        tree.ignored.sort();
        Ok(tree)
    }

    fn add(&mut self, path: Vec<String>, at: PathBuf, kind: FileType, follows_links: bool) {
        // A link whose target has no metadata is broken.
        let target = if kind.is_symlink() { fs::metadata(&at).ok().map(|target| target.file_type()) } else { None };
        let odd = match target {
            Some(target) if follows_links && target.is_file() => None,
            Some(_) => Some(Odd::Link),
            None if kind.is_symlink() => Some(Odd::Link),
            None if kind.is_file() => None,
            None => Some(Odd::Special),
        };
        match odd {
            None => drop(self.files.insert(path, at)),
            Some(odd) => drop(self.odd.insert(path, (odd, at))),
        }
    }
}

/// The path of the file `path` relative to the folder `model`, if it is inside; the file need not exist.
pub(crate) fn within(model: &Path, path: &Path) -> Option<Vec<String>> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).ok()?;
    let model = fs::canonicalize(model).ok()?;
    let inner = folder.join(path.file_name()?);
    let inner = inner.strip_prefix(&model).ok()?;
    inner
        .iter()
        .map(|part| part.to_str().map(str::to_owned))
        .collect::<Option<Vec<_>>>()
        .filter(|parts| !parts.is_empty())
}
