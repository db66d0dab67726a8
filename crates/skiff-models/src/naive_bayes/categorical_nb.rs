//! `sklearn.naive_bayes.CategoricalNB`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, CategoricalLogLikelihood};
use skiff_plan::value::{Classes, Matrix};
use skiff_plan::{Method, Output, ValueId};

use super::joint_log_likelihood::{BayesClasses, DISCRETE_TRAINING, read_priors};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const CATEGORICAL_NB: Class = class! {
    /// Naive Bayes for features that are numbers of categories.
    ///
    /// # Reads
    /// `feature_log_prob_` (one table for each feature), `class_log_prior_`, `classes_`.
    /// # Predicts
    /// The class with the greatest joint log-likelihood, `Σ feature_log_prob_[i][:, x[i]] + class_log_prior_`; probabilities
    /// are its exponential over their sum. A category that the fit did not count is an error, as in scikit-learn.
    /// # Older versions
    /// There is none before 0.22, and no `predict_joint_log_proba` before 1.2.
    paths: ["sklearn.naive_bayes.CategoricalNB"],
    read: CategoricalNB::read,
};

/// A fitted `CategoricalNB`.
#[derive(Debug)]
pub struct CategoricalNB {
    classes: BayesClasses,
    /// `feature_log_prob_` and `class_log_prior_`.
    likelihood: Arc<CategoricalLogLikelihood>,
}

impl CategoricalNB {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        fields.training_only(DISCRETE_TRAINING);
        fields.training_only(&["category_count_", "min_categories", "n_categories_"]);
        let classes = BayesClasses::read(fields)?;
        let mut tables = Vec::new();
        for (index, node) in fields.list("feature_log_prob_")?.into_iter().enumerate() {
            let path = format!("{}[{index}]", fields.path_of("feature_log_prob_"));
            let table = fields.numbers_at(node, &path)?.into_matrix();
            let table = table.ok_or_else(|| fields.unexpected_at(node, &path, "an array of two dimensions"))?;
            // One class was two before 1.0: itself and its complement, which is never predicted.
            let rows = tables.first().map_or(classes.classes.len(), |first: &Matrix<'_, f64>| first.rows);
            let complement = tables.is_empty() && rows == 1 && table.rows == 2;
            if !complement && table.rows != rows {
                let what = format!("`feature_log_prob_[{index}]` has {} rows for {rows} classes", table.rows);
                return Err(fields.damaged("feature_log_prob_", what));
            }
            tables.push(table);
        }
        fields.expect_n_features("feature_log_prob_", tables.len())?;
        let count = tables.first().map_or(classes.classes.len(), |first| first.rows);
        let (log_priors, _) = read_priors(fields, count)?;
        let likelihood = CategoricalLogLikelihood { tables, log_priors };
        Ok(Self { classes, likelihood: likelihood.into() })
    }

    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let x = plan.check(input, ArrayRule::FLOATS, self.likelihood.tables.len());
        plan.push(&self.likelihood, &[x])
    }
}

impl Estimator for CategoricalNB {
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
        Some(self.likelihood.tables.len())
    }
}
