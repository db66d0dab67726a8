//! Arithmetic on columns, selection and concatenation: what numpy and scipy do to arrays.

mod both_sides;
mod columnwise;
pub(crate) mod concatenate;
mod difference;
mod divide_by_row_sum;
mod elementwise;
mod insert_columns;
mod item;
mod log_above;
mod name_columns;
mod ones_for_zeros;
mod place_columns;
mod repeat;
mod select_columns;
mod softmax;
mod subtract_log_sum_exp;
mod ufunc;

pub use both_sides::BothSides;
pub use columnwise::{Arithmetic, Columnwise};
pub use concatenate::to_sparse;
pub use concatenate::{Concatenate, Layout};
pub use difference::Difference;
pub use divide_by_row_sum::{DivideByNonzeroRowSum, DivideByRowSum};
pub use elementwise::{Elementwise, Function};
pub use insert_columns::InsertColumns;
pub use item::Item;
pub use log_above::LogAbove;
pub use name_columns::NameColumns;
pub use ones_for_zeros::OnesForZeros;
pub use place_columns::PlaceColumns;
pub use repeat::{ConstantRow, Repeat};
pub use select_columns::{SelectColumns, Selection};
pub use softmax::Softmax;
pub(crate) use softmax::softmax;
pub use subtract_log_sum_exp::{LogSumExp, SubtractLogSumExp};
pub use ufunc::{FloatFunction, NumpyFunction, Package, Rounding, Test, Ufunc};
