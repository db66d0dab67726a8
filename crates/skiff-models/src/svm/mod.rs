//! `sklearn.svm`.

mod computed;
mod linear_svc;
mod linear_svr;
mod one_class_svm;
mod support_vector_machine;
mod svc;
mod svr;

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[
    linear_svc::LINEAR_SVC,
    linear_svr::LINEAR_SVR,
    one_class_svm::ONE_CLASS_SVM,
    svc::NU_SVC,
    svc::SVC,
    svr::NU_SVR,
    svr::SVR,
];
