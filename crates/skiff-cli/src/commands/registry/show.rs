//! `skiff registry list` and `show`.

use std::io::{self, Write};

use serde_json::json;
use skiff::Passport;
use skiff_registry::{Manifest, Name, Registry, Selector};

use super::{open, short};
use crate::args::{Format, registry as flags};
use crate::report::Outcome;
use crate::shown::shown;

/// Prints the models: how many versions, and their aliases.
pub fn list(arguments: &flags::List) -> Outcome {
    let registry = Registry::open(&arguments.url)?;
    let mut out = io::stdout().lock();
    let mut all = Vec::new();
    for model in registry.models()? {
        let versions = registry.versions(&model)?;
        let aliases = aliases(&registry, &model)?;
        match arguments.format {
            Format::Json => all.push(json!({
                "model": model,
                "versions": versions,
                "aliases": aliases.iter().map(|(alias, version)| (alias.to_string(), json!(version))).collect::<serde_json::Map<_, _>>(),
            })),
            Format::Text => {
                let newest = versions.last().copied().unwrap_or_default();
                let aliases: Vec<_> = aliases.iter().map(|(alias, version)| format!("@{alias} :{version}")).collect();
                writeln!(out, "{model}:{newest}  {} versions  {}", versions.len(), aliases.join(", "))?;
            }
        }
    }
    match arguments.format {
        Format::Json => Ok(writeln!(out, "{:#}", json!(all))?),
        Format::Text => Ok(()),
    }
}

/// Prints the versions of a model, newest first, or one version.
pub fn show(arguments: &flags::Show) -> Outcome {
    let (registry, address) = open(&arguments.address)?;
    let mut out = io::stdout().lock();
    if let Some(selector) = &address.selector {
        let manifest = registry.resolve(&address.model, selector)?;
        return match arguments.format {
            Format::Json => Ok(writeln!(out, "{:#}", json!(manifest))?),
            Format::Text => write_version(&mut out, &registry, &manifest),
        };
    }
    let aliases = aliases(&registry, &address.model)?;
    let mut all = Vec::new();
    for version in registry.versions(&address.model)?.into_iter().rev() {
        let manifest = registry.resolve(&address.model, &Selector::Version(version))?;
        match arguments.format {
            Format::Json => all.push(json!(manifest)),
            Format::Text => {
                let named = aliases.iter().filter(|(_, at)| *at == version).map(|(alias, _)| format!("@{alias}"));
                let named: Vec<_> = named.collect();
                let estimators = manifest.description.estimators.join(", ");
                let why = manifest.why.clone().unwrap_or_default();
                let line = [
                    manifest.title(),
                    short(&manifest).to_owned(),
                    manifest.at.clone(),
                    manifest.by.name.clone(),
                    estimators,
                    named.join(" "),
                    why,
                ];
                let line: Vec<_> = line.into_iter().filter(|part| !part.is_empty()).collect();
                writeln!(out, "{}", shown(&line.join("  ")))?;
            }
        }
    }
    match arguments.format {
        Format::Json => Ok(writeln!(out, "{:#}", json!(all))?),
        Format::Text => Ok(()),
    }
}

fn write_version(out: &mut impl Write, registry: &Registry, manifest: &Manifest) -> Outcome {
    writeln!(out, "{}", manifest.title())?;
    let aliases = aliases(registry, &manifest.model)?;
    let named = aliases.iter().filter(|(_, at)| *at == manifest.version).map(|(alias, _)| format!("@{alias}"));
    let mut fact = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(out, "  {name}: {}", shown(value)),
    };
    fact("aliases", &named.collect::<Vec<_>>().join(", "))?;
    fact("file", &format!("{}, {} bytes", manifest.file.name, manifest.file.size))?;
    fact("digest", &manifest.file.digest.to_string())?;
    fact("signature", manifest.signature.as_ref().map_or("none", |signature| &signature.name))?;
    let host = manifest.by.host.as_ref().map_or_else(String::new, |host| format!("@{host}"));
    fact("pushed", &format!("{} by {}{host}", manifest.at, manifest.by.name))?;
    fact("why", manifest.why.as_deref().unwrap_or_default())?;
    let parents = manifest.parents.iter().map(|parent| format!("{}:{}", parent.model, parent.version));
    fact("made from", &parents.collect::<Vec<_>>().join(", "))?;
    fact("format", &manifest.description.format.join(", "))?;
    fact("written by", &manifest.description.written_by.join(", "))?;
    fact("estimators", &manifest.description.estimators.join(", "))?;
    if let Some(passport) = passport(manifest) {
        writeln!(out, "  passport:")?;
        for (name, text) in passport.summary() {
            writeln!(out, "    {}: {}", shown(&name), shown(&text))?;
        }
    }
    Ok(())
}

/// The passport of a version, if it has one that can be read.
pub fn passport(manifest: &Manifest) -> Option<Passport> {
    Passport::parse(&manifest.description.passport.as_ref()?.to_string()).ok()
}

/// The aliases that are at a version.
pub fn aliases(registry: &Registry, model: &Name) -> Result<Vec<(Name, u64)>, skiff_registry::Error> {
    let all = registry.aliases(model)?;
    Ok(all.into_iter().filter_map(|(alias, entry)| Some((alias, entry.to?))).collect())
}
