//! The types of encryption where it is left out: nobody can make their values.

use std::io::Write;

use skiff_files::write::WriteError;

use super::EncryptionError;

/// What opens an encrypted file. There is none without the feature `encryption`.
#[derive(Clone, Debug)]
pub enum Identity {}

/// For whom a file is encrypted. There are none without the feature `encryption`.
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
