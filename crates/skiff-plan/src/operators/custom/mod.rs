//! User code.

mod call_custom;

pub use call_custom::CallCustom;
