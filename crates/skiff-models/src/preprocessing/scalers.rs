//! What the scalers share.

use skiff_plan::ValueId;
use skiff_plan::operators::{Arithmetic, ArrayRule, Columnwise, Finite, SparseRule};
use skiff_plan::value::Precision;

use crate::fields::{Fields, Numbers, ReadError};
use crate::lowering::{Header, Lowering};

/// The input validation of scalers: floats; NaN is allowed since 0.20, before it was an error.
pub(crate) fn rule(header: &Header) -> ArrayRule {
    let old = header.version.is_none_or(|version| version < crate::fields::Version::new(0, 20));
    ArrayRule::FLOATS.finite(if old { Finite::All } else { Finite::AllowNan })
}

/// The same, where sparse rows are scaled as well.
pub(crate) fn sparse_rule(header: &Header) -> ArrayRule {
    rule(header).sparse(SparseRule::Accept)
}

/// A statistic of the fit: one number for each column, and their dtype.
#[derive(Clone, Debug)]
pub(crate) struct Statistic {
    pub(crate) values: Vec<f64>,
    precision: Precision,
}

impl Statistic {
    /// The attribute `name`, a vector.
    pub(crate) fn read(fields: &Fields<'_, '_>, name: &str) -> Result<Self, ReadError> {
        let Numbers { shape, data: values, precision } = fields.numbers(name)?;
        match shape[..] {
            [_] => Ok(Self { values, precision }),
            _ => Err(fields.unexpected(name, "an array of one dimension")),
        }
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The operation with these numbers, in place.
    pub(crate) fn by(&self, arithmetic: Arithmetic) -> Columnwise {
        Columnwise { arithmetic, values: self.values.clone(), precision: self.precision, cast: false }
    }

    /// The same, with the numbers cast to the dtype of the rows first.
    pub(crate) fn by_cast(&self, arithmetic: Arithmetic) -> Columnwise {
        Columnwise { cast: true, ..self.by(arithmetic) }
    }
}

/// One operation with a number for each column, if there are such numbers.
pub(crate) fn each_column(
    x: ValueId,
    arithmetic: Arithmetic,
    statistic: Option<&Statistic>,
    plan: &mut Lowering<'_>,
) -> ValueId {
    match statistic {
        Some(statistic) => plan.push(statistic.by(arithmetic), &[x]),
        None => x,
    }
}
