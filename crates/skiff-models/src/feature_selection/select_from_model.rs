//! `sklearn.feature_selection.SelectFromModel`.

use std::sync::Arc;

use skiff_files::Scalar;
use skiff_plan::kernels::pairwise_sum::pairwise_sum_in;
use skiff_plan::value::{Matrix, Precision, Value};
use skiff_plan::{Answer, Method, Output, ValueId};

use super::rfe::rows_of;
use super::selector_mixin::{SelectedColumns, selects_columns};
use crate::computed::{Attributes, Computed};
use crate::conversions::real;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, ComputedAttribute, Estimator, Model, class};

pub(crate) const SELECT_FROM_MODEL: Class = class! {
    /// The features that an estimator finds important.
    ///
    /// # Reads
    /// `coef_` or `feature_importances_` of `estimator_`, or of a fitted `estimator`: any supported one; `threshold`,
    /// `max_features_`, `norm_order`, `importance_getter`.
    /// # Transforms
    /// The columns whose importance is not less than the threshold: a number, or the mean or median of all importances, times a
    /// factor; and at most `max_features_` of them, the most important ones. The importance of a feature with several
    /// coefficients is their norm. `inverse_transform` puts zeros into the other columns. NaN and infinity are an
    /// error unless the estimator's tags allow NaN: trees, forests, histogram boosting, ensembles of them.
    /// # Not supported
    /// `importance_getter` other than `'auto'`, `'coef_'` and `'feature_importances_'`; coefficients in a sparse matrix.
    /// # Older versions
    /// Without a threshold, the mean is it, or 1e-5 for estimators with an L1 penalty: by `penalty` and `Lasso` in the name
    /// before 1.8, later by `l1_ratio` as well.
    paths: ["sklearn.feature_selection._from_model.SelectFromModel", "sklearn.feature_selection.from_model.SelectFromModel"],
    training_only: ["estimator", "max_features", "prefit", "threshold_"],
    read: SelectFromModel::read,
};

/// A fitted `SelectFromModel`.
#[derive(Debug)]
pub struct SelectFromModel {
    columns: SelectedColumns,
    model: Arc<Model>,
    name: &'static str,
    threshold: Threshold,
}

/// `threshold_`
#[derive(Clone, Copy, Debug)]
struct Threshold {
    value: f64,
    /// Of the importances that it was computed from; a number that was given is a Python `float`.
    precision: Precision,
}

impl SelectFromModel {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let name = if fields.has("estimator_") { "estimator_" } else { "estimator" };
        let model = fields.model(name)?;
        let (scores, precision) = read_scores(fields, &model)?;
        let threshold = read_threshold(fields, &model, &scores, precision)?;
        // Compared in the dtype of the importances.
        let least = precision.round(threshold.value);
        let most = match fields.has("max_features_") {
            true => Some(fields.count("max_features_")?),
            false => match fields.optional("max_features") {
                Some(node) => {
                    let most = fields.scalar_at(node, &fields.path_of("max_features"))?.as_i64();
                    let most = most.and_then(|most| usize::try_from(most).ok());
                    Some(
                        most.ok_or_else(|| fields.unsupported("max_features", "a function, in an unfitted estimator"))?,
                    )
                }
                None => None,
            },
        };
        let mut support = vec![most.is_none(); scores.len()];
        if let Some(most) = most {
            // `np.argsort(-scores, kind='mergesort')[:max_features]`: the first of equals.
            let mut order: Vec<(&f64, &mut bool)> = scores.iter().zip(&mut support).collect();
            order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
            order.into_iter().take(most).for_each(|(_, stays)| *stays = true);
        }
        for (stays, &score) in support.iter_mut().zip(&scores) {
            *stays &= !matches!(score.partial_cmp(&least), Some(std::cmp::Ordering::Less));
        }
        let columns = SelectedColumns::new(fields, name, support, rows_of(fields))?;
        Ok(Self { columns, model, name, threshold })
    }
}

/// `_get_feature_importances` with `transform_func='norm'`.
pub(super) fn read_scores(fields: &Fields<'_, '_>, model: &Model) -> Result<(Vec<f64>, Precision), ReadError> {
    let getter = fields.string_or_none("importance_getter")?;
    let names: &[&str] = match getter.as_deref() {
        None | Some("auto") => &["coef_", "feature_importances_"],
        Some("coef_") => &["coef_"],
        Some("feature_importances_") => &["feature_importances_"],
        Some(other) => return Err(fields.unsupported("importance_getter", format!("`{other}`"))),
    };
    let attributes = Attributes::of(fields.graph(), model.node());
    let numbers = |name: &&str| {
        let node = attributes.as_ref().and_then(|attributes| attributes.node(name));
        if let Some(node) = node {
            let numbers = fields.numbers_at(node, &fields.path_of(name)).ok()?;
            let precision = numbers.precision;
            return numbers.into_rows().map(|matrix| (matrix.into_owned(), precision));
        }
        match model.computed(fields.graph(), name)? {
            Computed::Array(Answer::One(Value::Floats(matrix, precision), rank)) => Some(match rank {
                skiff_plan::Rank::One => (Matrix::new(1, matrix.rows, matrix.data.into_owned()), precision),
                _ => (matrix, precision),
            }),
            _ => None,
        }
    };
    let Some((importances, precision)) = names.iter().find_map(numbers) else {
        return Err(fields.unsupported("estimator", "an estimator whose importances are not an array of numbers"));
    };
    let order = match fields.float_or_none("norm_order")? {
        None | Some(1.0) => Norm::Sum,
        Some(2.0) => Norm::Root,
        Some(f64::INFINITY) => Norm::Most,
        Some(order) => return Err(fields.unsupported("norm_order", order.to_string())),
    };
    let columns = importances.transposed();
    Ok((columns.iter_rows().map(|column| order.of(column.iter().copied(), precision)).collect(), precision))
}

