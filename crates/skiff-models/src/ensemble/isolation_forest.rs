//! `sklearn.ensemble.IsolationForest`.

use std::sync::Arc;

use skiff_pickle::NodeId;
use skiff_plan::kernels::trees::Trees;
use skiff_plan::operators::{
    ArrayRule, Dtype, Elementwise, Finite, Function, Inliers, Question, SparseRule, Start, TreeEnsemble, TreeTables,
};
use skiff_plan::{Method, Output, ValueId};

use super::bagging::{BAGGING_TRAINING_ONLY, read_features, read_n_features};
use super::forest::Member;
use crate::conversions::real;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};
use crate::tree::{LeafValues, TRAINING_ONLY, TreeSource, read_shape, read_trees};

pub(crate) const ISOLATION_FOREST: Class = class! {
    /// Outliers, which few random splits isolate from the other rows.
    ///
    /// # Reads
    /// The `tree_` of each of `estimators_`, `estimators_features_`, `max_samples_`, `offset_`; since 1.3 also the depths
    /// `_decision_path_lengths` and `_average_path_length_per_tree` of the trees' nodes.
    /// # Predicts
    /// `score_samples = -2 ** (-depth / (n_trees * c(max_samples_)))`, where `depth` adds up, tree by tree, the depth of the
    /// row's leaf and `c(n)` of the leaf's `n` rows of the fit: the average depth that more splits would have reached,
    /// `c(n) = 2 (ln(n - 1) + γ) - 2 (n - 1) / n`. `decision_function` is `score_samples - offset_`; a value below 0 is an
    /// outlier, -1, others are 1.
    /// # Not supported
    /// A file of 0.18 with trees of a subset of columns: that version did not select their columns in prediction.
    /// # Older versions
    /// Before 1.6 no value could be missing or infinite. Before 0.21 the mean depth was divided, and `c(2)` was not 1. In 0.20
    /// and 0.21 `behaviour='old'` compares with `_threshold_`; before 0.20 `decision_function` was `0.5 - 2 ** …`, compared
    /// with `threshold_`, which itself counts as an outlier, and there was no `score_samples`. 0.18 used `ln(n)` instead of `ln(n - 1)`.
    paths: ["sklearn.ensemble._iforest.IsolationForest", "sklearn.ensemble.iforest.IsolationForest"],
    read: IsolationForest::read,
};

/// A fitted `IsolationForest`.
#[derive(Debug)]
pub struct IsolationForest {
    /// Each leaf has its depth plus `c(n)` of its rows.
    trees: Arc<Trees<f32>>,
    exponent: Exponent,
    decision: Decision,
    finite: Finite,
}

/// The exponent of 2.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Exponent {
    /// The mean depth over this.
    Mean(f64),
    /// The sum of the depths over this.
    Sum(f64),
    /// -1 for any depth: trees of one row.
    One,
}

/// The bound of scores.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Decision {
    /// `score_samples - offset_`, where a value below the bound is an outlier.
    Offset { offset: f64, bound: f64 },
    /// `0.5 - score`, where a value not above the bound is an outlier.
    Half { bound: f64 },
}

impl IsolationForest {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let trees = Arc::new(read_isolating_trees(fields)?);
        let name = if fields.has("_max_samples") { "_max_samples" } else { "max_samples_" };
        let c = average_path_length(fields.count(name)?, Formula::of(fields));
        let exponent = match real(trees.len()) * c {
            _ if fields.before(0, 21) => Exponent::Mean(c),
            0.0 if !fields.before(1, 0) => Exponent::One,
            denominator => Exponent::Sum(denominator),
        };
        let decision = if fields.before(0, 20) {
            Decision::Half { bound: fields.float("threshold_")? }
        } else {
            let old = fields.before(0, 22) && fields.string("behaviour")? == "old";
            let bound = if old { fields.float("_threshold_")? } else { 0.0 };
            Decision::Offset { offset: fields.float("offset_")?, bound }
        };
        let finite = if fields.before(1, 6) { Finite::All } else { Finite::Any };
        fields.training_only(TRAINING_ONLY);
        fields.training_only(BAGGING_TRAINING_ONLY);
        fields.training_only(&[
            "_contamination",
            "_max_samples",
            "_threshold_",
            "behaviour",
            "contamination",
            "max_samples_",
            "n_estimators",
            "n_jobs",
        ]);
        Ok(Self { trees, exponent, decision, finite })
    }

    /// `2 ** (-depth / …)`, which is great for outliers.
    fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Single).finite(self.finite).sparse(SparseRule::Accept);
        let x = plan.check(input, rule, self.trees.n_features);
        let divisor = if matches!(self.exponent, Exponent::Mean(_)) { real(self.trees.len()) } else { 1.0 };
        let question = Question::Sum { start: Start::Values(vec![0.0]), divisor };
        let trees = TreeTables::Single(Arc::clone(&self.trees));
        let mut value = plan.push(TreeEnsemble { trees, question }, &[x]);
        let exponent = match self.exponent {
            Exponent::Mean(c) => [Function::Divide(c), Function::Negative],
            Exponent::Sum(denominator) => [Function::Divide(denominator), Function::Negative],
            Exponent::One => [Function::Multiply(0.0), Function::Add(-1.0)],
        };
        for function in exponent.into_iter().chain([Function::Exp2]) {
            value = plan.push(Elementwise { function }, &[value]);
        }
        value
    }

    fn decision(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let scores = self.scores(input, plan);
        let negative = plan.push(Elementwise { function: Function::Negative }, &[scores]);
        let shift = match self.decision {
            Decision::Offset { offset, .. } => -offset,
            Decision::Half { .. } => 0.5,
        };
        plan.push(Elementwise { function: Function::Add(shift) }, &[negative])
    }
}

