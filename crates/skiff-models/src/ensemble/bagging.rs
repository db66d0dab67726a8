//! `BaseBagging`: estimators that were each fitted on a sample of rows and columns, here and in `IsolationForest`.

use std::ops::Range;
use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, Finite, SelectColumns, Selection, SparseRule, SumUp};
use skiff_plan::{Method, Output, ValueId};

use super::joined_trees::{JoinedTrees, tree_answers};
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::Model;

/// The attributes of bagging of all versions that no prediction depends on.
pub(crate) const BAGGING_TRAINING_ONLY: &[&str] = &[
    "_n_samples",
    "_sample_weight",
    "_seeds",
    "base_estimator",
    "base_estimator_",
    "bootstrap",
    "bootstrap_features",
    "estimator",
    "estimator_",
    "estimator_params",
    "estimators_samples_",
    "max_features",
    "max_samples",
    "n_features_",
    "oob_decision_function_",
    "oob_prediction_",
    "oob_score",
    "oob_score_",
    "random_state",
    "verbose",
    "warm_start",
];

/// `n_features_in_`, or `n_features_` of versions before it.
pub(crate) fn read_n_features(fields: &Fields<'_, '_>) -> Result<usize, ReadError> {
    match fields.header().n_features_in {
        Some(count) => Ok(count),
        None => fields.count("n_features_"),
    }
}

/// `estimators_features_`: for each of `count` estimators its columns, all below `n_features`.
pub(crate) fn read_features(
    fields: &Fields<'_, '_>,
    count: usize,
    n_features: usize,
) -> Result<Vec<Vec<usize>>, ReadError> {
    let path = fields.path_of("estimators_features_");
    let nodes = fields.list("estimators_features_")?;
    fields.expect_len("estimators_features_", nodes.len(), count)?;
    let each = nodes.into_iter().enumerate().map(|(index, node)| {
        let path = format!("{path}[{index}]");
        let columns = fields.array_at(node, &path)?.to_i64();
        let column = |column: i64| usize::try_from(column).ok().filter(|&column| column < n_features);
        let columns = columns.and_then(|columns| columns.into_iter().map(column).collect::<Option<Vec<_>>>());
        columns.ok_or_else(|| fields.unexpected_at(node, &path, "an array of column indices"))
    });
    each.collect()
}

/// The estimators of a bagging, each with its columns.
#[derive(Debug)]
pub(crate) struct Bagging {
    members: Vec<Member>,
    n_features: usize,
    /// The estimators whose results are summed by one job, in order: `_partition_estimators`.
    jobs: Vec<Range<usize>>,
    rule: ArrayRule,
    /// The estimators if they are trees.
    trees: JoinedTrees,
}

#[derive(Debug)]
struct Member {
    model: Arc<Model>,
    /// Its columns; `None` for all in their order.
    columns: Option<Vec<usize>>,
}

