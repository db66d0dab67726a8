//! `BaseGradientBoosting`: stages of regression trees on top of an `init` estimator.

use std::sync::Arc;

use skiff_files::Instance;
use skiff_plan::kernels::trees::Trees;
use skiff_plan::operators::{
    ArrayRule, BoostingStart, Dtype, Finite, Item, Question, SparseRule, Start, StartLink, TreeEnsemble, TreeTables,
};
use skiff_plan::{Method, ValueId};

use super::forest::Member;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Refusal};
use crate::model::Model;
use crate::tree::{LeafValues, MissingValues, TRAINING_ONLY, TreeSource, read_shape, read_trees};

/// The attributes of gradient boosting of all versions that no prediction depends on, in addition to those of single trees.
const BOOSTING_TRAINING_ONLY: &[&str] = &[
    "_n_classes",
    "_rng",
    "alpha",
    "init",
    "n_estimators",
    "n_estimators_",
    "n_features",
    "n_iter_no_change",
    "n_trees_per_iteration_",
    "oob_improvement_",
    "oob_score_",
    "oob_scores_",
    "subsample",
    "tol",
    "train_score_",
    "validation_fraction",
    "verbose",
    "warm_start",
    // What it is follows from the parameter `loss` and the number of classes.
    "_loss",
    "loss_",
];

/// The common part of the classifier and the regressor.
#[derive(Debug)]
pub(crate) struct GradientBoosting {
    trees: Arc<Trees<f32>>,
    /// How many trees a stage has: 1, or one for each of several classes.
    pub(crate) columns: usize,
    init: Init,
    /// Whether `apply`, the only method that may support them, takes missing values.
    missing: MissingValues,
}

/// The initial scores.
#[derive(Debug)]
enum Init {
    /// The same for each row.
    Constant(Vec<f64>),
    /// The result of an estimator.
    Model {
        model: Arc<Model>,
        /// `predict` or `predict_proba`.
        method: Method,
        start: BoostingStart,
    },
}

impl GradientBoosting {
    /// Reads the trees and `init_`; `link` is that of an `init` estimator's probabilities, and `None` for a regression.
    pub(crate) fn read(fields: &Fields<'_, '_>, link: Option<StartLink>) -> Result<Self, ReadError> {
        let shape = fields.array("estimators_")?.shape;
        let &[stages, columns] = &shape[..] else {
            return Err(fields.unexpected("estimators_", "an array of two dimensions"));
        };
        if stages == 0 || columns == 0 {
            return Err(fields.damaged("estimators_", "no trees at all"));
        }
        let path = fields.path_of("estimators_");
        let members = fields.list("estimators_")?.into_iter().enumerate().map(|(index, node)| {
            Member::read(fields, node, &format!("{path}[{}, {}]", index / columns, index % columns))
        });
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let Some(first) = members.first() else {
            return Err(fields.damaged("estimators_", "no trees at all"));
        };
        let missing = first.missing;
        let tree_shape = read_shape(fields, &first.source)?;
        if tree_shape.n_classes != [1] {
            return Err(fields.damaged("estimators_", format!("trees of {tree_shape:?} in gradient boosting")));
        }
        fields.expect_n_features("estimators_", tree_shape.n_features)?;
        let scale = fields.float("learning_rate")?;
        let sources: Vec<TreeSource> = members.into_iter().map(|member| member.source).collect();
        let trees = read_trees(fields, &sources, &tree_shape, LeafValues::Boosted { scale, columns })?;
        let init = read_init(fields, columns, link)?;
        fields.training_only(TRAINING_ONLY);
        fields.training_only(BOOSTING_TRAINING_ONLY);
        Ok(Self { trees: Arc::new(trees), columns, init, missing })
    }

    pub(crate) fn n_features(&self) -> usize {
        self.trees.n_features
    }

