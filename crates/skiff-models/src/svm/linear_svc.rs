//! `sklearn.svm.LinearSVC`.

use crate::linear_model::LinearClassifier;
use crate::model::{Class, class};

pub(crate) const LINEAR_SVC: Class = class! {
    /// Linear support vector classification by liblinear, one-versus-rest or after Crammer and Singer.
    ///
    /// # Reads
    /// `coef_` (dense, or sparse after `sparsify`), `intercept_`, `classes_`.
    /// # Predicts
    /// The class with the greatest of the scores `X · coef_ᵀ + intercept_`; of two classes the second where the only score
    /// is above 0. There are no probabilities.
    /// # Older versions
    /// The state has been the same since 0.17, except for training parameters.
    paths: ["sklearn.svm._classes.LinearSVC", "sklearn.svm.classes.LinearSVC"],
    training_only: [
        "C", "class_weight", "dual", "fit_intercept", "intercept_scaling", "loss", "max_iter", "multi_class",
        "n_iter_", "penalty", "random_state", "tol", "verbose",
    ],
    read: LinearClassifier::read,
};
