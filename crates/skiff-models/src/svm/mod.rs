//! `sklearn.svm`.

mod computed;
mod linear_svc;
mod linear_svr;
mod one_class_svm;
mod support_vector_machine;
mod svc;
mod svr;

use crate::model::Class;

pub(crate) use svc::{NU_SVC, SVC};
pub(crate) use svr::{NU_SVR, SVR};

/// The classes of this module.
pub(crate) const CLASSES: &[Class] =
    &[linear_svc::LINEAR_SVC, linear_svr::LINEAR_SVR, one_class_svm::ONE_CLASS_SVM, NU_SVC, SVC, NU_SVR, SVR];
