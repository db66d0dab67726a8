//! Fitted scikit-learn estimators: read from the object graph, checked, lowered to plans, and evaluated.
//!
//! [`Model::read`] makes a typed, checked [`Model`] of a node of the graph; [`Model::plan`] writes down what a method
//! does; [`evaluate()`] does it to a [`Table`]. The folders are named as scikit-learn's modules are, one room for each
//! estimator.
#![forbid(unsafe_code)]

pub mod addresses;
mod answer;
mod check;
mod computed;
pub mod custom;
mod evaluate;
pub mod fields;
mod kernels;
mod model;
mod names;
pub mod plan;
pub mod recorded;
pub mod registry;
pub mod steps;
pub mod table;
pub mod text;
pub mod value;

mod cluster;
mod compose;
mod decomposition;
mod dummy;
mod ensemble;
mod feature_extraction;
mod impute;
mod linear_model;
mod model_selection;
mod naive_bayes;
mod neighbors;
mod pipeline;
mod preprocessing;
mod svm;
mod tree;

pub use answer::Answer;
pub use check::contradictions;
pub use computed::{Attributes, Computed};
pub use evaluate::{EvaluateOptions, Progress, evaluate, evaluate_in_blocks, evaluate_with};
pub use model::{CallError, ComputedAttribute, Estimator, Model, NamesError, Room, Scoring, Takes};
pub use table::Table;
