//! `skiff supported`: the estimators that are supported.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;
use skiff::ExportTarget;
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
    if let Some(target) = arguments.target {
        if target.is_picture() {
            let what = "pictures show trees and composite estimators: docs/export.md";
            return Err(Failure::Usage(format!("`{}` has no methods; {what}", target.name())));
        }
        return exported(target, arguments.format, &mut out);
    }
    match arguments.format {
        Format::Json => {
            let all: Vec<_> = registry::classes().map(to_json).collect();
            writeln!(out, "{}", json!(all))?;
        }
        Format::Text => write!(out, "{}", table())?,
    }
    Ok(())
}

/// The estimators that are exported to a target and their methods: the table of `docs/export.md`.
fn exported(target: ExportTarget, format: Format, out: &mut impl Write) -> Outcome {
    match format {
        Format::Json => {
            let all: serde_json::Map<String, serde_json::Value> =
                target.estimators().map(|(estimator, methods)| (estimator.to_owned(), json!(methods))).collect();
            writeln!(out, "{}", json!(all))?;
        }
        Format::Text => {
            writeln!(out, "| estimator | methods |\n|---|---|")?;
            for (estimator, methods) in target.estimators() {
                writeln!(out, "| `{estimator}` | `{}` |", methods.join("`, `"))?;
            }
        }
    }
    Ok(())
}

/// All estimators as a table in Markdown: the one of `docs/supported.md`.
fn table() -> String {
    let mut rows: Vec<[String; 4]> = registry::classes().map(row).collect();
    rows.sort_unstable();
    rows.insert(0, ["estimator", "tested with", "differs by at most", "methods"].map(str::to_owned));
    let [first, second, third] = [0, 1, 2].map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for (number, [name, versions, difference, methods]) in rows.iter().enumerate() {
        let _ = writeln!(text, "| {name:first$} | {versions:second$} | {difference:third$} | {methods} |");
        if number == 0 {
            let lines = [first, second, third, methods.len()].map(|width| "-".repeat(width + 2));
            let _ = writeln!(text, "|{}|", lines.join("|"));
        }
    }
    text
}

fn row(class: &'static Class) -> [String; 4] {
    let name = format!("{}.{}", class.module(), class.name());
    match registry::tested(class) {
        Some(tested) => [name, versions(&tested.versions), tested.difference.to_owned(), tested.methods.join(", ")],
        None => [name, String::new(), String::new(), String::new()],
    }
}

/// `0.20 to 1.9`: minor versions, the first and the last.
fn versions(all: &[&str]) -> String {
    let minor = |version: &str| version.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    match all {
        [] => String::new(),
        [only] => minor(only),
        [first, .., last] => format!("{} to {}", minor(first), minor(last)),
    }
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
    let tested = registry::tested(class).map(
        |tested| json!({ "versions": tested.versions, "methods": tested.methods, "difference": tested.difference }),
    );
    json!({
        "name": class.name(),
        "module": class.module(),
        "classes": class.paths,
        "page": class.page(),
        "tested": tested,
    })
}