impl Bagging {
    pub(crate) fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let n_features = read_n_features(fields)?;
        let models = fields.models("estimators_")?;
        if models.is_empty() {
            return Err(fields.damaged("estimators_", "no estimator"));
        }
        // Answers are divided by the parameter, which may have been set since the fit.
        fields.expect_len("estimators_", models.len(), fields.count("n_estimators")?)?;
        let features = read_features(fields, models.len(), n_features)?;
        let jobs = partition(models.len(), fields.int_or_none("n_jobs")?);
        let members = models.into_iter().zip(features).map(|(model, columns)| {
            let all = columns.len() == n_features && columns.iter().enumerate().all(|(at, &column)| at == column);
            Member { model, columns: (!all).then_some(columns) }
        });
        // Before 0.20 rows had to be finite numbers, even if the estimators take other values.
        let rule = match fields.before(0, 20) {
            true => ArrayRule::FLOATS.dtype(Dtype::Numeric).sparse(SparseRule::Accept),
            false => ArrayRule::FLOATS.dtype(Dtype::Any).finite(Finite::Any).sparse(SparseRule::Accept),
        };
        fields.training_only(BAGGING_TRAINING_ONLY);
        fields.training_only(&["_max_features", "_max_samples"]);
        Ok(Self { members: members.collect(), n_features, jobs, rule, trees: JoinedTrees::default() })
    }

    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let members = self.members.iter().enumerate();
        members.map(|(index, member)| (format!("estimators_[{index}]"), Arc::clone(&member.model))).collect()
    }

    pub(crate) fn check(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.check(input, self.rule, self.n_features)
    }

    /// The results of `answer` for each estimator and its columns of the checked rows.
    pub(crate) fn each<T>(
        &self,
        x: ValueId,
        plan: &mut Lowering<'_>,
        mut answer: impl FnMut(&Model, ValueId, &mut Lowering<'_>) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        let each = self.members.iter().map(|Member { model, columns }| {
            let own = match columns {
                Some(columns) => {
                    plan.push(SelectColumns { by: Selection::Places(columns.clone()), series: false }, &[x])
                }
                None => x,
            };
            answer(model, own, plan)
        });
        each.collect()
    }

    /// The mean of the results, summed in the order of the jobs that scikit-learn would split them into. It is `float64`
    /// where scikit-learn adds them to an array that `is_allocated` before, and else of their own dtype.
    #[expect(clippy::indexing_slicing, reason = "jobs divide the estimators, each of which has an answer")]
    pub(crate) fn mean(&self, answers: &[ValueId], is_allocated: bool, plan: &mut Lowering<'_>) -> ValueId {
        let divisor = real(answers.len());
        let sum = |answers: &[ValueId], divisor: f64, plan: &mut Lowering<'_>| {
            let weights = is_allocated.then(|| vec![1.0; answers.len()]);
            plan.push(SumUp { weights, divisor }, answers)
        };
        if let [_] = &self.jobs[..] {
            if let Some(mean) = self.mean_of_trees(answers, divisor, plan) {
                return mean;
            }
            return sum(answers, divisor, plan);
        }
        let sums: Vec<ValueId> = self.jobs.iter().map(|job| sum(&answers[job.clone()], 1.0, plan)).collect();
        sum(&sums, divisor, plan)
    }

    /// The mean where all estimators are single trees that have all columns, by one operator.
    fn mean_of_trees(&self, answers: &[ValueId], divisor: f64, plan: &mut Lowering<'_>) -> Option<ValueId> {
        let trees = tree_answers(answers, plan)?;
        let width = trees.first()?.trees.leaves.width;
        let is_number = trees.iter().all(|tree| tree.classes.is_none());
        is_number.then(|| self.trees.sum(&trees, width, |_, leaf| Some(leaf.to_vec()), divisor, plan))?
    }

    /// The mean of the results of `method` of all estimators.
    ///
    /// # Errors
    /// As the estimators' own.
    pub(crate) fn mean_of(&self, method: Method, input: ValueId, plan: &mut Lowering<'_>) -> Result<Output, Refusal> {
        let x = self.check(input, plan);
        let outputs = self.each(x, plan, |model, own, plan| plan.inner(model, method, own, &Params::default()))?;
        let mut rank = None;
        let mut values = Vec::with_capacity(outputs.len());
        for output in outputs {
            let Output::One(value, own) = output else {
                return plan.unsupported(method, "an inner estimator with several outputs");
            };
            if *rank.get_or_insert(own) != own {
                return plan.unsupported(method, "inner estimators whose results have different shapes");
            }
            values.push(value);
        }
        let mean = self.mean(&values, false, plan);
        match rank {
            Some(rank) => Ok(Output::One(mean, rank)),
            None => plan.no_method(method),
        }
    }

    /// The jobs, each the range of its estimators.
    pub(crate) fn jobs(&self) -> &[Range<usize>] {
        &self.jobs
    }
}

/// `_partition_estimators`: which estimators each job adds up. How many jobs a negative `n_jobs` makes depends on the
/// machine: here it is one.
fn partition(count: usize, n_jobs: Option<i64>) -> Vec<Range<usize>> {
    let jobs = n_jobs.and_then(|jobs| usize::try_from(jobs).ok()).unwrap_or(1).clamp(1, count.max(1));
    let (each, more) = (count / jobs, count % jobs);
    let mut start = 0;
    let ranges = (0..jobs).map(|job| {
        let end = start + each + usize::from(job < more);
        let range = start..end;
        start = end;
        range
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use super::partition;

    #[test]
    fn estimators_are_split_as_joblib_gets_them() {
        assert_eq!(partition(5, None), vec![0..5]);
        assert_eq!(partition(5, Some(2)), [0..3, 3..5]);
        assert_eq!(partition(2, Some(8)), [0..1, 1..2]);
        assert_eq!(partition(3, Some(-1)), vec![0..3]);
    }
}
