//! `skiff image`: what serves a model, as a container image, a Kubernetes manifest or a systemd unit.

mod elf;
mod layers;
mod oci;
mod units;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use skiff_files::write::NewFile;

use super::inspect::facts::Facts;
use crate::args::{Image, ImageFormat};
use crate::report::{Failure, Outcome};
use crate::shown::shown;
use crate::{input, outputs};

/// What is served.
struct Served<'a> {
    model: &'a Path,
    facts: Facts,
    /// The model's name in the server.
    name: String,
    binary: PathBuf,
    port: u16,
    tag: Option<&'a str>,
}

/// Writes the file.
pub fn run(arguments: &Image) -> Outcome {
    let model = &arguments.model;
    if input::is_standard(model) {
        return Err(Failure::Usage("an image cannot have standard input: save it to a file first".to_owned()));
    }
    let url = arguments.output.to_str().filter(|output| output.starts_with("oci://"));
    if url.is_none() {
        outputs::refuse_existing(&arguments.output, arguments.force)?;
    } else if arguments.format != ImageFormat::Oci {
        return Err(Failure::Usage("only images are pushed to a registry: expected a file after `-o`".to_owned()));
    }
    let options = arguments.open.options()?;
    let file = input::file(model, &options)?;
    // The image serves it: what cannot be served is no image.
    input::model_of(&file, model)?;
    if let Some(companion) = file.contents().companions.first() {
        let what = format!("opening it reads `{companion}` too: convert it to one file first");
        return Err(Failure::data(model, what).with_help("skiff convert MODEL OUT.skiff"));
    }
    let facts = Facts::read(model, &options)?;
    let default =
        Path::new(&facts.name).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = arguments.name.clone().unwrap_or(default);
    let tag = arguments.tag.as_deref();
    check("the model's name, `--name`", &name, b"._-", 63)?;
    if let Some(tag) = tag {
        check("`--tag`", tag, b"._-/:@", 255)?;
    }
    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => env::current_exe().map_err(|error| {
            Failure::Usage(format!("this program cannot find its own file ({error}): pass it with `--binary`"))
        })?,
    };
    // Of a folder of MLflow's, the model in it.
    let model = file.path().unwrap_or(model);
    let served = Served { model, facts, name, binary, port: arguments.port, tag };
    let output = &arguments.output;
    let written = |text: String| -> Outcome {
        let write = || -> io::Result<()> {
            let mut file = NewFile::create(output)?;
            file.write_all(text.as_bytes())?;
            file.finish()
        };
        write().map_err(|error| Failure::unwritable(output, format!("cannot write the file: {error}")))
    };
    match arguments.format {
        ImageFormat::Oci => {
            let image = oci::Image::of(&served)?;
            match url {
                Some(url) => image.push(&served, url, arguments.force)?,
                None => image.write(&served, output)?,
            }
            let line = format!("{}: {}", output.display(), image.digest());
            Ok(writeln!(io::stdout(), "{}", shown(&line))?)
        }
        ImageFormat::Kubernetes => written(units::kubernetes(&served)),
        ImageFormat::Systemd => written(units::systemd(&served)?),
    }
}

/// An error for a name with characters that are not letters, digits or `others`, or that is too long: these files quote
/// nothing.
fn check(what: &str, name: &str, others: &[u8], most: usize) -> Outcome {
    let is_valid = name.len() <= most
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte));
    match is_valid {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "{what}: expected at most {most} letters, digits and `{}`, beginning with a letter or digit, found `{name}`",
            String::from_utf8_lossy(others)
        ))),
    }
}
