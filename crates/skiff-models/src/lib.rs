//! Fitted scikit-learn estimators: read from the object graph, checked, and lowered to plans.
//!
//! [`Model::read`] reads a typed, checked [`Model`] from a node of the graph; [`Model::plan`] lowers one of its methods to a
//! [`skiff_plan::Plan`], which [`skiff_plan::evaluate()`] runs. The folders are named like scikit-learn's modules, with
//! one file for each estimator.
#![forbid(unsafe_code)]
#![deny(clippy::as_conversions, clippy::indexing_slicing)]

pub mod addresses;
mod check;
mod computed;
mod conversions;
pub mod custom;
pub mod fields;
mod header;
pub mod lowering;
mod model;
mod names;
mod random_source;
mod read;
pub mod recorded;
mod refusal;
pub mod registry;
pub mod views;

mod calibration;
mod catboost;
mod cluster;
mod compose;
mod covariance;
mod cross_decomposition;
mod decomposition;
mod discriminant_analysis;
mod dummy;
mod ensemble;
mod feature_extraction;
mod feature_selection;
mod frozen;
mod gaussian_process;
mod impute;
mod isotonic;
mod kernel_approximation;
mod kernel_ridge;
mod lightgbm;
mod linear_model;
mod manifold;
mod mixture;
mod model_selection;
mod multiclass;
mod multioutput;
mod naive_bayes;
mod neighbors;
mod neural_network;
mod pipeline;
mod preprocessing;
mod random_projection;
mod semi_supervised;
mod sklearn_pandas;
mod sklearnex;
mod svm;
mod tree;
mod xgboost;

pub use check::contradictions;
pub use computed::{Attributes, Computed};
pub use model::{CallError, Class, ComputedAttribute, Estimator, Frame, Model, NamesError, Scoring, Takes};
