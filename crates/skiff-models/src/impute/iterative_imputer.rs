//! `sklearn.impute.IterativeImputer`.

use std::sync::Arc;

use skiff_plan::operators::{
    Concatenate, Dtype, ImputeFeature, Layout, Missing, MissingMask, SelectColumns, Selection, SparseRule,
    UnlessAllMissing,
};
use skiff_plan::{Method, Output, ValueId};

use super::missing::{read_missing, rule};
use super::missing_indicator::MissingIndicator;
use super::simple_imputer::SimpleImputer;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;

pub(crate) const ITERATIVE_IMPUTER: Class = class! {
    /// Fills missing values with what regressors predict from the other columns.
    ///
    /// # Reads
    /// `initial_imputer_`, `imputation_sequence_`, `_min_value`, `_max_value`, `missing_values`, `keep_empty_features`,
    /// `_is_empty_feature`, `n_iter_`, and `indicator_` where `add_indicator`.
    /// # Transforms
    /// Missing values are filled by `initial_imputer_`, then column by column by the estimators of
    /// `imputation_sequence_`, each from the columns that it was fitted on as they are by then; what they predict is kept
    /// within the limits of the column. Where every cell of the whole table is missing, the first filling stays, as in
    /// scikit-learn. With `add_indicator` the columns of a `MissingIndicator` follow.
    /// # Not supported
    /// `sample_posterior=True`, which draws from scipy's truncated normal distribution.
    /// # Older versions
    /// Before 0.23 all columns had the same limits, as numbers. Before 1.6 `keep_empty_features=True` kept the first filling for all columns.
    paths: ["sklearn.impute._iterative.IterativeImputer", "sklearn.impute.IterativeImputer"],
    training_only: ["_estimator", "estimator", "fill_value", "imputation_order", "initial_strategy", "max_iter", "max_value", "min_value", "n_features_with_missing_", "n_nearest_features", "random_state", "random_state_", "skip_complete", "tol", "verbose"],
    read: IterativeImputer::read,
};

/// A fitted `IterativeImputer`.
#[derive(Debug)]
pub struct IterativeImputer {
    missing: Missing,
    /// `initial_imputer_`
    initial: Arc<Model>,
    n_features: usize,
    /// The columns that are kept.
    valid: Vec<usize>,
    /// Whether the first filling has columns that are not kept: `strategy='constant'` of 1.6 and 1.7.
    drops_filled: bool,
    /// `imputation_sequence_`, in columns that are kept.
    sequence: Vec<Imputation>,
    /// Whether a table without any value keeps its first filling.
    checks_all: bool,
    samples_posterior: bool,
    /// `indicator_`
    indicator: Option<Arc<Model>>,
}

/// One filling of one column.
#[derive(Debug)]
struct Imputation {
    feature: usize,
    neighbors: Vec<usize>,
    estimator: Arc<Model>,
    least: f64,
    most: f64,
}

impl IterativeImputer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let missing = read_missing(fields)?;
        let initial = fields.model("initial_imputer_")?;
        let Some(simple) = initial.downcast::<SimpleImputer>() else {
            return Err(fields.damaged("initial_imputer_", "no `SimpleImputer`"));
        };
        let n_features = simple.n_features();
        fields.expect_n_features("initial_imputer_", n_features)?;
        let keeps_empty = fields.bool_or("keep_empty_features", false)?;
        let empty = match fields.has("_is_empty_feature") {
            true => Some(fields.ints("_is_empty_feature")?),
            false => None,
        };
        let filled = simple.kept();
        let (valid, is_empty): (Vec<usize>, Vec<bool>) = match &empty {
            Some(empty) => {
                fields.expect_len("_is_empty_feature", empty.len(), n_features)?;
                let kept = empty.iter().enumerate().filter(|(_, empty)| keeps_empty || **empty == 0);
                kept.map(|(at, empty)| (at, *empty != 0)).unzip()
            }
            None => filled.iter().map(|&at| (at, false)).unzip(),
        };
        // One imputer made the other: the columns of the first filling are those that are kept, or all.
        let drops_filled = filled.len() == n_features && valid.len() < n_features;
        if filled != valid && !drops_filled {
            return Err(fields.damaged("initial_imputer_", "it keeps other columns than this imputer"));
        }
        let stays_first = fields.count("n_iter_")? == 0 || (empty.is_none() && keeps_empty);
        let sequence = match stays_first {
            true => Vec::new(),
            false => read_sequence(fields, &is_empty)?,
        };
        fields.training_only(&["_max_value", "_min_value", "imputation_sequence_"]);
        let indicator = match fields.bool_or("add_indicator", false)? {
            true => Some(fields.model("indicator_")?),
            false => None,
        };
        fields.training_only(&["indicator_"]);
        if let Some(indicator) = &indicator {
            if indicator.downcast::<MissingIndicator>().is_none() {
                return Err(fields.damaged("indicator_", "no `MissingIndicator`"));
            }
            fields.expect_len("indicator_", indicator.n_features_in().unwrap_or(0), n_features)?;
        }
        let samples_posterior = fields.bool_or("sample_posterior", false)?;
        let checks_all = !is_empty.contains(&true);
        Ok(Self {
            missing,
            initial,
            n_features,
            valid,
            drops_filled,
            sequence,
            checks_all,
            samples_posterior,
            indicator,
        })
    }

    /// The table without holes.
    fn filled(&self, x: ValueId, plan: &mut Lowering<'_>) -> Result<ValueId, Refusal> {
        let mut first = plan.inner_value(&self.initial, Method::Transform, x)?;
        let select = |places: &[usize]| SelectColumns { by: Selection::Places(places.to_vec()), series: false };
        if self.drops_filled {
            first = plan.push(select(&self.valid), &[first]);
        }
        if self.sequence.is_empty() {
            return Ok(first);
        }
        let mask = MissingMask {
            missing: self.missing.clone(),
            features: self.valid.clone(),
            refuse_new: false,
            sparse: Some(false),
        };
        let mask = plan.push(mask, &[x]);
        let mut filled = first;
        for Imputation { feature, neighbors, estimator, least, most } in &self.sequence {
            let others = plan.push(select(neighbors), &[filled]);
            let predicted = plan.inner_value(estimator, Method::Predict, others)?;
            let put = ImputeFeature { feature: *feature, least: *least, most: *most };
            filled = plan.push(put, &[filled, mask, predicted]);
        }
        if self.checks_all {
            filled = plan.push(UnlessAllMissing, &[mask, first, filled]);
        }
        Ok(filled)
    }
}

