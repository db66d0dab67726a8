//! `sklearn.feature_selection.VarianceThreshold`.

use skiff_plan::operators::Finite;
use skiff_plan::{Answer, Method, Output, ValueId};

use super::selector_mixin::SelectedColumns;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Header, Lowering, Params, Refusal};
use crate::model::{Class, Estimator, NamesError, class};

pub(crate) const VARIANCE_THRESHOLD: Class = class! {
    /// The features with a variance above a threshold in the training data.
    ///
    /// # Reads
    /// `variances_`, `threshold`.
    /// # Transforms
    /// The columns with `variances_ > threshold`. `inverse_transform` puts zeros into the other columns.
    /// # Older versions
    /// Rows may contain NaN and infinity since 0.22.
    paths: ["sklearn.feature_selection._variance_threshold.VarianceThreshold",
        "sklearn.feature_selection.variance_threshold.VarianceThreshold",],
    read: VarianceThreshold::read,
};

/// A fitted `VarianceThreshold`.
#[derive(Debug)]
pub struct VarianceThreshold(SelectedColumns);

impl VarianceThreshold {
    /// Reads and checks the attributes.
    fn read(fields: &Fields<'_, '_>) -> Result<Self, ReadError> {
        let variances = fields.vector("variances_")?;
        let threshold = fields.float("threshold")?;
        let support = variances.iter().map(|&variance| variance > threshold).collect();
        let finite = if fields.before(0, 22) { Finite::All } else { Finite::Any };
        SelectedColumns::new(fields, "variances_", support, finite).map(Self)
    }
}

impl Estimator for VarianceThreshold {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        self.0.lower(method, input, plan)
    }

    fn feature_names_out(&self, header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
        self.0.feature_names_out(header, input)
    }

    fn without_rows(&self, method: &str, params: &Params) -> Option<Answer> {
        self.0.without_rows(method, params)
    }

    fn n_features_in(&self) -> Option<usize> {
        Some(self.0.n_features_in())
    }
}
