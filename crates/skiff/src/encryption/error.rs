//! Errors of encryption and decryption.

use std::{fmt, io};

/// Why something could not be encrypted or decrypted.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncryptionError {
    /// The file is damaged or was modified.
    Damaged,
    /// The file has too many recipients.
    Header,
    /// A line of an identity file is not an identity.
    Identity {
        /// The line, counted from 1.
        line: usize,
    },
    /// The identity file is itself encrypted.
    IdentityEncrypted,
    /// A passphrase together with other recipients or a second passphrase, which age does not allow.
    Mixed,
    /// An identity file without an identity.
    NoIdentity,
    /// No recipients.
    NoRecipients,
    /// The input of decryption is not encrypted.
    NotEncrypted,
    /// An empty passphrase.
    NoPassphrase,
    /// Not a recipient.
    Recipient(String),
    /// The plain text is longer than the limit `decompressed` allows.
    Size(u64),
    /// An unknown version of age.
    Version,
    /// The work factor for deriving the key from the passphrase is higher than allowed for an untrusted file.
    Work {
        /// The work factor in the file; an increase of one doubles the work.
        required: u8,
        /// The highest work factor allowed.
        most: u8,
    },
    /// The plain text could not be written.
    Write(io::Error),
    /// None of the identities is one that the file was encrypted for.
    WrongIdentity,
    /// The file was encrypted with a passphrase, and none or another was given.
    WrongPassphrase,
}

impl EncryptionError {
    /// A stable code for programs.
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

    /// What the user can do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Identity { .. } | Self::NoIdentity => Some("`skiff keygen --age` makes an identity file"),
            Self::IdentityEncrypted => Some("`skiff decrypt` opens it with its passphrase"),
            Self::Recipient(_) => Some("`skiff keygen --age` prints the recipient of each identity that it makes"),
            Self::Work { .. } => Some("if you trust the file, decrypt it with the `age` tool"),
            _ => None,
        }
    }
}

impl fmt::Display for EncryptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => write!(f, "the encrypted file is damaged or was modified"),
            Self::Header => write!(f, "the encrypted file has too many recipients"),
            Self::Identity { line } => {
                write!(f, "expected an age identity, `AGE-SECRET-KEY-1…`, found something else on line {line}")
            }
            Self::IdentityEncrypted => write!(f, "the identity file is itself encrypted"),
            Self::Mixed => write!(f, "a passphrase cannot be combined with other recipients"),
            Self::NoIdentity => write!(f, "expected an age identity, `AGE-SECRET-KEY-1…`, found none"),
            Self::NoRecipients => write!(f, "expected a recipient to encrypt for, found none"),
            Self::NotEncrypted => write!(f, "expected a file encrypted with age, found another file"),
            Self::NoPassphrase => write!(f, "expected a passphrase, found an empty one"),
            Self::Recipient(found) => write!(f, "expected an age recipient, `age1…`, found `{}`", found.escape_debug()),
            Self::Size(most) => write!(f, "the limit `decompressed` of {most} is exceeded"),
            Self::Version => write!(f, "the file was encrypted with an unknown version of age"),
            Self::Work { required, most } => {
                write!(f, "expected a scrypt work factor of at most 2^{most}, found 2^{required}")
            }
            Self::Write(error) => write!(f, "cannot write the file: {error}"),
            Self::WrongIdentity => write!(f, "the file was not encrypted for this identity"),
            Self::WrongPassphrase => write!(f, "wrong passphrase"),
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
