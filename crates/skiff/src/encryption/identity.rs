//! Keys and passphrases for opening encrypted files.

use std::fmt;
use std::io::{self, BufRead, Read, Write};
use std::path::Path;

use age::armor::ArmoredReader;
use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, Decryptor, scrypt, x25519};
use skiff_files::{ErrorKind, is_encrypted};
use zeroize::Zeroizing;

use super::{EncryptionError, Recipients};
use crate::Error;

/// Keys and passphrases that open files encrypted for them. `Debug` does not show them.
#[derive(Clone, Default)]
pub struct Identity {
    keys: Vec<x25519::Identity>,
    passphrases: Vec<SecretString>,
}

/// A header of a thousand recipients has about 100 kB; reading one costs the square of its length.
const MOST_HEADER: usize = 128 << 10;
/// scrypt of 2^20 takes some seconds and one GiB. age and rage write 2^18, or what takes a second.
const MOST_WORK: u8 = 20;

impl Identity {
    /// A new key.
    pub fn generate() -> Self {
        Self { keys: vec![x25519::Identity::generate()], passphrases: Vec::new() }
    }

    /// Reads the text of an identity file, as `age-keygen` writes it: an `AGE-SECRET-KEY-1…` on each line, and comments.
    ///
    /// # Errors
    /// When a line is not a key or comment, or there is no key.
    pub fn read(text: &[u8]) -> Result<Self, EncryptionError> {
        if is_encrypted(text) {
            return Err(EncryptionError::IdentityEncrypted);
        }
        let mut keys = Vec::new();
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let key = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
            keys.push(key.ok_or(EncryptionError::Identity { line: index.saturating_add(1) })?);
        }
        match keys.is_empty() {
            true => Err(EncryptionError::NoIdentity),
            false => Ok(Self { keys, passphrases: Vec::new() }),
        }
    }

    /// As [`Identity::read`], for the file at `path`.
    ///
    /// # Errors
    /// As [`Identity::read`], and when the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Self::read(&text(path)?).map_err(|error| Error::from(error).in_file(path))
    }

    /// A passphrase.
    ///
    /// # Errors
    /// When it is empty.
    pub fn passphrase(text: &str) -> Result<Self, EncryptionError> {
        match text.is_empty() {
            true => Err(EncryptionError::NoPassphrase),
            false => Ok(Self { keys: Vec::new(), passphrases: vec![SecretString::from(text)] }),
        }
    }

    /// Both identities combined: either may open a file.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.passphrases.extend(other.passphrases);
        self
    }

    /// The recipients to encrypt for, so that this identity can decrypt.
    ///
    /// # Errors
    /// When a passphrase is combined with keys, which age does not allow.
    pub fn recipients(&self) -> Result<Recipients, EncryptionError> {
        let keys = self.keys.iter().map(x25519::Identity::to_public).collect();
        Recipients::of(keys, self.passphrases.clone())
    }

    /// The text of an identity file, without passphrases.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(256_usize.saturating_mul(self.keys.len())));
        for key in &self.keys {
            text.push_str(&format!("# public key: {}\n", key.to_public()));
            text.push_str(key.to_string().expose_secret());
            text.push('\n');
        }
        text
    }

    /// The plain text of an encrypted file, of at most `most` bytes.
    pub(crate) fn decrypt(&self, bytes: &[u8], most: u64) -> Result<Zeroizing<Vec<u8>>, EncryptionError> {
        let mut reader = self.reader(bytes)?.take(most.saturating_add(1));
        // The plain text is shorter than the input, so the buffer never reallocates and leaves no copy in memory.
        let capacity = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1).min(bytes.len());
        let mut plain = Zeroizing::new(Vec::with_capacity(capacity));
        reader.read_to_end(&mut plain).map_err(|_| EncryptionError::Damaged)?;
        match u64::try_from(plain.len()).is_ok_and(|length| length <= most) {
            true => Ok(plain),
            false => Err(EncryptionError::Size(most)),
        }
    }

    /// Like [`Identity::decrypt`], to a writer.
    pub(crate) fn decrypt_to(&self, bytes: &[u8], out: &mut dyn Write) -> Result<(), EncryptionError> {
        let mut reader = self.reader(bytes)?;
        let mut buffer = Zeroizing::new(vec![0; 64 << 10]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => out.write_all(buffer.get(..read).unwrap_or_default()).map_err(EncryptionError::Write)?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(EncryptionError::Damaged),
            }
        }
    }

    /// A reader of the plain text that authenticates each piece.
    fn reader<'a>(&self, bytes: &'a [u8]) -> Result<Box<dyn Read + 'a>, EncryptionError> {
        const ARMOR: &[u8] = b"-----BEGIN";
        let text = bytes.trim_ascii_start();
        if text.starts_with(ARMOR) {
            return Ok(Box::new(self.opened(io::BufReader::new(ArmoredReader::new(text)))?));
        }
        Ok(Box::new(self.opened(bytes)?))
    }

    fn opened<'a>(&self, mut input: impl BufRead + 'a) -> Result<impl Read + 'a, EncryptionError> {
        let header = header(&mut input)?;
        let decryptor = Decryptor::new_buffered(io::Cursor::new(header).chain(input)).map_err(|error| match error {
            DecryptError::UnknownFormat => EncryptionError::Version,
            _ => EncryptionError::Damaged,
        })?;
        let by_passphrase = decryptor.is_scrypt();
        let passphrases: Vec<_> = match by_passphrase {
            true => self.passphrases.iter().map(of_passphrase).collect(),
            false => Vec::new(),
        };
        let keys = self.keys.iter().map(|key| key as &dyn age::Identity);
        let passphrases = passphrases.iter().map(|passphrase| passphrase as &dyn age::Identity);
        let wrong = if by_passphrase { EncryptionError::WrongPassphrase } else { EncryptionError::WrongIdentity };
        decryptor.decrypt(keys.chain(passphrases)).map_err(|error| match error {
            DecryptError::ExcessiveWork { required, .. } => EncryptionError::Work { required, most: MOST_WORK },
            DecryptError::NoMatchingKeys => wrong,
            // A wrong passphrase does not match the only stanza.
            DecryptError::DecryptionFailed if by_passphrase => wrong,
            _ => EncryptionError::Damaged,
        })
    }
}

