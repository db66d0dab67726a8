//! `skiff encrypt`, `skiff decrypt`: a file for those alone who hold a key or know a passphrase.

use std::path::PathBuf;

use skiff::Error;
use skiff::encryption::{self, EncryptionError, Recipients};

use crate::Outcome;
use crate::args::keys::{Decrypt, Encrypt, variable};
use crate::report::Failure;

/// Writes the encrypted file.
pub fn encrypt(arguments: &Encrypt) -> Outcome {
    let recipients = match &arguments.passphrase_env {
        Some(name) => Some(Recipients::passphrase(&variable(name)?).map_err(Error::from)?),
        None => arguments.recipients.read()?,
    };
    let recipients = recipients.ok_or(EncryptionError::NoRecipients).map_err(Error::from)?;
    let recipients = recipients.with_armor(arguments.form.armor());
    let output = arguments.output.clone().unwrap_or_else(|| {
        let mut name = arguments.model.clone().into_os_string();
        name.push(".age");
        PathBuf::from(name)
    });
    Ok(encryption::encrypt(&arguments.model, output, &recipients)?)
}

/// Writes the plain file.
pub fn decrypt(arguments: &Decrypt) -> Outcome {
    let usage = |what: &str| Failure::Usage(what.to_owned());
    let identity = arguments.identity.read()?;
    let identity =
        identity.ok_or_else(|| usage("nothing to decrypt with: `--identity FILE` or `--passphrase-env NAME`"))?;
    let output = match &arguments.output {
        Some(output) => output.clone(),
        None if arguments.model.extension().is_some_and(|extension| extension == "age") => {
            arguments.model.with_extension("")
        }
        None => return Err(usage("the file's name does not end in `.age`: `--output FILE` says where to write")),
    };
    Ok(encryption::decrypt(&arguments.model, output, &identity)?)
}
