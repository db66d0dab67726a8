//! `sklearn.impute.MissingIndicator`.

use skiff_plan::operators::{Dtype, Missing, MissingMask};
use skiff_plan::{Method, Output, ValueId};

use super::missing::{read_missing, rule};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};
use crate::names;

pub(crate) const MISSING_INDICATOR: Class = class! {
    /// Shows where values are missing.
    ///
    /// # Reads
    /// `missing_values`, `features`, `features_`, `error_on_new`, `sparse`.
    /// # Transforms
    /// A bool for each value of the columns `features_`: whether it is missing.
    /// # Older versions
    /// The state has been the same since 0.20.
    paths: ["sklearn.impute._base.MissingIndicator", "sklearn.impute.MissingIndicator"],
    read: MissingIndicator::read,
};

/// A fitted `MissingIndicator`.
#[derive(Debug)]
pub struct MissingIndicator {
    missing: Missing,
    /// `features_`: the columns that are shown.
    pub(super) features: Vec<usize>,
    /// `error_on_new`, where `features` is `'missing-only'`.
    refuse_new: bool,
    /// `sparse`; `None` for `'auto'`.
    sparse: Option<bool>,
    n_features: usize,
}

impl MissingIndicator {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let missing = read_missing(fields)?;
        let n_features = fields.count("_n_features")?;
        let all = fields.string("features")? == "all";
        let places =
            fields.ints("features_")?.into_iter().map(|at| usize::try_from(at).ok().filter(|&at| at < n_features));
        let places: Option<Vec<usize>> = places.collect();
        let mut features = places.ok_or_else(|| fields.damaged("features_", "a column index out of range"))?;
        // Before 0.21 a fit without missing values showed all columns.
        if fields.before(0, 21) && features.is_empty() {
            features = (0..n_features).collect();
        }
        let refuse_new = fields.bool_or("error_on_new", true)? && !all;
        let sparse = match fields.optional("sparse") {
            Some(node) if fields.graph().str_of(node) == Some("auto") => None,
            _ => Some(fields.bool_or("sparse", false)?),
        };
        // One that an imputer made gets the mask, not the rows; the imputer makes it.
        fields.training_only(&["_precomputed"]);
        Ok(Self { missing, features, refuse_new, sparse, n_features })
    }

    /// The mask of rows that were validated already.
    pub(super) fn mask(&self, x: ValueId, plan: &mut Lowering<'_>) -> ValueId {
        let Self { missing, features, refuse_new, sparse, .. } = self;
        let (missing, features) = (missing.clone(), features.clone());
        plan.push(MissingMask { missing, features, refuse_new: *refuse_new, sparse: *sparse }, &[x])
    }
}

impl Estimator for MissingIndicator {
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
        let x = plan.check(input, rule(&self.missing, Dtype::Any).whole(), self.n_features);
        Ok(Output::matrix(self.mask(x, plan)))
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        names::check(header, input)?;
        let shown = self.features.iter().filter_map(|&at| input.get(at));
        Ok(shown.map(|name| format!("missingindicator_{name}")).collect())
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.n_features)
    }
}
