//! `skiff keygen`: signing keys, and age identities.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use skiff::Identity;
use skiff::signing::{PrivateKey, key_error};

use crate::args::keys::{Keygen, variable};
use crate::report::{Failure, Outcome};

/// Writes the private key to the file, and prints the public key.
pub fn run(arguments: &Keygen) -> Outcome {
    let mut out = io::stdout().lock();
    if arguments.age {
        let identity = Identity::generate();
        write_secret(&arguments.output, identity.to_text().as_bytes())?;
        writeln!(out, "{}", identity.recipients().map_err(skiff::Error::from)?)?;
        return Ok(());
    }
    let password = arguments.password_env.as_deref().map(variable).transpose()?;
    let key = PrivateKey::generate(arguments.algorithm).map_err(key_error)?;
    let pem = key.to_pem(password.as_deref().map(str::as_bytes)).map_err(key_error)?;
    write_secret(&arguments.output, pem.as_bytes())?;
    write!(out, "{}", key.public().to_pem())?;
    Ok(())
}

/// A new file that only its owner may read: an overwritten key would be lost.
fn write_secret(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let write = || {
        let mut file = options.open(path)?;
        file.write_all(text)?;
        file.sync_all()
    };
    write().map_err(|error| Failure::unwritable(path, format!("cannot write the key: {error}")))
}
