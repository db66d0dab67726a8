//! The objects of a registry: read, created once, listed. Every function waits until it is done.

use std::fs;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart,
};
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Builder, Runtime};

use crate::address::Digest;
use crate::{Blob, Error};

/// Blobs are fetched and sent in parts of this many bytes; S3 takes none below 5 MiB.
const PART: usize = 8 << 20;
/// How many parts are on the way at a time: 64 MiB of memory.
const PARTS: usize = 8;
/// The largest manifest or entry that is read: a passport has at most 4 MiB, and JSON's escapes may double it.
const MOST_JSON: u64 = 16 << 20;

/// An object store, and a folder in it.
#[derive(Debug)]
pub(crate) struct Store {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder on this machine, if it is one.
    folder: Option<PathBuf>,
    /// As the user wrote it.
    pub(crate) url: String,
    runtime: Runtime,
}

/// What creating an object did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// It was created.
    Yes,
    /// Somebody else had created it before.
    Existed,
}

impl Store {
    /// The store at a folder or URL. A folder is made if it is missing and `make`.
    pub(crate) fn open(url: &str, make: bool) -> Result<Self, Error> {
        let wrong = |why: &dyn std::fmt::Display| Error::Url(url.to_owned(), why.to_string());
        let folder = match url.split_once("://") {
            None => PathBuf::from(url),
            Some(("file", _)) => {
                let parsed = url::Url::parse(url).map_err(|error| wrong(&error))?;
                parsed.to_file_path().map_err(|()| wrong(&"it is not the URL of a folder of this machine"))?
            }
            Some(_) => {
                let (objects, prefix) = cloud(url)?;
                return Self::new(objects, prefix, None, url);
            }
        };
        if make {
            fs::create_dir_all(&folder).map_err(|error| Error::File(folder.clone(), error))?;
        }
        if !folder.is_dir() {
            return Err(Error::NoRegistry(url.to_owned()));
        }
        let objects = LocalFileSystem::new_with_prefix(&folder).map_err(|error| wrong(&error))?;
        Self::new(Arc::new(objects), Path::default(), Some(folder), url)
    }

