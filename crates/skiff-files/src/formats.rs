//! The readers of single formats, for programs that look into each layer, archive and entry of a file themselves, and
//! past the end of what loaders read. [`open`](crate::open) is made of them.
//!
//! ```
//! use skiff_files::formats::{Inflation, Sniffed, sniff, zip};
//! use skiff_files::{Bytes, Limits};
//!
//! let file = Bytes::from(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec());
//! assert_eq!(sniff(&file), Sniffed::Zip);
//! let archive = zip::Archive::read(&file)?;
//! let mut inflation = Inflation::new(&Limits::default(), 22);
//! for entry in &archive.entries {
//!     println!("{}: {} bytes", entry.name, archive.content(entry, &mut inflation)?.len());
//! }
//! # Ok::<(), skiff_files::Error>(())
//! ```

pub use crate::companion::is_plain as is_companion_name;
pub use crate::decompress::Inflation;
pub use crate::dill::respell as respell_dill;
pub use crate::joblib::Joblib;
pub use crate::sniff::{Sniffed, sniff};

/// skiff's own container.
pub mod skiff {
    pub use crate::container::{Contents, read};
}

/// Models as JSON.
pub mod model_json {
    pub use crate::model_json::read;
}

/// numpy's `.npy`.
pub mod npy {
    pub use crate::npy::{objects_at, read_into};
}

/// 7z archives.
pub mod sevenz {
    pub use crate::sevenz::{Archive, Block, Entry};
}

/// skops' files.
pub mod skops {
    pub use crate::skops::{Contents, Files, read};
}

/// Zip archives, read strictly.
pub mod zip {
    pub use crate::zip::{Archive, Entry, Kind, archive_within};
}
