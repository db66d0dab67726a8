//! `sklearn.naive_bayes.MultinomialNB`.

use skiff_plan::operators::Affine;

use super::joint_log_likelihood::{CountLikelihood, DISCRETE_TRAINING, DiscreteLogs, NaiveBayes};
use crate::fields::{Fields, ReadError};
use crate::model::{Class, class};

pub(crate) const MULTINOMIAL_NB: Class = class! {
    /// Naive Bayes for counts.
    ///
    /// # Reads
    /// `feature_log_prob_`, `class_log_prior_`, `classes_`.
    /// # Predicts
    /// The class with the greatest joint log-likelihood `X · feature_log_prob_ᵀ + class_log_prior_`; probabilities are its
    /// exponential over their sum.
    /// # Older versions
    /// There is no `predict_joint_log_proba` before 1.2, and `coef_` and `intercept_` are there before 1.1 only.
    /// Before 1.0 a model of one class returns a second column of zeros.
    paths: ["sklearn.naive_bayes.MultinomialNB"],
    read: read,
};

/// Reads and checks the attributes.
fn read(fields: &Fields<'_, '_>) -> Result<NaiveBayes<CountLikelihood>, ReadError> {
    fields.training_only(DISCRETE_TRAINING);
    NaiveBayes::read(fields, |classes| {
        let DiscreteLogs { features, priors, precision } = DiscreteLogs::read(fields, classes)?;
        Ok(CountLikelihood(Affine::new(features, priors, precision).into()))
    })
}