    /// The folder `prefix` of a store.
    pub(crate) fn new(
        objects: Arc<dyn ObjectStore>,
        prefix: Path,
        folder: Option<PathBuf>,
        url: &str,
    ) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
        Ok(Self { objects, prefix, folder, url: url.trim_end_matches('/').to_owned(), runtime })
    }

    /// The address of an object, for messages.
    pub(crate) fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    fn path(&self, name: &str) -> Path {
        name.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), |path, part| path.join(part))
    }

    fn failed(&self, name: &str) -> impl Fn(StoreError) -> Error {
        let place = self.place(name);
        move |source| Error::Store { place: place.clone(), source: Box::new(source) }
    }

    /// A small object; `None` if there is none.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        let read = async {
            let found = self.objects.get(&path).await?;
            if found.meta.size > MOST_JSON {
                return Ok(Err(found.meta.size));
            }
            Ok(Ok(found.bytes().await?))
        };
        match self.runtime.block_on(read) {
            Ok(Ok(bytes)) => Ok(Some(bytes.into())),
            Ok(Err(size)) => {
                Err(Error::Damaged(self.place(name), format!("expected at most {MOST_JSON} bytes, found {size}")))
            }
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name)(error)),
        }
    }

    /// Creates an object, if nobody has before.
    pub(crate) fn create(&self, name: &str, bytes: Vec<u8>) -> Result<Created, Error> {
        if let Some(folder) = &self.folder {
            let path = folder.join(name);
            return create_file(&path, &bytes).map_err(|error| Error::File(path, error));
        }
        self.runtime.block_on(self.create_later(name, bytes)).map_err(self.failed(name))
    }

    /// Creates an object in the store itself, if nobody has before.
    async fn create_later(&self, name: &str, bytes: Vec<u8>) -> Result<Created, StoreError> {
        let options = PutOptions::from(PutMode::Create);
        match self.objects.put_opts(&self.path(name), PutPayload::from(bytes.clone()), options).await {
            Ok(_) => Ok(Created::Yes),
            // A request that was sent again after its answer was lost finds its own object.
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                let found = self.objects.get(&self.path(name)).await?.bytes().await?;
                Ok(if found == bytes { Created::Yes } else { Created::Existed })
            }
            Err(error) => Err(error),
        }
    }

    /// Several writers at once create the same object: for how many that succeeded.
    pub(crate) fn race(&self, name: &str, contents: &[Vec<u8>]) -> Result<usize, Error> {
        let attempts: Vec<Created> = match &self.folder {
            Some(folder) => {
                let path = folder.join(name);
                let attempt = |bytes: &Vec<u8>| create_file(&path, bytes);
                std::thread::scope(|scope| {
                    let threads: Vec<_> = contents.iter().map(|bytes| scope.spawn(|| attempt(bytes))).collect();
                    let done = threads.into_iter().map(|thread| {
                        thread.join().unwrap_or_else(|_| Err(io::Error::other("a writer of the probe panicked")))
                    });
                    done.collect::<io::Result<_>>().map_err(|error| Error::File(path.clone(), error))
                })?
            }
            None => {
                let attempts = contents.iter().map(|bytes| self.create_later(name, bytes.clone()));
                let all = futures_util::future::try_join_all(attempts);
                self.runtime.block_on(all).map_err(self.failed(name))?
            }
        };
        Ok(attempts.iter().filter(|&&created| created == Created::Yes).count())
    }

    /// The objects under a folder, with their times.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<Listed>, Error> {
        let path = self.path(folder);
        let listed = self.objects.list(Some(&path)).try_collect::<Vec<_>>();
        let listed = self.runtime.block_on(listed).map_err(self.failed(folder))?;
        Ok(listed.into_iter().filter_map(|meta| Listed::of(&path, folder, &meta)).collect())
    }

    /// The names of the folders in a folder, sorted.
    pub(crate) fn folders(&self, folder: &str) -> Result<Vec<String>, Error> {
        let path = self.path(folder);
        let listed = self.runtime.block_on(self.objects.list_with_delimiter(Some(&path)));
        let prefixes = match listed {
            Ok(listed) => listed.common_prefixes,
            Err(StoreError::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(self.failed(folder)(error)),
        };
        let mut names: Vec<String> = prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect();
        names.sort();
        Ok(names)
    }

    /// The size and time of an object; `None` if there is none.
    pub(crate) fn head(&self, name: &str) -> Result<Option<Listed>, Error> {
        match self.runtime.block_on(self.objects.head(&self.path(name))) {
            Ok(meta) => Ok(Some(Listed { name: name.to_owned(), size: meta.size, at: meta.last_modified })),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name)(error)),
        }
    }

    /// Deletes an object; that it is not there is no error.
    pub(crate) fn delete(&self, name: &str) -> Result<(), Error> {
        match self.runtime.block_on(self.objects.delete(&self.path(name))) {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(name)(error)),
        }
    }

    /// Writes a blob, whatever is there: all contents of its name are the same.
    pub(crate) fn send(&self, name: &str, file: &FilePath, blob: &Blob) -> Result<(), Error> {
        let path = self.path(name);
        let source = fs::File::open(file).map_err(|error| Error::File(file.to_owned(), error))?;
        let send = async {
            let mut hash = Sha256::new();
            let mut part = Vec::new();
            let first = read_part(&source, &mut part, &mut hash).map_err(Sending::File)?;
            if first < PART {
                if Digest::of(&hash.finalize()) != blob.digest {
                    return Err(Sending::Changed);
                }
                self.objects.put(&path, PutPayload::from(part)).await?;
                return Ok(());
            }
            let mut upload = WriteMultipart::new_with_chunk_size(self.objects.put_multipart(&path).await?, PART);
            while !part.is_empty() {
                upload.wait_for_capacity(PARTS).await?;
                upload.put(std::mem::take(&mut part).into());
                if let Err(error) = read_part(&source, &mut part, &mut hash) {
                    upload.abort().await?;
                    return Err(Sending::File(error));
                }
            }
            if Digest::of(&hash.finalize()) != blob.digest {
                upload.abort().await?;
                return Err(Sending::Changed);
            }
            upload.finish().await?;
            Ok(())
        };
        self.runtime.block_on(send).map_err(|error| match error {
            Sending::Changed => Error::Changed(file.to_owned()),
            Sending::File(error) => Error::File(file.to_owned(), error),
            Sending::Store(error) => self.failed(name)(error),
        })?;
        match &self.folder {
            Some(folder) => match durable(&folder.join(name)) {
                // A collection has removed it already; the push sends it again when its manifest is there.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done.map_err(|error| Error::File(folder.join(name), error)),
            },
            None => Ok(()),
        }
    }

    /// Writes a blob's bytes to `out`, in order, fetching several ranges at a time, and returns their digest.
    pub(crate) fn receive(&self, name: &str, size: u64, out: &mut dyn Write) -> Result<Digest, Receiving> {
        let path = self.path(name);
        let step = u64::try_from(PART).unwrap_or(u64::MAX);
        let ranges = (0..size.div_ceil(step)).map(|part| -> Range<u64> {
            let begin = part.saturating_mul(step);
            begin..begin.saturating_add(step).min(size)
        });
        let receive = async {
            let mut hash = Sha256::new();
            let mut parts = stream::iter(ranges).map(|range| self.objects.get_range(&path, range)).buffered(PARTS);
            while let Some(part) = parts.try_next().await.map_err(|error| Receiving::Store(self.failed(name)(error)))? {
                hash.update(&part);
                out.write_all(&part).map_err(Receiving::Output)?;
            }
            Ok(Digest::of(&hash.finalize()))
        };
        self.runtime.block_on(receive)
    }

    /// Files that writers left when they were killed, of a folder on this machine: what was being written of an object.
    pub(crate) fn unfinished(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open: Vec<PathBuf> = self.folder.iter().cloned().collect();
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let number = name.to_str().and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    open.push(path);
                } else if number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
                    found.push(path);
                }
            }
        }
        found
    }
}

