//! `sklearn.linear_model`.

mod linear_classifier;
mod logistic_regression;

use crate::registry::Entry;

pub(crate) use linear_classifier::LinearClassifier;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[Entry::of::<logistic_regression::LogisticRegression>()];
