//! `sklearn.impute.SimpleImputer`.

use std::sync::Arc;

use skiff_files::{DType, Scalar};
use skiff_plan::operators::{Concatenate, Dtype, FillKind, Impute, ImputeInverse, Layout, Missing};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use super::missing::{read_missing, rule};
use super::missing_indicator::MissingIndicator;
use crate::fields::{Fields, ReadError, ReadErrorKind};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;

pub(crate) const SIMPLE_IMPUTER: Class = class! {
    /// Fills missing values with a value for each column.
    ///
    /// # Reads
    /// `statistics_`, `missing_values`, `strategy`, `keep_empty_features`, `indicator_` where `add_indicator`, `_fit_dtype`.
    /// # Transforms
    /// Missing values are replaced by `statistics_`; columns without values in the training data are dropped,
    /// unless they are kept. With `add_indicator` the columns of a `MissingIndicator` follow.
    /// # Not supported
    /// `inverse_transform` detects columns without values in the training data by `statistics_`; scikit-learn takes any column for
    /// such a one in which all rows of the table are missing.
    /// # Older versions
    /// `add_indicator` is new in 0.21, `keep_empty_features` in 1.2. Before 1.8 `strategy='constant'` never left out
    /// columns.
    paths: ["sklearn.impute._base.SimpleImputer", "sklearn.impute.SimpleImputer"],
    read: SimpleImputer::read,
};

/// A fitted `SimpleImputer`.
#[derive(Debug)]
pub struct SimpleImputer {
    missing: Missing,
    /// `statistics_`; `None` for columns that are left out.
    fills: Vec<Option<Scalar>>,
    /// Whether text is accepted as well: the strategies `most_frequent` and `constant`.
    any_type: bool,
    /// Whether `_fit_dtype` is object.
    objects: bool,
    /// Whether a column of bools counts as numbers, since 1.1.
    bools_are_numbers: bool,
    /// The dtype of the constant, if scikit-learn checks it.
    fill_kind: Option<FillKind>,
    /// `indicator_`.
    indicator: Option<Arc<Model>>,
}

impl SimpleImputer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let missing = read_missing(fields)?;
        // A function as strategy (1.5) has done its work in the fit.
        let strategy = fields.graph().str_of(fields.required("strategy")?).unwrap_or("callable");
        let constant = strategy == "constant";
        let array = fields.array("statistics_")?;
        let error = |error| ReadError::new(fields.path_of("statistics_"), ReadErrorKind::Value(error));
        let statistics = array.to_scalars(fields.graph()).map_err(error)?;
        fields.expect_n_features("statistics_", statistics.len())?;
        let keep = fields.bool_or("keep_empty_features", false)? || (constant && fields.before(1, 8));
        let is_nan = |value: &Scalar| matches!(value, Scalar::Float(value) if value.is_nan());
        let objects = matches!(read_dtype(fields, "_fit_dtype")?, Some(DType::Object));
        let fill_dtype = match fields.has("_fill_dtype") {
            true => read_dtype(fields, "_fill_dtype")?,
            false => Some(array.dtype),
        };
        let cast = |value: Scalar| match (&fill_dtype, value) {
            (Some(DType::Float { size: 4, .. }), Scalar::Float(value)) => Scalar::Float(Precision::Single.round(value)),
            (_, value) => value,
        };
        let fills = statistics.into_iter().map(|value| (keep || !is_nan(&value)).then(|| cast(value))).collect();
        let fill_kind = match fill_dtype {
            _ if !constant || fields.before(1, 4) => None,
            Some(DType::Object) => Some(FillKind::Object),
            Some(DType::Float { .. }) => Some(FillKind::Float),
            Some(DType::UInt { .. } | DType::Bool) => Some(FillKind::UInt),
            _ => Some(FillKind::Int),
        };
        let indicator = match fields.bool_or("add_indicator", false)? {
            true => Some(fields.model("indicator_")?),
            false => None,
        };
        if indicator.as_ref().is_some_and(|model| model.downcast::<MissingIndicator>().is_none()) {
            return Err(fields.damaged("indicator_", "no `MissingIndicator`"));
        }
        fields.training_only(&["copy", "fill_value", "indicator_", "strategy", "verbose"]);
        let any_type = matches!(strategy, "constant" | "most_frequent");
        let bools_are_numbers = !fields.before(1, 1);
        let model = Self { missing, fills, any_type, objects, bools_are_numbers, fill_kind, indicator };
        if let Some(indicator) = &model.indicator {
            let width = indicator.n_features_in().unwrap_or(0);
            fields.expect_len("indicator_", width, model.fills.len())?;
        }
        Ok(model)
    }

    pub(super) fn n_features(&self) -> usize {
        self.fills.len()
    }

    fn indicator(&self) -> Option<&MissingIndicator> {
        self.indicator.as_ref()?.downcast()
    }

    /// The columns that come out.
    pub(super) fn kept(&self) -> Vec<usize> {
        self.fills.iter().enumerate().filter(|(_, fill)| fill.is_some()).map(|(column, _)| column).collect()
    }
}

fn read_dtype(fields: &Fields<'_, '_>, name: &str) -> Result<Option<DType>, ReadError> {
    let Some(node) = fields.optional(name) else { return Ok(None) };
    DType::read(fields.graph(), node).map_err(|error| ReadError::new(fields.path_of(name), ReadErrorKind::Value(error)))
}

impl Estimator for SimpleImputer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Transform => {
                let dtype = if self.any_type || self.objects { Dtype::Any } else { Dtype::Float };
                let x = plan.check(input, rule(&self.missing, dtype).whole(), self.fills.len());
                let step = Impute {
                    missing: self.missing.clone(),
                    fills: self.fills.clone(),
                    objects: self.objects,
                    bools_are_numbers: self.bools_are_numbers,
                    fill_kind: self.fill_kind,
                };
                let filled = plan.push(step, &[x]);
                let Some(indicator) = self.indicator() else { return Ok(Output::matrix(filled)) };
                let mask = indicator.mask(x, plan);
                Ok(Output::matrix(plan.push(Concatenate { layout: Layout::Any }, &[filled, mask])))
            }
            Method::InverseTransform => {
                let Some(indicator) = self.indicator() else {
                    // scikit-learn has the method, and raises.
                    return plan.unsupported(method, "`add_indicator=False`");
                };
                let missing = match &self.missing {
                    Missing::Nan | Missing::Na => f64::NAN,
                    Missing::Value(value) => match value.as_f64() {
                        Some(value) => value,
                        None => return plan.unsupported(method, format!("`missing_values={value}`")),
                    },
                };
                let (width, kept, shown) = (self.fills.len(), self.kept(), indicator.features.clone());
                Ok(Output::matrix(plan.push(ImputeInverse { width, kept, shown, missing }, &[input])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        let mut all: Vec<String> = self.kept().into_iter().filter_map(|at| input.get(at).cloned()).collect();
        if let Some(indicator) = &self.indicator {
            all.extend(indicator.feature_names_out(Some(input))?);
        }
        Ok(all)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.fills.len())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.indicator.iter().map(|model| ("indicator_".to_owned(), Arc::clone(model))).collect()
    }
}
