//! `sklearn.dummy`.

mod dummy_classifier;
mod dummy_regressor;
use skiff_plan::ValueId;
use skiff_plan::operators::{ArrayRule, Dtype, Finite, SparseRule};

use crate::fields::Version;
use crate::lowering::Lowering;
use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[dummy_classifier::DUMMY_CLASSIFIER, dummy_regressor::DUMMY_REGRESSOR];

/// The `check_array` of versions before 0.20, of which the first also rejected NaN and infinity.
fn check_rows(input: ValueId, plan: &mut Lowering<'_>) -> ValueId {
    let old = plan.header().version.is_none_or(|version| version < Version::new(0, 19));
    let finite = if old { Finite::All } else { Finite::Any };
    plan.check(input, ArrayRule::FLOATS.dtype(Dtype::Numeric).finite(finite).sparse(SparseRule::Accept), None)
}
