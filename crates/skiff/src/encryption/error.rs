//! Why something could not be encrypted or decrypted.

use std::{fmt, io};

/// What stands against encrypting or decrypting.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncryptionError {
    /// The file is damaged, or somebody changed it.
    Damaged,
    /// The file names more recipients than are looked through.
    Header,
    /// A line of an identity file is no identity.
    Identity {
        /// Which, counted from 1.
        line: usize,
    },
    /// The identity file is itself encrypted.
    IdentityEncrypted,
    /// A passphrase beside other recipients, or a second one: age has one alone.
    Mixed,
    /// An identity file without an identity.
    NoIdentity,
    /// Nobody to encrypt for.
    NoRecipients,
    /// What was to be decrypted is not encrypted.
    NotEncrypted,
    /// A passphrase of no characters.
    NoPassphrase,
    /// What is no recipient.
    Recipient(String),
    /// The plain text is longer than the limit `decompressed` allows.
    Size(u64),
    /// Another version of age.
    Version,
    /// Turning the passphrase into a key costs more than is done for a stranger's file.
    Work {
        /// The work that the file asks for: each one more is twice as much.
        required: u8,
        /// The work that is done.
        most: u8,
    },
    /// The plain text could not be written.
    Write(io::Error),
    /// None of the identities is one that the file was encrypted for.
    WrongIdentity,
    /// The file was encrypted by a passphrase, and there is none, or another.
    WrongPassphrase,
}

impl EncryptionError {
    /// A stable name of what went wrong.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Damaged => "damaged-file",
            Self::Header | Self::Size(_) | Self::Work { .. } => "limit",
            Self::Identity { .. } | Self::IdentityEncrypted | Self::NoIdentity => "wrong-identity-file",
            Self::Mixed | Self::NoRecipients | Self::NoPassphrase | Self::Recipient(_) => "wrong-recipient",
            Self::NotEncrypted => "not-encrypted",
            Self::Version => "unsupported-format",
            Self::Write(_) => "unwritable-file",
            Self::WrongIdentity | Self::WrongPassphrase => "wrong-identity",
        }
    }

    /// How to go on, where that can be said.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Identity { .. } | Self::NoIdentity => Some("`skiff keygen --age` makes an identity file"),
            Self::IdentityEncrypted => Some("`skiff decrypt` opens it by its passphrase"),
            Self::Recipient(_) => Some("`skiff keygen --age` prints the recipient of each identity that it makes"),
            Self::Work { .. } => Some("if you trust the file, decrypt it by the `age` tool"),
            _ => None,
        }
    }
}

impl fmt::Display for EncryptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => write!(f, "the encrypted file is damaged, or was changed"),
            Self::Header => write!(f, "the encrypted file names more recipients than are looked through"),
            Self::Identity { line } => {
                write!(f, "expected an age identity, `AGE-SECRET-KEY-1…`, found something else in line {line}")
            }
            Self::IdentityEncrypted => write!(f, "the identity file is itself encrypted"),
            Self::Mixed => write!(f, "a passphrase is the only recipient of its file"),
            Self::NoIdentity => write!(f, "expected an age identity, `AGE-SECRET-KEY-1…`, found none"),
            Self::NoRecipients => write!(f, "expected a recipient to encrypt for, found none"),
            Self::NotEncrypted => write!(f, "expected a file encrypted by age, found one that is not"),
            Self::NoPassphrase => write!(f, "expected a passphrase, found an empty one"),
            Self::Recipient(found) => write!(f, "expected an age recipient, `age1…`, found `{}`", found.escape_debug()),
            Self::Size(most) => write!(f, "the limit `decompressed` of {most} is exceeded"),
            Self::Version => write!(f, "the file was encrypted by a version of age that is not known"),
            Self::Work { required, most } => {
                write!(f, "the passphrase costs 2^{required} rounds of scrypt, expected 2^{most} at most")
            }
            Self::Write(error) => write!(f, "cannot write the file: {error}"),
            Self::WrongIdentity => write!(f, "the file was not encrypted for this identity"),
            Self::WrongPassphrase => write!(f, "the file was encrypted by a passphrase, and not by this one"),
        }
    }
}

impl std::error::Error for EncryptionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write(error) => Some(error),
            _ => None,
        }
    }
}