/// The trees, with features as columns of the whole row, and with leaves that have what each adds to the depth of a row.
fn read_isolating_trees(fields: &Fields<'_, '_>) -> Result<Trees<f32>, ReadError> {
    let n_features = read_n_features(fields)?;
    let path = fields.path_of("estimators_");
    let members = fields.list("estimators_")?.into_iter().enumerate();
    let members = members.map(|(index, node)| Member::read(fields, node, &format!("{path}[{index}]")));
    let sources = members.map(|member| Ok(member?.source)).collect::<Result<Vec<TreeSource>, ReadError>>()?;
    let Some(first) = sources.first() else { return Err(fields.damaged("estimators_", "a forest without trees")) };
    let shape = read_shape(fields, first)?;
    if shape.n_classes != [1] {
        return Err(fields.damaged("estimators_", "trees of several values"));
    }
    let features = read_features(fields, sources.len(), n_features)?;
    let selects = fields.count("_max_features")? != n_features;
    if selects && fields.before(0, 19) {
        return Err(fields.unsupported("max_features", "trees of a subset of columns, in a file of 0.18"));
    }
    let width = if selects { features.first().map_or(0, Vec::len) } else { n_features };
    if shape.n_features != width || (selects && features.iter().any(|columns| columns.len() != width)) {
        return Err(fields.damaged("estimators_features_", format!("{width} columns for {shape:?}")));
    }
    let depths = read_depths(fields, &sources)?;
    let mut trees = read_trees(fields, &sources, &shape, LeafValues::Raw)?;
    if fields.checks_only() {
        trees.n_features = n_features;
        return Ok(trees);
    }
    let feature = |tree: usize, own: usize| {
        let column = if selects { *features.get(tree)?.get(own)? } else { own };
        u32::try_from(column).ok()
    };
    let leaf = |tree: usize, node: usize| depths.get(tree)?.get(node).copied();
    let relabelled = trees.relabel(n_features, feature, leaf);
    relabelled.ok_or_else(|| fields.damaged("estimators_", "two trees share one `tree_`"))?;
    Ok(trees)
}

/// For each node of each tree what it adds to the depth of a row that ends there.
fn read_depths(fields: &Fields<'_, '_>, sources: &[TreeSource]) -> Result<Vec<Vec<f64>>, ReadError> {
    let formula = Formula::of(fields);
    let computed = sources.iter().map(|source| computed_depths(fields, source, formula));
    if fields.before(1, 3) {
        return computed.collect();
    }
    let names = ["_decision_path_lengths", "_average_path_length_per_tree"];
    let [lengths, averages] = names.map(|name| {
        let nodes = fields.list(name)?;
        fields.expect_len(name, nodes.len(), sources.len())?;
        Ok(nodes)
    });
    let (lengths, averages): (Vec<NodeId>, Vec<NodeId>) = (lengths?, averages?);
    let [of_lengths, of_averages] = names;
    let each =
        lengths.into_iter().zip(averages).zip(sources).enumerate().map(|(index, ((length, average), source))| {
            let numbers = |node, name| Ok(fields.numbers_at(node, &format!("{}[{index}]", fields.path_of(name)))?.data);
            let (lengths, averages) = (numbers(length, of_lengths)?, numbers(average, of_averages)?);
            let nodes = read_nodes(fields, source)?.len();
            for (name, found) in names.into_iter().zip([lengths.len(), averages.len()]) {
                fields.expect_len(name, found, nodes)?;
            }
            Ok(lengths.into_iter().zip(averages).map(|(length, average)| length + average - 1.0).collect())
        });
    each.collect()
}

