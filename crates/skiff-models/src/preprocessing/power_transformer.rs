//! `sklearn.preprocessing.PowerTransformer`.

use std::sync::Arc;

use skiff_plan::operators::{ArrayRule, Finite, Power, PowerFamily};
use skiff_plan::value::Precision;
use skiff_plan::{Method, Output, ValueId};

use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, Model, NamesError, class};
use crate::names;

pub(crate) const POWER_TRANSFORMER: Class = class! {
    /// Makes each feature more like a normal one by a power.
    ///
    /// # Reads
    /// `lambdas_`, `method`; the `StandardScaler` in `_scaler` where `standardize`.
    /// # Transforms
    /// `method='box-cox'`: `(x^λ - 1) / λ`, or `log(x)` where λ is 0, of positive numbers only. `'yeo-johnson'`: the
    /// same of `x + 1`, and of negative numbers the negative of it for `1 - x` and `2 - λ`. Then what the scaler does.
    /// `inverse_transform` is the inverse. NaN stays NaN.
    /// # Older versions
    /// The state has been the same since 0.20, which has the class first, then without Yeo-Johnson's powers in 0.19.
    /// Since 1.8 these are computed by `expm1` and `log1p`.
    paths: ["sklearn.preprocessing._data.PowerTransformer", "sklearn.preprocessing.data.PowerTransformer"],
    training_only: ["_scaler", "copy"],
    read: PowerTransformer::read,
};

/// A fitted `PowerTransformer`.
#[derive(Debug)]
pub struct PowerTransformer {
    /// `lambdas_`, (n_features,).
    lambdas: Vec<f64>,
    /// Their dtype.
    precision: Precision,
    family: PowerFamily,
    /// `_scaler`, where `standardize`.
    scaler: Option<Arc<Model>>,
}

impl PowerTransformer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let precision = fields.numbers("lambdas_")?.precision;
        let lambdas = fields.vector("lambdas_")?;
        fields.expect_n_features("lambdas_", lambdas.len())?;
        let family = match fields.string("method")?.as_str() {
            "box-cox" => PowerFamily::BoxCox { back_by_logarithms: !fields.before(1, 6) },
            "yeo-johnson" => PowerFamily::YeoJohnson { by_logarithms: !fields.before(1, 8) },
            other => return Err(fields.unsupported("method", format!("`{other}`"))),
        };
        let scaler = if fields.bool("standardize")? { Some(fields.model("_scaler")?) } else { None };
        if scaler.as_ref().is_some_and(|scaler| scaler.downcast::<super::standard_scaler::StandardScaler>().is_none()) {
            return Err(fields.unexpected("_scaler", "a `StandardScaler`"));
        }
        if let Some(width) = scaler.as_ref().and_then(|scaler| scaler.n_features_in()) {
            fields.expect_len("_scaler", width, lambdas.len())?;
        }
        Ok(Self { lambdas, precision, family, scaler })
    }

    fn power(&self, inverse: bool) -> Power {
        let (precision, family) = (self.precision, self.family);
        Power { lambdas: self.lambdas.clone(), precision, family, inverse }
    }
}

impl Estimator for PowerTransformer {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        let rule = ArrayRule::FLOATS.finite(Finite::AllowNan);
        match method {
            Method::Transform => {
                let x = plan.check(input, rule, self.lambdas.len());
                let powers = plan.push(self.power(false), &[x]);
                Ok(Output::matrix(match &self.scaler {
                    Some(scaler) => plan.inner_value(scaler, method, powers)?,
                    None => powers,
                }))
            }
            Method::InverseTransform => {
                let mut x = plan.check(input, rule.any_names(), self.lambdas.len());
                if let Some(scaler) = &self.scaler {
                    x = plan.inner_value(scaler, method, x)?;
                }
                Ok(Output::matrix(plan.push(self.power(true), &[x])))
            }
            _ => plan.no_method(method),
        }
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::one_to_one(header, input)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.lambdas.len())
    }

    fn inner(&self) -> Vec<(String, Arc<Model>)> {
        self.scaler.iter().map(|model| ("_scaler".to_owned(), Arc::clone(model))).collect()
    }
}
