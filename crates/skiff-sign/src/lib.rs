//! Signatures of models by OpenSSF Model Signing v1.0: a file or a folder, signed with a key or a
//! certificate, created and verified without the network.
//!
//! [`sign`] creates a [`Bundle`], which the `model_signing` tool verifies; [`verify`] returns a [`SignatureVerdict`] on a
//! bundle that either wrote. A verdict lists the signer, the files that match, and each difference.
//!
//! A signature file is untrusted. Reading one takes time and memory within a constant factor of its size, chains of
//! certificates are followed a few steps only, and nothing that a bundle says about files is used before its signature is
//! verified.
#![forbid(unsafe_code)]
#![deny(clippy::as_conversions, clippy::indexing_slicing)]

mod bundle;
mod certificate;
mod digest;
mod error;
mod hex;
mod key;
mod pem;
mod sign;
mod statement;
mod time;
mod tree;
mod verdict;
mod verify;

pub use bundle::Bundle;
pub use certificate::{Certificate, CertificateView};
pub use error::{BundleError, Error, KeyError, Unsupported};
pub use key::{Algorithm, PrivateKey, PublicKey};
pub use sign::{Extensions, Links, SignOptions, sign};
pub use time::Time;
pub use verdict::{Note, Problem, SignatureVerdict, Signer};
pub use verify::{Trust, verify};

use std::path::{Path, PathBuf};

/// The default path of a model's signature: `model.sig` in its folder, as in `model_signing`;
/// next to a file, the file's name with `.sig` appended.
pub fn default_signature(model: &Path) -> PathBuf {
    if model.is_dir() {
        return model.join("model.sig");
    }
    let mut name = model.file_name().unwrap_or_default().to_owned();
    name.push(".sig");
    model.with_file_name(name)
}
