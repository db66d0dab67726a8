//! Tensors that belong to the model.

use super::{DType, Dim, TensorType};

/// A float by its bits, so that constants are compared and hashed exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bits(u64);

impl Bits {
    pub(crate) fn of(value: f64) -> Self {
        Self(value.to_bits())
    }

    pub(crate) fn value(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// A tensor of known elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Constant {
    pub shape: Vec<usize>,
    pub elements: Elements,
}

/// The elements of a constant, in C order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Elements {
    F64(Vec<Bits>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    Str(Vec<String>),
}

impl Constant {
    pub(crate) fn tensor_type(&self) -> TensorType {
        let dtype = match self.elements {
            Elements::F64(_) => DType::F64,
            Elements::I64(_) => DType::I64,
            Elements::Bool(_) => DType::Bool,
            Elements::Str(_) => DType::Str,
        };
        TensorType { dtype, shape: self.shape.iter().map(|&length| Dim::Fixed(length)).collect() }
    }
}
