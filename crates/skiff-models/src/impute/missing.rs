//! `missing_values`, and the validation that hangs on it.

use skiff_files::Scalar;
use skiff_plan::operators::{ArrayRule, Dtype, Finite, Missing, SparseRule};

use crate::fields::{Fields, ReadError};

/// Reads `missing_values`.
pub(crate) fn read_missing(fields: &Fields<'_, '_>) -> Result<Missing, ReadError> {
    let Some(node) = fields.node("missing_values") else { return Ok(Missing::Nan) };
    if let Some(scalar) = Scalar::read(fields.graph(), node).ok().flatten() {
        return Ok(match scalar {
            Scalar::Float(value) if value.is_nan() => Missing::Nan,
            // The old `Imputer`, and the first `MissingIndicator`, could be given by name.
            Scalar::Str(text) if text == "NaN" && fields.before(0, 20) => Missing::Nan,
            other => Missing::Value(other),
        });
    }
    let name = fields.graph().object(node).map_or(node, |object| object.callable);
    match fields.graph().global(name) {
        // `pandas.NA` pickles as a name, or as a call of its class.
        Some((module, "NA" | "NAType" | "C_NA")) if module.starts_with("pandas") => Ok(Missing::Na),
        _ => Err(fields.unexpected("missing_values", "a single value")),
    }
}

/// The input validation of imputers and indicators that know their missing value.
pub(crate) fn rule(missing: &Missing, dtype: Dtype) -> ArrayRule {
    let finite = if matches!(missing, Missing::Value(_)) { Finite::All } else { Finite::AllowNan };
    ArrayRule::FLOATS.dtype(dtype).finite(finite).sparse(SparseRule::Accept)
}
