//! Object stores, by `skiff-registry`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use skiff_arrow::files::{Bytes, Found, Object, ObjectReader, Source, find_listed, folder_of};
use skiff_registry::{Bucket, BucketFile, Upload};

use crate::data::write::Finish;
use crate::report::Failure;

/// How much of a text is read at a time.
const TEXT_STEP: u64 = 8 << 20;

/// The buckets that were opened, by their addresses; one of them serves all threads.
static OPEN: Mutex<BTreeMap<String, Arc<Bucket>>> = Mutex::new(BTreeMap::new());

/// The bucket of a URL, and the path in it.
fn bucket(url: &Path) -> Result<(Arc<Bucket>, String), Failure> {
    let (bucket, path) = Bucket::open(url.to_str().unwrap_or_default())?;
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let bucket = open.entry(bucket.url("")).or_insert_with(|| Arc::new(bucket));
    Ok((Arc::clone(bucket), path))
}

/// A file in a bucket.
#[derive(Debug)]
struct Remote {
    bucket: Arc<Bucket>,
    file: BucketFile,
}

impl Object for Remote {
    fn size(&self) -> u64 {
        self.file.size
    }

    fn identity(&self) -> String {
        self.file.identity.clone()
    }

    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        self.bucket.read(&self.file.path, range).map_err(|error| io::Error::other(error.to_string()))
    }
}

/// A file of a bucket as a source of rows, and its URL.
fn source(bucket: &Arc<Bucket>, file: BucketFile) -> (PathBuf, Source) {
    let url = PathBuf::from(bucket.url(&file.path));
    let source = Source::object(Arc::new(Remote { bucket: Arc::clone(bucket), file }), &url);
    (url, source)
}

/// The files of a URL: the file itself; those that match a pattern; those with one of `extensions` in a folder.
pub fn find(url: &Path, extensions: &[&str]) -> Result<Vec<(Found, Source)>, Failure> {
    let (bucket, path) = bucket(url)?;
    let is_folder = path.is_empty() || url.to_string_lossy().ends_with('/');
    if !is_folder && let Some(file) = bucket.head(&path)? {
        let (path, source) = source(&bucket, file);
        return Ok(vec![(Found { path, partitions: Vec::new() }, source)]);
    }
    let listed = bucket.list(folder_of(&path))?;
    let names: Vec<&str> = listed.iter().map(|file| file.path.as_str()).collect();
    let found = find_listed(&path, &names, extensions).map_err(|error| Failure::unreadable(url, error))?;
    let found = found.into_iter().filter_map(|(place, partitions)| {
        let (path, source) = source(&bucket, listed.get(place)?.clone());
        Some((Found { path, partitions }, source))
    });
    Ok(found.collect())
}

/// A text, from its beginning, and its length.
pub fn text(url: &Path) -> Result<(ObjectReader, u64), Failure> {
    let (bucket, path) = bucket(url)?;
    let none = || Failure::unreadable(url, "cannot read the data: there is no such file");
    let file = bucket.head(&path)?.ok_or_else(none)?;
    let size = file.size;
    Ok((ObjectReader::new(Arc::new(Remote { bucket, file }), TEXT_STEP), size))
}

/// Begins a file, which appears when it is complete.
pub fn create(url: &Path) -> Result<Upload, Failure> {
    let (bucket, path) = bucket(url)?;
    Ok(bucket.create(&path)?)
}

impl Finish for Upload {
    fn finish(self) -> io::Result<()> {
        Self::finish(self)
    }
}

/// A folder of a bucket that is written to.
pub struct RemoteFolder {
    bucket: Arc<Bucket>,
    path: String,
}

impl RemoteFolder {
    /// The folder at a URL.
    pub fn open(url: &Path) -> Result<Self, Failure> {
        let (bucket, path) = bucket(url)?;
        Ok(Self { bucket, path })
    }

    /// The names of what is in it: files, and folders.
    pub fn names(&self) -> Result<Vec<String>, Failure> {
        let names = self.bucket.list(&self.path)?.into_iter().filter_map(|file| {
            let rest = file.path.strip_prefix(&self.path)?.trim_start_matches('/').to_owned();
            rest.split('/').next().map(str::to_owned)
        });
        let mut names: Vec<String> = names.collect();
        names.dedup();
        Ok(names)
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    /// The URL of a file in it.
    pub fn url(&self, name: &str) -> PathBuf {
        PathBuf::from(self.bucket.url(&self.place(name)))
    }

    /// A file in it as a source of rows.
    pub fn source(&self, name: &str) -> Option<Source> {
        let file = self.bucket.head(&self.place(name)).ok()??;
        Some(source(&self.bucket, file).1)
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        Ok(self.bucket.remove(&self.place(name))?)
    }

    /// Writes a small file.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let mut upload = self.bucket.create(&self.place(name))?;
        let written = upload.write_all(text.as_bytes()).and_then(|()| upload.finish());
        written.map_err(|error| Failure::unwritable(&self.url(name), format!("cannot write the output: {error}")))
    }
}
