//! The archives of `fixtures/cases`: `<version>/<module>.zip` holds `<case>/model.joblib`, `<case>/arrays.npz` and
//! `<case>/case.json`. `fixtures/generate/archive.py` writes them, and decides when a module has more than one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};
use rayon::prelude::*;
use skiff_files::{Bytes, Limits};

use crate::workspace;

/// The file of a recorded model.
#[derive(Clone, Debug)]
pub struct RecordedModel {
    /// The case's name and the file's: `1.9.1/svm/svc_rbf/model.joblib`.
    pub path: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl RecordedModel {
    /// Every recorded model, in order of their paths.
    pub fn all() -> Vec<Self> {
        files("", is_model).into_iter().map(Self::new).collect()
    }

    /// The model of the case of that name, such as `1.9.1/svm/svc_rbf`.
    ///
    /// # Panics
    /// When there is no such case.
    pub fn named(case: &str) -> Self {
        let found = files(&format!("{case}/"), is_model).pop_first();
        Self::new(found.unwrap_or_else(|| panic!("there is no recorded case `{case}`")))
    }

    pub(crate) fn new((path, bytes): (String, Bytes)) -> Self {
        Self { path, bytes }
    }

    /// The case's name: `1.9.1/svm/svc_rbf`.
    pub fn case(&self) -> &str {
        case_of(&self.path)
    }

    /// The model's object graph.
    ///
    /// # Errors
    /// When the file cannot be read, which is a bug.
    pub fn open(&self) -> Result<skiff_files::ModelFile, skiff_files::Error> {
        skiff_files::read(self.bytes.clone(), None, &Limits::default())
    }

    /// Writes the file into a folder, for what takes a path only.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_to(&self, folder: &Path) -> PathBuf {
        let path = folder.join(self.path.replace('/', "-"));
        fs::write(&path, self.bytes.as_slice()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }
}

/// The name of the case that a file belongs to.
pub(crate) fn case_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(case, _)| case)
}

pub(crate) fn is_model(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|file| file.starts_with("model."))
}

/// The files whose paths begin with `prefix` and are wanted, by their paths: `1.9.1/svm/svc_rbf/case.json`.
///
/// # Panics
/// When an archive cannot be read: they are part of the repository.
pub(crate) fn files(prefix: &str, wanted: impl Fn(&str) -> bool + Sync) -> BTreeMap<String, Bytes> {
    let archives: Vec<_> = archives().into_iter().filter(|(module, _)| in_common(module, prefix)).collect();
    let read = |(module, path): &(String, PathBuf)| {
        let wanted = |path: &str| path.starts_with(prefix) && wanted(path);
        read(module, path, wanted).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    archives.par_iter().flat_map_iter(read).collect()
}

/// The beginning of the paths in each archive, such as `1.9.1/svm/`, and where the archive is.
fn archives() -> Vec<(String, PathBuf)> {
    let root = workspace("fixtures/cases");
    let mut found = Vec::new();
    for version in entries(&root).into_iter().filter(|path| path.is_dir()) {
        for path in entries(&version).into_iter().filter(|path| path.extension().is_some_and(|name| name == "zip")) {
            let (version, stem) = (version.file_name().expect("a folder"), path.file_stem().expect("an archive"));
            let stem = stem.to_string_lossy();
            // `svm-2.zip` is the second archive of `svm`.
            let module = stem.split_once('-').map_or(&*stem, |(module, _)| module);
            found.push((format!("{}/{module}/", version.to_string_lossy()), path));
        }
    }
    found
}

fn in_common(a: &str, b: &str) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

fn read(module: &str, path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, Bytes)>, rawzip::Error> {
    let bytes = fs::read(path)?;
    let archive = ZipArchive::from_slice(&bytes)?;
    let mut entries = archive.entries();
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry()? {
        let path = format!("{module}{}", entry.file_path().try_normalize()?.as_ref());
        if wanted(&path) {
            assert_eq!(entry.compression_method(), CompressionMethod::DEFLATE, "{path}");
            let entry = archive.get_entry(entry.wayfinder())?;
            let mut content = Vec::new();
            entry.verifying_reader(DeflateDecoder::new(entry.data())).read_to_end(&mut content)?;
            found.push((path, Bytes::from(content)));
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("an entry of the folder").path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The repository as described in `fixtures/README.md`.
    #[test]
    fn archives_are_small() {
        let sizes = archives().into_iter().map(|(_, path)| (fs::metadata(&path).expect("an archive").len(), path));
        let sizes: Vec<_> = sizes.collect();
        let large: Vec<_> = sizes.iter().filter(|(size, _)| *size > 2_000_000).collect();
        assert!(large.is_empty(), "{large:?}");
        assert!(sizes.iter().map(|(size, _)| size).sum::<u64>() < 60_000_000);
    }

    #[test]
    fn a_case_has_a_model() {
        let model = RecordedModel::named("1.9.1/svm/svc_rbf");
        assert_eq!(model.case(), "1.9.1/svm/svc_rbf");
        assert!(is_model(&model.path) && model.open().is_ok());
        assert_eq!(files("1.9.1/svm/svc_rbf/", |_| true).len(), 3);
    }
}
