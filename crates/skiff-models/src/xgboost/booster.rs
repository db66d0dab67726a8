//! `xgboost.Booster`.

use std::ops::Range;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::kernels::boosted_trees::BoostedTrees;
use skiff_plan::operators::{
    ArrayRule, BoostedEnsemble, BoostedLink, BoostedQuestion, Check, Dtype, Finite, SingleAffine, SparseRule,
};
use skiff_plan::value::{NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::model_bytes::ModelBytes;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const BOOSTER: Class = class! {
    /// XGBoost's trees, as `xgboost.train` returns them and the wrappers for scikit-learn hold them.
    ///
    /// # Reads
    /// The bytes of the model in the state's `handle`, which are Universal Binary JSON. Nothing of XGBoost is loaded.
    /// # Predicts
    /// What it predicts of a `DMatrix` of the rows. Rows become `float32`; the base score, on the scale of the scores, and
    /// one leaf of each tree, times the tree's weight with `dart`, are added in `float32`, in the order of the trees, for each class or target. Then what the objective makes of it: `1 / (1 + exp(-x))` for `logistic`,
    /// the softmax for `multi:softprob`, the number of the greatest for `multi:softmax`, `exp(x)` for `count:poisson`, `reg:gamma` and `reg:tweedie`, 0 or 1 for
    /// `binary:hinge`, x itself for other regressions and ranking; with `output_margin` nothing. `pred_leaf` gives the
    /// leaves' numbers. The booster `gblinear` has a coefficient for each feature instead of trees.
    ///
    /// A number goes left if it is below the threshold, a category if it is not in the split's set; missing values, which
    /// are NaN and what sparse rows do not name, go where the split says. (`predictor::GetNextNode` and
    /// `common::Decision` of XGBoost's source.)
    /// # Not supported
    /// Leaves of several values; categories of a DataFrame; other objectives, those of
    /// one's own among them; contributions; `iteration_range`. `skiff.load` does not make the object: XGBoost would.
    /// # Older versions
    /// Files of XGBoost 1.6 and later are read. Before 3.1 all classes had one base score.
    paths: ["xgboost.core.Booster"],
    training_only: ["best_ntree_limit", "best_score"],
    read: Booster::read,
};

/// A `Booster`; those that wrap it hold a copy, which shares what is large.
#[derive(Clone, Debug)]
pub struct Booster {
    trees: Arc<BoostedTrees>,
    /// In place of trees.
    linear: Option<Arc<SingleAffine>>,
    objective: Arc<str>,
    link: Option<BoostedLink>,
    start: Arc<[f64]>,
    iterations: Arc<[usize]>,
    feature_names: Option<Arc<[String]>>,
    best_iteration: Option<usize>,
}

/// What a call asks for.
pub(super) struct Asked {
    pub(super) margin: bool,
    pub(super) leaves: bool,
    trees: Range<usize>,
}

impl Asked {
    /// The same, for raw scores.
    pub(super) fn raw(self) -> Self {
        Self { margin: true, ..self }
    }
}

impl Booster {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let node = fields.required("handle")?;
        let path = fields.path_of("handle");
        let Scalar::Bytes(bytes) = fields.scalar_at(node, &path)? else {
            return Err(fields.unexpected_at(node, &path, "the bytes of a model"));
        };
        // Nodes of trees take less than they do in the file, single values and sets of categories more.
        fields.spend(&path, bytes.len().saturating_mul(24))?;
        let model = ModelBytes::read(&bytes).map_err(|kind| ReadError::new(path, kind))?;
        // Until 1.7 an attribute of the object said what the bytes have said since.
        let own = fields.int_or_none("best_iteration")?.and_then(|best| usize::try_from(best).ok());
        let names = model.feature_names;
        Ok(Self {
            trees: Arc::new(model.trees),
            linear: model.linear.map(Arc::new),
            objective: model.objective.into(),
            link: model.link,
            start: model.start.into(),
            iterations: model.iterations.into(),
            feature_names: (!names.is_empty()).then(|| names.into()),
            best_iteration: if model.version < (2, 0) { own.or(model.best_iteration) } else { model.best_iteration },
        })
    }

    /// How many columns its scores have.
    pub(super) fn columns(&self) -> usize {
        self.trees.columns
    }

    pub(super) fn n_features(&self) -> usize {
        self.trees.n_features
    }

    pub(super) fn objective(&self) -> &str {
        &self.objective
    }

    pub(super) fn best_iteration(&self) -> Option<usize> {
        self.best_iteration
    }

    pub(super) fn feature_names(&self) -> Option<&Arc<[String]>> {
        self.feature_names.as_ref()
    }

    /// The arguments of a method, which asks all iterations up to `best`.
    pub(super) fn asked(
        &self,
        method: Method,
        best: Option<usize>,
        params: &Params,
        plan: &Lowering<'_>,
    ) -> Result<Asked, Refusal> {
        if !params.flag("validate_features", true) {
            return plan.unsupported(method, "`validate_features=False`");
        }
        // A call's arguments are single values.
        if params.get("iteration_range").is_some_and(|range| *range != Scalar::None) {
            return plan.unsupported(method, "`iteration_range`");
        }
        if params.get("base_margin").is_some_and(|margin| *margin != Scalar::None) {
            return plan.unsupported(method, "`base_margin`");
        }
        if self.linear.is_some() && (method == Method::Apply || params.flag("pred_leaf", false)) {
            return plan.invalid(method, "the booster `gblinear` has no leaves");
        }
        let all = self.iterations.len() - 1;
        let count = best.map_or(all, |best| best.saturating_add(1));
        let Some(&end) = self.iterations.get(count) else {
            return plan.unsupported(method, format!("{count} iterations of {all}"));
        };
        Ok(Asked { margin: params.flag("output_margin", false), leaves: method == Method::Apply, trees: 0..end })
    }

    /// Scores, or what the objective makes of them, or leaves.
    pub(super) fn answer(&self, asked: &Asked, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        // Only what becomes a `DMatrix` is looked at.
        let finite = if asked.leaves || self.linear.is_some() { Finite::AllowNan } else { Finite::Any };
        let rule = ArrayRule::FLOATS.dtype(Dtype::Single).finite(finite).sparse(SparseRule::Accept);
        let check = Check::new(&plan.header().class, self.feature_names.as_ref(), rule, Some(self.n_features()));
        let x = plan.push(check, &[input]);
        let question = if asked.leaves {
            BoostedQuestion::Leaves(NumberType::Float(Precision::Single))
        } else {
            BoostedQuestion::Sum { start: self.start.to_vec(), precision: Precision::Single, divisor: 1.0 }
        };
        let (trees, range) = (Arc::clone(&self.trees), asked.trees.clone());
        let scores = match &self.linear {
            Some(linear) => plan.push(linear, &[x]),
            None => plan.push(BoostedEnsemble { trees, range, absent: f64::NAN, question }, &[x]),
        };
        match self.link {
            Some(link) if !asked.margin && !asked.leaves => plan.push(link, &[scores]),
            _ => scores,
        }
    }

    /// As an array of one dimension where XGBoost has one.
    pub(super) fn output(&self, asked: &Asked, answer: ValueId) -> Output {
        let columns = match self.link {
            _ if asked.leaves => asked.trees.len(),
            Some(BoostedLink::Greatest) if !asked.margin => 1,
            _ => self.columns(),
        };
        if columns == 1 { Output::column(answer) } else { Output::matrix(answer) }
    }
}

impl Estimator for Booster {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Predict {
            return plan.no_method(method);
        }
        let leaves = params.flag("pred_leaf", false);
        let asked = Asked { leaves, ..self.asked(method, None, params, plan)? };
        let answer = self.answer(&asked, input, plan);
        Ok(self.output(&asked, answer))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features())
    }

    fn feature_names_in(&self) -> Option<Arc<[String]>> {
        self.feature_names.clone()
    }
}