    pub(crate) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        match &self.init {
            Init::Constant(_) => Vec::new(),
            Init::Model { model, .. } => vec![("init_".to_owned(), Arc::clone(model))],
        }
    }

    /// Raw scores, (n_samples, columns).
    pub(crate) fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let (start, inputs) = self.start(input, plan)?;
        Ok(self.ask(Question::Sum { start, divisor: 1.0 }, &inputs, plan))
    }

    /// Raw scores after each stage.
    pub(crate) fn staged_scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        let (start, inputs) = self.start(input, plan)?;
        let stages = self.ask(Question::Stages { start, trees: self.columns }, &inputs, plan);
        let count = self.trees.len() / self.columns;
        Ok((0..count).map(|index| plan.push(Item { index }, &[stages])).collect())
    }

    /// `apply`: the leaves' numbers as floats.
    pub(crate) fn leaves(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let finite = match self.missing {
            MissingValues::Refuse => Finite::All,
            MissingValues::Accept => Finite::AllowNanIfDense,
        };
        // The first tree validates, which has no names.
        let x = plan.check(input, RULE.finite(finite).any_names(), self.trees.n_features);
        self.ask(Question::Leaves { floats: true }, &[x], plan)
    }

    fn start(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<(Start, Vec<ValueId>), Refusal> {
        let is_dense = plan.header().before(0, 19);
        let rule = if is_dense { RULE.sparse(SparseRule::Refuse) } else { RULE };
        let x = plan.check(input, rule, self.trees.n_features);
        match &self.init {
            Init::Constant(values) => Ok((Start::Values(values.clone()), vec![x])),
            Init::Model { model, method, start } => {
                let answer = plan.inner_value(model, *method, x)?;
                let start = plan.push(*start, &[answer]);
                Ok((Start::Input, vec![x, start]))
            }
        }
    }

    fn ask(&self, question: Question, inputs: &[ValueId], plan: &mut Lowering<'_>) -> ValueId {
        plan.push(TreeEnsemble { trees: TreeTables::Single(Arc::clone(&self.trees)), question }, inputs)
    }
}

/// `dtype=np.float32, order="C", accept_sparse="csr"`.
const RULE: ArrayRule = ArrayRule::FLOATS.dtype(Dtype::Single).sparse(SparseRule::Accept);

fn read_init(fields: &Fields<'_, '_>, columns: usize, link: Option<StartLink>) -> Result<Init, ReadError> {
    let node = fields.required("init_")?;
    if let Some(text) = fields.graph().str_of(node) {
        return match text {
            "zero" => Ok(Init::Constant(vec![0.0; columns])),
            other => Err(fields.unsupported("init_", format!("`{other}`"))),
        };
    }
    let is_own = |object: &Instance<'_>| object.module == "sklearn.ensemble.gradient_boosting";
    if Instance::read(fields.graph(), node).as_ref().is_some_and(is_own) {
        let read = |init: &Fields<'_, '_>| read_own_init(init, columns).map(Init::Constant);
        return fields.object_in("init_", "an `init` estimator", is_own, read);
    }
    let model = fields.model("init_")?;
    // Before 0.21 an estimator's `predict` had to return the raw scores themselves.
    let (method, link) = match link {
        Some(link) if !fields.before(0, 21) => (Method::PredictProba, link),
        _ => (Method::Predict, StartLink::Identity),
    };
    let eps = if fields.before(1, 8) { f64::from(f32::EPSILON) } else { f64::EPSILON };
    Ok(Init::Model { model, method, start: BoostingStart { link, eps, ulps: 0 } })
}

/// The built-in initial estimators until 0.20, all of them constants.
fn read_own_init(init: &Fields<'_, '_>, columns: usize) -> Result<Vec<f64>, ReadError> {
    init.training_only(&["alpha", "n_classes"]);
    let (name, values) = match init.header().class.as_str() {
        "LogOddsEstimator" | "ScaledLogOddsEstimator" => ("prior", vec![init.float("prior")?]),
        "MeanEstimator" => ("mean", vec![init.float("mean")?]),
        "QuantileEstimator" => ("quantile", vec![init.float("quantile")?]),
        "PriorProbabilityEstimator" => ("priors", init.numbers("priors")?.data),
        _ => return Ok(vec![0.0; columns]),
    };
    init.expect_len(name, values.len(), columns)?;
    Ok(values)
}
