//! `BaseHistGradientBoosting`: the common part of the classifier and the regressor.

use std::collections::HashMap;
use std::sync::Arc;

use skiff_files::{Instance, Scalar};
use skiff_plan::kernels::trees::Trees;
use skiff_plan::operators::{
    ArrayRule, CheckTable, Concatenate, Dtype, Finite, Item, Layout, Question, SelectColumns, Selection, Start,
    TableNames, TreeEnsemble, TreeTables,
};
use skiff_plan::{Method, ValueId};

use super::hist_predictors::{Categories, Shape, read_predictors};
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Lowering, Refusal};
use crate::model::Model;

/// The attributes of all versions that no prediction depends on.
const TRAINING_ONLY: &[&str] = &[
    "_feature_subsample_rng",
    "_fitted_with_sw",
    "_is_categorical_remapped",
    "_label_encoder",
    "_random_seed",
    "_scorer",
    "_use_validation_data",
    "_in_fit",
    "_n_threads",
    "categorical_features",
    "class_weight",
    "do_early_stopping_",
    "early_stopping",
    "interaction_cst",
    "is_categorical_",
    "l2_regularization",
    "learning_rate",
    "max_bins",
    "max_depth",
    "max_features",
    "max_iter",
    "max_leaf_nodes",
    "min_samples_leaf",
    "monotonic_cst",
    "n_iter_",
    "n_iter_no_change",
    "n_trees_per_iteration_",
    "quantile",
    "random_state",
    "scorer_",
    "scoring",
    "tol",
    "train_score_",
    "validation_fraction",
    "validation_score_",
    "verbose",
    "warm_start",
    // What they are follows from the parameter `loss` and the number of classes.
    "_loss",
    "loss_",
];

/// Trees on a baseline.
#[derive(Debug)]
pub(crate) struct HistGradientBoosting {
    trees: Arc<Trees<f64>>,
    /// `_baseline_prediction`, one for each tree of an iteration.
    baseline: Vec<f64>,
    preprocessor: Option<Preprocessor>,
    /// Whether rows may have NaN and infinities: since 0.22.
    finite: Finite,
}

/// `_preprocessor` (since 1.4): categories become numbers and come first, then the numbers.
#[derive(Debug)]
struct Preprocessor {
    encoder: Arc<Model>,
    encoded: Selection,
    numbers: Selection,
    names: TableNames,
}

impl HistGradientBoosting {
    pub(crate) fn read(fields: &Fields<'_, '_>, columns: usize) -> Result<Self, ReadError> {
        let n_features = match fields.first_of(&["_n_features", "n_features_", "n_features_in_"]) {
            Some(name) => fields.count(name)?,
            None => return Err(fields.unexpected("_n_features", "a count")),
        };
        fields.training_only(&["_n_features", "n_features_"]);
        fields.expect_n_features("_n_features", n_features)?;
        let baseline = match fields.array("_baseline_prediction") {
            Ok(_) => fields.numbers("_baseline_prediction")?.data,
            Err(_) => vec![fields.float("_baseline_prediction")?],
        };
        fields.expect_len("_baseline_prediction", baseline.len(), columns)?;
        let known = read_known_categories(fields, n_features)?;
        let trees = read_predictors(fields, &Shape { n_features, columns, known: &known })?;
        let preprocessor = read_preprocessor(fields, n_features)?;
        let finite = if fields.before(0, 22) { Finite::All } else { Finite::Any };
        fields.training_only(TRAINING_ONLY);
        Ok(Self { trees: Arc::new(trees), baseline, preprocessor, finite })
    }

    pub(crate) fn n_features(&self) -> usize {
        self.trees.n_features
    }

    pub(crate) fn selects_by_name(&self) -> bool {
        self.preprocessor.as_ref().is_some_and(|preprocessor| preprocessor.names != TableNames::Any)
    }

