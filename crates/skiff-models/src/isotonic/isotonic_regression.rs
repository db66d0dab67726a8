//! `sklearn.isotonic.IsotonicRegression`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Dtype, Interpolate, OutOfBounds};
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, Scoring, class};

pub(crate) const ISOTONIC_REGRESSION: Class = class! {
    /// Regression by a monotonic function.
    ///
    /// # Reads
    /// `X_thresholds_`, `y_thresholds_`, `X_min_`, `X_max_`, `out_of_bounds`. `f_` is derived from these and not read.
    /// # Predicts
    /// Linear interpolation between the thresholds. Beyond them it is NaN, the value of the outermost threshold
    /// (`out_of_bounds='clip'`) or an error (`'raise'`). `transform` is the same.
    /// # Older versions
    /// The thresholds were `_necessary_X_` and `_necessary_y_` before 0.24, and `X_` and `y_` in 0.17. Since 0.21 numbers
    /// have the dtype of the thresholds, and since 0.24 a table of one column is accepted.
    paths: ["sklearn.isotonic.IsotonicRegression"],
    training_only: ["X_max_", "X_min_", "X_", "X_thresholds_", "_X_", "_necessary_X_", "_necessary_y_", "_y_", "f_", "increasing", "increasing_", "y_", "y_max", "y_min", "y_thresholds_"],
    read: IsotonicRegression::read,
};

/// A fitted `IsotonicRegression`.
#[derive(Debug)]
pub struct IsotonicRegression {
    function: Arc<Interpolate>,
    dtype: Dtype,
}

impl IsotonicRegression {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let names = [("X_thresholds_", "y_thresholds_"), ("_necessary_X_", "_necessary_y_"), ("X_", "y_")];
        let is_there = |(x, _): &&(&str, &str)| fields.has(x);
        let &(x_name, y_name) = names.iter().find(is_there).unwrap_or(&names[0]);
        let numbers = fields.numbers(x_name)?;
        let xs = fields.vector(x_name)?;
        let ys = fields.vector_of(y_name, xs.len())?;
        if xs.is_empty() || !xs.is_sorted_by(|a, b| a < b) {
            return Err(fields.damaged(x_name, "the thresholds are not ascending"));
        }
        let out_of_bounds = match fields.string("out_of_bounds")?.as_str() {
            "nan" => OutOfBounds::Nan,
            "clip" => OutOfBounds::Clip(fields.float("X_min_")?, fields.float("X_max_")?),
            "raise" => OutOfBounds::Refuse,
            other => return Err(fields.unsupported("out_of_bounds", format!("`{other}`"))),
        };
        let keeps_dtype = x_name == "X_thresholds_" || (x_name == "_necessary_X_" && !fields.before(0, 21));
        let is_single = keeps_dtype && numbers.precision == skiff_plan::value::Precision::Single;
        let dtype = if is_single { Dtype::Single } else { Dtype::Double };
        Ok(Self { function: Arc::new(Interpolate { xs, ys, out_of_bounds }), dtype })
    }
}

impl Estimator for IsotonicRegression {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match method {
            Method::Predict | Method::Transform => {
                let x = plan.check(input, ArrayRule::FLOATS.dtype(self.dtype).any_names(), 1);
                Ok(Output::column(plan.push(&self.function, &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, _header: &Header, _input: &[String]) -> Result<Vec<String>, NamesError> {
        Ok(vec!["isotonicregression0".to_owned()])
    }

    fn takes_series(&self) -> bool {
        true
    }

    fn scoring(&self) -> Option<Scoring> {
        Some(Scoring::R2)
    }
}
