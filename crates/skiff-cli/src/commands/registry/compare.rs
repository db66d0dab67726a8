//! `skiff registry diff` and `lineage`.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

use serde_json::{Value as Json, json};
use skiff_registry::{Error, Manifest, Name, Registry};

use super::show::passport;
use super::{short, version};
use crate::args::{Format, registry as flags};
use crate::report::{self, Failure, Outcome};
use crate::shown::shown;

/// Entries that differ between any two versions, or follow from others.
const OMITTED: [&str; 6] = ["model", "version", "id", "at", "file.digest", "description.passport.created"];
/// The longest ancestry that is shown.
const MOST_VERSIONS: usize = 1_000;

/// Prints what differs: an entry's name, and both values.
pub fn diff(arguments: &flags::Diff) -> Outcome {
    let (registry, old) = version(&arguments.old)?;
    let new = match arguments.new.starts_with([':', '@']) {
        true => version(&format!("{}/{}{}", registry.url(), old.model, arguments.new))?.1,
        false => version(&arguments.new)?.1,
    };
    let (before, after) = (entries(&old), entries(&new));
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let differing: Vec<_> = differing.filter(|name| !OMITTED.contains(&name.as_str())).collect();
    let mut out = io::stdout().lock();
    if arguments.format == Format::Json {
        let entries: serde_json::Map<_, _> = differing
            .iter()
            .map(|name| ((*name).clone(), json!({ "old": before.get(*name), "new": after.get(*name) })))
            .collect();
        let same = old.file.digest == new.file.digest;
        return Ok(writeln!(
            out,
            "{:#}",
            json!({ "old": old.title(), "new": new.title(), "same_file": same, "entries": entries })
        )?);
    }
    match old.file.digest == new.file.digest {
        true => writeln!(out, "{} and {} are the same file", old.title(), new.title())?,
        false => writeln!(out, "{} {}  {} {}", old.title(), short(&old), new.title(), short(&new))?,
    }
    for name in differing {
        let text = |value: Option<&Json>| value.map_or_else(|| "-".to_owned(), Json::to_string);
        let name_shown = name.trim_start_matches("description.");
        let line = format!("{name_shown}: {} -> {}", text(before.get(name)), text(after.get(name)));
        writeln!(out, "  {}", shown(&line))?;
    }
    Ok(())
}

/// The scalars of a manifest by their paths.
fn entries(manifest: &Manifest) -> BTreeMap<String, Json> {
    let (mut found, mut open) = (BTreeMap::new(), vec![(String::new(), json!(manifest))]);
    while let Some((path, value)) = open.pop() {
        let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Json::Object(pairs) => open.extend(pairs.into_iter().map(|(name, value)| (inner(&name), value))),
            Json::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
                open.extend(items.into_iter().enumerate().map(|(place, item)| (inner(&place.to_string()), item)));
            }
            scalar => drop(found.insert(path, scalar)),
        }
    }
    found
}

/// Prints a version, what it was made from, and what was made from it.
pub fn lineage(arguments: &flags::Lineage) -> Outcome {
    let (registry, manifest) = version(&arguments.address)?;
    let mut out = io::stdout().lock();
    // Versions that were shown are only named again: a damaged registry may say that one was made from itself.
    let (mut seen, mut open) = (HashSet::new(), vec![(0, manifest.clone())]);
    while let Some((depth, one)) = open.pop() {
        let pad = "  ".repeat(depth);
        if !seen.insert(one.title()) {
            writeln!(out, "{pad}from {} (above)", one.title())?;
            continue;
        }
        let from = if depth == 0 { "" } else { "from " };
        let line = format!("{pad}{from}{}  {}  pushed {} by {}", one.title(), short(&one), one.at, one.by.name);
        writeln!(out, "{}", shown(&line))?;
        let facts = passport(&one).map(|passport| passport.summary()).unwrap_or_default();
        for (name, text) in facts {
            if name == "source" || name.starts_with("data") {
                writeln!(out, "{pad}  {}", shown(&format!("{name}: {text}")))?;
            }
        }
        if seen.len() > MOST_VERSIONS {
            return Err(Failure::data(
                std::path::Path::new(registry.url()),
                format!("the lineage has more than {MOST_VERSIONS} versions"),
            ));
        }
        for parent in one.parents.iter().rev() {
            open.push((depth + 1, registry.manifest(&parent.model, parent.version)?));
        }
    }
    for child in children(&registry, &manifest.model, manifest.version)? {
        writeln!(out, "{}", shown(&format!("made from it: {}  {}", child.title(), child.file.name)))?;
    }
    Ok(())
}

/// The versions that name this one as a parent.
fn children(registry: &Registry, model: &Name, version: u64) -> Result<Vec<Manifest>, Failure> {
    let mut children = Vec::new();
    let models = match registry.models() {
        Err(Error::Unsupported(..)) => {
            report::note(
                "this registry does not list its models: versions of others that were made from it are not shown",
            );
            vec![model.clone()]
        }
        models => models?,
    };
    for other in models {
        for number in registry.versions(&other)? {
            let manifest = registry.manifest(&other, number)?;
            if manifest.parents.iter().any(|parent| (&parent.model, parent.version) == (model, version)) {
                children.push(manifest);
            }
        }
    }
    Ok(children)
}
