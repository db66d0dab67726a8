//! The flags of what has to do with keys: signing, verifying, encrypting, decrypting.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use skiff::encryption::{Armor, Recipients};
use skiff::signing::{Algorithm, Time};
use skiff::{Error, Identity};

use crate::report::Failure;

/// `skiff sign`
#[derive(Debug, Args)]
pub struct Sign {
    /// The model: a file, or a folder with all that is in it.
    pub model: PathBuf,
    /// The private key, in PEM.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// The environment variable that holds the key's password.
    #[arg(long, value_name = "NAME")]
    pub password_env: Option<String>,
    /// The key's certificate, and those that lead from it to a root, in PEM: the key's own first.
    #[arg(long, value_name = "FILE")]
    pub certificate: Vec<PathBuf>,
    /// Where to write the signature; without it, MODEL.sig beside a file, model.sig in a folder.
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
    /// A path within the folder that is no part of the model; what git leaves there is none either.
    #[arg(long, value_name = "PATH")]
    pub ignore: Vec<String>,
    /// Sign the content of the files that links point at.
    #[arg(long)]
    pub follow_links: bool,
    /// Sign by Ed25519 keys too, which skiff verifies and the model_signing tool does not.
    #[arg(long)]
    pub extension: bool,
    /// Write over a signature file that exists.
    #[arg(long)]
    pub force: bool,
}

/// Against what signature a model is verified, and whom to trust.
#[derive(Debug, Args)]
#[command(next_help_heading = "Signature")]
pub struct SignatureArguments {
    /// Verify the signature by this public key, in PEM.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Verify the signature by certificates that lead to a root among these, in PEM.
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub certificate_chain: Vec<PathBuf>,
    /// When the certificates must be valid: now, a day, or a second as 2026-11-25T16:00:00Z. Without it, when the signer's
    /// own began to be, as the model_signing tool has it.
    #[arg(long, value_name = "TIME", requires = "certificate_chain")]
    pub valid_at: Option<Time>,
    /// The signature; without it, MODEL.sig beside a file, model.sig in a folder.
    #[arg(long, value_name = "FILE")]
    pub signature: Option<PathBuf>,
}

/// `skiff keygen`
#[derive(Debug, Args)]
pub struct Keygen {
    /// The file to write the private key to, which must not be there yet. The public key goes to standard output.
    pub output: PathBuf,
    /// What the key signs by.
    #[arg(long, value_name = "NAME", default_value = "p256", value_parser = algorithm)]
    pub algorithm: Algorithm,
    /// The environment variable that holds a password to encrypt the key by.
    #[arg(long, value_name = "NAME", conflicts_with = "age")]
    pub password_env: Option<String>,
    /// An age identity, to encrypt and decrypt with, instead of a key that signs.
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
    /// The file to write, or - for standard output; without it, MODEL.age.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub recipients: RecipientArguments,
    /// The environment variable that holds a passphrase, which opens the file instead.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["recipient", "recipients_file"])]
    pub passphrase_env: Option<String>,
    /// How the encrypted file is spelled.
    #[arg(long, value_name = "FORM", default_value = "binary")]
    pub form: Form,
}

/// `skiff decrypt`
#[derive(Debug, Args)]
pub struct Decrypt {
    /// The encrypted file, or - for standard input.
    pub model: PathBuf,
    /// The file to write, or - for standard output; without it, the name without its .age.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write over a file that exists.
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub identity: IdentityArguments,
}

/// How an encrypted file is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// As bytes.
    Binary,
    /// As text, armored.
    Text,
}

impl Form {
    /// As the library names it.
    pub fn armor(self) -> Armor {
        match self {
            Self::Binary => Armor::Binary,
            Self::Text => Armor::Text,
        }
    }
}

/// What opens an encrypted model.
#[derive(Debug, Args)]
#[command(next_help_heading = "Opening the model")]
pub struct IdentityArguments {
    /// The age identity file that opens an encrypted model.
    #[arg(long, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
    /// The environment variable that holds the passphrase of an encrypted model.
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

/// For whom a file is encrypted.
#[derive(Debug, Args)]
pub struct RecipientArguments {
    /// An age recipient, age1…, whose identity opens the file.
    #[arg(long, short, value_name = "AGE1…")]
    pub recipient: Vec<String>,
    /// A file of age recipients, one on each line.
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

/// The text of an environment variable: where secrets are handed over, since command lines are for all to see.
pub fn variable(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|_| Failure::Usage(format!("the environment variable `{name}` is not set")))
}
