//! `skiff verify`: is the file as it was written, and does its model answer what it answered?

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use skiff::signing::SignatureVerdict;
use skiff::verify::{Digest, Outcome, Replay, Rows, Verified};
use skiff::{Verification, VerifyOptions};

use super::verify_signature;
use crate::args::{Format, Verify};
use crate::report::Failure;
use crate::shown::shown;

/// Prints what was found, and says what it comes to.
pub fn run(arguments: &Verify) -> Result<Verified, Failure> {
    let model = &arguments.model.model;
    let signature = verify_signature::look(model, &arguments.signature)?;
    let found = match &signature {
        None => Some(look(arguments)?),
        // What is not the signer's is not looked into; a folder has no digest and no rows of its own.
        Some(verdict) if !verdict.is_verified() || model.is_dir() => None,
        Some(_) => match look(arguments) {
            Ok(found) => Some(found),
            // Anything can be signed: it need not be a model, nor open to everybody.
            Err(failure) if failure.is_of_no_model() => None,
            Err(failure) => return Err(failure),
        },
    };
    let verdict = whole(signature.as_ref(), found.as_ref());
    let mut out = io::stdout().lock();
    match arguments.format {
        Format::Json => writeln!(out, "{:#}", to_json(verdict, signature.as_ref(), found.as_ref()))?,
        Format::Text => {
            let name = arguments.model.model.display().to_string();
            let words = if signature.is_some() && verdict == Verified::No { "not verified" } else { in_words(verdict) };
            writeln!(out, "{}: {words}", shown(&name))?;
            if let Some(signature) = &signature {
                verify_signature::write_text(&mut out, signature)?;
            }
            if let Some(found) = &found {
                write_text(&mut out, found)?;
            }
        }
    }
    Ok(verdict)
}

fn look(arguments: &Verify) -> Result<Verification, Failure> {
    let options = VerifyOptions { open: arguments.model.options()? };
    Ok(skiff::verify(&arguments.model.model, &options)?)
}

/// All of it together. A signature is of every bit: beside one, a digest is not missed.
fn whole(signature: Option<&SignatureVerdict>, found: Option<&Verification>) -> Verified {
    match (signature, found) {
        (Some(signature), _) if !signature.is_verified() => Verified::No,
        (Some(_), Some(found)) if found.digest == Digest::Missing => {
            Verification { digest: Digest::Whole, rows: found.rows.clone() }.verdict()
        }
        (_, Some(found)) => found.verdict(),
        (_, None) => Verified::Yes,
    }
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

fn to_json(verdict: Verified, signature: Option<&SignatureVerdict>, found: Option<&Verification>) -> Json {
    let verdict = match verdict {
        Verified::Yes => "verified",
        Verified::No => "differs",
        Verified::CouldNot => "could not",
    };
    let (digest, rows) = found.map(parts_to_json).unwrap_or_default();
    let mut json = json!({ "verdict": verdict, "digest": digest, "rows": rows });
    if let Some(signature) = signature {
        json["signature"] = verify_signature::to_json(signature);
    }
    json
}

/// The digest and the rows.
fn parts_to_json(found: &Verification) -> (Json, Json) {
    let digest = match found.digest {
        Digest::Whole => "whole",
        Digest::Differs => "differs",
        Digest::Missing => "missing",
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
    (digest.into(), rows)
}

/// JSON has no infinity: a number that is none is not near.
fn number(value: f64) -> Json {
    if value.is_finite() { json!(value) } else { json!("inf") }
}
