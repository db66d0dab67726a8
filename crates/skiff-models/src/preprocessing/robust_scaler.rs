//! `sklearn.preprocessing.RobustScaler`.

use skiff_plan::operators::{Arithmetic, RefuseSparse};
use skiff_plan::{Method, Output, ValueId};

use super::scalers::{self, Statistic, each_column};
use crate::fields::{Fields, ReadError, Version};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const ROBUST_SCALER: Class = class! {
    /// Removes the median and scales by a range of quantiles.
    ///
    /// # Reads
    /// `center_` (where `with_centering`), `scale_` (where `with_scaling`).
    /// # Transforms
    /// `(X - center_) / scale_`; sparse rows are scaled only, as scikit-learn does it.
    /// # Older versions
    /// The state has been the same since 0.17. Before 0.19 sparse rows were an error with `with_centering`.
    paths: ["sklearn.preprocessing._data.RobustScaler", "sklearn.preprocessing.data.RobustScaler"],
    read: RobustScaler::read,
};

/// A fitted `RobustScaler`.
#[derive(Debug)]
pub struct RobustScaler {
    /// `center_`, (n_features,).
    center: Option<Statistic>,
    /// `scale_`, (n_features,).
    scale: Option<Statistic>,
}

impl RobustScaler {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let center = if fields.bool("with_centering")? { Some(Statistic::read(fields, "center_")?) } else { None };
        let scale = if fields.bool("with_scaling")? { Some(Statistic::read(fields, "scale_")?) } else { None };
        if let (Some(center), Some(scale)) = (&center, &scale) {
            fields.expect_len("scale_", scale.len(), center.len())?;
        }
        fields.training_only(&["center_", "copy", "quantile_range", "scale_", "unit_variance"]);
        let scaler = Self { center, scale };
        if let Some(n_features) = scaler.n_features() {
            fields.expect_n_features("scale_", n_features)?;
        }
        Ok(scaler)
    }

    fn n_features(&self) -> Option<usize> {
        self.center.as_ref().or(self.scale.as_ref()).map(Statistic::len)
    }

    fn refuse_centering(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let old = plan.header().version.is_none_or(|version| version < Version::new(0, 19));
        if !old || self.center.is_none() {
            return x;
        }
        let message = "Cannot center sparse matrices: use `with_centering=False` instead.";
        plan.push(RefuseSparse { message }, &[x])
    }
}

impl Estimator for RobustScaler {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = scalers::sparse_rule(plan.header());
        let (center, scale) = (self.center.as_ref(), self.scale.as_ref());
        match method {
            Method::Transform => {
                let x = plan.check(input, rule, self.n_features());
                let x = self.refuse_centering(x, plan);
                let x = each_column(x, Arithmetic::Subtract, center, plan);
                Ok(Output::matrix(each_column(x, Arithmetic::Divide, scale, plan)))
            }
            Method::InverseTransform => {
                let x = plan.check(input, rule.any_names(), self.n_features());
                let x = self.refuse_centering(x, plan);
                let x = each_column(x, Arithmetic::Multiply, scale, plan);
                Ok(Output::matrix(each_column(x, Arithmetic::Add, center, plan)))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }

    fn n_features_in(&self) -> Option<usize> {
        self.n_features()
    }
}
