//! `skiff encrypt`, `skiff decrypt`: files encrypted for keys or with a passphrase.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use skiff::encryption::{self, EncryptionError, Recipients};
use skiff::{Error, Limits};
use skiff_files::write::NewFile;

use crate::args::keys::{Decrypt, Encrypt, variable};
use crate::report::{Failure, Outcome};
use crate::{input, outputs};

/// Writes the encrypted file.
pub fn encrypt(arguments: &Encrypt) -> Outcome {
    let recipients = match &arguments.passphrase_env {
        Some(name) => Some(Recipients::passphrase(&variable(name)?).map_err(Error::from)?),
        None => arguments.recipients.read()?,
    };
    let recipients = recipients.ok_or(EncryptionError::NoRecipients).map_err(Error::from)?;
    let recipients = recipients.with_armor(arguments.form.armor());
    let output = output(arguments.output.as_deref(), &arguments.model, arguments.force, |model| {
        let mut name = model.as_os_str().to_owned();
        name.push(".age");
        Some(PathBuf::from(name))
    })?;
    match output {
        Some(output) if !input::is_standard(&arguments.model) => {
            Ok(encryption::encrypt(&arguments.model, output, &recipients)?)
        }
        output => {
            let bytes = whole(&arguments.model)?;
            write(output.as_deref(), |out| Ok(encryption::encrypt_to(&bytes, out, &recipients)?))
        }
    }
}

/// Writes the plain file.
pub fn decrypt(arguments: &Decrypt) -> Outcome {
    let identity = arguments.identity.read()?;
    let identity = identity
        .ok_or_else(|| Failure::Usage("`--identity FILE` or `--passphrase-env NAME` is required".to_owned()))?;
    let output = output(arguments.output.as_deref(), &arguments.model, arguments.force, |model| {
        model.extension().is_some_and(|extension| extension == "age").then(|| model.with_extension(""))
    })?;
    match output {
        Some(output) if !input::is_standard(&arguments.model) => {
            Ok(encryption::decrypt(&arguments.model, output, &identity)?)
        }
        output => {
            let plain = encryption::decrypt_bytes(&whole(&arguments.model)?, &identity);
            let plain = plain.map_err(|error| error.in_file(&arguments.model))?;
            write(output.as_deref(), |out| Ok(out.write_all(&plain)?))
        }
    }
}

/// The output: the given file, or `name`; `None` for standard output.
fn output(
    named: Option<&Path>,
    model: &Path,
    force: bool,
    name: impl FnOnce(&Path) -> Option<PathBuf>,
) -> Result<Option<PathBuf>, Failure> {
    let output = match named {
        Some(output) if input::is_standard(output) => return Ok(None),
        Some(output) => output.to_owned(),
        None if input::is_standard(model) => {
            return Err(Failure::Usage("`--output FILE` is required for standard input".to_owned()));
        }
        None => name(model).ok_or_else(|| {
            Failure::Usage("the file's name does not end in `.age`: `--output FILE` is required".to_owned())
        })?,
    };
    outputs::refuse_existing(&output, force)?;
    Ok(Some(output))
}

/// The bytes of a file of any size, given by name.
fn whole(path: &Path) -> Result<Vec<u8>, Failure> {
    if input::is_standard(path) {
        return input::standard(&Limits { decompressed: u64::MAX - 1, ..Limits::default() });
    }
    std::fs::read(path).map_err(|error| Failure::unreadable(path, format!("cannot read the file: {error}")))
}

/// Writes to a file, or to standard output.
fn write(output: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> Outcome) -> Outcome {
    match output {
        Some(output) => {
            let written = || -> Outcome {
                let mut file = NewFile::create(output)?;
                write(&mut file)?;
                Ok(file.finish()?)
            };
            written().map_err(|failure| failure.of_output(output))
        }
        None => {
            let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
            write(&mut out)?;
            Ok(out.flush()?)
        }
    }
}
