//! `skiff scan`: what loading files in Python would do.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use skiff::{Finding, Options, Rating, UnknownAttribute, Verdict};

use crate::args::{Format, Scan, ScanFormat};
use crate::report::{self, Failure};
use crate::shown::shown;
use crate::{input, progress};

/// The outcome for all files together.
pub enum Answer {
    /// Every file is a model.
    AllModels,
    /// At least one is something else.
    NotAll,
    /// At least one could not be read.
    CouldNot,
}

/// A file and its verdict.
struct Scanned {
    path: PathBuf,
    verdict: Verdict,
    /// Not a model file, and not given as an argument.
    is_passed_over: bool,
}

/// Scans every path, prints the verdicts in order, and returns the outcome.
pub fn run(arguments: &Scan) -> Result<Answer, Failure> {
    let options =
        Options { limits: arguments.limits.limits(), identity: arguments.identity.read()?, ..Options::default() };
    let (mut scanned, mut failed) = (Vec::new(), false);
    let mut out = BufWriter::new(io::stdout().lock());
    let files = files(&arguments.paths, &mut failed);
    let progress = progress::files(arguments.quiet, files.len());
    for (path, is_named) in files {
        progress.set_message(shown(&path.display().to_string()).into_owned());
        progress.inc(1);
        let verdict = match scan(&path, &options) {
            Ok(verdict) => verdict,
            Err(failure) => {
                failed = true;
                report::print(&failure, Format::Text);
                continue;
            }
        };
        let is_passed_over =
            !is_named && !arguments.strict && !verdict.is_model_file && verdict.rating != Rating::Dangerous;
        let one = Scanned { path, verdict, is_passed_over };
        if arguments.format == ScanFormat::Text {
            write_text(&mut out, &one)?;
        }
        scanned.push(one);
    }
    progress.finish_and_clear();
    match arguments.format {
        ScanFormat::Text => {}
        ScanFormat::Json => writeln!(out, "{:#}", Json::from(scanned.iter().map(to_json).collect::<Vec<_>>()))?,
        ScanFormat::Sarif => writeln!(out, "{:#}", sarif(&scanned))?,
    }
    out.flush()?;
    let all = scanned.iter().all(|one| one.is_passed_over || one.verdict.rating == Rating::Model);
    Ok(match (failed, all) {
        (true, _) => Answer::CouldNot,
        (false, true) => Answer::AllModels,
        (false, false) => Answer::NotAll,
    })
}

fn scan(path: &Path, options: &Options) -> Result<Verdict, Failure> {
    if !input::is_standard(path) {
        return Ok(skiff::scan(path, options)?);
    }
    Ok(skiff::scan_bytes(input::standard(&options.limits)?, options)?)
}

/// Every file, those of folders sorted by name, and whether it was given as an argument.
fn files(paths: &[PathBuf], failed: &mut bool) -> Vec<(PathBuf, bool)> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push((path.clone(), true));
            continue;
        }
        let (inside, unread) = skiff::files_in(path);
        for (folder, error) in unread {
            *failed = true;
            report::print(&Failure::unreadable(&folder, error), Format::Text);
        }
        found.extend(inside.into_iter().map(|path| (path, false)));
    }
    found
}

fn write_text(out: &mut impl Write, one: &Scanned) -> io::Result<()> {
    let Scanned { path, verdict, is_passed_over } = one;
    if *is_passed_over {
        return writeln!(out, "not a model  {}", shown(&path.display().to_string()));
    }
    writeln!(out, "{:<10} {}", verdict.rating.name(), shown(&path.display().to_string()))?;
    for finding in &verdict.findings {
        let place = place(finding);
        let place = if place.is_empty() { String::new() } else { format!("  [{}]", place.join(", ")) };
        writeln!(out, "    {}: {}{}", finding.rating.name(), shown(&message(finding)), shown(&place))?;
    }
    if verdict.in_a_row > 1 {
        writeln!(out, "    note: {} pickles in one file; Python's loaders read the first", verdict.in_a_row)?;
    }
    for UnknownAttribute { class, name, place, path } in &verdict.unknown_attributes {
        let path = path.iter().filter(|path| !path.is_empty());
        let place: Vec<_> = place.iter().chain(path).map(String::as_str).collect();
        let place = if place.is_empty() { String::new() } else { format!("  [{}]", place.join(", ")) };
        let note = format!("`{class}` has no attribute `{name}` in any version; it holds plain data{place}");
        writeln!(out, "    note: {}", shown(&note))?;
    }
    Ok(())
}

fn message(finding: &Finding) -> String {
    match &finding.name {
        Some(name) => format!("`{name}` {}", finding.sentence),
        None => finding.sentence.clone(),
    }
}

fn place(finding: &Finding) -> Vec<String> {
    let pickle = finding.pickle.filter(|&pickle| pickle > 0).map(|pickle| format!("pickle {pickle}"));
    let offset = finding.offset.map(|offset| format!("byte {offset}"));
    let path = finding.path.clone().filter(|path| !path.is_empty());
    finding.place.iter().cloned().chain(pickle).chain(offset).chain(path).collect()
}

fn to_json(one: &Scanned) -> Json {
    let finding = |finding: &Finding| {
        json!({
            "rating": finding.rating.name(),
            "name": finding.name,
            "sentence": finding.sentence,
            "place": finding.place,
            "pickle": finding.pickle,
            "offset": finding.offset,
            "path": finding.path,
        })
    };
    let attribute = |found: &UnknownAttribute| json!({ "class": found.class, "name": found.name, "place": found.place, "path": found.path });
    json!({
        "file": one.path.display().to_string(),
        "verdict": one.verdict.rating.name(),
        "passed_over": one.is_passed_over,
        "size": one.verdict.size,
        "judged": one.verdict.judged,
        "in_a_row": one.verdict.in_a_row,
        "findings": one.verdict.findings.iter().map(finding).collect::<Vec<_>>(),
        "unknown_attributes": one.verdict.unknown_attributes.iter().map(attribute).collect::<Vec<_>>(),
    })
}

fn sarif(scanned: &[Scanned]) -> Json {
    let rule = |rating: Rating, text: &str| json!({ "id": rating.name(), "shortDescription": { "text": text } });
    let results: Vec<_> = scanned
        .iter()
        .filter(|one| !one.is_passed_over)
        .flat_map(|one| one.verdict.findings.iter().map(move |finding| (one, finding)))
        .map(|(one, finding)| {
            let place = place(finding);
            let mut location = json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&one.path) } } });
            if let (Some(offset), true) = (finding.offset, finding.place.is_empty()) {
                location["physicalLocation"]["region"] = json!({ "byteOffset": offset, "byteLength": 1 });
            }
            if !place.is_empty() {
                location["logicalLocations"] = json!([{ "fullyQualifiedName": place.join(", ") }]);
            }
            json!({
                "ruleId": finding.rating.name(),
                "level": if finding.rating == Rating::Dangerous { "error" } else { "warning" },
                "message": { "text": message(finding) },
                "locations": [location],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "skiff scan",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [
                    rule(Rating::Dangerous, "loading the file would run code or access other resources"),
                    rule(Rating::Unknown, "the file has something that no known model needs, or that could not be checked"),
                ],
            } },
            "results": results,
        }],
    })
}

/// A path for SARIF: slashes, and everything but plain characters escaped.
fn uri(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "/");
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