    pub(crate) fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let encoder = self.preprocessor.as_ref().map(|preprocessor| Arc::clone(&preprocessor.encoder));
        encoder.map(|encoder| (ENCODER_PATH.to_owned(), encoder)).into_iter().collect()
    }

    /// Raw scores, (n_samples, trees of an iteration).
    pub(crate) fn scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let x = self.preprocess(input, plan)?;
        Ok(self.ask(Question::Sum { start: self.start(), divisor: 1.0 }, x, plan))
    }

    /// Raw scores after each iteration.
    pub(crate) fn staged_scores(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<Vec<ValueId>, Refusal> {
        let x = self.preprocess(input, plan)?;
        let columns = self.baseline.len();
        let stages = self.ask(Question::Stages { start: self.start(), trees: columns }, x, plan);
        Ok((0..self.trees.len() / columns).map(|index| plan.push(Item { index }, &[stages])).collect())
    }

    fn start(&self) -> Start {
        Start::Values(self.baseline.iter().map(|baseline| 0.0 + baseline).collect())
    }

    fn ask(&self, question: Question, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        plan.push(TreeEnsemble { trees: TreeTables::Double(Arc::clone(&self.trees)), question }, &[x])
    }

    /// `_preprocess_X`.
    fn preprocess(&self, input: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let rule = ArrayRule::FLOATS.dtype(Dtype::Double).finite(self.finite);
        let Some(preprocessor) = &self.preprocessor else {
            return Ok(plan.check(input, rule, self.n_features()));
        };
        let check = CheckTable {
            estimator: plan.header().class.clone(),
            n_features: Some(self.n_features()),
            unique: false,
            more: false,
            names: preprocessor.names.clone(),
        };
        let table = plan.push(check, &[input]);
        let select = |by: &Selection, plan: &mut Lowering<'_>| {
            plan.push(SelectColumns { by: by.clone(), series: false }, &[table])
        };
        let columns = select(&preprocessor.encoded, plan);
        let codes = plan.inner_value(&preprocessor.encoder, Method::Transform, columns)?;
        let width = |by: &Selection| match by {
            Selection::Places(places) | Selection::NamesOrPlaces(_, places) => places.len(),
            Selection::Others(places) => self.n_features().saturating_sub(places.len()),
            Selection::Names(names) => names.len(),
            Selection::OtherNames(names) => self.n_features().saturating_sub(names.len()),
        };
        let numbers = width(&preprocessor.numbers);
        if numbers == 0 {
            return Ok(codes);
        }
        let columns = select(&preprocessor.numbers, plan);
        let rest = plan.check(columns, rule.any_names(), numbers);
        Ok(plan.push(Concatenate { layout: Layout::Dense }, &[codes, rest]))
    }
}

const ENCODER_PATH: &str = "_preprocessor.transformers_[0][1]";

/// The categories of the training data: `_bin_mapper.bin_thresholds_` of the features that have categories.
fn read_known_categories(fields: &Fields<'_, '_>, n_features: usize) -> Result<HashMap<usize, Categories>, ReadError> {
    // Before 0.24 it was `bin_mapper_`, and there were no categories.
    fields.training_only(&["bin_mapper_"]);
    let Some(node) = fields.optional("_bin_mapper") else { return Ok(HashMap::new()) };
    let is_mapper = |object: &Instance<'_>| object.name == "_BinMapper";
    let at = (node, &*fields.path_of("_bin_mapper"));
    fields.object(at, "a `_BinMapper`", is_mapper, |mapper| read_mapper(mapper, n_features))
}

