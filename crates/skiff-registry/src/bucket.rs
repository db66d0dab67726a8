//! Files of users in an object store, next to registries: listed, read in ranges, and written so that each appears when
//! it is complete.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use tokio::runtime::{Builder, Runtime};

use crate::Error;
use crate::objects::cloud;

/// Files are written in parts of this many bytes; S3 takes none below 5 MiB.
const PART: usize = 8 << 20;
/// How many parts are on the way at a time.
const PARTS: usize = 4;

/// A bucket or container of an object store.
#[derive(Debug)]
pub struct Bucket {
    objects: Arc<dyn ObjectStore>,
    /// `s3://bucket`, without a slash at its end.
    root: String,
    runtime: Runtime,
}

/// A file in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketFile {
    /// Its path in the bucket.
    pub path: String,
    /// Its length.
    pub size: u64,
    /// What tells its content from that of an earlier file of its name.
    pub identity: String,
}

impl BucketFile {
    fn of(meta: &ObjectMeta) -> Self {
        let tag = meta.e_tag.clone().unwrap_or_default();
        let identity = format!("{} {} {tag}", meta.size, meta.last_modified.to_rfc3339());
        Self { path: meta.location.as_ref().to_owned(), size: meta.size, identity }
    }
}

impl Bucket {
    /// The bucket of `s3://bucket/path`, `gs://…`, `az://…` or `file:///path`, and the path in it.
    ///
    /// # Errors
    /// When it is no such URL, or keys are missing.
    pub fn open(url: &str) -> Result<(Self, String), Error> {
        let (root, path) = split(url)?;
        let objects: Arc<dyn ObjectStore> = match root {
            "file://" => Arc::new(LocalFileSystem::new()),
            root => cloud(root)?.0,
        };
        Ok((Self::new(objects, root)?, path.to_owned()))
    }

    /// The files of a store of the caller's; `root` is for messages.
    ///
    /// # Errors
    /// When the system fails.
    pub fn new(objects: Arc<dyn ObjectStore>, root: &str) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
        Ok(Self { objects, root: root.to_owned(), runtime })
    }

    /// The address of a path: `s3://bucket/path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// A file; `None` if there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn head(&self, path: &str) -> Result<Option<BucketFile>, Error> {
        match self.runtime.block_on(self.objects.head(&self.path(path)?)) {
            Ok(meta) => Ok(Some(BucketFile::of(&meta))),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(path)(error)),
        }
    }

    /// The files in a folder and its folders, sorted by path.
    ///
    /// # Errors
    /// When the store fails.
    pub fn list(&self, folder: &str) -> Result<Vec<BucketFile>, Error> {
        let prefix = self.path(folder)?;
        let listed = self.runtime.block_on(self.objects.list(Some(&prefix)).try_collect::<Vec<_>>());
        let mut files: Vec<_> = listed.map_err(self.failed(folder))?.iter().map(BucketFile::of).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The bytes of a range of a file.
    ///
    /// # Errors
    /// When the store fails, or the file is shorter.
    pub fn read(&self, path: &str, range: Range<u64>) -> Result<bytes::Bytes, Error> {
        let place = self.path(path)?;
        let length = range.end.saturating_sub(range.start);
        let read = self.runtime.block_on(self.objects.get_range(&place, range));
        let bytes = read.map_err(self.failed(path))?;
        match u64::try_from(bytes.len()) == Ok(length) {
            true => Ok(bytes),
            false => Err(Error::Damaged(self.url(path), "the file was changed while it was read".to_owned())),
        }
    }

    /// Begins a file, which appears, or takes the place of that of its name, when [`Upload::finish`] has returned.
    ///
    /// # Errors
    /// When the path is none of this store.
    pub fn create(self: &Arc<Self>, path: &str) -> Result<Upload, Error> {
        let place = self.path(path)?;
        Ok(Upload { bucket: Arc::clone(self), place, part: Vec::new(), begun: None })
    }

    /// Removes a file; that it is not there is no error.
    ///
    /// # Errors
    /// When the store fails.
    pub fn remove(&self, path: &str) -> Result<(), Error> {
        match self.runtime.block_on(self.objects.delete(&self.path(path)?)) {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(path)(error)),
        }
    }

    fn path(&self, path: &str) -> Result<Path, Error> {
        Path::parse(path).map_err(|error| Error::Url(self.url(path), error.to_string()))
    }

    fn failed(&self, path: &str) -> impl Fn(StoreError) -> Error {
        let place = self.url(path);
        move |source| Error::Store { place: place.clone(), source: Box::new(source) }
    }
}

