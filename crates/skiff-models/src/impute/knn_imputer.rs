//! `sklearn.impute.KNNImputer`.

use std::sync::Arc;

use skiff_plan::kernels::brute_force::Points;
use skiff_plan::kernels::metric::Metric;
use skiff_plan::kernels::row_square;
use skiff_plan::operators::{AppendIfMissing, Concatenate, Dtype, ImputeNeighbors, Layout, Missing, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use super::missing::{read_missing, rule};
use super::missing_indicator::MissingIndicator;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;
use crate::neighbors::{Weights, read_weights};

pub(crate) const KNN_IMPUTER: Class = class! {
    /// Fills missing values with the mean of the nearest rows of the fit.
    ///
    /// # Reads
    /// `_fit_X`, `n_neighbors`, `weights`, `missing_values`, `keep_empty_features`, `indicator_` where `add_indicator`.
    /// # Transforms
    /// The mean of the `n_neighbors` nearest rows that have a value in that column, which weigh the same, or 1 /
    /// distance. The distance is Euclidean over what both rows have, as if all features were like those; where no row
    /// is comparable, the mean of the column. Columns without a value in the fit are left out, or zeros with
    /// `keep_empty_features`. With `add_indicator` the columns of a `MissingIndicator` follow.
    /// # Not supported
    /// Callable weights and metrics.
    /// # Older versions
    /// Before 1.3 the columns of the indicator are left out of a table without missing values. `keep_empty_features` is of
    /// 1.2. Which of equally distant donors count is up to numpy's `argpartition`.
    paths: ["sklearn.impute._knn.KNNImputer"],
    training_only: ["_mask_fit_X", "_valid_mask", "copy", "indicator_"],
    read: KNNImputer::read,
};

/// A fitted `KNNImputer`.
#[derive(Debug)]
pub struct KNNImputer {
    donors: Arc<ImputeNeighbors>,
    missing: Missing,
    /// Which columns had a value in the fit.
    valid: Vec<bool>,
    /// `indicator_`.
    indicator: Option<Arc<Model>>,
    /// Whether the columns of the indicator are left out of a table without missing values.
    indicator_varies: bool,
}

impl KNNImputer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let metric = fields.required("metric")?;
        if fields.graph().str_of(metric) != Some("nan_euclidean") {
            return Err(fields.unsupported("metric", "a metric other than `nan_euclidean`"));
        }
        let missing = read_missing(fields)?;
        let gap = match &missing {
            Missing::Nan => f64::NAN,
            Missing::Value(value) => match value.as_f64() {
                Some(value) => value,
                None => return Err(fields.unexpected("missing_values", "a number")),
            },
            Missing::Na => return Err(fields.unsupported("missing_values", "`pandas.NA`")),
        };
        let precision = fields.numbers("_fit_X")?.precision;
        let fitted = fields.matrix("_fit_X")?.map(|&value| if value == gap { f64::NAN } else { value });
        if fitted.rows == 0 {
            return Err(fields.damaged("_fit_X", "there is no row"));
        }
        fields.expect_n_features("_fit_X", fitted.cols)?;
        let neighbors = fields.count("n_neighbors")?;
        if neighbors == 0 {
            return Err(fields.damaged("n_neighbors", "no neighbors"));
        }
        let by_distance = read_weights(fields)? == Weights::Distance;
        let keep_empty = fields.bool_or("keep_empty_features", false)?;
        let indicator = match fields.bool("add_indicator")? {
            true => Some(fields.model("indicator_")?),
            false => None,
        };
        if let Some(model) = &indicator {
            if model.downcast::<MissingIndicator>().is_none() {
                return Err(fields.unexpected("indicator_", "a `MissingIndicator`"));
            }
            fields.expect_len("indicator_", model.n_features_in().unwrap_or(0), fitted.cols)?;
        }
        let valid = fitted.transposed().iter_rows().map(|column| column.iter().any(|value| !value.is_nan())).collect();
        let einsum = if fields.before(1, 0) { row_square::old_einsum } else { row_square::einsum };
        let points = Points::dense(fitted.clone(), Metric::NanEuclidean, einsum);
        let donors = ImputeNeighbors {
            missing: gap,
            fitted,
            points,
            precision,
            neighbors,
            by_distance,
            counts_incomparable: fields.before(1, 6),
            keep_empty,
        };
        let indicator_varies = fields.before(1, 3);
        Ok(Self { donors: Arc::new(donors), missing, valid, indicator, indicator_varies })
    }
}

impl Estimator for KNNImputer {
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
        let rule = rule(&self.missing, Dtype::Float).sparse(SparseRule::Refuse);
        let x = plan.check(input, rule, self.valid.len());
        let filled = plan.push(&self.donors, &[x]);
        let Some(indicator) = self.indicator.as_ref().and_then(|model| model.downcast::<MissingIndicator>()) else {
            return Ok(Output::matrix(filled));
        };
        let mask = indicator.mask(x, plan);
        if self.indicator_varies {
            let append = AppendIfMissing { donors: Arc::clone(&self.donors) };
            return Ok(Output::matrix(plan.push(append, &[x, filled, mask])));
        }
        Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Any }, &[filled, mask])))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        let valid = input.iter().zip(&self.valid).filter(|(_, valid)| **valid);
        let mut all: Vec<String> = valid.map(|(name, _)| name.clone()).collect();
        if let Some(indicator) = &self.indicator {
            all.extend(indicator.feature_names_out(Some(input))?);
        }
        Ok(all)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.valid.len())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.indicator.iter().map(|model| ("indicator_".to_owned(), Arc::clone(model))).collect()
    }
}
