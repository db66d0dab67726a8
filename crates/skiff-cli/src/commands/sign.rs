//! `skiff sign`: a signature file for a model.

use std::io::{self, Write};

use skiff::signing::{self, Extensions, Links, SignOptions};

use crate::args::keys::{Sign, variable};
use crate::report::{Failure, Outcome};
use crate::shown::shown;
use crate::{input, outputs};

/// Writes the signature, and prints its path.
pub fn run(arguments: &Sign) -> Outcome {
    if input::is_standard(&arguments.model) {
        let what = "standard input cannot be signed: save it to a file first";
        return Err(Failure::Usage(what.to_owned()));
    }
    let signature = arguments.signature.clone().unwrap_or_else(|| signing::default_signature(&arguments.model));
    let password = arguments.password_env.as_deref().map(variable).transpose()?;
    let key = signing::private_key(&arguments.key, password.as_deref())?;
    let mut certificates = Vec::new();
    for path in &arguments.certificate {
        certificates.extend(signing::certificates(path)?);
    }
    outputs::refuse_existing(&signature, arguments.force)?;
    let options = SignOptions {
        certificates: &certificates,
        ignored: &arguments.ignore,
        signature: Some(&signature),
        links: if arguments.follow_links { Links::Follow } else { Links::Refuse },
        extensions: if arguments.extension { Extensions::Allow } else { Extensions::Refuse },
    };
    signing::sign(&arguments.model, &key, &options)?;
    let how = key.algorithm().describe();
    writeln!(
        io::stdout(),
        "{}: signed by {how}, key `{}`",
        shown(&signature.display().to_string()),
        key.public().fingerprint()
    )?;
    Ok(())
}
