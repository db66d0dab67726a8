//! The types of encryption without the feature: they have no values.

use std::io::Write;

use skiff_files::write::WriteError;

use super::EncryptionError;

/// A key or passphrase. It has no values without the feature `encryption`.
#[derive(Clone, Debug)]
pub enum Identity {}

/// The recipients of an encrypted file. It has no values without the feature `encryption`.
#[derive(Clone, Debug)]
pub enum Recipients {}

impl Identity {
    pub(crate) fn decrypt(&self, _: &[u8], _: u64) -> Result<Vec<u8>, EncryptionError> {
        match *self {}
    }

    pub(crate) fn decrypt_to(&self, _: &[u8], _: &mut dyn Write) -> Result<(), EncryptionError> {
        match *self {}
    }
}

impl Recipients {
    pub(crate) fn write(
        &self,
        _: &mut dyn Write,
        _: impl FnOnce(&mut dyn Write) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        match *self {}
    }
}
