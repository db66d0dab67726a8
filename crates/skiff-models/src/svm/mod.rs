//! `sklearn.svm`.

mod computed;
mod linear_svc;
mod linear_svr;
mod nu_svc;
mod nu_svr;
mod one_class_svm;
mod support_vector_classifier;
mod support_vector_machine;
mod svc;
mod svr;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[
    Entry::of::<linear_svc::LinearSVC>(),
    Entry::of::<linear_svr::LinearSVR>(),
    Entry::of::<nu_svc::NuSVC>(),
    Entry::of::<nu_svr::NuSVR>(),
    Entry::of::<one_class_svm::OneClassSVM>(),
    Entry::of::<svc::SVC>(),
    Entry::of::<svr::SVR>(),
];
