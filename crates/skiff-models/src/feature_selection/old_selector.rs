//! `_LearntSelectorMixin`: until 0.18 estimators with coefficients or importances had `transform`, which selected features
//! by them.

use skiff_plan::operators::Finite;
use skiff_plan::{Method, Output, ValueId};
use skiff_sklearn::OLD_SELECTORS;

use super::select_from_model::{is_sparse, mean_threshold, read_scores};
use super::selector_mixin::SelectedColumns;
use crate::fields::{Fields, ReadError};
use crate::lowering::{Lowering, Params, Refusal};
use crate::model::{Estimator, Model};

/// The features that are selected, with the default threshold.
#[derive(Debug)]
struct OldSelector {
    columns: SelectedColumns,
}

/// What selects the features, if the estimator has such a `transform`, and its importances are found.
pub(crate) fn read(fields: &Fields<'_, '_>, model: &Model) -> Result<Option<Box<dyn Estimator>>, ReadError> {
    let header = model.header();
    if !header.before(0, 19) || !OLD_SELECTORS.contains(&header.class.as_str()) {
        return Ok(None);
    }
    let Ok((scores, precision)) = read_scores(fields, model) else { return Ok(None) };
    let threshold = match is_sparse(fields, model)? {
        true => 1e-5,
        false => mean_threshold(&scores, precision),
    };
    let least = precision.round(threshold);
    let support = scores.iter().map(|&score| score >= least).collect();
    let columns = SelectedColumns::new(fields, "coef_", support, Finite::All)?;
    Ok(Some(Box::new(OldSelector { columns })))
}

impl Estimator for OldSelector {
    fn lower(
        &self,
        method: Method,
        input: ValueId,
        plan: &mut Lowering<'_>,
        _params: &Params,
    ) -> Result<Output, Refusal> {
        match self.columns.is_empty() {
            true => plan.unsupported(method, "no selected feature, for which scikit-learn raises"),
            false => self.columns.lower(method, input, plan),
        }
    }
}
