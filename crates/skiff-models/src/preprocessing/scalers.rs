//! What the scalers share.

use crate::plan::{Header, Lowering, ValueId};
use crate::steps::{Arithmetic, ArrayRule, Columnwise, Finite, SparseRule};

/// The input validation of scalers: floats; NaN stays since 0.20, before it was refused.
pub(crate) fn rule(header: &Header) -> ArrayRule {
    let old = header.version.is_none_or(|version| version < crate::fields::Version::new(0, 20));
    ArrayRule::FLOATS.finite(if old { Finite::All } else { Finite::AllowNan })
}

/// The same, where sparse rows are scaled as well.
pub(crate) fn sparse_rule(header: &Header) -> ArrayRule {
    rule(header).sparse(SparseRule::Accept)
}

/// One operation with a number for each column, if there are such numbers.
pub(crate) fn each_column(
    x: ValueId,
    arithmetic: Arithmetic,
    values: Option<&Vec<f64>>,
    plan: &mut Lowering<'_>,
) -> ValueId {
    match values {
        Some(values) => plan.push(Columnwise { arithmetic, values: values.clone() }, &[x]),
        None => x,
    }
}
