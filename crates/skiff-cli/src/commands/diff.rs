//! `skiff diff`: two model files side by side.

use std::fmt::Write as _;
use std::io::{self, Write};

use skiff::Diff;
use skiff::diff::{Difference, Elements, Side, Subject};
use skiff::html::escaped;

use super::inspect::bytes;
use super::page::page;
use crate::args::{self, InspectFormat};
use crate::input;
use crate::report::Failure;
use crate::shown::shown;

/// How many differences of each kind are shown as text, unless all are.
const SHOWN: usize = 40;
/// The kinds, in the order in which they are shown.
const SUBJECTS: [(Subject, &str); 4] = [
    (Subject::Structure, "structure"),
    (Subject::Class, "classes"),
    (Subject::Hyperparameter, "hyperparameters"),
    (Subject::Attribute, "fitted attributes"),
];

/// Prints how two files differ; whether their models are the same.
pub fn run(arguments: &args::Diff) -> Result<bool, Failure> {
    let options = arguments.open.options()?;
    let paths = [&arguments.first, &arguments.second];
    if paths.iter().all(|path| input::is_standard(path)) {
        return Err(Failure::Usage("only one of the files can be standard input".to_owned()));
    }
    let files = [input::file(paths[0], &options)?, input::file(paths[1], &options)?];
    let diff = skiff::diff(files.each_ref(), options.at.as_deref())?;
    let names = paths.map(|path| input::shown(path).display().to_string());
    let mut out = io::stdout().lock();
    match arguments.format {
        InspectFormat::Json => writeln!(out, "{:#}", diff.to_json())?,
        InspectFormat::Html => write!(out, "{}", html(&names, &diff))?,
        InspectFormat::Text => write_text(&mut out, &names, &diff, arguments.all)?,
    }
    Ok(diff.is_same() || (arguments.close && diff.is_close()))
}

fn write_text(out: &mut impl Write, names: &[String; 2], diff: &Diff, all: bool) -> io::Result<()> {
    for (name, side) in names.iter().zip(&diff.files) {
        writeln!(out, "{}: {}", shown(name), shown(&origin(side)))?;
    }
    for (subject, title) in SUBJECTS {
        let found: Vec<_> = diff.differences.iter().filter(|difference| difference.subject == subject).collect();
        if found.is_empty() {
            continue;
        }
        writeln!(out, "\n{title}:")?;
        let most = if all { found.len() } else { SHOWN };
        for difference in found.iter().take(most) {
            writeln!(out, "  {}: {}", shown(place(difference)), shown(&sentence(difference)))?;
        }
        if found.len() > most {
            writeln!(out, "  … and {} more (--all)", found.len() - most)?;
        }
    }
    writeln!(out, "\n{}", summary(diff))
}

/// Format, size and the libraries that wrote a file.
fn origin(side: &Side) -> String {
    let written =
        if side.written_by.is_empty() { String::new() } else { format!(", written by {}", side.written_by.join(", ")) };
    format!("{}, {}{written}", side.format.join(", "), bytes(side.size))
}

fn place(difference: &Difference) -> &str {
    if difference.path.is_empty() { "(the file's object)" } else { &difference.path }
}

/// The two values.
fn sentence(difference: &Difference) -> String {
    match (&difference.values, &difference.elements) {
        ([Some(first), None], _) => format!("{first} → (not there)"),
        ([None, Some(second)], _) => format!("(not there) → {second}"),
        ([first, second], elements) => {
            let value = |value: &Option<String>| value.clone().unwrap_or_default();
            let (first, second) = (value(first), value(second));
            match elements {
                Some(elements) if first == second => format!("{first}: {}", of_elements(elements)),
                Some(elements) if elements.count > 1 => format!("{first} → {second}: {}", of_elements(elements)),
                None if first == second => format!("{first} → another"),
                _ => format!("{first} → {second}"),
            }
        }
    }
}

/// `3 of 12 elements differ, by at most 0.25, at element 7`
fn of_elements(elements: &Elements) -> String {
    let Elements { count, differing, greatest, at, is_close } = elements;
    let close = if *is_close { ", closely" } else { "" };
    let greatest = match greatest {
        Some(greatest) if (1e-3..1e4).contains(greatest) => format!(", by at most {greatest:.4}"),
        Some(greatest) if greatest.is_finite() => format!(", by at most {greatest:.3e}"),
        Some(_) => ", NaN or infinity from a number".to_owned(),
        None => String::new(),
    };
    format!("{differing} of {count} elements differ{close}{greatest} (element {at})")
}

/// The last line.
fn summary(diff: &Diff) -> String {
    let count = diff.differences.len() + diff.left_out;
    let mut text = match count {
        0 => format!("the same: {} values", diff.same),
        1 => format!("1 difference, {} values are the same", diff.same),
        count => format!("{count} differences, {} values are the same", diff.same),
    };
    if diff.left_out > 0 {
        let _ = write!(text, "; {} differences are not listed", diff.left_out);
    }
    if !diff.is_complete {
        text += "; not everything could be compared";
    }
    text
}

fn html(names: &[String; 2], diff: &Diff) -> String {
    let mut body = String::from("<table>\n");
    for (name, side) in names.iter().zip(&diff.files) {
        let _ = writeln!(body, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(&origin(side)));
    }
    let _ = writeln!(body, "</table>\n<p>{}</p>", escaped(&summary(diff)));
    for (subject, title) in SUBJECTS {
        let found: Vec<_> = diff.differences.iter().filter(|difference| difference.subject == subject).collect();
        if found.is_empty() {
            continue;
        }
        let [first, second] = names.each_ref().map(|name| escaped(name));
        let _ =
            writeln!(body, "<h2>{title}</h2>\n<table>\n<tr><th></th><th>{first}</th><th>{second}</th><th></th></tr>");
        for difference in found {
            let [first, second] = difference.values.each_ref().map(|value| escaped(value.as_deref().unwrap_or("–")));
            let elements = difference.elements.as_ref().map_or_else(String::new, of_elements);
            let (path, elements) = (escaped(place(difference)), escaped(&elements));
            let _ = writeln!(body, "<tr><th>{path}</th><td>{first}</td><td>{second}</td><td>{elements}</td></tr>");
        }
        body.push_str("</table>\n");
    }
    if diff.files.iter().any(|side| !side.passport.is_empty()) {
        for (name, side) in names.iter().zip(&diff.files) {
            let _ = writeln!(body, "<h2>Passport of {}</h2>", escaped(name));
            skiff::html::table(&mut body, &side.passport);
        }
    }
    page(&format!("{} and {}", names[0], names[1]), &body)
}
