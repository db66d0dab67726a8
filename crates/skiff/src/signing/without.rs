//! The types of signatures without the feature: they have no values.

use std::path::Path;

use crate::Error;

/// The signature that a model must have. It has no values without the feature `signing`.
#[derive(Clone, Debug)]
pub enum SignatureRequirement {}

/// The verdict on a signature. It has no values without the feature `signing`.
#[derive(Clone, Debug, PartialEq)]
pub enum SignatureVerdict {}

impl SignatureVerdict {
    /// Whether the model is the one that the signer signed, to the last byte.
    pub fn is_verified(&self) -> bool {
        match *self {}
    }
}

pub(crate) fn verify(_: &Path, requirement: &SignatureRequirement) -> Result<SignatureVerdict, Error> {
    match *requirement {}
}

pub(crate) fn add_uncovered(verdict: &mut SignatureVerdict, _: Vec<String>) {
    match *verdict {}
}
