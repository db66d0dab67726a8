//! `skiff registry import`: the versions and aliases of MLflow's registry, or of artifacts of W&B.

mod mlflow;
mod model;
mod wandb;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;

use skiff::Options;
use skiff_registry::{Error, Name, Push, Registry};

use self::model::{Model, Version};
use super::{author, change, resolve, transfer};
use crate::args::registry as flags;
use crate::report::{self, Failure};
use crate::shown::shown;

/// Pushes every version that is not there yet, and sets the aliases.
pub fn import(arguments: &flags::Import) -> Result<ExitCode, Failure> {
    let folder = &arguments.folder;
    if resolve::required_key()?.is_some() {
        let what = "models of this registry must be signed, and these are not: import without `--require-signature`";
        return Err(Failure::Usage(what.to_owned()));
    }
    let options = Options { limits: arguments.limits.limits(), ..Options::default() };
    let mut models = mlflow::models(folder, &options)?;
    if models.is_empty() {
        models = wandb::models(folder)?;
    }
    if models.is_empty() {
        let what = "the folder has no models: expected `models/NAME/meta.yaml` of MLflow, or `NAME:v3` of W&B";
        return Err(Failure::in_file("not-a-registry", folder, what));
    }
    let named = |model: &&Model| arguments.model.is_empty() || arguments.model.contains(&model.name);
    if let Some(unknown) = arguments.model.iter().find(|name| !models.iter().any(|model| model.name == **name)) {
        return Err(Failure::Usage(format!("`--model {unknown}`: the folder has no such model")));
    }
    let registry = Registry::open(&arguments.url)?;
    let registry = if arguments.change.single_writer { registry.single_writer() } else { registry };
    let mut is_complete = true;
    for model in models.iter().filter(named) {
        match model.name.parse() {
            Ok(name) => is_complete &= one(arguments, &registry, model, &name)?,
            Err(error) => {
                report::note(&format!("`{}` is left out: {error}", model.name));
                is_complete = false;
            }
        }
    }
    Ok(ExitCode::from(u8::from(!is_complete)))
}

/// One model; whether all of it was imported.
fn one(arguments: &flags::Import, registry: &Registry, model: &Model, name: &Name) -> Result<bool, Failure> {
    // Our numbers by theirs.
    let mut numbers: BTreeMap<u64, u64> = BTreeMap::new();
    let existing = match registry.versions(name) {
        Err(Error::NoModel(..)) => Vec::new(),
        existing => existing?,
    };
    for number in existing {
        let why = registry.manifest(name, number)?.why.unwrap_or_default();
        let imported = model.versions.iter().find(|version| why.starts_with(&reason(model, version)));
        numbers.extend(imported.map(|version| (version.number, number)));
    }
    let mut is_complete = true;
    for version in &model.versions {
        if numbers.contains_key(&version.number) {
            continue;
        }
        registry.check_writable(name)?;
        match push(arguments, registry, model, version, name) {
            Ok(number) => {
                let theirs = model.source.number(version.number);
                let line = format!("{}/{name}:{number}  {}'s version {theirs}", registry.url(), model.source);
                writeln!(io::stdout(), "{}", shown(&line))?;
                numbers.insert(version.number, number);
            }
            Err(failure) => {
                let theirs = model.source.number(version.number);
                report::note(&format!("version {theirs} of `{}` is left out: {failure}", model.name));
                is_complete = false;
            }
        }
    }
    for (alias, version) in &model.aliases {
        is_complete &= set(arguments, registry, name, alias, numbers.get(version).copied())?;
    }
    Ok(is_complete)
}

/// How a version says which one of theirs it was; it ends so that 1 is not the beginning of 12.
fn reason(model: &Model, version: &Version) -> String {
    format!("version {} of `{}` in {}.", model.source.number(version.number), model.name, model.source)
}

/// Pushes one version; its number.
fn push(
    arguments: &flags::Import,
    registry: &Registry,
    model: &Model,
    version: &Version,
    name: &Name,
) -> Result<u64, Failure> {
    let options = Options { limits: arguments.limits.limits(), ..Options::default() };
    let (path, file_name) = (version.file)()?;
    let further = [version.description.as_ref(), arguments.change.why.as_ref()].into_iter().flatten();
    let why = further.fold(reason(model, version), |why, text| format!("{why} {text}"));
    let pushed = registry.push(
        name,
        Push {
            file: &path,
            name: Some(&file_name),
            signature: None,
            description: transfer::description(&path, &options)?,
            parents: Vec::new(),
            by: author(&arguments.change),
            why: Some(why),
            repeat: true,
        },
    )?;
    Ok(pushed.manifest.version)
}

/// Sets an alias to the version that it was at; whether it could be.
fn set(
    arguments: &flags::Import,
    registry: &Registry,
    model: &Name,
    alias: &str,
    version: Option<u64>,
) -> Result<bool, Failure> {
    let (Some(version), Ok(alias)) = (version, alias.parse::<Name>()) else {
        report::note(&format!("the alias `{alias}` of `{model}` is left out"));
        return Ok(false);
    };
    if registry.current(model, &alias)?.and_then(|entry| entry.to) != Some(version) {
        let entry = registry.set_alias(model, &alias, Some(version), &change::change(&arguments.change, None))?;
        change::print(model, &alias, &entry)?;
    }
    Ok(true)
}