/// The text of an identity file or a file of recipients, which is wiped from memory after use. age itself reads files of up
/// to 16 MiB.
pub(super) fn text(path: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    const MOST: u64 = 16 << 20;
    let read = || {
        let mut text = Zeroizing::new(Vec::new());
        skiff_files::open_file(path)?.take(MOST.saturating_add(1)).read_to_end(&mut text)?;
        match u64::try_from(text.len()).is_ok_and(|length| length <= MOST) {
            true => Ok(text),
            false => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        }
    };
    let error = |error| skiff_files::Error { kind: ErrorKind::Io(error), offset: None, decompressed: false };
    read().map_err(|source| Error::from(error(source)).in_file(path))
}

fn of_passphrase(passphrase: &SecretString) -> scrypt::Identity {
    let mut identity = scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(MOST_WORK);
    identity
}

/// The lines of the header, unless there are too many.
fn header(input: &mut impl BufRead) -> Result<Vec<u8>, EncryptionError> {
    let mut header = Vec::new();
    loop {
        let start = header.len();
        let left = u64::try_from(MOST_HEADER.saturating_sub(start)).unwrap_or_default();
        let read = input.by_ref().take(left).read_until(b'\n', &mut header).map_err(|_| EncryptionError::Damaged)?;
        if header.get(start..).is_some_and(|line| line.starts_with(b"---")) {
            return Ok(header);
        }
        if header.len() >= MOST_HEADER {
            return Err(EncryptionError::Header);
        }
        if read == 0 {
            return Err(EncryptionError::Damaged);
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keys, passphrases) = (self.keys.len(), self.passphrases.len());
        f.debug_struct("Identity").field("keys", &keys).field("passphrases", &passphrases).finish()
    }
}
