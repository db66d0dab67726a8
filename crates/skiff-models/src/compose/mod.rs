//! `sklearn.compose`.

mod column_transformer;
mod columns;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[Entry::of::<column_transformer::ColumnTransformer>()];
