//! numpy's values: dtypes, arrays, masked arrays, random states.

mod cast;
mod changed;
mod column;
mod dtype;
mod dtype_state;
pub(crate) mod layout;
mod masked;
mod ndarray;
pub mod nodes;
mod random;
mod type_code;

pub(crate) use cast::{half, to_f64};
pub use column::Column;
pub use dtype::{DType, Field, read_shape};
pub use masked::MaskedArray;
pub use ndarray::{ArrayData, NdArray, Order, is_array_class};
pub(crate) use ndarray::{count, read_state};
pub use random::{LegacyState, RandomState};
pub(crate) use type_code::parse_name;
pub use type_code::{Endian, TimeUnit};
