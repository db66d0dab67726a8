//! `skiff supported`: the estimators that are supported.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;
use skiff::registry::{self, Class};

use crate::args::{Format, Supported, similar};
use crate::report::{Failure, Outcome};

/// Prints the table of estimators, or the documentation of one.
pub fn run(arguments: &Supported) -> Outcome {
    let mut out = io::stdout().lock();
    if let Some(class) = &arguments.class {
        let class = find(class).ok_or_else(|| unknown(class))?;
        match arguments.format {
            Format::Text => writeln!(out, "# {}.{}\n\n{}", class.module(), class.name(), class.page())?,
            Format::Json => writeln!(out, "{}", to_json(class))?,
        }
        return Ok(());
    }
    match arguments.format {
        Format::Json => {
            let all: Vec<_> = registry::classes().map(to_json).collect();
            writeln!(out, "{}", json!(all))?;
        }
        Format::Text => {
            let mut modules: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for class in registry::classes() {
                modules.entry(class.module()).or_default().push(class.name());
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

fn find(name: &str) -> Option<&'static Class> {
    registry::find(name).or_else(|| {
        registry::classes().find(|class| class.name() == name || format!("{}.{}", class.module(), class.name()) == name)
    })
}

fn unknown(class: &str) -> Failure {
    let what = match similar(class, registry::classes().map(Class::name)) {
        Some(known) => format!("`{class}` is not a supported estimator; did you mean `{known}`?"),
        None => format!("`{class}` is not a supported estimator; `skiff supported` lists those that are"),
    };
    Failure::Usage(what)
}

fn to_json(class: &Class) -> serde_json::Value {
    json!({ "name": class.name(), "module": class.module(), "classes": class.paths, "page": class.page() })
}
