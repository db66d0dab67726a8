//! Models encrypted with age: X25519 keys and passphrases, files that `age` and `rage` read and write too.
//!
//! An encrypted model is opened in memory ([`Options::identity`](crate::Options)): its plain text is never written to disk.
//! Only [`decrypt`] writes it.
//!
//! Without the feature `encryption` the types exist but have no values, so that code that passes them on does not need
//! `cfg`.

mod error;
#[cfg(feature = "encryption")]
mod identity;
#[cfg(feature = "encryption")]
mod recipients;
#[cfg(not(feature = "encryption"))]
mod without;

use std::io::Write;
use std::path::Path;

use skiff_files::write::{self, WriteError};
use skiff_files::{Bytes, Layer, Limits, ModelFile, is_encrypted};

use crate::Error;

pub use error::EncryptionError;
#[cfg(feature = "encryption")]
pub use identity::Identity;
#[cfg(feature = "encryption")]
pub use recipients::{Armor, Recipients};
#[cfg(not(feature = "encryption"))]
pub use without::{Identity, Recipients};

/// Reads a model file from bytes, which are decrypted first if they are encrypted and an identity is given.
pub(crate) fn read(
    bytes: Bytes,
    name: Option<&Path>,
    identity: Option<&Identity>,
    limits: &Limits,
) -> Result<ModelFile, Error> {
    let size = bytes.len();
    match plain(bytes, identity, limits)? {
        Plain::Decrypted(bytes) => {
            let mut file = skiff_files::read(bytes, name, limits)?;
            file.format.layers.insert(0, Layer::Encrypted);
            file.size = u64::try_from(size).unwrap_or(u64::MAX);
            Ok(file)
        }
        Plain::AsItWas(bytes) => Ok(skiff_files::read(bytes, name, limits)?),
    }
}

/// The bytes to read.
pub(crate) enum Plain {
    AsItWas(Bytes),
    Decrypted(Bytes),
}

impl Plain {
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::AsItWas(bytes) | Self::Decrypted(bytes) => bytes,
        }
    }
}

/// Decrypts encrypted bytes if there is an identity, in memory that is wiped afterwards.
pub(crate) fn plain(bytes: Bytes, identity: Option<&Identity>, limits: &Limits) -> Result<Plain, Error> {
    match identity {
        Some(identity) if is_encrypted(&bytes) => {
            Ok(Plain::Decrypted(Bytes::new(identity.decrypt(&bytes, limits.decompressed)?)))
        }
        _ => Ok(Plain::AsItWas(bytes)),
    }
}

/// Writes with `write`, encrypted if there are recipients.
pub(crate) fn written(
    recipients: Option<&Recipients>,
    out: &mut dyn Write,
    write: impl FnOnce(&mut dyn Write) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    match recipients {
        Some(recipients) => recipients.write(out, write),
        None => write(out),
    }
}

/// Encrypts the file at `input`, of any format. The output is written atomically.
///
/// # Errors
/// Errors of the operating system.
pub fn encrypt(input: impl AsRef<Path>, output: impl AsRef<Path>, recipients: &Recipients) -> Result<(), Error> {
    let (input, output) = (input.as_ref(), output.as_ref());
    let bytes = whole(input)?;
    write::whole_file(output, |out| recipients.write(out, |out| Ok(out.write_all(&bytes)?)))
        .map_err(|error| Error::from(error).in_file(output))
}

/// Writes `bytes` to `out`, encrypted.
///
/// # Errors
/// Errors of `out`.
pub fn encrypt_to(bytes: &[u8], out: &mut dyn Write, recipients: &Recipients) -> Result<(), Error> {
    Ok(recipients.write(out, |out| Ok(out.write_all(bytes)?))?)
}

/// The plain text of an encrypted file, after all of it was authenticated.
///
/// # Errors
/// When `bytes` are not encrypted, not for this identity, or damaged.
pub fn decrypt_bytes(bytes: &[u8], identity: &Identity) -> Result<Bytes, Error> {
    match is_encrypted(bytes) {
        true => Ok(Bytes::new(identity.decrypt(bytes, u64::MAX)?)),
        false => Err(EncryptionError::NotEncrypted.into()),
    }
}

/// Decrypts the file at `input` to `output`, which is written atomically, after all of it was authenticated.
///
/// # Errors
/// When the file is not encrypted, not for this identity, or damaged; errors of the operating system.
pub fn decrypt(input: impl AsRef<Path>, output: impl AsRef<Path>, identity: &Identity) -> Result<(), Error> {
    let (input, output) = (input.as_ref(), output.as_ref());
    let bytes = whole(input)?;
    if !is_encrypted(&bytes) {
        return Err(Error::from(EncryptionError::NotEncrypted).in_file(input));
    }
    let mut failed = None;
    let written = write::whole_file(output, |out| {
        identity.decrypt_to(&bytes, out).map_err(|error| match error {
            EncryptionError::Write(error) => WriteError::Io(error),
            error => {
                failed = Some(error);
                WriteError::Content
            }
        })
    });
    match failed {
        Some(error) => Err(Error::from(error).in_file(input)),
        None => written.map_err(|error| Error::from(error).in_file(output)),
    }
}

/// The bytes of a file of any size, which the caller named.
fn whole(path: &Path) -> Result<Bytes, Error> {
    let limits = Limits { decompressed: u64::MAX, ..Limits::default() };
    skiff_files::bytes(path, &limits).map_err(|error| Error::from(error).in_file(path))
}