/// `imputation_sequence_`: for each step the column, the columns that it is predicted from, and the estimator. `is_empty`
/// says which columns had no value in the fit and are not predicted.
fn read_sequence(fields: &Fields<'_, '_>, is_empty: &[bool]) -> Result<Vec<Imputation>, ReadError> {
    let name = "imputation_sequence_";
    let columns = is_empty.len();
    let bounds = |name: &str| match fields.before(0, 23) {
        true => Ok(vec![fields.float(name)?; columns]),
        false => fields.vector_of(name, columns),
    };
    let (least, most) = (bounds("_min_value")?, bounds("_max_value")?);
    let path = fields.path_of(name);
    let mut sequence = Vec::new();
    for (number, node) in fields.list(name)?.into_iter().enumerate() {
        let path = format!("{path}[{number}]");
        let parts = match fields.instance_at(node, &path)? {
            Some(triplet) if triplet.name == "_ImputerTriplet" => triplet.arguments().to_vec(),
            _ => fields.list_at(node, &path)?,
        };
        let &[feature, neighbors, estimator] = &parts[..] else {
            return Err(fields.unexpected_at(node, &path, "a column, its neighbors and an estimator"));
        };
        let column = |value: i64| usize::try_from(value).ok().filter(|&at| at < columns);
        let outside = || fields.damaged(name, "a column outside of the table");
        let feature = fields.scalar_at(feature, &path)?.as_i64().and_then(column).ok_or_else(outside)?;
        let neighbors = fields.array_at(neighbors, &path)?.to_i64().ok_or_else(outside)?;
        let neighbors: Option<Vec<usize>> = neighbors.into_iter().map(column).collect();
        let neighbors = neighbors.ok_or_else(outside)?;
        let estimator = fields.model_at(estimator, format!("{path}[2]"))?;
        if is_empty.get(feature) == Some(&false) {
            let bounds = least.get(feature).copied().zip(most.get(feature).copied());
            let (least, most) = bounds.ok_or_else(outside)?;
            sequence.push(Imputation { feature, neighbors, estimator, least, most });
        }
    }
    Ok(sequence)
}

impl Estimator for IterativeImputer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        if method != Method::Transform {
            return plan.no_method(method);
        }
        if self.samples_posterior && !self.sequence.is_empty() {
            return plan.unsupported(method, "`sample_posterior=True`");
        }
        let rule = rule(&self.missing, Dtype::Float).sparse(SparseRule::Refuse);
        let x = plan.check(input, rule, self.n_features);
        let filled = self.filled(x, plan)?;
        let Some(indicator) = self.indicator.as_ref().and_then(|model| model.downcast::<MissingIndicator>()) else {
            return Ok(Output::matrix(filled));
        };
        let mask = indicator.mask(x, plan);
        Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Any }, &[filled, mask])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        let mut all = self.initial.feature_names_out(Some(input))?;
        if let Some(indicator) = &self.indicator {
            all.extend(indicator.feature_names_out(Some(input))?);
        }
        Ok(all)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        let each = self.sequence.iter().enumerate();
        let mut all: Vec<_> = each
            .map(|(number, step)| (format!("imputation_sequence_[{number}][2]"), Arc::clone(&step.estimator)))
            .collect();
        all.insert(0, ("initial_imputer_".to_owned(), Arc::clone(&self.initial)));
        all.extend(self.indicator.iter().map(|model| ("indicator_".to_owned(), Arc::clone(model))));
        all
    }
}
