//! The recipients of encrypted files.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use age::armor::{ArmoredWriter, Format};
use age::secrecy::SecretString;
use age::{Encryptor, scrypt, x25519};
use skiff_files::write::WriteError;

use super::EncryptionError;
use super::identity::text;
use crate::Error;

/// The recipients of an encrypted file: public keys, or a passphrase.
#[derive(Clone)]
pub struct Recipients {
    keys: Vec<x25519::Recipient>,
    /// age allows no other recipient with it.
    passphrase: Option<SecretString>,
    armor: Armor,
}

/// The encoding of an encrypted file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Armor {
    /// Bytes.
    #[default]
    Binary,
    /// ASCII armor, which can be pasted into text: a third longer.
    Text,
}

/// The default of `age`: about a second of work for each passphrase that is tried.
const WORK: u8 = 18;

impl Recipients {
    pub(super) fn of(keys: Vec<x25519::Recipient>, passphrases: Vec<SecretString>) -> Result<Self, EncryptionError> {
        let count = passphrases.len();
        let passphrase = passphrases.into_iter().next();
        match (keys.is_empty(), count) {
            (true, 0) => Err(EncryptionError::NoRecipients),
            (true, 1) | (false, 0) => Ok(Self { keys, passphrase, armor: Armor::Binary }),
            _ => Err(EncryptionError::Mixed),
        }
    }

    /// Reads the text of a file of recipients: an `age1…` on each line, and comments.
    ///
    /// # Errors
    /// When a line is not a recipient or comment, or there is no recipient.
    pub fn read(text: &str) -> Result<Self, EncryptionError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self::of(lines.map(key).collect::<Result<_, _>>()?, Vec::new())
    }

    /// As [`Recipients::read`], for the file at `path`.
    ///
    /// # Errors
    /// As [`Recipients::read`], and when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let text = text(path)?;
        Self::read(&String::from_utf8_lossy(&text)).map_err(|error| Error::from(error).in_file(path))
    }

    /// A passphrase.
    ///
    /// # Errors
    /// When it is empty.
    pub fn passphrase(text: &str) -> Result<Self, EncryptionError> {
        match text.is_empty() {
            true => Err(EncryptionError::NoPassphrase),
            false => Self::of(Vec::new(), vec![SecretString::from(text)]),
        }
    }

    /// These recipients and others.
    ///
    /// # Errors
    /// When a passphrase is combined with other recipients, which age does not allow.
    pub fn and(mut self, other: Self) -> Result<Self, EncryptionError> {
        self.keys.extend(other.keys);
        let armor = self.armor;
        let both = Self::of(self.keys, self.passphrase.into_iter().chain(other.passphrase).collect())?;
        Ok(both.with_armor(armor))
    }

    /// The same, with another encoding of files.
    #[must_use]
    pub fn with_armor(self, armor: Armor) -> Self {
        Self { armor, ..self }
    }

    /// Writes with `write`, encrypted.
    pub(crate) fn write(
        &self,
        out: &mut dyn Write,
        write: impl FnOnce(&mut dyn Write) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        let format = match self.armor {
            Armor::Binary => Format::Binary,
            Armor::Text => Format::AsciiArmor,
        };
        let armored = ArmoredWriter::wrap_output(out, format)?;
        let mut encrypting = self.encryptor()?.wrap_output(armored)?;
        write(&mut encrypting)?;
        encrypting.finish()?.finish()?;
        Ok(())
    }

    fn encryptor(&self) -> io::Result<Encryptor> {
        let passphrase = self.passphrase.clone().map(|passphrase| {
            let mut recipient = scrypt::Recipient::new(passphrase);
            recipient.set_work_factor(WORK);
            recipient
        });
        let passphrase = passphrase.iter().map(|passphrase| passphrase as &dyn age::Recipient);
        let keys = self.keys.iter().map(|key| key as &dyn age::Recipient);
        Encryptor::with_recipients(keys.chain(passphrase)).map_err(io::Error::other)
    }
}

/// One recipient, or several, one per line.
impl FromStr for Recipients {
    type Err = EncryptionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::read(text)
    }
}

fn key(text: &str) -> Result<x25519::Recipient, EncryptionError> {
    text.parse().map_err(|_| EncryptionError::Recipient(text.to_owned()))
}

/// The keys, which are public, and never the passphrase.
impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
        let passphrases = usize::from(self.passphrase.is_some());
        f.debug_struct("Recipients").field("keys", &keys).field("passphrases", &passphrases).finish()
    }
}

/// The recipients, one on each line; a passphrase is not shown.
impl fmt::Display for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.keys.iter().map(ToString::to_string).collect();
        f.write_str(&keys.join("\n"))
    }
}
