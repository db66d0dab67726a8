//! `sklearn.preprocessing.MinMaxScaler`.

use skiff_plan::operators::{Arithmetic, Elementwise, Function};
use skiff_plan::{Method, Output, ValueId};

use super::scalers::{self, Statistic};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const MIN_MAX_SCALER: Class = class! {
    /// Scales each feature to a range.
    ///
    /// # Reads
    /// `scale_`, `min_`; `clip` and, with it, `feature_range`.
    /// # Transforms
    /// `X · scale_ + min_`, cut to `feature_range` where `clip`; `inverse_transform` is `(X - min_) / scale_`.
    /// # Older versions
    /// `clip` is new in 0.24.
    paths: ["sklearn.preprocessing._data.MinMaxScaler", "sklearn.preprocessing.data.MinMaxScaler"],
    read: MinMaxScaler::read,
};

/// A fitted `MinMaxScaler`.
#[derive(Debug)]
pub struct MinMaxScaler {
    /// `scale_`, (n_features,).
    scale: Statistic,
    /// `min_`, (n_features,).
    min: Statistic,
    /// `feature_range`, where `clip`.
    clip: Option<(f64, f64)>,
}

impl MinMaxScaler {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let scale = Statistic::read(fields, "scale_")?;
        let min = Statistic::read(fields, "min_")?;
        fields.expect_len("min_", min.len(), scale.len())?;
        fields.expect_n_features("scale_", scale.len())?;
        let clip = if fields.bool_or("clip", false)? { Some(read_range(fields)?) } else { None };
        fields.training_only(&["copy", "data_max_", "data_min_", "data_range_", "feature_range", "n_samples_seen_"]);
        Ok(Self { scale, min, clip })
    }
}

fn read_range(fields: &Fields<'_, '_>) -> Result<(f64, f64), ReadError> {
    let path = fields.path_of("feature_range");
    let &[low, high] = fields.list("feature_range")?.as_slice() else {
        return Err(fields.unexpected("feature_range", "a pair of numbers"));
    };
    match (fields.scalar_at(low, &path)?.as_f64(), fields.scalar_at(high, &path)?.as_f64()) {
        (Some(low), Some(high)) if low < high => Ok((low, high)),
        _ => Err(fields.damaged("feature_range", "its maximum is not above its minimum")),
    }
}

impl Estimator for MinMaxScaler {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = scalers::rule(plan.header());
        match method {
            Method::Transform => {
                let x = plan.check(input, rule, self.scale.len());
                let x = plan.push(self.scale.by(Arithmetic::Multiply), &[x]);
                let mut x = plan.push(self.min.by(Arithmetic::Add), &[x]);
                if let Some((low, high)) = self.clip {
                    x = plan.push(Elementwise { function: Function::Clip(low, high) }, &[x]);
                }
                Ok(Output::matrix(x))
            }
            Method::InverseTransform => {
                let x = plan.check(input, rule.any_names(), self.scale.len());
                let x = plan.push(self.min.by(Arithmetic::Subtract), &[x]);
                Ok(Output::matrix(plan.push(self.scale.by(Arithmetic::Divide), &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.scale.len())
    }
}