fn read_nodes(fields: &Fields<'_, '_>, source: &TreeSource) -> Result<skiff_files::NdArray, ReadError> {
    let path = format!("{}.nodes", source.path);
    let instance = fields.instance_at(source.node, &source.path)?;
    let nodes = instance.and_then(|instance| instance.attribute("nodes"));
    fields.array_at(nodes.ok_or_else(|| ReadError::new(path.clone(), ReadErrorKind::Missing))?, &path)
}

/// The same for versions that did not store depths: from the nodes of the tree.
fn computed_depths(fields: &Fields<'_, '_>, source: &TreeSource, formula: Formula) -> Result<Vec<f64>, ReadError> {
    let damaged = || ReadError::new(format!("{}.nodes", source.path), ReadErrorKind::Damaged("no tree".to_owned()));
    let nodes = read_nodes(fields, source)?;
    let column = |name: &str| nodes.field(name).and_then(|column| column.to_i64()).ok_or_else(damaged);
    let (left, right, rows) = (column("left_child")?, column("right_child")?, column("n_node_samples")?);
    let mut depths = vec![0.0; rows.len()];
    let (mut open, mut seen) = (vec![(0_usize, 1.0)], 0);
    while let Some((node, depth)) = open.pop() {
        seen += 1;
        let (Some(place), Some(&rows), true) = (depths.get_mut(node), rows.get(node), seen <= rows.len()) else {
            return Err(damaged());
        };
        let (Some(&left), Some(&right)) = (left.get(node), right.get(node)) else { return Err(damaged()) };
        let count = usize::try_from(rows).map_err(|_| damaged())?;
        *place = if fields.before(0, 21) {
            (depth - 1.0) + average_path_length(count, formula)
        } else {
            depth + average_path_length(count, formula) - 1.0
        };
        if left != -1 {
            for child in [left, right] {
                open.push((usize::try_from(child).map_err(|_| damaged())?, depth + 1.0));
            }
        }
    }
    Ok(depths)
}

/// How the versions computed the average path length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Formula {
    /// 0.18
    First,
    /// 0.19 and 0.20
    Second,
    /// Since 0.21
    Third,
}

impl Formula {
    fn of(fields: &Fields<'_, '_>) -> Self {
        match (fields.before(0, 19), fields.before(0, 21)) {
            (true, _) => Self::First,
            (_, true) => Self::Second,
            _ => Self::Third,
        }
    }
}

/// `_average_path_length`: of an unsuccessful search in a binary tree of `count` rows.
fn average_path_length(count: usize, formula: Formula) -> f64 {
    let n = real(count);
    let of_log = |log: f64, gamma: f64| 2.0 * (log + gamma) - 2.0 * (n - 1.0) / n;
    match (formula, count) {
        (Formula::Third, 0 | 1) => 0.0,
        (Formula::Third, 2) | (_, 0 | 1) => 1.0,
        (Formula::First, _) => of_log(n.ln(), 0.577_215_664_9),
        _ => of_log((n - 1.0).ln(), EULER_GAMMA),
    }
}

/// `np.euler_gamma`.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

impl Estimator for IsolationForest {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match (method, self.decision) {
            (Method::Predict, decision) => {
                let scores = self.decision(input, plan);
                let inliers = match decision {
                    Decision::Offset { bound, .. } => Inliers { bound, inclusive: true },
                    Decision::Half { bound } => Inliers { bound, inclusive: false },
                };
                Ok(Output::column(plan.push(inliers, &[scores])))
            }
            (Method::DecisionFunction, _) => Ok(Output::column(self.decision(input, plan))),
            (Method::ScoreSamples, Decision::Offset { .. }) => {
                let scores = self.scores(input, plan);
                Ok(Output::column(plan.push(Elementwise { function: Function::Negative }, &[scores])))
            }
            _ => plan.no_method(method),
        }
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.trees.n_features)
    }
}

#[cfg(test)]
mod tests {
    use super::{Formula, average_path_length};

    #[test]
    fn average_path_lengths_are_scikit_learns() {
        // `_average_path_length(np.array([1, 2, 5, 999]))` of scikit-learn 1.9.
        for (count, length) in [(1, 0.0), (2, 1.0), (5, 2.327_020_052_042_847), (999, 12.967_939_884_427_995)] {
            let found = average_path_length(count, Formula::Third);
            assert!((found - length).abs() < 1e-12, "{count}: {found}");
        }
        assert_eq!(average_path_length(1, Formula::Second), 1.0);
        assert!((average_path_length(2, Formula::Second) - 0.154_431_329_803_065_8).abs() < 1e-12);
    }
}
