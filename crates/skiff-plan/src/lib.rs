//! What a method of a model does, as a short list of typed operators over blocks of rows, and its evaluation.
//!
//! A [`Plan`] is independent of estimators and files: `skiff-models` lowers estimators to plans, [`evaluate()`] runs them over a
//! [`table::Table`], exporters translate them. [`operators`] has the operators, by family; [`kernels`] their hot loops.
#![forbid(unsafe_code)]

mod answer;
pub mod custom;
mod dtype;
mod evaluate;
mod input_error;
pub mod kernels;
pub mod operator;
pub mod operators;
mod plan;
mod shape_error;
pub mod table;
pub mod text;
pub mod types;
pub mod value;

pub use answer::Answer;
pub use evaluate::{EvaluateOptions, Progress, evaluate, evaluate_in_blocks, evaluate_with};
pub use input_error::{InputError, InputErrorKind};
pub use plan::{
    Categories, CategoryTypes, ColumnUse, Method, Output, OutputType, Plan, PlanNode, Rank, Signature, UnknownMethod,
    ValueId,
};
pub use shape_error::ShapeError;
