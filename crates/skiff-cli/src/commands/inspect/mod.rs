//! `skiff inspect`: the content of a model file.

mod card;
mod cyclonedx;
pub mod facts;
mod html;

use std::io::{self, Write};

use skiff::{EstimatorView, Inspection, PlainLoading, PlainOutcome, class_name};

use crate::args::{Inspect, InspectOutput};
use crate::input;
use crate::report::Outcome;
use crate::shown::shown;
use facts::Facts;

/// Prints the file's content: the libraries that wrote it, the estimators as a tree, anything unusual.
pub fn run(arguments: &Inspect) -> Outcome {
    let options = arguments.open.options()?;
    if matches!(arguments.format, InspectOutput::Card | InspectOutput::Cyclonedx) {
        let facts = Facts::read(&arguments.model, &options)?;
        let mut out = io::stdout().lock();
        return match arguments.format {
            InspectOutput::Card => Ok(out.write_all(card::card(&facts).as_bytes())?),
            _ => Ok(writeln!(out, "{:#}", cyclonedx::bill(&facts))?),
        };
    }
    let file = input::file(&arguments.model, &options)?;
    let mut inspection = file.inspect();
    if let Some(address) = &options.at {
        // A wrong address is an error; a valid one restricts the output.
        file.model(Some(address))?;
        inspection.estimators.retain(|estimator| estimator.address == *address);
    }
    inspection.plain_loading = arguments.scikit_learn.as_ref().map(|version| file.plain_loading(version));
    let mut out = io::stdout().lock();
    let name = input::shown(&arguments.model).display().to_string();
    match arguments.format {
        InspectOutput::Json => writeln!(out, "{:#}", inspection.to_json())?,
        InspectOutput::Html => write!(out, "{}", html::page(&name, &file, &inspection))?,
        _ => write_text(&mut out, &name, &inspection, arguments.all)?,
    }
    Ok(())
}

/// What the version of `--in` makes of the file as it is.
fn write_plain_loading(out: &mut impl Write, loading: &PlainLoading) -> io::Result<()> {
    writeln!(out, "\nin scikit-learn {}: {}", loading.version, loading.outcome.sentence())?;
    for reason in &loading.reasons {
        writeln!(out, "  {}", shown(reason))?;
    }
    match (&loading.refused, loading.outcome) {
        (Some(refused), _) => writeln!(out, "`skiff convert --for` cannot rewrite it: {}", shown(refused)),
        (None, PlainOutcome::Loads) => Ok(()),
        (None, _) => writeln!(out, "`skiff convert --for scikit-learn=={}` rewrites it", loading.version),
    }
}

fn write_text(out: &mut impl Write, name: &str, inspection: &Inspection, all: bool) -> io::Result<()> {
    writeln!(out, "{}: {}, {}", shown(name), shown(&inspection.format.join(", ")), bytes(inspection.size))?;
    if !inspection.written_by.is_empty() {
        writeln!(out, "written by {}", shown(&inspection.written_by.join(", ")))?;
    }
    for estimator in &inspection.estimators {
        writeln!(out)?;
        write_estimator(out, estimator, 0, all)?;
    }
    if inspection.estimators.is_empty() {
        writeln!(out, "\nno estimator in the file")?;
    }
    if let Some(loading) = &inspection.plain_loading {
        write_plain_loading(out, loading)?;
    }
    if let Some(mlflow) = &inspection.mlflow {
        write_entries(out, "MLflow", mlflow.summary())?;
    }
    if !inspection.history.is_empty() {
        writeln!(out, "\nhistory:")?;
        for conversion in &inspection.history {
            writeln!(out, "  {}", shown(&conversion.sentence()))?;
        }
    }
    let summary = inspection.passport.as_ref().map(skiff::Passport::summary).unwrap_or_default();
    if !summary.is_empty() {
        write_entries(out, "passport", summary)?;
    }
    if !inspection.unusual.is_empty() {
        writeln!(out, "\nunusual:")?;
        for what in &inspection.unusual {
            writeln!(out, "  {}", shown(what))?;
        }
    }
    Ok(())
}

fn write_entries(out: &mut impl Write, heading: &str, entries: Vec<(String, String)>) -> io::Result<()> {
    writeln!(out, "\n{heading}:")?;
    for (name, text) in entries {
        // Notes may have several lines.
        let mut lines = text.lines();
        writeln!(out, "  {}: {}", shown(&name), shown(lines.next().unwrap_or_default()))?;
        for line in lines {
            writeln!(out, "    {}", shown(line))?;
        }
    }
    Ok(())
}

fn write_estimator(out: &mut impl Write, view: &EstimatorView, depth: usize, all: bool) -> io::Result<()> {
    let pad = "    ".repeat(depth);
    let name = class_name(&view.class);
    let label = match (depth, view.address.as_str()) {
        (0, "") => String::new(),
        (0, address) => format!("{address}: "),
        _ => format!("{}: ", view.label),
    };
    let is_shown = |name: &String| all || view.changed_parameters.contains(name);
    let parameters = view.parameters.iter().filter(|(name, _)| is_shown(name));
    let parameters: Vec<_> = parameters.map(|(name, value)| shown(&format!("{name}={value}")).into_owned()).collect();
    let head = format!("{pad}{}{}(", shown(&label), shown(name));
    write_wrapped(out, &head, &parameters)?;
    let mut fact = |name: &str, value: &str| writeln!(out, "{pad}  {}: {}", shown(name), shown(value));
    if let Some(classes) = &view.classes {
        fact("classes", &few(classes))?;
    }
    match (&view.feature_names_in, view.n_features_in) {
        (Some(names), _) => fact("features", &few(names))?,
        (None, Some(count)) => fact("features", &count.to_string())?,
        (None, None) => {}
    }
    for (name, value) in &view.attributes {
        fact(name, value)?;
    }
    if view.array_bytes > 0 {
        fact("arrays", &bytes(view.array_bytes))?;
    }
    if depth == 0 {
        match &view.methods {
            Ok(methods) => {
                let names: Vec<_> = methods.iter().map(|method| method.name()).collect();
                fact("methods", &names.join(", "))?;
            }
            Err(error) => fact("not supported", error)?,
        }
    }
    for inner in &view.inner {
        write_estimator(out, inner, depth + 1, all)?;
    }
    for (attribute, class, count) in &view.members {
        writeln!(out, "{pad}    {}: {count} × {}", shown(attribute), shown(class_name(class)))?;
    }
    Ok(())
}

/// `head`, the items separated by commas, and a parenthesis; lines end before column 110.
fn write_wrapped(out: &mut impl Write, head: &str, items: &[String]) -> io::Result<()> {
    let indent = " ".repeat(head.chars().count().min(24));
    let mut line = head.to_owned();
    for (place, item) in items.iter().enumerate() {
        if place > 0 && line.chars().count() + item.chars().count() > 108 {
            writeln!(out, "{}", line.trim_end())?;
            line.clone_from(&indent);
        }
        line += item;
        line += if place + 1 < items.len() { ", " } else { "" };
    }
    writeln!(out, "{line})")
}

/// The first eight of a list.
fn few(items: &[String]) -> String {
    match items.len() {
        0..=8 => items.join(", "),
        count => format!("{}, … ({count} in all)", items[..8].join(", ")),
    }
}

/// A human-readable number of bytes.
pub fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let number = count as f64;
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", number / 1e6),
        _ => format!("{:.2} GB", number / 1e9),
    }
}
