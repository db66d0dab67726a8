//! `sklearn.impute`.

mod missing;
mod missing_indicator;
mod simple_imputer;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] =
    &[Entry::of::<missing_indicator::MissingIndicator>(), Entry::of::<simple_imputer::SimpleImputer>()];
