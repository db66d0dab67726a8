//! The part of `skiff verify` about signatures.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use skiff::signing::{self, CertificateView, SignatureRequirement, SignatureVerdict, Trust};

use crate::args::keys::SignatureArguments;
use crate::report::Failure;
use crate::shown::shown;

/// The signature that the model must have, if a trusted signer was given.
pub fn requirement(model: &Path, arguments: &SignatureArguments) -> Result<Option<SignatureRequirement>, Failure> {
    let requirement = trusted(arguments)?;
    if requirement.is_none() && (arguments.signature.is_some() || model.is_dir()) {
        let what = "to verify a signature, pass `--key FILE` or `--certificate-chain FILE`";
        return Err(Failure::Usage(what.to_owned()));
    }
    Ok(requirement)
}

/// The trusted signer, if one was given.
pub fn trusted(arguments: &SignatureArguments) -> Result<Option<SignatureRequirement>, Failure> {
    let signature = arguments.signature.clone();
    if let Some(path) = &arguments.key {
        return Ok(Some(SignatureRequirement { trust: Trust::Key(signing::public_key(path)?), signature }));
    }
    let mut roots = Vec::new();
    for path in &arguments.certificate_chain {
        roots.extend(signing::certificates(path)?);
    }
    if !roots.is_empty() {
        return Ok(Some(SignatureRequirement {
            trust: Trust::Certificates { roots, at: arguments.valid_at },
            signature,
        }));
    }
    Ok(None)
}

/// The signature file next to the model that is not verified, if no trusted signer was given.
pub fn unchecked(model: &Path, requirement: Option<&SignatureRequirement>) -> Option<PathBuf> {
    let path = signing::default_signature(model);
    (requirement.is_none() && path.is_file()).then_some(path)
}

/// Prints the verdict, indented under the model's name.
pub fn write_text(out: &mut impl Write, verdict: &SignatureVerdict) -> io::Result<()> {
    let signer = &verdict.signer;
    let by = match (&signer.certificate, &signer.key) {
        (Some(CertificateView { subject, issuer, .. }), _) => format!("by `{subject}`, certified by `{issuer}`"),
        (None, Some(key)) => format!("by the key `{key}`"),
        (None, None) => "by an unknown signer".to_owned(),
    };
    let how = signer.algorithm.map(|algorithm| format!(", {}", algorithm.describe())).unwrap_or_default();
    writeln!(out, "  signature: {}{how}", shown(&by))?;
    match verdict.files.len() {
        0 => {}
        1 => writeln!(out, "    1 file matches")?,
        count => writeln!(out, "    {count} files match")?,
    }
    for problem in &verdict.problems {
        writeln!(out, "    {}", shown(&problem.to_string()))?;
    }
    for note in &verdict.notes {
        writeln!(out, "    note: {}", shown(&note.to_string()))?;
    }
    for name in &verdict.uncovered {
        writeln!(out, "    note: `{}` is not covered by the signature", shown(name))?;
    }
    Ok(())
}

/// The verdict as JSON.
pub fn to_json(verdict: &SignatureVerdict) -> Json {
    let certificate = |view: &CertificateView| {
        json!({
            "subject": view.subject,
            "issuer": view.issuer,
            "fingerprint": view.fingerprint,
            "not_before": view.not_before,
            "not_after": view.not_after,
        })
    };
    let signer = &verdict.signer;
    json!({
        "verified": verdict.is_verified(),
        "signer": {
            "algorithm": signer.algorithm.map(|algorithm| algorithm.name()),
            "key": signer.key,
            "certificate": signer.certificate.as_ref().map(certificate),
        },
        "name": verdict.name,
        "files": verdict.files,
        "uncovered": verdict.uncovered,
        "problems": verdict.problems.iter().map(|problem| json!({
            "code": problem.code(), "file": problem.file(), "message": problem.to_string(),
        })).collect::<Vec<_>>(),
        "notes": verdict.notes.iter().map(|note| json!({
            "code": note.code(), "message": note.to_string(),
        })).collect::<Vec<_>>(),
    })
}
