//! `sklearn.preprocessing.MaxAbsScaler`.

use skiff_plan::operators::{Arithmetic, Elementwise, Function};
use skiff_plan::{Method, Output, ValueId};

use super::scalers::{self, Statistic};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const MAX_ABS_SCALER: Class = class! {
    /// Scales each feature by its greatest absolute value.
    ///
    /// # Reads
    /// `scale_`, `clip`.
    /// # Transforms
    /// `X / scale_`, clipped to -1 … 1 if `clip`; sparse rows stay sparse.
    /// # Older versions
    /// `clip` is new in 1.8; the rest has been the same since 0.17.
    paths: ["sklearn.preprocessing._data.MaxAbsScaler", "sklearn.preprocessing.data.MaxAbsScaler"],
    read: MaxAbsScaler::read,
};

/// A fitted `MaxAbsScaler`.
#[derive(Debug)]
pub struct MaxAbsScaler {
    /// `scale_`, (n_features,).
    scale: Statistic,
    /// `clip`.
    clip: bool,
}

impl MaxAbsScaler {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let scale = Statistic::read(fields, "scale_")?;
        fields.expect_n_features("scale_", scale.len())?;
        let clip = fields.bool_or("clip", false)?;
        fields.training_only(&["copy", "max_abs_", "n_samples_seen_"]);
        Ok(Self { scale, clip })
    }
}

impl Estimator for MaxAbsScaler {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = scalers::sparse_rule(plan.header());
        match method {
            Method::Transform => {
                let x = plan.check(input, rule, self.scale.len());
                let mut x = plan.push(self.scale.by(Arithmetic::Divide), &[x]);
                if self.clip {
                    x = plan.push(Elementwise { function: Function::Clip(-1.0, 1.0) }, &[x]);
                }
                Ok(Output::matrix(x))
            }
            Method::InverseTransform => {
                let x = plan.check(input, rule.any_names(), self.scale.len());
                Ok(Output::matrix(plan.push(self.scale.by(Arithmetic::Multiply), &[x])))
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