/// `s3://bucket` and the path after it.
fn split(url: &str) -> Result<(&str, &str), Error> {
    let wrong = || Error::Url(url.to_owned(), "expected `s3://BUCKET/PATH`, `gs://…` or `az://…`".to_owned());
    let start = url.find("://").ok_or_else(wrong)? + 3;
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |length| start + length);
    let (root, path) = url.split_at_checked(end).ok_or_else(wrong)?;
    match root.len() == start && !url.starts_with("file://") {
        true => Err(wrong()),
        false => Ok((root, path.trim_matches('/'))),
    }
}

/// A file that is being written. Without [`Upload::finish`] nothing of it appears.
#[derive(Debug)]
pub struct Upload {
    bucket: Arc<Bucket>,
    place: Path,
    /// What is not on the way yet.
    part: Vec<u8>,
    /// What is, of a file of several parts.
    begun: Option<WriteMultipart>,
}

impl Upload {
    /// Completes the file.
    ///
    /// # Errors
    /// When the store fails.
    pub fn finish(mut self) -> io::Result<()> {
        let bucket = Arc::clone(&self.bucket);
        let part = std::mem::take(&mut self.part);
        let done = bucket.runtime.block_on(async {
            match self.begun.take() {
                None => bucket.objects.put(&self.place, PutPayload::from(part)).await.map(drop),
                Some(mut begun) => {
                    begun.put(part.into());
                    begun.finish().await.map(drop)
                }
            }
        });
        done.map_err(io::Error::other)
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.part.len() >= PART {
            let bucket = Arc::clone(&self.bucket);
            let part = std::mem::take(&mut self.part);
            let sent = bucket.runtime.block_on(async {
                let begun = match &mut self.begun {
                    Some(begun) => begun,
                    none => {
                        let upload = bucket.objects.put_multipart(&self.place).await?;
                        none.insert(WriteMultipart::new_with_chunk_size(upload, PART))
                    }
                };
                begun.wait_for_capacity(PARTS).await?;
                begun.put(part.into());
                Ok::<_, StoreError>(())
            });
            sent.map_err(io::Error::other)?;
        }
        let count = bytes.len().min(PART);
        self.part.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            // The store removes the parts of files that never appeared, in time; this is sooner.
            let _ = self.bucket.runtime.block_on(begun.abort());
        }
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn files_appear_when_they_are_complete() {
        let bucket = Arc::new(Bucket::new(Arc::new(InMemory::new()), "s3://bucket").unwrap());
        let large: Vec<u8> = (0..20_000_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[1]).collect();
        for (name, content) in [("a/large", &large[..]), ("a/small", b"small"), ("ab", b"")] {
            let mut upload = bucket.create(name).unwrap();
            upload.write_all(content).unwrap();
            assert_eq!(bucket.head(name).unwrap(), None, "it is not complete");
            upload.finish().unwrap();
            let length = content.len() as u64;
            assert_eq!(bucket.head(name).unwrap().unwrap().size, length);
            assert_eq!(bucket.read(name, length / 2..length).unwrap_or_default(), content[content.len() / 2..]);
        }
        let mut abandoned = bucket.create("a/abandoned").unwrap();
        abandoned.write_all(&large).unwrap();
        drop(abandoned);
        let listed: Vec<_> = bucket.list("a").unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(listed, ["a/large", "a/small"]);
        assert!(bucket.read("a/small", 3..9).is_err());
        assert!(bucket.read("absent", 0..1).is_err());
        bucket.remove("a/small").unwrap();
        bucket.remove("a/small").unwrap();
        assert_eq!(bucket.head("a/small").unwrap(), None);
    }

    #[test]
    fn buckets_and_paths() {
        assert_eq!(split("s3://bucket/a/*.parquet").unwrap(), ("s3://bucket", "a/*.parquet"));
        assert_eq!(split("s3://bucket").unwrap(), ("s3://bucket", ""));
        assert_eq!(split("file:///tmp/a/").unwrap(), ("file://", "tmp/a"));
        for wrong in ["s3:/bucket/a", "s3:///a", "a/b"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }
}
