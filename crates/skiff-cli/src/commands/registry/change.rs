//! `skiff registry alias`, `rollback` and `log`.

use std::io::{self, Write};

use serde_json::json;
use skiff_registry::{AliasChange, AliasEntry, Expected, Name};

use super::{author, open, open_to_change};
use crate::args::Format;
use crate::args::registry::{self as flags, ChangeArguments};
use crate::report::{Failure, Outcome};
use crate::shown::shown;

/// Sets or removes an alias.
pub fn alias(arguments: &flags::Alias) -> Outcome {
    let (registry, address) = open_to_change(&arguments.address, &arguments.change)?;
    let alias: Name = arguments.alias.parse()?;
    let change = change(&arguments.change, arguments.expect);
    let entry = registry.set_alias(&address.model, &alias, arguments.version, &change)?;
    print(&address.model, &alias, &entry)
}

/// Sets an alias back.
pub fn rollback(arguments: &flags::Rollback) -> Outcome {
    let (registry, address) = open_to_change(&arguments.address, &arguments.change)?;
    let alias: Name = arguments.alias.parse()?;
    let entry = registry.rollback(&address.model, &alias, &change(&arguments.change, arguments.expect))?;
    print(&address.model, &alias, &entry)
}

/// Prints the changes, oldest first, or the version at a time.
pub fn log(arguments: &flags::Log) -> Outcome {
    let (registry, address) = open(&arguments.address)?;
    registry.versions(&address.model)?;
    let aliases = match &arguments.alias {
        Some(alias) => vec![alias.parse()?],
        None => registry.aliases(&address.model)?.into_iter().map(|(alias, _)| alias).collect(),
    };
    let mut changes = Vec::new();
    for alias in aliases {
        let history = registry.history(&address.model, &alias)?;
        changes.extend(history.into_iter().map(|entry| (alias.clone(), entry)));
    }
    // Times are of equal length, so their texts are in the order of the times.
    changes.sort_by(|(_, a), (_, b)| a.at.cmp(&b.at));
    let mut out = io::stdout().lock();
    if let Some(at) = &arguments.at {
        let at = time(at)?;
        let last = changes.iter().rfind(|(_, entry)| entry.at <= at).and_then(|(_, entry)| entry.to);
        return match (last, arguments.format) {
            (version, Format::Json) => Ok(writeln!(out, "{version}", version = json!(version))?),
            (Some(version), Format::Text) => Ok(writeln!(out, "{}:{version}", address.model)?),
            (None, Format::Text) => Ok(writeln!(out, "none")?),
        };
    }
    match arguments.format {
        Format::Json => {
            let changes: Vec<_> = changes
                .iter()
                .map(|(alias, entry)| {
                    let mut json = json!(entry);
                    json["alias"] = json!(alias);
                    json
                })
                .collect();
            writeln!(out, "{:#}", json!(changes))?;
        }
        Format::Text => {
            for (alias, entry) in &changes {
                write(&mut out, &address.model, alias, entry)?;
            }
        }
    }
    Ok(())
}

/// Who changes an alias, why, and from what.
pub fn change(arguments: &ChangeArguments, expect: Option<u64>) -> AliasChange {
    let expected = match expect {
        None => Expected::Any,
        Some(0) => Expected::At(None),
        Some(version) => Expected::At(Some(version)),
    };
    AliasChange { by: author(arguments), why: arguments.why.clone(), expected }
}

/// Prints a change that was made.
pub fn print(model: &Name, alias: &Name, entry: &AliasEntry) -> Outcome {
    Ok(write(&mut io::stdout().lock(), model, alias, entry)?)
}

/// `2026-11-25T15:09:04Z  churn@production  2 -> 3  ada@host  why`
fn write(out: &mut impl Write, model: &Name, alias: &Name, entry: &AliasEntry) -> io::Result<()> {
    let version = |version: Option<u64>| version.map_or_else(|| "-".to_owned(), |version| version.to_string());
    let host = entry.by.host.as_ref().map_or_else(String::new, |host| format!("@{host}"));
    let back = if entry.rollback { "  (rollback)" } else { "" };
    let why = entry.why.as_ref().map_or_else(String::new, |why| format!("  {why}"));
    let (from, to) = (version(entry.from), version(entry.to));
    let line = format!("{}  {model}@{alias}  {from} -> {to}  {}{host}{back}{why}", entry.at, entry.by.name);
    writeln!(out, "{}", shown(&line))
}

/// A time as entries have it; the end of a day that is given without one.
fn time(text: &str) -> Result<String, Failure> {
    let shape: String =
        text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
    match shape.as_str() {
        "0000-00-00" => Ok(format!("{text}T23:59:59Z")),
        "0000-00-00T00:00:00Z" => Ok(text.to_owned()),
        _ => Err(Failure::Usage(format!("expected a time like 2026-11-25 or 2026-11-25T15:09:04Z, found `{text}`"))),
    }
}
