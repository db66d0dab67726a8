//! Object stores of a command that was built without them.

use std::io;
use std::path::Path;

use skiff_files::write::NewFile;

use crate::report::Failure;

fn missing<T>(url: &Path) -> Result<T, Failure> {
    Err(Failure::Usage(format!(
        "`{}` needs the features `arrow` and `registry`, without which this skiff was built: \
         `cargo install --path crates/skiff-cli --features full`",
        url.display()
    )))
}

/// Says how to build it in.
pub fn text(url: &Path) -> Result<(io::Empty, u64), Failure> {
    missing(url)
}

/// Says how to build it in.
pub fn create(url: &Path) -> Result<NewFile, Failure> {
    missing(url)
}

#[cfg(feature = "arrow")]
pub use for_arrow::{RemoteFolder, find};

#[cfg(feature = "arrow")]
mod for_arrow {
    use std::path::{Path, PathBuf};

    use skiff_arrow::files::{Found, Source};

    use super::missing;
    use crate::report::Failure;

    /// Says how to build it in.
    pub fn find(url: &Path, _: &[&str]) -> Result<Vec<(Found, Source)>, Failure> {
        missing(url)
    }

    /// A folder that is none.
    pub enum RemoteFolder {}

    impl RemoteFolder {
        pub fn open(url: &Path) -> Result<Self, Failure> {
            missing(url)
        }

        pub fn names(&self) -> Result<Vec<String>, Failure> {
            match *self {}
        }

        pub fn url(&self, _: &str) -> PathBuf {
            match *self {}
        }

        pub fn source(&self, _: &str) -> Option<Source> {
            match *self {}
        }

        pub fn remove(&self, _: &str) -> Result<(), Failure> {
            match *self {}
        }

        pub fn write(&self, _: &str, _: &str) -> Result<(), Failure> {
            match *self {}
        }
    }
}
