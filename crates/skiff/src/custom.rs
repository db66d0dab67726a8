//! User code: functions and classes that a model names and that no file contains. See [`Custom`].

pub use skiff_models::custom::{CodeLocation, Custom, CustomCode};
pub use skiff_plan::custom::{CustomCall, CustomError, CustomStep, Job};
