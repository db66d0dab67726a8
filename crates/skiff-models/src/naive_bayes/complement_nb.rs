//! `sklearn.naive_bayes.ComplementNB`.

use std::sync::Arc;

use skiff_plan::operators::{Affine, ArrayRule, Dtype, SparseRule};
use skiff_plan::value::{Classes, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::joint_log_likelihood::{BayesClasses, DISCRETE_TRAINING, DiscreteLogs};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const COMPLEMENT_NB: Class = class! {
    /// Naive Bayes for counts, by the complement of each class.
    ///
    /// # Reads
    /// `feature_log_prob_`, `class_log_prior_`, `classes_`.
    /// # Predicts
    /// The class with the greatest score `X · feature_log_prob_ᵀ` (plus `class_log_prior_` where there is one class only);
    /// probabilities are its exponential over their sum.
    /// # Older versions
    /// There is none before 0.20, and no `predict_joint_log_proba` before 1.2.
    paths: ["sklearn.naive_bayes.ComplementNB"],
    read: ComplementNB::read,
};

/// A fitted `ComplementNB`.
#[derive(Debug)]
pub struct ComplementNB {
    classes: BayesClasses,
    /// The joint log-likelihood of rows.
    affine: Arc<Affine>,
}

impl ComplementNB {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(DISCRETE_TRAINING);
        let classes = BayesClasses::read(fields)?;
        let DiscreteLogs { features, priors, precision } = DiscreteLogs::read(fields, &classes.classes)?;
        fields.training_only(&["feature_all_", "norm"]);
        let intercept = if classes.classes.len() == 1 { priors } else { Vec::new() };
        let affine = Affine { coef: features, intercept, precision };
        Ok(Self { classes, affine: affine.into() })
    }

    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).half(Precision::Double).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.affine.coef.cols);
        plan.push(&self.affine, &[x])
    }
}

impl Estimator for ComplementNB {
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
