//! `skiff registry import`: the versions and aliases of MLflow's registry.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use skiff::mlflow::{RegisteredModel, RegisteredVersion, registered_models};
use skiff::{File, Options};
use skiff_registry::{Name, Push, Registry};

use super::{author, change, resolve, transfer};
use crate::args::registry as flags;
use crate::report::{self, Failure};
use crate::shown::shown;

/// Pushes every version that is not there yet, and sets the aliases.
pub fn import(arguments: &flags::Import) -> Result<ExitCode, Failure> {
    let folder = &arguments.folder;
    if resolve::required_key()?.is_some() {
        let what = "models of this registry must be signed, and MLflow's are not: import without `--require-signature`";
        return Err(Failure::Usage(what.to_owned()));
    }
    let models = registered_models(folder)?;
    if models.is_empty() {
        let what = "the folder has no models of MLflow's registry: expected `models/NAME/meta.yaml`";
        return Err(Failure::in_file("not-a-registry", folder, what));
    }
    let named = |model: &&RegisteredModel| arguments.model.is_empty() || arguments.model.contains(&model.name);
    if let Some(unknown) = arguments.model.iter().find(|name| !models.iter().any(|model| model.name == **name)) {
        return Err(Failure::Usage(format!("`--model {unknown}`: MLflow's registry has no such model")));
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
fn one(arguments: &flags::Import, registry: &Registry, model: &RegisteredModel, name: &Name) -> Result<bool, Failure> {
    // Our numbers by MLflow's.
    let mut numbers: BTreeMap<u64, u64> = BTreeMap::new();
    if registry.models()?.contains(name) {
        for number in registry.versions(name)? {
            let why = registry.manifest(name, number)?.why.unwrap_or_default();
            let imported = model.versions.iter().find(|version| why.starts_with(&reason(model, version)));
            numbers.extend(imported.map(|version| (version.number, number)));
        }
    }
    let mut is_complete = true;
    for version in &model.versions {
        if numbers.contains_key(&version.number) {
            continue;
        }
        match push(arguments, registry, model, version, name) {
            Ok(number) => {
                let line = format!("{}/{name}:{number}  MLflow's version {}", registry.url(), version.number);
                writeln!(io::stdout(), "{}", shown(&line))?;
                numbers.insert(version.number, number);
            }
            Err(failure) => {
                report::note(&format!("version {} of `{}` is left out: {failure}", version.number, model.name));
                is_complete = false;
            }
        }
    }
    for (alias, version) in &model.aliases {
        is_complete &= set(arguments, registry, name, alias, numbers.get(version).copied())?;
    }
    Ok(is_complete)
}

/// How a version says which one of MLflow's it was; it ends so that 1 is not the beginning of 12.
fn reason(model: &RegisteredModel, version: &RegisteredVersion) -> String {
    format!("version {} of `{}` in MLflow.", version.number, model.name)
}

/// Pushes one version; its number.
fn push(
    arguments: &flags::Import,
    registry: &Registry,
    model: &RegisteredModel,
    version: &RegisteredVersion,
    name: &Name,
) -> Result<u64, Failure> {
    let Some(folder) = &version.folder else {
        let what = format!("its folder `{}` is not found, or has no `MLmodel`", version.location);
        return Err(Failure::in_file("unreadable-file", Path::new(&version.location), what));
    };
    let options = Options { limits: arguments.limits.limits(), ..Options::default() };
    let file = File::open(folder, &options)?;
    let path = file.path().unwrap_or(folder);
    let further = [version.description.as_ref(), arguments.change.why.as_ref()].into_iter().flatten();
    let why = further.fold(reason(model, version), |why, text| format!("{why} {text}"));
    let pushed = registry.push(
        name,
        Push {
            file: path,
            signature: None,
            description: transfer::description(path, &options)?,
            parents: Vec::new(),
            by: author(&arguments.change),
            why: Some(why),
            repeat: true,
        },
    )?;
    Ok(pushed.manifest.version)
}

/// Sets an alias to the version that MLflow has it at; whether it could be.
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
