//! `skiff verify`: the digest of a file, its recorded rows, and its signature.

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use skiff::verify::{Digest, Outcome, Replay, Rows, Verified};
use skiff::{Verification, VerifyOptions};

use super::verify_signature;
use crate::args::{Format, Verify};
use crate::input;
use crate::report::Failure;
use crate::shown::shown;

/// Prints the results, and returns the outcome.
pub fn run(arguments: &Verify) -> Result<Verified, Failure> {
    let model = &arguments.model;
    let signature = verify_signature::requirement(model, &arguments.signature)?;
    let unchecked = verify_signature::unchecked(model, signature.as_ref());
    let options = VerifyOptions { open: arguments.open.options()?, signature };
    let found = match input::is_standard(model) {
        true if options.signature.is_some() => {
            return Err(Failure::Usage(
                "the signature of standard input cannot be verified: save it to a file first".to_owned(),
            ));
        }
        true => skiff::verify_bytes(input::standard(&options.open.limits)?, &options)?,
        false => skiff::verify(model, &options)?,
    };
    let verdict = found.verdict();
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => {
            let mut json = to_json(verdict, &found);
            if let Some(path) = &unchecked {
                json["unchecked_signature"] = Json::from(path.display().to_string());
            }
            writeln!(out, "{json:#}")?;
        }
        Format::Text => {
            let name = input::shown(model).display().to_string();
            let words = match verdict {
                Verified::No if found.signature.is_some() => "not verified",
                verdict => in_words(verdict),
            };
            writeln!(out, "{}: {words}", shown(&name))?;
            if let Some(signature) = &found.signature {
                verify_signature::write_text(&mut out, signature)?;
            }
            if let Some(path) = &unchecked {
                let path = path.display().to_string();
                let how = "pass a key to verify it: `--key FILE` or `--certificate-chain FILE`";
                writeln!(out, "  signature: `{}` was not checked; {how}", shown(&path))?;
            }
            write_text(&mut out, &found)?;
        }
    }
    Ok(verdict)
}

fn in_words(verdict: Verified) -> &'static str {
    match verdict {
        Verified::Yes => "verified",
        Verified::No => "modified",
        Verified::CouldNot => "incomplete: not everything could be verified",
    }
}

fn write_text(out: &mut impl Write, found: &Verification) -> io::Result<()> {
    let digest = match found.digest {
        Digest::Whole => "matches",
        Digest::Differs => "does not match: the file was modified; nothing else was checked",
        Digest::Missing => "none: only .skiff files have one",
        Digest::Unread => return Ok(()),
    };
    writeln!(out, "  digest: {digest}")?;
    match &found.rows {
        Rows::None if found.digest == Digest::Differs => Ok(()),
        Rows::None => writeln!(out, "  recorded rows: none"),
        Rows::CannotReplay(why) => writeln!(out, "  recorded rows: cannot be replayed: {}", shown(why)),
        Rows::Replayed { rows, methods } => {
            writeln!(out, "  recorded rows: {rows}")?;
            for Replay { method, outcome } in methods {
                let method = shown(method);
                match outcome {
                    Outcome::Equal { largest } if *largest == 0.0 => writeln!(out, "    {method}: matches")?,
                    Outcome::Equal { largest } => {
                        writeln!(out, "    {method}: matches; numbers differ by at most {largest:.1e}")?;
                    }
                    Outcome::Differs { difference, largest } => {
                        writeln!(out, "    {method}: differs: {}", shown(&difference.to_string()))?;
                        if *largest > 0.0 {
                            writeln!(out, "      numbers differ by at most {largest:.1e}")?;
                        }
                    }
                    Outcome::CannotReplay(why) => writeln!(out, "    {method}: cannot be replayed: {}", shown(why))?,
                }
            }
            Ok(())
        }
    }
}

fn to_json(verdict: Verified, found: &Verification) -> Json {
    let verdict = match verdict {
        Verified::Yes => "verified",
        Verified::No => "differs",
        Verified::CouldNot => "could not",
    };
    let digest = match found.digest {
        Digest::Whole => Some("whole"),
        Digest::Differs => Some("differs"),
        Digest::Missing => Some("missing"),
        Digest::Unread => None,
    };
    let mut json = json!({ "verdict": verdict, "digest": digest, "rows": rows_to_json(&found.rows) });
    if let Some(signature) = &found.signature {
        json["signature"] = verify_signature::to_json(signature);
    }
    json
}

fn rows_to_json(rows: &Rows) -> Json {
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
    match rows {
        Rows::None => Json::Null,
        Rows::CannotReplay(why) => json!({ "count": null, "reason": why, "methods": [] }),
        Rows::Replayed { rows, methods } => json!({
            "count": rows,
            "reason": null,
            "methods": methods.iter().map(replay).collect::<Vec<_>>(),
        }),
    }
}

/// JSON has no infinity: `null` for a number that is not finite.
fn number(value: f64) -> Json {
    if value.is_finite() { json!(value) } else { json!("inf") }
}