/// An object in a listing.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Its name in the registry.
    pub(crate) name: String,
    pub(crate) size: u64,
    /// When it was written, by the store's clock.
    pub(crate) at: chrono::DateTime<chrono::Utc>,
}

impl Listed {
    fn of(path: &Path, folder: &str, meta: &ObjectMeta) -> Option<Self> {
        let rest: Vec<_> = meta.location.prefix_match(path)?.map(|part| part.as_ref().to_owned()).collect();
        Some(Self { name: format!("{folder}/{}", rest.join("/")), size: meta.size, at: meta.last_modified })
    }

    /// The number that the object is named by: 12 for `…/000012.json`.
    pub(crate) fn number(&self) -> Option<u64> {
        self.name.rsplit_once('/')?.1.strip_suffix(".json")?.parse().ok()
    }
}

/// Why a file could not be sent.
enum Sending {
    Changed,
    File(io::Error),
    Store(StoreError),
}

impl From<StoreError> for Sending {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Why a blob could not be received.
pub(crate) enum Receiving {
    Store(Error),
    Output(io::Error),
}

/// The next part of a file, shorter at its end, and its length.
fn read_part(file: &fs::File, part: &mut Vec<u8>, hash: &mut Sha256) -> io::Result<usize> {
    part.clear();
    file.take(PART as u64).read_to_end(part)?;
    hash.update(&*part);
    Ok(part.len())
}

/// Creates a file with this content, whole and on the disk, if there is none of that name: it is written next to it, and
/// linked to its name, which only one writer can. `object_store` would not wait for the disk; its listings skip the
/// unfinished file by its name.
fn create_file(path: &FilePath, bytes: &[u8]) -> io::Result<Created> {
    if path.exists() {
        return Ok(Created::Existed);
    }
    let folder = path.parent().unwrap_or(FilePath::new("."));
    fs::create_dir_all(folder)?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!("#{}", u64::from_le_bytes(random)));
    let unfinished = PathBuf::from(name);
    let create = || {
        let mut file = fs::File::create_new(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        match fs::hard_link(&unfinished, path) {
            Ok(()) => Ok(Created::Yes),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Existed),
            Err(error) => Err(error),
        }
    };
    let created = create();
    let _ = fs::remove_file(&unfinished);
    if matches!(created, Ok(Created::Yes)) {
        sync_folder(folder)?;
    }
    created
}

/// Waits until a file is on the disk.
fn durable(path: &FilePath) -> io::Result<()> {
    fs::File::open(path)?.sync_all()?;
    sync_folder(path.parent().unwrap_or(FilePath::new(".")))
}

/// Waits until the names in a folder are on the disk; only Unix opens folders.
fn sync_folder(folder: &FilePath) -> io::Result<()> {
    match cfg!(unix) {
        true => fs::File::open(folder)?.sync_all(),
        false => Ok(()),
    }
}

/// The store of a URL; its keys and settings come from the environment, as the clouds' own tools have them.
#[cfg(feature = "clouds")]
pub(crate) fn cloud(url: &str) -> Result<(Arc<dyn ObjectStore>, Path), Error> {
    use std::time::Duration;

    use object_store::aws::AmazonS3Builder;
    use object_store::azure::MicrosoftAzureBuilder;
    use object_store::gcp::GoogleCloudStorageBuilder;
    use object_store::{ObjectStoreScheme, RetryConfig};

    let wrong = |why: &dyn std::fmt::Display| Error::Url(url.to_owned(), why.to_string());
    let parsed = url::Url::parse(url).map_err(|error| wrong(&error))?;
    let (scheme, prefix) = ObjectStoreScheme::parse(&parsed).map_err(|error| wrong(&error))?;
    // A command that waits for three minutes, as is the default, looks as if it hung.
    let retry = RetryConfig { max_retries: 5, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
    let objects: Arc<dyn ObjectStore> = match scheme {
        ObjectStoreScheme::AmazonS3 => Arc::new(
            AmazonS3Builder::from_env().with_url(url).with_retry(retry).build().map_err(|error| wrong(&error))?,
        ),
        ObjectStoreScheme::GoogleCloudStorage => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_url(url)
                .with_retry(retry)
                .build()
                .map_err(|error| wrong(&error))?,
        ),
        ObjectStoreScheme::MicrosoftAzure => Arc::new(
            MicrosoftAzureBuilder::from_env().with_url(url).with_retry(retry).build().map_err(|error| wrong(&error))?,
        ),
        _ => return Err(wrong(&"expected a folder, `s3://`, `gs://` or `az://`")),
    };
    Ok((objects, prefix))
}

#[cfg(not(feature = "clouds"))]
pub(crate) fn cloud(url: &str) -> Result<(Arc<dyn ObjectStore>, Path), Error> {
    Err(Error::Url(url.to_owned(), "this program was built without object stores, the feature `clouds`".to_owned()))
}
