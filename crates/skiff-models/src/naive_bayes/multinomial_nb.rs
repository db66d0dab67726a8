//! `sklearn.naive_bayes.MultinomialNB`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Dtype, SparseRule};
use skiff_plan::value::{Classes, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::joint_log_likelihood::{BayesClasses, DISCRETE_TRAINING, DiscreteLogs};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const MULTINOMIAL_NB: Class = class! {
    /// Naive Bayes for counts.
    ///
    /// # Reads
    /// `feature_log_prob_`, `class_log_prior_`, `classes_`.
    /// # Predicts
    /// The class with the greatest joint log-likelihood `X · feature_log_prob_ᵀ + class_log_prior_`; probabilities are its
    /// exponential over their sum.
    /// # Older versions
    /// There is no `predict_joint_log_proba` before 1.2. Before 1.0 a model of one class answers a second column of zeros.
    paths: ["sklearn.naive_bayes.MultinomialNB"],
    read: MultinomialNB::read,
};

/// A fitted `MultinomialNB`.
#[derive(Debug)]
pub struct MultinomialNB {
    classes: BayesClasses,
    /// The joint log-likelihood of rows.
    affine: Arc<Affine>,
}

impl MultinomialNB {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(DISCRETE_TRAINING);
        let classes = BayesClasses::read(fields)?;
        let DiscreteLogs { features, priors, precision } = DiscreteLogs::read(fields, &classes.classes)?;
        let affine = Affine { coef: features, intercept: priors, precision };
        Ok(Self { classes, affine: affine.into() })
    }

    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).half(Precision::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.affine.coef.cols);
        plan.push(&self.affine, &[x])
    }
}

impl Estimator for MultinomialNB {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.classes.lower(method, plan, |plan| self.joint(input, plan))
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        vec![Arc::clone(&self.classes.classes)]
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.affine.coef.cols)
    }
}
