//! `sklearn.preprocessing`.

mod standard_scaler;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[Entry::of::<standard_scaler::StandardScaler>()];
