//! `skiff supported`: the estimators that are supported.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;
use skiff::registry::{self, Entry};

use crate::Outcome;
use crate::args::{Format, Supported, similar};
use crate::report::Failure;

/// Prints the table of estimators, or the page of one.
pub fn run(arguments: &Supported) -> Outcome {
    let mut out = io::stdout().lock();
    if let Some(class) = &arguments.class {
        let entry = find(class).ok_or_else(|| unknown(class))?;
        match arguments.format {
            Format::Text => writeln!(out, "# {}.{}\n\n{}", entry.module(), entry.name(), entry.page())?,
            Format::Json => writeln!(out, "{}", to_json(entry))?,
        }
        return Ok(());
    }
    match arguments.format {
        Format::Json => {
            let all: Vec<_> = registry::entries().map(to_json).collect();
            writeln!(out, "{}", json!(all))?;
        }
        Format::Text => {
            let mut modules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for entry in registry::entries() {
                modules.entry(entry.module()).or_default().push(entry.name());
            }
            for (module, mut names) in modules {
                names.sort_unstable();
                writeln!(out, "{module}")?;
                for name in names {
                    writeln!(out, "  {name}")?;
                }
            }
        }
    }
    Ok(())
}

fn find(class: &str) -> Option<&'static Entry> {
    registry::find(class).or_else(|| {
        registry::entries()
            .find(|entry| entry.name() == class || format!("{}.{}", entry.module(), entry.name()) == class)
    })
}

fn unknown(class: &str) -> Failure {
    let what = match similar(class, registry::entries().map(Entry::name)) {
        Some(known) => format!("`{class}` is not a supported estimator; did you mean `{known}`?"),
        None => format!("`{class}` is not a supported estimator; `skiff supported` lists those that are"),
    };
    Failure::Usage(what)
}

fn to_json(entry: &Entry) -> serde_json::Value {
    json!({ "name": entry.name(), "module": entry.module(), "classes": entry.classes, "page": entry.page() })
}
