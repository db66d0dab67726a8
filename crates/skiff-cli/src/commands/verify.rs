//! `skiff verify`: is the file as it was written, and does its model answer what it answered?

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use skiff::verify::{Digest, Outcome, Replay, Rows, Verified};
use skiff::{Verification, VerifyOptions};

use crate::args::{Format, Verify};
use crate::report::Failure;
use crate::shown::shown;

/// Prints what was found, and says what it comes to.
pub fn run(arguments: &Verify) -> Result<Verified, Failure> {
    let options = VerifyOptions { open: arguments.model.options() };
    let found = skiff::verify(&arguments.model.model, &options)?;
    let verdict = found.verdict();
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{:#}", to_json(&found))?,
        Format::Text => {
            let name = arguments.model.model.display().to_string();
            writeln!(out, "{}: {}", shown(&name), in_words(verdict))?;
            write_text(&mut out, &found)?;
        }
    }
    Ok(verdict)
}

fn in_words(verdict: Verified) -> &'static str {
    match verdict {
        Verified::Yes => "verified",
        Verified::No => "not as it was written",
        Verified::CouldNot => "not everything could be verified",
    }
}

fn write_text(out: &mut impl Write, found: &Verification) -> io::Result<()> {
    let digest = match found.digest {
        Digest::Whole => "every bit is as it was written",
        Digest::Differs => "the bytes are not those that were written; nothing else was looked at",
        Digest::Missing => "only .skiff files have one: whether the bytes are those that were written cannot be told",
    };
    writeln!(out, "  digest: {digest}")?;
    match &found.rows {
        Rows::None if found.digest == Digest::Differs => Ok(()),
        Rows::None => writeln!(out, "  recorded rows: there are none"),
        Rows::CannotReplay(why) => writeln!(out, "  recorded rows: cannot be asked again: {}", shown(why)),
        Rows::Replayed { rows, methods } => {
            writeln!(out, "  recorded rows: {rows}")?;
            for Replay { method, outcome } in methods {
                let method = shown(method);
                match outcome {
                    Outcome::Equal { largest } if *largest == 0.0 => writeln!(out, "    {method}: the same")?,
                    Outcome::Equal { largest } => {
                        writeln!(out, "    {method}: the same; numbers are at most {largest:.1e} apart")?;
                    }
                    Outcome::Differs { difference, largest } => {
                        writeln!(out, "    {method}: differs: {}", shown(&difference.to_string()))?;
                        if *largest > 0.0 {
                            writeln!(out, "      numbers are at most {largest:.1e} apart")?;
                        }
                    }
                    Outcome::CannotReplay(why) => writeln!(out, "    {method}: cannot be asked again: {}", shown(why))?,
                }
            }
            Ok(())
        }
    }
}

fn to_json(found: &Verification) -> Json {
    let digest = match found.digest {
        Digest::Whole => "whole",
        Digest::Differs => "differs",
        Digest::Missing => "missing",
    };
    let verdict = match found.verdict() {
        Verified::Yes => "verified",
        Verified::No => "differs",
        Verified::CouldNot => "could not",
    };
    let replay = |Replay { method, outcome }: &Replay| match outcome {
        Outcome::Equal { largest } => json!({ "method": method, "outcome": "equal", "largest": number(*largest) }),
        Outcome::Differs { difference, largest } => json!({
            "method": method,
            "outcome": "differs",
            "largest": number(*largest),
            "difference": difference.to_string(),
            "element": difference.element().map(|element| json!({
                "row": element.row,
                "column": element.column,
                "expected": element.expected,
                "found": element.found,
                "count": element.count,
                "of": element.of,
            })),
        }),
        Outcome::CannotReplay(why) => json!({ "method": method, "outcome": "cannot replay", "reason": why }),
    };
    let rows = match &found.rows {
        Rows::None => Json::Null,
        Rows::CannotReplay(why) => json!({ "count": null, "reason": why, "methods": [] }),
        Rows::Replayed { rows, methods } => json!({
            "count": rows,
            "reason": null,
            "methods": methods.iter().map(replay).collect::<Vec<_>>(),
        }),
    };
    json!({ "verdict": verdict, "digest": digest, "rows": rows })
}

/// JSON has no infinity: a number that is none is not near.
fn number(value: f64) -> Json {
    if value.is_finite() { json!(value) } else { json!("inf") }
}
