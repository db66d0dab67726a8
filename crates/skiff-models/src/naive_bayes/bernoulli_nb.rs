//! `sklearn.naive_bayes.BernoulliNB`.

use std::sync::Arc;

use skiff_plan::ValueId;
use skiff_plan::operators::{Affine, ArrayRule, Binarize, Dtype, RefuseSparse, SparseRule};
use skiff_plan::value::Matrix;

use super::joint_log_likelihood::{DISCRETE_TRAINING, DiscreteLogs, Likelihood, NaiveBayes};
use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;
use crate::model::{Class, class};

pub(crate) const BERNOULLI_NB: Class = class! {
    /// Naive Bayes for features that are there or not.
    ///
    /// # Reads
    /// `feature_log_prob_`, `class_log_prior_`, `classes_`; `binarize`.
    /// # Predicts
    /// Rows are made 1 where they are greater than `binarize` (unless that is `None`), else 0. With `n = log(1 -
    /// exp(feature_log_prob_))`, the class with the greatest joint log-likelihood `X · (feature_log_prob_ - n)ᵀ +
    /// class_log_prior_ + Σ n`; probabilities are its exponential over their sum.
    /// # Older versions
    /// There is no `predict_joint_log_proba` before 1.2, and `coef_` and `intercept_` are there before 1.1 only.
    /// Before 1.0 a model of one class returns a second column of zeros.
    paths: ["sklearn.naive_bayes.BernoulliNB"],
    read: read,
};

/// A joint log-likelihood that is linear in zeros and ones.
#[derive(Debug)]
struct BinaryLikelihood {
    affine: Arc<Affine>,
    /// `binarize`.
    threshold: Option<f64>,
}

/// Reads and checks the attributes.
fn read(fields: &Fields<'_, '_>) -> Result<NaiveBayes<BinaryLikelihood>, ReadError> {
    fields.training_only(DISCRETE_TRAINING);
    NaiveBayes::read(fields, |classes| {
        let DiscreteLogs { features, priors, precision } = DiscreteLogs::read(fields, classes)?;
        let absent = features.map(|log| (1.0 - log.exp()).ln());
        let coef: Vec<f64> = features.data.iter().zip(absent.data.iter()).map(|(log, absent)| log - absent).collect();
        let sums = absent.iter_rows().map(|row| row.iter().sum::<f64>());
        let intercept = priors.iter().zip(sums).map(|(prior, sum)| prior + sum).collect();
        let coef = Matrix::new(features.rows, features.cols, coef);
        let threshold = fields.float_or_none("binarize")?;
        Ok(BinaryLikelihood { affine: Affine::new(coef, intercept, precision).into(), threshold })
    })
}

impl Likelihood for BinaryLikelihood {
    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept);
        let mut x = plan.check(input, rule, self.affine.coef.cols);
        if let Some(threshold) = self.threshold {
            if threshold < 0.0 {
                x = plan.push(RefuseSparse { message: "Cannot binarize a sparse matrix with threshold < 0" }, &[x]);
            }
            x = plan.push(Binarize { threshold }, &[x]);
        }
        plan.push(&self.affine, &[x])
    }

    fn n_features(&self) -> usize {
        self.affine.coef.cols
    }
}
