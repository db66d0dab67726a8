//! `sklearn.feature_selection.VarianceThreshold`.

use skiff_plan::operators::Finite;
use skiff_plan::{Method, Output, ValueId};

use super::selector_mixin::{SelectedColumns, selects_columns};
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Class, Estimator, class};

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

    selects_columns!(self => self.0);
}
