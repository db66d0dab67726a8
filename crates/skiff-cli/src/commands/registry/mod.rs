//! `skiff registry`: versions of models, their aliases and histories.

mod change;
mod compare;
mod follow;
mod import;
mod resolve;
mod show;
mod transfer;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use skiff_registry::{Address, Author, Error, Manifest, Registry, Settings};

use crate::args::Format;
use crate::args::registry::{self as flags, ChangeArguments, RegistryCommand};
use crate::report::Failure;
use crate::shown::shown;

pub use follow::follow;
pub use resolve::resolve;
pub use transfer::{check_push, push_rebuilt};

/// Runs the command of the registry.
pub fn run(arguments: &flags::Registry) -> Result<ExitCode, Failure> {
    match &arguments.command {
        RegistryCommand::Init(command) => {
            let registry = Registry::init(&command.url, Settings { grace: command.grace })?;
            writeln!(io::stdout(), "{}: made", shown(registry.url()))?;
        }
        RegistryCommand::Push(command) => transfer::push(command)?,
        RegistryCommand::Import(command) => return import::import(command),
        RegistryCommand::Pull(command) => transfer::pull(command)?,
        RegistryCommand::List(command) => show::list(command)?,
        RegistryCommand::Show(command) => show::show(command)?,
        RegistryCommand::Alias(command) => change::alias(command)?,
        RegistryCommand::Rollback(command) => change::rollback(command)?,
        RegistryCommand::Log(command) => change::log(command)?,
        RegistryCommand::Diff(command) => compare::diff(command)?,
        RegistryCommand::Lineage(command) => compare::lineage(command)?,
        RegistryCommand::Gc(command) => gc(command)?,
        RegistryCommand::Verify(command) => return verify(command),
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes blobs, and lists them.
fn gc(arguments: &flags::Gc) -> Result<(), Failure> {
    let collected = Registry::open(&arguments.url)?.collect(arguments.dry_run)?;
    let mut out = io::stdout().lock();
    for blob in &collected.blobs {
        writeln!(out, "{}", shown(blob))?;
    }
    let verb = if arguments.dry_run { "would be removed" } else { "removed" };
    writeln!(out, "{} blobs, {} bytes {verb}", collected.blobs.len(), collected.bytes)?;
    if collected.unfinished > 0 {
        writeln!(out, "{} unfinished files {verb}", collected.unfinished)?;
    }
    if collected.young > 0 {
        writeln!(out, "{} blobs that no version has are too young", collected.young)?;
    }
    Ok(())
}

/// Checks everything, and lists what is wrong.
fn verify(arguments: &flags::VerifyRegistry) -> Result<ExitCode, Failure> {
    let report = Registry::open(&arguments.url)?.verify()?;
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => {
            let problems: Vec<_> =
                report.problems.iter().map(|found| json!({ "place": found.place, "message": found.what })).collect();
            let json = json!({
                "models": report.models, "versions": report.versions, "changes": report.changes,
                "blobs": report.blobs, "bytes": report.bytes, "problems": problems,
            });
            writeln!(out, "{json:#}")?;
        }
        Format::Text => {
            for problem in &report.problems {
                writeln!(out, "{}: {}", shown(&problem.place), shown(&problem.what))?;
            }
            writeln!(
                out,
                "{} models, {} versions, {} changes of aliases, {} blobs ({} bytes): {} problems",
                report.models,
                report.versions,
                report.changes,
                report.blobs,
                report.bytes,
                report.problems.len()
            )?;
        }
    }
    Ok(ExitCode::from(u8::from(!report.problems.is_empty())))
}

/// An address, and its registry.
fn open(text: &str) -> Result<(Registry, Address), Failure> {
    let address: Address = text.parse()?;
    Ok((Registry::open(&address.registry)?, address))
}

/// The same, to be changed.
fn open_to_change(text: &str, arguments: &ChangeArguments) -> Result<(Registry, Address), Failure> {
    let (registry, address) = open(text)?;
    let registry = if arguments.single_writer { registry.single_writer() } else { registry };
    registry.check_writable(&address.model)?;
    Ok((registry, address))
}

/// The version at an address.
fn version(text: &str) -> Result<(Registry, Manifest), Failure> {
    let address: Address = text.parse()?;
    // Before anything is asked of the store.
    let selector = address.version()?;
    let registry = Registry::open(&address.registry)?;
    let manifest = registry.resolve(&address.model, selector)?;
    Ok((registry, manifest))
}

/// Who changes something: as they say, or as the system knows them.
fn author(arguments: &ChangeArguments) -> Author {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let name = arguments.by.clone().or_else(|| ["SKIFF_AUTHOR", "USER", "USERNAME"].into_iter().find_map(variable));
    let host = variable("HOSTNAME").or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    Author {
        name: name.unwrap_or_else(|| "unknown".to_owned()),
        host: host.map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()),
    }
}

/// The first digits of a digest.
fn short(manifest: &Manifest) -> &str {
    manifest.file.digest.hex().get(..12).unwrap_or_default()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = match error.place() {
            Some(place) => Self::in_file(error.code(), Path::new(&place), &error),
            None => return Self::Usage(error.to_string()),
        };
        failure.with_help_if(error.help())
    }
}
