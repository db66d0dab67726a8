//! Signatures of models as OpenSSF Model Signing v1.0 has them: one file or a folder, signed by a key or by a
//! certificate, made and verified without a network.
//!
//! [`sign`] makes a [`Bundle`], which the `model_signing` tool verifies; [`verify`] gives a [`SignatureVerdict`] on a
//! bundle that either wrote. A verdict is a value: who signed, what is as it was signed, and each thing that is not.
//!
//! A signature file may come from anybody. Reading one costs a constant factor of its size, certificates that vouch for
//! each other are followed a few steps only, and nothing that a bundle says of files is believed before its signature is
//! found to be right.
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

/// Where a model's signature lies when nobody says otherwise: `model.sig` in its folder, as `model_signing` has it;
/// beside a file, the file's own name with `.sig` behind it.
pub fn default_signature(model: &Path) -> PathBuf {
    if model.is_dir() {
        return model.join("model.sig");
    }
    let mut name = model.file_name().unwrap_or_default().to_owned();
    name.push(".sig");
    model.with_file_name(name)
}
