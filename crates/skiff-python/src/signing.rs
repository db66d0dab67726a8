//! `skiff.sign`, and the part of `skiff.verify` about signatures.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use skiff::signing::{
    self, Certificate, CertificateView, Extensions, Links, SignOptions, SignatureRequirement, SignatureVerdict, Time,
    Trust,
};

use crate::error;

/// The arguments of `skiff.sign`.
#[derive(Debug)]
pub struct Signing {
    pub key: PathBuf,
    pub password: Option<String>,
    pub certificates: Vec<PathBuf>,
    pub signature: Option<PathBuf>,
    pub ignore: Vec<String>,
    pub follow_links: bool,
    pub extension: bool,
}

/// Signs the model, and returns the signature file's path.
pub fn sign(py: Python<'_>, model: &Path, arguments: &Signing) -> PyResult<PathBuf> {
    let work = || {
        let key = signing::private_key(&arguments.key, arguments.password.as_deref())?;
        let certificates = certificates(&arguments.certificates)?;
        let signature = arguments.signature.clone().unwrap_or_else(|| signing::default_signature(model));
        let options = SignOptions {
            certificates: &certificates,
            ignored: &arguments.ignore,
            signature: Some(&signature),
            links: if arguments.follow_links { Links::Follow } else { Links::Refuse },
            extensions: if arguments.extension { Extensions::Allow } else { Extensions::Refuse },
        };
        signing::sign(model, &key, &options)?;
        Ok(signature)
    };
    py.detach(work).map_err(|error| error::raise(py, &error))
}

/// The trusted signers of `skiff.verify`.
#[derive(Debug)]
pub struct Trusting {
    pub key: Option<PathBuf>,
    pub certificate_chain: Vec<PathBuf>,
    pub valid_at: Option<String>,
    pub signature: Option<PathBuf>,
}

impl Trusting {
    /// The signature that the model must have.
    pub fn requirement(&self, py: Python<'_>) -> PyResult<SignatureRequirement> {
        let at = self.valid_at.as_deref().map(str::parse::<Time>).transpose();
        let at = at.map_err(|what| error::wrong_input(py, what))?;
        let trust = match &self.key {
            Some(path) => signing::public_key(path).map(Trust::Key),
            None => certificates(&self.certificate_chain).map(|roots| Trust::Certificates { roots, at }),
        };
        Ok(SignatureRequirement {
            trust: trust.map_err(|error| error::raise(py, &error))?,
            signature: self.signature.clone(),
        })
    }
}

fn certificates(paths: &[PathBuf]) -> Result<Vec<Certificate>, skiff::Error> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(signing::certificates(path)?);
    }
    Ok(all)
}

/// The verdict, as the dict for the class in `skiff/_signing.py`.
pub fn dict<'py>(py: Python<'py>, verdict: &SignatureVerdict) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("algorithm", verdict.signer.algorithm.map(|algorithm| algorithm.name()))?;
    dict.set_item("key", &verdict.signer.key)?;
    let certificate = verdict.signer.certificate.as_ref();
    dict.set_item("certificate", certificate.map(|view| certificate_dict(py, view)).transpose()?)?;
    dict.set_item("name", &verdict.name)?;
    dict.set_item("files", &verdict.files)?;
    dict.set_item("uncovered", &verdict.uncovered)?;
    let problems = PyList::empty(py);
    for problem in &verdict.problems {
        problems.append((problem.code(), problem.file(), problem.to_string()))?;
    }
    dict.set_item("problems", problems)?;
    let notes: Vec<_> = verdict.notes.iter().map(|note| (note.code(), note.to_string())).collect();
    dict.set_item("notes", notes)?;
    Ok(dict)
}

fn certificate_dict<'py>(py: Python<'py>, view: &CertificateView) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("subject", &view.subject)?;
    dict.set_item("issuer", &view.issuer)?;
    dict.set_item("fingerprint", &view.fingerprint)?;
    dict.set_item("not_before", &view.not_before)?;
    dict.set_item("not_after", &view.not_after)?;
    Ok(dict)
}