/// `norm_order`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Norm {
    Sum,
    Root,
    Most,
}

impl Norm {
    /// The norm of `values`, every step of it rounded to their dtype.
    fn of(self, values: impl Iterator<Item = f64>, precision: Precision) -> f64 {
        let add = |sum: f64, value: f64| precision.round(sum + value);
        match self {
            Self::Sum => values.map(f64::abs).fold(0.0, add),
            Self::Root => precision.round(values.map(|value| precision.round(value * value)).fold(0.0, add).sqrt()),
            Self::Most => values.fold(0.0, |most, value| value.abs().max(most)),
        }
    }
}

/// `_calculate_threshold`
fn read_threshold(
    fields: &Fields<'_, '_>,
    model: &Model,
    scores: &[f64],
    precision: Precision,
) -> Result<Threshold, ReadError> {
    let given = |value| Threshold { value, precision: Precision::Double };
    let text = match fields.scalar("threshold")? {
        Scalar::None if is_sparse(fields, model)? => return Ok(given(1e-5)),
        Scalar::None => "mean".to_owned(),
        Scalar::Str(text) => text,
        number => return number.as_f64().map(given).ok_or_else(|| fields.unexpected("threshold", "a number")),
    };
    let (factor, reference) = match text.split_once('*') {
        Some((factor, reference)) => (factor.trim().parse::<f64>().ok(), reference.trim()),
        None => (Some(1.0), text.as_str()),
    };
    let value = match (factor, reference) {
        (Some(factor), "mean") => factor * mean_threshold(scores, precision),
        (Some(factor), "median") => factor * median(scores, precision),
        _ => return Err(fields.unsupported("threshold", format!("`{text}`"))),
    };
    Ok(Threshold { value: precision.round(value), precision })
}

/// `np.mean(scores)`
pub(super) fn mean_threshold(scores: &[f64], precision: Precision) -> f64 {
    precision.round(pairwise_sum_in(scores, precision) / real(scores.len()))
}

fn median(scores: &[f64], precision: Precision) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (lower, upper) = sorted.split_at(sorted.len() / 2);
    match (lower.last(), upper.first()) {
        (_, None) => f64::NAN,
        (Some(below), Some(above)) if lower.len() == upper.len() => {
            precision.round(precision.round(below + above) / 2.0)
        }
        (_, Some(&middle)) => middle,
    }
}

/// Whether the estimator has an L1 penalty, as the version that wrote the file would find.
pub(super) fn is_sparse(fields: &Fields<'_, '_>, model: &Model) -> Result<bool, ReadError> {
    let Some(attributes) = Attributes::of(fields.graph(), model.node()) else { return Ok(false) };
    let class = model.header().class.as_str();
    let scalar = |name: &str| Scalar::read(fields.graph(), attributes.node(name)?).ok()?;
    let is_l1 = scalar("penalty").is_some_and(|penalty| penalty.as_str() == Some("l1"));
    let is_one = |ratio: f64| (ratio - 1.0).abs() <= 1e-8 + 1e-5;
    let has_ratio = |name: &str| match (scalar(name).and_then(|ratio| ratio.as_f64()), attributes.array(name)) {
        (Some(ratio), _) => Ok(is_one(ratio)),
        (None, Some(array)) => match array.to_f64() {
            Some(ratios) => Ok(!ratios.is_empty() && ratios.into_iter().all(is_one)),
            // As of `LogisticRegressionCV` without `l1_ratios`.
            None => Err(fields.unsupported("threshold", "scikit-learn cannot tell it where `l1_ratio_` holds None")),
        },
        _ => Ok(false),
    };
    let by_ratio = match class {
        "ElasticNet" if !fields.before(1, 1) => has_ratio("l1_ratio")?,
        "ElasticNetCV" if !fields.before(1, 1) => has_ratio("l1_ratio_")?,
        "LogisticRegression" if !fields.before(1, 8) => has_ratio("l1_ratio")?,
        "LogisticRegressionCV" if !fields.before(1, 8) => has_ratio("l1_ratio_")?,
        _ => false,
    };
    Ok(is_l1 || class.contains("Lasso") || by_ratio)
}

impl Estimator for SelectFromModel {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.columns.lower(method, input, plan)
    }

    selects_columns!(self => self.columns);

    fn computed(&self) -> Vec<ComputedAttribute<'_>> {
        let Threshold { value, precision } = self.threshold;
        vec![(
            "threshold_",
            Box::new(move |_| (self.name == "estimator_").then_some(Computed::Number(value, precision))),
        )]
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        vec![(self.name.to_owned(), Arc::clone(&self.model))]
    }
}
