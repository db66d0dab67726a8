//! `sklearn.naive_bayes.ComplementNB`.

use skiff_plan::operators::Affine;

use super::joint_log_likelihood::{CountLikelihood, DISCRETE_TRAINING, DiscreteLogs, NaiveBayes};
use crate::fields::{Fields, ReadError};
use crate::model::{Class, class};

pub(crate) const COMPLEMENT_NB: Class = class! {
    /// Naive Bayes for counts, by the complement of each class.
    ///
    /// # Reads
    /// `feature_log_prob_`, `class_log_prior_`, `classes_`.
    /// # Predicts
    /// The class with the greatest score `X · feature_log_prob_ᵀ` (plus `class_log_prior_` where there is one class only);
    /// probabilities are its exponential over their sum.
    /// # Older versions
    /// There is none before 0.20, and no `predict_joint_log_proba` before 1.2; `coef_` and `intercept_` are there before 1.1.
    paths: ["sklearn.naive_bayes.ComplementNB"],
    read: read,
};

/// Reads and checks the attributes.
fn read(fields: &Fields<'_, '_>) -> Result<NaiveBayes<CountLikelihood>, ReadError> {
    fields.training_only(DISCRETE_TRAINING);
    fields.training_only(&["feature_all_", "norm"]);
    NaiveBayes::read(fields, |classes| {
        let DiscreteLogs { features, priors, precision } = DiscreteLogs::read(fields, classes)?;
        let intercept = if classes.len() == 1 { priors } else { Vec::new() };
        Ok(CountLikelihood(Affine::new(features, intercept, precision).into()))
    })
}