/// The categories of a `_BinMapper`.
fn read_mapper(mapper: &Fields<'_, '_>, n_features: usize) -> Result<HashMap<usize, Categories>, ReadError> {
    let mut known = HashMap::new();
    mapper.training_only(&[
        "actual_n_bins_",
        "bin_thresholds_",
        "is_categorical",
        "known_categories",
        "max_bins",
        "missing_values_bin_idx_",
        "n_bins",
        "n_bins_non_missing_",
        "n_threads",
        "random_state",
        "subsample",
    ]);
    if !mapper.has("is_categorical_") {
        return Ok(known);
    }
    let flags = mapper.ints("is_categorical_")?;
    if !flags.contains(&1) {
        return Ok(known);
    }
    let thresholds = mapper.list("bin_thresholds_")?;
    mapper.expect_len("is_categorical_", flags.len(), n_features)?;
    mapper.expect_len("bin_thresholds_", thresholds.len(), n_features)?;
    for (feature, (_, &node)) in flags.iter().zip(&thresholds).enumerate().filter(|(_, (flag, _))| **flag != 0) {
        let path = format!("{}[{feature}]", mapper.path_of("bin_thresholds_"));
        let mut set = [0; 4];
        for category in mapper.numbers_at(node, &path)?.data {
            // Before 1.4 any number below 256 could be a category, and its fraction was dropped.
            if category.is_nan() || category <= -1.0 || category >= 256.0 {
                return Err(ReadError::new(path, ReadErrorKind::Damaged(format!("the category {category}"))));
            }
            #[expect(clippy::as_conversions, reason = "a byte, as in scikit-learn")]
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as above")]
            let category = category as u8;
            // A byte is in one of four words.
            if let Some(word) = set.get_mut(usize::from(category / 64)) {
                *word |= 1 << (category % 64);
            }
        }
        known.insert(feature, set);
    }
    Ok(known)
}

/// The encoder of `_preprocessor`, and its columns, which must match `is_categorical_`.
fn read_preprocessor(fields: &Fields<'_, '_>, n_features: usize) -> Result<Option<Preprocessor>, ReadError> {
    let Some(node) = fields.optional("_preprocessor") else { return Ok(None) };
    let path = fields.path_of("_preprocessor");
    let wrong = || fields.unexpected_at(node, &path, "a column transformer with an encoder");
    let graph = fields.graph();
    let transformer = Instance::read(graph, node)
        .filter(|instance| instance.is("sklearn.compose._column_transformer.ColumnTransformer"))
        .ok_or_else(wrong)?;
    let transformers = transformer.attribute("transformers_").ok_or_else(wrong)?;
    let transformers = fields.list_at(transformers, &format!("{path}.transformers_"))?;
    let part = |index: usize, name: &str| {
        let &[found, estimator, _] = graph.items(*transformers.get(index)?)? else { return None };
        (graph.str_of(found) == Some(name)).then_some(estimator)
    };
    let encoder = part(0, "encoder").ok_or_else(wrong)?;
    part(1, "numerical").ok_or_else(wrong)?;
    let encoder = fields.model_at(encoder, fields.path_of(ENCODER_PATH))?;
    let flags = fields.ints("is_categorical_")?;
    fields.expect_len("is_categorical_", flags.len(), n_features)?;
    let places = |wanted: bool| -> Vec<usize> {
        let wanted = flags.iter().enumerate().filter(|(_, flag)| (**flag != 0) == wanted);
        wanted.map(|(place, _)| place).collect()
    };
    let (encoded, numbers) = (places(true), places(false));
    if encoder.n_features_in() != Some(encoded.len()) {
        return Err(fields.damaged("_preprocessor", "its encoder has other columns than `is_categorical_`"));
    }
    let names = fields.header().feature_names_in.as_ref();
    if names.is_some_and(|names| names.len() != n_features) {
        return Err(fields.damaged("feature_names_in_", format!("not the names of {n_features} features")));
    }
    let select = |places: Vec<usize>| match names {
        // There are as many names as features.
        Some(names) => {
            Selection::NamesOrPlaces(places.iter().filter_map(|&place| names.get(place).cloned()).collect(), places)
        }
        None => Selection::Places(places),
    };
    Ok(Some(Preprocessor {
        encoder,
        encoded: select(encoded),
        numbers: select(numbers),
        names: names.map_or(TableNames::Any, |names| TableNames::Among(names.to_vec())),
    }))
}

/// `loss`, by name; custom losses are not supported.
pub(crate) fn read_loss(fields: &Fields<'_, '_>) -> Result<String, ReadError> {
    match fields.scalar("loss") {
        Ok(Scalar::Str(loss)) => Ok(loss),
        _ => Err(fields.unsupported("loss", "a loss that is not a name")),
    }
}
