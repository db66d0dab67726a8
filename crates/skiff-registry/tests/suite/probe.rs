//! Stores that would let two writers lose each other's changes are refused when a registry is made.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use skiff_registry::{Error, Registry, Settings};

/// How a store breaks its promise.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Conditions are ignored, as by old emulators of S3.
    Ignored,
    /// It looks whether the object exists, and writes it later, as `s3s-fs` does.
    LooksFirst,
    /// It has no conditions.
    Missing,
    /// What was written is not listed at once.
    Unlisted,
}

#[derive(Debug)]
struct Faulty(InMemory, Fault);

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.1)
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, path: &Path, payload: PutPayload, mut options: PutOptions) -> Result<PutResult> {
        if options.mode == PutMode::Create {
            match self.1 {
                Fault::Ignored => options.mode = PutMode::Overwrite,
                Fault::LooksFirst => {
                    let exists = self.0.head(path).await.is_ok();
                    tokio::task::yield_now().await;
                    if !exists {
                        options.mode = PutMode::Overwrite;
                    }
                }
                Fault::Missing => {
                    return Err(StoreError::NotImplemented {
                        operation: "conditional put".to_owned(),
                        implementer: "a store".to_owned(),
                    });
                }
                Fault::Unlisted => {}
            }
        }
        self.0.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.1 {
            Fault::Unlisted => Box::pin(futures_util::stream::empty()),
            _ => self.0.list(prefix),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[test]
fn stores_that_lose_changes_are_refused() {
    for (fault, why) in [
        (Fault::Ignored, "succeeded"),
        (Fault::LooksFirst, "succeeded"),
        (Fault::Missing, "conditional put"),
        (Fault::Unlisted, "not listed"),
    ] {
        let made = Registry::init_on(Arc::new(Faulty(InMemory::new(), fault)), "test:", Settings::default());
        match made {
            Err(Error::Unsafe(url, what)) => assert!(url == "test:" && what.contains(why), "{fault:?}: {what}"),
            other => panic!("{fault:?}: {other:?}"),
        }
    }
}
