//! Categories and their numbers, both ways.

mod encode_categories;
mod encode_target;
mod one_hot;
mod one_hot_legacy;
mod ordinal_inverse;

pub use encode_categories::Encode;
pub use encode_target::EncodeTarget;
pub use one_hot::{Group, OneHot, OneHotInverse, TakeNumbers, Zero};
pub use one_hot_legacy::OneHotWhole;
pub use ordinal_inverse::{OrdinalColumn, OrdinalInverse};
