//! `lightgbm.Booster`.

use std::ops::Range;
use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::kernels::boosted_trees::BoostedTrees;
use skiff_plan::kernels::categories::Categories;
use skiff_plan::operators::{
    ArrayRule, BoostedEnsemble, BoostedLink, BoostedQuestion, BoostedRows, Finite, SparseRule,
};
use skiff_plan::value::{Classes, IntKind, NumberType, Precision};
use skiff_plan::{Method, Output, ValueId};

use super::model_text::ModelText;
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const BOOSTER: Class = class! {
    /// LightGBM's trees, as `lightgbm.train` returns them and the wrappers for scikit-learn hold them.
    ///
    /// # Reads
    /// The text of the model in the state's `handle`, `best_iteration`, and `pandas_categorical`: the categories of a
    /// DataFrame's columns, which become their numbers; values that are none of them are missing. Nothing of LightGBM is loaded.
    /// # Predicts
    /// The sum of one leaf of each tree, in `float64` and in the order of the trees, of each class if there are several;
    /// of the iterations up to the best one unless `start_iteration` or `num_iteration` says otherwise. Then what the
    /// objective makes of it: `1 / (1 + exp(-sigmoid · x))` for `binary`, `multiclassova` and `cross_entropy`, the softmax
    /// for `multiclass`, `exp(x)` for `poisson`, `gamma` and `tweedie`, `log(1 + exp(x))` for `cross_entropy_lambda`, x
    /// itself for other regressions, for ranking and for custom objectives; with `raw_score` nothing. Random
    /// forests divide by the number of iterations first. `pred_leaf` gives the leaves' numbers. Leaves of linear trees have a
    /// constant and coefficients of features, added in the order of the file; where one of these is NaN, a value.
    ///
    /// A number goes left if it is at most the threshold; what is within 1e-35 of zero is zero. NaN is zero, or missing
    /// and goes where the split says, as does zero with `zero_as_missing`. A category goes left if it is in the split's set.
    /// Integers of an array become `float32` first, as in LightGBM. (`GBDT::PredictRaw`, `Tree::Predict`, `Tree::NumericalDecision` and
    /// `Tree::CategoricalDecision` of LightGBM's source.)
    /// # Not supported
    /// Categories of pandas next to others, or one of them alone in its column; `pred_contrib`, `validate_features` and the parameters of `predict`
    /// that stop early. `skiff.load` does not make the object: LightGBM would.
    /// # Older versions
    /// Texts of LightGBM 2.1 and later are read. Before 4.0 a DataFrame of integers alone became `float32`.
    paths: ["lightgbm.basic.Booster"],
    read: Booster::read,
};

/// The attributes of all versions that no prediction depends on.
const TRAINING_ONLY: &[&str] = &[
    "_Booster__attr",
    "_Booster__higher_better_inner_eval",
    "_Booster__init_predictor",
    "_Booster__inner_predict_buffer",
    "_Booster__is_predicted_cur_iter",
    "_Booster__name_inner_eval",
    "_Booster__need_reload_eval_info",
    "_Booster__num_class",
    "_Booster__num_dataset",
    "_Booster__num_inner_eval",
    "_Booster__set_objective_to_none",
    "_network",
    "_train_data_name",
    "best_score",
    "name_valid_sets",
    "network",
    "params",
    "train_set_version",
];

/// A `Booster`; those that wrap it hold a copy, which shares what is large.
#[derive(Clone, Debug)]
pub struct Booster {
    trees: Arc<BoostedTrees>,
    link: Option<BoostedLink>,
    average: bool,
    rows: Arc<BoostedRows>,
    /// At least 1, where there is one.
    best_iteration: Option<usize>,
    /// How often each feature is asked for up to the best iteration, and what that gained.
    importances: Arc<(Vec<i64>, Vec<f64>)>,
}

/// What a call asks for.
pub(super) struct Asked {
    pub(super) raw: bool,
    pub(super) leaves: bool,
    iterations: Range<usize>,
}

