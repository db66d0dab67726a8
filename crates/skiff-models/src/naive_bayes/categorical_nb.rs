//! `sklearn.naive_bayes.CategoricalNB`.

use std::sync::Arc;

use skiff_plan::ValueId;
use skiff_plan::operators::{ArrayRule, CategoricalLogLikelihood};
use skiff_plan::value::Matrix;

use super::joint_log_likelihood::{DISCRETE_TRAINING, Likelihood, NaiveBayes, read_priors};
use crate::fields::{Fields, ReadError};
use crate::lowering::Lowering;
use crate::model::{Class, class};

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
    read: read,
};

/// Reads and checks the attributes.
fn read(fields: &Fields<'_, '_>) -> Result<NaiveBayes<Arc<CategoricalLogLikelihood>>, ReadError> {
    fields.training_only(DISCRETE_TRAINING);
    fields.training_only(&["category_count_", "min_categories", "n_categories_"]);
    NaiveBayes::read(fields, |classes| {
        let mut tables = Vec::new();
        for (index, node) in fields.list("feature_log_prob_")?.into_iter().enumerate() {
            let path = format!("{}[{index}]", fields.path_of("feature_log_prob_"));
            let table = fields.numbers_at(node, &path)?.into_matrix();
            let table = table.ok_or_else(|| fields.unexpected_at(node, &path, "an array of two dimensions"))?;
            // One class was two before 1.0: itself and its complement, which is never predicted.
            let rows = tables.first().map_or(classes.len(), |first: &Matrix<'_, f64>| first.rows);
            let complement = tables.is_empty() && rows == 1 && table.rows == 2;
            if !complement && table.rows != rows {
                let what = format!("`feature_log_prob_[{index}]` has {} rows for {rows} classes", table.rows);
                return Err(fields.damaged("feature_log_prob_", what));
            }
            tables.push(table);
        }
        fields.expect_n_features("feature_log_prob_", tables.len())?;
        let count = tables.first().map_or(classes.len(), |first| first.rows);
        let (log_priors, _) = read_priors(fields, count)?;
        Ok(CategoricalLogLikelihood { tables, log_priors }.into())
    })
}

impl Likelihood for Arc<CategoricalLogLikelihood> {
    fn joint(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let x = plan.check(input, ArrayRule::FLOATS, self.tables.len());
        plan.push(self, &[x])
    }

    fn n_features(&self) -> usize {
        self.tables.len()
    }
}
