//! `sklearn.svm`.

mod linear_svc;
mod linear_svr;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[Entry::of::<linear_svc::LinearSVC>(), Entry::of::<linear_svr::LinearSVR>()];
