//! `sklearn.preprocessing.StandardScaler`.

use skiff_plan::operators::{Arithmetic, Columnwise, RefuseSparse};
use skiff_plan::{Method, Output, ValueId};

use super::scalers::Statistic;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const STANDARD_SCALER: Class = class! {
    /// Standardises features by removing the mean and scaling to unit variance.
    ///
    /// # Reads
    /// `mean_` (where `with_mean`), `scale_` (where `with_std`).
    /// # Transforms
    /// `(X - mean_) / scale_`; sparse rows, which have no mean removed, `X · (1 / scale_)`.
    /// # Older versions
    /// The state has been the same since 0.17. Since 1.8 `mean_` and `scale_` are cast to the dtype of dense rows before
    /// they are used: `float32` rows far from the origin are scaled otherwise than before.
    paths: ["sklearn.preprocessing._data.StandardScaler", "sklearn.preprocessing.data.StandardScaler"],
    read: StandardScaler::read,
};

/// A fitted `StandardScaler`.
#[derive(Debug)]
pub struct StandardScaler {
    /// `mean_`, (n_features,).
    mean: Option<Statistic>,
    /// `scale_`, (n_features,).
    scale: Option<Statistic>,
    /// Whether dense rows get them in their own dtype.
    cast: bool,
}

impl StandardScaler {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let with_mean = fields.bool("with_mean")?;
        let with_std = fields.bool("with_std")?;
        let mean = if with_mean { Some(Statistic::read(fields, "mean_")?) } else { None };
        let scale = if with_std { Some(Statistic::read(fields, "scale_")?) } else { None };
        if let Some(mean) = &mean {
            fields.expect_n_features("mean_", mean.len())?;
        }
        if let (Some(mean), Some(scale)) = (&mean, &scale) {
            fields.expect_len("scale_", scale.len(), mean.len())?;
        }
        fields.training_only(&["copy", "mean_", "scale_", "var_", "n_samples_seen_"]);
        let scaler = Self { mean, scale, cast: !fields.before(1, 8) };
        if let Some(n_features) = scaler.n_features() {
            fields.expect_n_features("scale_", n_features)?;
        }
        Ok(scaler)
    }

    fn n_features(&self) -> Option<usize> {
        self.mean.as_ref().or(self.scale.as_ref()).map(Statistic::len)
    }

    fn step(&self, arithmetic: Arithmetic, statistic: &Statistic) -> Columnwise {
        if self.cast { statistic.by_cast(arithmetic) } else { statistic.by(arithmetic) }
    }
}

impl Estimator for StandardScaler {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = super::scalers::sparse_rule(plan.header());
        match method {
            Method::Transform => {
                let mut x = plan.check(input, rule, self.n_features());
                if let Some(mean) = &self.mean {
                    let message = "Cannot center sparse matrices: pass `with_mean=False` instead.";
                    x = plan.push(RefuseSparse { message }, &[x]);
                    x = plan.push(self.step(Arithmetic::Subtract, mean), &[x]);
                }
                if let Some(scale) = &self.scale {
                    x = plan.push(self.step(Arithmetic::Divide, scale), &[x]);
                }
                Ok(Output::matrix(x))
            }
            Method::InverseTransform => {
                let mut x = plan.check(input, rule.any_names(), self.n_features());
                if let Some(scale) = &self.scale {
                    x = plan.push(self.step(Arithmetic::Multiply, scale), &[x]);
                }
                if let Some(mean) = &self.mean {
                    let message = "Cannot uncenter sparse matrices: pass `with_mean=False` instead.";
                    x = plan.push(RefuseSparse { message }, &[x]);
                    x = plan.push(self.step(Arithmetic::Add, mean), &[x]);
                }
                Ok(Output::matrix(x))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }
}