impl Booster {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = fields.first_of(&["_handle", "handle"]).unwrap_or("_handle");
        let node = fields.required(name)?;
        let path = fields.path_of(name);
        let text = fields.graph().str_of(node);
        let text = text.ok_or_else(|| fields.unexpected_at(node, &path, "the text of a model"))?;
        // What numbers become takes less than eight times their text.
        fields.spend(&path, text.len().saturating_mul(8))?;
        let model = ModelText::read(text).map_err(|kind| ReadError::new(path, kind))?;
        let categories = read_categories(fields, &model.categorical)?;
        let best_iteration = fields.int_or_none("best_iteration")?.and_then(|best| usize::try_from(best).ok());
        let best_iteration = best_iteration.filter(|&best| best > 0);
        fields.training_only(TRAINING_ONLY);
        let importances = model.importances(best_iteration.unwrap_or(usize::MAX).min(model.iterations()));
        Ok(Self {
            link: model.link,
            average: model.average,
            rows: Arc::new(BoostedRows { narrow_tables: model.version < 4, categories }),
            best_iteration,
            importances: Arc::new(importances),
            trees: Arc::new(model.trees),
        })
    }

    /// How many columns its scores have.
    pub(super) fn columns(&self) -> usize {
        self.trees.columns
    }

    pub(super) fn n_features(&self) -> usize {
        self.trees.n_features
    }

    /// Whether scores become something else.
    pub(super) fn link(&self) -> Option<BoostedLink> {
        self.link
    }

    pub(super) fn importances(&self) -> &(Vec<i64>, Vec<f64>) {
        &self.importances
    }

    pub(super) fn iterations(&self) -> usize {
        self.trees.trees.len() / self.trees.columns
    }

    /// The arguments of `predict`.
    pub(super) fn asked(&self, method: Method, params: &Params, plan: &Lowering<'_>) -> Result<Asked, Refusal> {
        let asked = |name: &str| params.flag(name, false);
        if asked("pred_contrib") {
            return plan.unsupported(method, "`pred_contrib`");
        }
        if asked("validate_features") {
            return plan.unsupported(method, "`validate_features`");
        }
        let int = |name: &str| match params.get(name) {
            None | Some(Scalar::None) => Ok(None),
            Some(Scalar::Int(value)) => Ok(Some(*value)),
            Some(_) => plan.unsupported(method, format!("a `{name}` that is not an integer")),
        };
        let start = usize::try_from(int("start_iteration")?.unwrap_or(0)).unwrap_or(0);
        let count = match int("num_iteration")? {
            Some(count) => usize::try_from(count).ok().filter(|&count| count > 0),
            None if start == 0 => self.best_iteration,
            None => None,
        };
        let all = self.iterations();
        let start = start.min(all);
        let end = count.map_or(all, |count| start.saturating_add(count).min(all));
        Ok(Asked { raw: asked("raw_score"), leaves: asked("pred_leaf"), iterations: start..end })
    }

    /// The rows as LightGBM takes them.
    pub(super) fn check(&self, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let rows = plan.push(&self.rows, &[input]);
        let rule = ArrayRule::FLOATS.finite(Finite::Any).sparse(SparseRule::Accept).any_names();
        plan.check(rows, rule, self.n_features())
    }

    /// Scores, or what the objective makes of them, or leaves.
    pub(super) fn answer(&self, asked: &Asked, input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let columns = self.columns();
        let iterations = asked.iterations.len();
        let question = if asked.leaves {
            BoostedQuestion::Leaves(NumberType::Int(IntKind::Int { bytes: 4, signed: true }))
        } else {
            let divisor = if self.average && !asked.raw { real(iterations) } else { 1.0 };
            BoostedQuestion::Sum { start: vec![0.0; columns], precision: Precision::Double, divisor }
        };
        let range = asked.iterations.start * columns..asked.iterations.end * columns;
        let x = self.check(input, plan);
        let trees = Arc::clone(&self.trees);
        let scores = plan.push(BoostedEnsemble { trees, range, absent: 0.0, question }, &[x]);
        match self.link {
            Some(link) if !asked.raw && !asked.leaves => plan.push(link, &[scores]),
            _ => scores,
        }
    }

    /// As an array of one dimension where LightGBM has one.
    pub(super) fn output(&self, asked: &Asked, answer: ValueId) -> Output {
        if asked.leaves || self.columns() > 1 { Output::matrix(answer) } else { Output::column(answer) }
    }
}

/// `pandas_categorical`: a list of categories for each column of dtype `category`, in their order.
fn read_categories(fields: &Fields<'_, '_>, places: &[usize]) -> Result<Vec<(usize, Arc<Categories>)>, ReadError> {
    let name = "pandas_categorical";
    let lists = if fields.optional(name).is_some() { fields.list(name)? } else { Vec::new() };
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    // Which columns they are of is told by the features that are categories.
    if lists.len() != places.len() {
        let what = format!("categories of {} columns, with {} features of categories", lists.len(), places.len());
        return Err(fields.unsupported(name, what));
    }
    let each = lists.into_iter().zip(places).enumerate().map(|(index, (list, &place))| {
        let path = format!("{}[{index}]", fields.path_of(name));
        let values = fields.list_at(list, &path)?.into_iter().map(|value| fields.scalar_at(value, &path));
        let categories = Categories::new(&Classes::Objects(values.collect::<Result<_, _>>()?));
        Ok((place, Arc::new(categories.ok_or_else(|| fields.damaged(name, "too many categories"))?)))
    });
    each.collect()
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
        let asked = self.asked(method, params, plan)?;
        let answer = self.answer(&asked, input, plan);
        Ok(self.output(&asked, answer))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features())
    }
}
