//! `sklearn.ensemble.AdaBoostRegressor`.

use std::sync::Arc;

use skiff_plan::operators::{Item, WeightedMedian};
use skiff_plan::{Method, Output, ValueId};

use super::ada_boost::AdaBoost;
use super::joined_trees::{JoinedTrees, tree_answers};
use crate::computed::Attributes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, Scoring, class};

pub(crate) const ADA_BOOST_REGRESSOR: Class = class! {
    /// Boosted regressors, each fitted with more weight on rows with large errors of earlier ones.
    ///
    /// # Reads
    /// `estimators_`, any supported regressors, and `estimator_weights_`.
    /// # Predicts
    /// The weighted median: the first of the predictions, in ascending order, up to which the weights are half of all or more.
    /// # Not supported
    /// Regressors of several outputs, which scikit-learn cannot fit either.
    /// # Older versions
    /// Before 0.21 rows had to be numbers.
    paths: [
        "sklearn.ensemble._weight_boosting.AdaBoostRegressor",
        "sklearn.ensemble.weight_boosting.AdaBoostRegressor",
    ],
    read: AdaBoostRegressor::read,
};

/// A fitted `AdaBoostRegressor`.
#[derive(Debug)]
pub struct AdaBoostRegressor {
    boosting: AdaBoost,
    /// The estimators if they are trees.
    trees: JoinedTrees,
}

impl AdaBoostRegressor {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let boosting = AdaBoost::read(fields)?;
        fields.training_only(&["loss"]);
        Ok(Self { boosting, trees: JoinedTrees::default() })
    }
}

impl Estimator for AdaBoostRegressor {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let staged = method == Method::StagedPredict;
        if !staged && method != Method::Predict {
            return plan.no_method(method);
        }
        let x = self.boosting.check(input, plan);
        let predictions = self.boosting.each(Method::Predict, x, plan)?;
        let trees = tree_answers(&predictions, plan).filter(|trees| trees.iter().all(|tree| tree.classes.is_none()));
        let joined = trees.and_then(|trees| self.trees.each(&trees, plan));
        let median = WeightedMedian { weights: self.boosting.weights.clone(), staged };
        let value = match joined {
            Some(all) => plan.push(median, &[all]),
            None => plan.push(median, &predictions),
        };
        if !staged {
            return Ok(Output::column(value));
        }
        let stages = (0..predictions.len()).map(|index| Output::column(plan.push(Item { index }, &[value])));
        Ok(Output::List(stages.collect()))
    }

    fn n_features_in(&self) -> Option<usize> {
        self.boosting.n_features_in()
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.boosting.inner()
    }

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let compute = |boosting: &Attributes<'_>| self.boosting.importances(boosting);
        vec![("feature_importances_", Box::new(compute))]
    }
}
