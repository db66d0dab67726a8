//! `sklearn.preprocessing.Imputer`, which `SimpleImputer` replaced.

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Dtype, Finite, Impute, Missing, SparseRule};
use skiff_plan::{Method, Output, ValueId};

use super::missing::read_missing;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

pub(crate) const IMPUTER: Class = class! {
    /// Fills missing values with a value for each column. Until 0.21.
    ///
    /// # Reads
    /// `statistics_`, `missing_values`, `axis`.
    /// # Transforms
    /// Missing values are replaced by `statistics_`; columns without values in the training data are dropped. Infinities are
    /// numbers like others. Sparse rows whose zeros are missing become dense.
    /// # Not supported
    /// `axis=1`, which fills rows by their own values.
    /// # Older versions
    /// The state has been the same since 0.17.
    paths: ["sklearn.preprocessing.imputation.Imputer"],
    read: Imputer::read,
};

/// A fitted `Imputer`.
#[derive(Debug)]
pub struct Imputer {
    missing: Missing,
    /// `statistics_`; `None` for columns that are left out.
    fills: Vec<Option<Scalar>>,
}

impl Imputer {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        if fields.int_or_none("axis")? != Some(0) {
            return Err(fields.unsupported("axis", "1, by which rows are filled by their own values"));
        }
        let missing = match read_missing(fields)? {
            Missing::Value(Scalar::Str(text)) if text == "NaN" => Missing::Nan,
            missing => missing,
        };
        let statistics = fields.numbers("statistics_")?;
        if statistics.shape.len() != 1 {
            return Err(fields.unexpected("statistics_", "an array of one dimension"));
        }
        fields.expect_n_features("statistics_", statistics.data.len())?;
        let fill = |value: &f64| (!value.is_nan()).then_some(Scalar::Float(*value));
        let fills = statistics.data.iter().map(fill).collect();
        fields.training_only(&["copy", "strategy", "verbose"]);
        Ok(Self { missing, fills })
    }
}

impl Estimator for Imputer {
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
        let is_zero = matches!(&self.missing, Missing::Value(value) if value.as_f64() == Some(0.0));
        let sparse = if is_zero { SparseRule::Densify } else { SparseRule::Accept };
        let rule = ArrayRule::FLOATS.dtype(Dtype::Float).finite(Finite::Any).sparse(sparse);
        let x = plan.check(input, rule, self.fills.len());
        let step = Impute {
            missing: self.missing.clone(),
            fills: self.fills.clone(),
            objects: false,
            bools_are_numbers: false,
            fill_kind: None,
        };
        Ok(Output::matrix(plan.push(step, &[x])))
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.fills.len())
    }
}
