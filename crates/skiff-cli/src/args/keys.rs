//! The flags for keys: signing, verifying, encrypting, decrypting.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use skiff::encryption::{Armor, Recipients};
use skiff::signing::{Algorithm, Time};
use skiff::{Error, Identity};

use crate::report::Failure;

/// `skiff sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// The model: a file, or a folder with everything in it.
    pub model: PathBuf,
    /// The private key, in PEM.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The environment variable with the key's password.
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
    /// The key's certificate, and the intermediate certificates of its chain, in PEM: the key's own first.
    #[arg(long, value_name = "FILE")]
    pub certificate: Vec<PathBuf>,
    /// The signature file to write [default: MODEL.sig next to a file, model.sig in a folder].
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// A path within the folder that is not part of the model; git's files are ignored as well.
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<String>,
    /// Sign the content of the files that symbolic links point to.
    #[arg(long)]
    pub follow_links: bool,
    /// Allow Ed25519 keys, which skiff verifies but the model_signing tool does not.
    #[arg(long)]
    pub extension: bool,
    /// Overwrite an existing signature file.
    #[arg(long)]
    pub force: bool,
}

/// The signature to verify, and the trusted signers.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signature")]
pub struct SignatureArguments {
    /// Verify the signature with this public key, in PEM.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Verify the signature with certificates that chain to one of these roots, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub certificate_chain: Vec<PathBuf>,
    /// When the certificates must be valid: now, a date, or a time like 2026-11-25T16:00:00Z. By default, the start of
    /// validity of the signer's own certificate, as in the model_signing tool.
    #[arg(long, value_name = "TIME", requires = "certificate_chain")]
    pub valid_at: Option<Time>,
    /// The signature file [default: MODEL.sig next to a file, model.sig in a folder].
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
}

/// `skiff keygen`
#[derive(Debug, Args)]
pub struct Keygen {
    /// The file for the private key, which must not exist yet. The public key is written to standard output.
    pub output: PathBuf,
    /// The signature algorithm.
    #[arg(long, value_name = "NAME", default_value = "p256", value_parser = algorithm)]
    pub algorithm: Algorithm,
    /// The environment variable with a password to encrypt the key with.
    #[arg(long, value_name = "NAME", conflicts_with = "age")]
    pub password_env: Option<String>,
    /// Generate an age identity, for encryption, instead of a signing key.
    #[arg(long, conflicts_with = "algorithm")]
    pub age: bool,
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = Algorithm::ALL.into_iter().find(|known| known.name() == name);
    known.ok_or_else(|| format!("expected one of {}", Algorithm::ALL.map(Algorithm::name).join(", ")))
}

/// `skiff encrypt`
#[derive(Debug, Args)]
pub struct Encrypt {
    /// The file, or - for standard input.
    pub model: PathBuf,
    /// The output file, or - for standard output [default: MODEL.age].
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub recipients: RecipientArguments,
    /// The environment variable with a passphrase to encrypt with, instead of recipients.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["recipient", "recipients_file"])]
    pub passphrase_env: Option<String>,
    /// The encoding of the encrypted file.
    #[arg(long, value_name = "FORM", default_value = "binary")]
    pub form: Form,
}

/// `skiff decrypt`
#[derive(Debug, Args)]
pub struct Decrypt {
    /// The encrypted file, or - for standard input.
    pub model: PathBuf,
    /// The output file, or - for standard output [default: the name without .age].
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub identity: IdentityArguments,
}

/// The encoding of an encrypted file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Binary.
    Binary,
    /// ASCII armor.
    Text,
}

impl Form {
    /// The library's value.
    pub fn armor(self) -> Armor {
        match self {
            Self::Binary => Armor::Binary,
            Self::Text => Armor::Text,
        }
    }
}

/// The key or passphrase of an encrypted model.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Opening the model")]
pub struct IdentityArguments {
    /// The age identity file for an encrypted model.
    #[arg(long, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
    /// The environment variable with the passphrase of an encrypted model.
    #[arg(long, value_name = "NAME")]
    pub passphrase_env: Option<String>,
}

impl IdentityArguments {
    /// All of it together, if there is any.
    pub fn read(&self) -> Result<Option<Identity>, Failure> {
        let mut all: Option<Identity> = None;
        let mut add = |one: Identity| all = Some(all.take().unwrap_or_default().and(one));
        for path in &self.identity {
            add(Identity::from_file(path)?);
        }
        if let Some(name) = &self.passphrase_env {
            add(Identity::passphrase(&variable(name)?).map_err(Error::from)?);
        }
        Ok(all)
    }
}

/// The recipients of an encrypted file.
#[derive(Debug, Args)]
pub struct RecipientArguments {
    /// An age recipient, age1…, whose identity can decrypt the file.
    #[arg(long, short, value_name = "AGE1…")]
    pub recipient: Vec<String>,
    /// A file of age recipients, one per line.
    #[arg(long, value_name = "FILE")]
    pub recipients_file: Vec<PathBuf>,
}

impl RecipientArguments {
    /// All of them together, if there are any.
    pub fn read(&self) -> Result<Option<Recipients>, Failure> {
        let mut all: Vec<Recipients> = Vec::new();
        for recipient in &self.recipient {
            all.push(recipient.parse().map_err(Error::from)?);
        }
        for path in &self.recipients_file {
            all.push(Recipients::from_file(path)?);
        }
        let mut all = all.into_iter();
        let Some(first) = all.next() else { return Ok(None) };
        Ok(Some(all.try_fold(first, Recipients::and).map_err(Error::from)?))
    }
}

/// The value of an environment variable, which is used for secrets, since other users can see command lines.
pub fn variable(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| Failure::Usage(format!("the environment variable `{name}` is not set")))
}
