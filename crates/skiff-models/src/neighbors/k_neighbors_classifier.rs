//! `sklearn.neighbors.KNeighborsClassifier`.

use std::sync::Arc;

use skiff_plan::operators::{Argmax, Concatenate, DivideByRowSum, Layout, NeighborVotes, TakeLabels, VoteSum};
use skiff_plan::value::Classes;
use skiff_plan::{Method, Output, ValueId};

use super::class_outputs::{ClassOutput, read_outputs};
use super::neighbors_base::{NeighborsBase, Weights, read_weights};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const K_NEIGHBORS_CLASSIFIER: Class = class! {
    /// Classification by the votes of the nearest neighbours.
    ///
    /// # Reads
    /// `_fit_X` or `_tree`, `_fit_method`, `effective_metric_` with its parameters, `n_neighbors`, `weights`, `_y`,
    /// `classes_`.
    /// # Predicts
    /// The class with the most votes among the nearest points, the first of equals; votes weigh the same, or 1 / distance.
    /// Probabilities are the votes over their sum. `kneighbors` and `kneighbors_graph` are supported as well.
    /// # Not supported
    /// Callable weights and metrics; a call without rows.
    /// # Older versions
    /// The order of equal distances depends on the version, which skiff reproduces; where numpy's `argpartition` chooses
    /// among them, it is numpy's order without SIMD.
    paths: [
        "sklearn.neighbors._classification.KNeighborsClassifier",
        "sklearn.neighbors.classification.KNeighborsClassifier",
    ],
    read: KNeighborsClassifier::read,
};

/// A fitted `KNeighborsClassifier`.
#[derive(Debug)]
pub struct KNeighborsClassifier {
    neighbors: NeighborsBase,
    weights: Weights,
    outputs: Vec<ClassOutput>,
    /// `outputs_2d_`
    several: bool,
}

impl KNeighborsClassifier {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let neighbors = NeighborsBase::read(fields)?;
        let weights = read_weights(fields)?;
        let (outputs, several) = read_outputs(fields, neighbors.points())?;
        Ok(Self { neighbors, weights, outputs, several })
    }

    /// The votes for the classes of each output.
    fn votes(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        sum: VoteSum,
    ) -> Result<Vec<ValueId>, Refusal> {
        let neighbors = self.neighbors.weighted(method, input, plan, self.weights)?;
        let votes = |output: &ClassOutput| NeighborVotes {
            codes: Arc::clone(&output.codes),
            classes: output.classes.len(),
            sum,
        };
        Ok(self.outputs.iter().map(|output| plan.push(votes(output), &neighbors)).collect())
    }
}

impl Estimator for KNeighborsClassifier {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict => {
                let votes = self.votes(method, input, plan, VoteSum::Pairwise)?;
                let numbers: Vec<_> = votes.into_iter().map(|votes| plan.push(Argmax, &[votes])).collect();
                let classes: Arc<[_]> = self.outputs.iter().map(|output| Arc::clone(&output.classes)).collect();
                if self.several {
                    let numbers = plan.push(Concatenate { layout: Layout::Dense }, &numbers);
                    return Ok(Output::matrix(plan.push(TakeLabels { classes }, &[numbers])));
                }
                Ok(Output::column(plan.push(TakeLabels { classes }, &numbers)))
            }
            Method::PredictProba => {
                let votes = self.votes(method, input, plan, VoteSum::InOrder)?;
                let shares = votes.into_iter().map(|votes| plan.push(DivideByRowSum, &[votes]));
                let mut shares: Vec<_> = shares.map(Output::matrix).collect();
                Ok(if self.several { Output::List(shares) } else { shares.remove(0) })
            }
            _ => self.neighbors.lower(method, input, plan, params),
        }
    }

    fn classes(&self) -> Vec<Arc<Classes>> {
        self.outputs.iter().map(|output| Arc::clone(&output.classes)).collect()
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.neighbors.width())
    }
}
