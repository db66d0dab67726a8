//! A model that one version of scikit-learn wrote, as another version would have written it.
//!
//! scikit-learn changes what its estimators keep: modules and attributes are renamed, parameters come and go, arrays take
//! another form, and the same state comes to mean something else. Each boundary between two minor versions has a file in
//! `boundaries/` that says what changed there, in both directions. What the catalog of [`skiff_sklearn`] knows is
//! no rule: paths of classes, new parameters with their defaults, parameters and attributes that are gone.
//!
//! [`migrate`] takes the object graph of a file over one boundary after the other. Answers stay as they were: where
//! a version cannot give them from any state, the model is refused.

#![forbid(unsafe_code)]

mod boundaries;
mod catalog;
mod changes;
mod classes;
mod error;
mod literal;
mod losses;
mod migration;
mod mixtures;
mod python2;
mod records;
mod rule;
mod step;
mod subject;
mod values;
mod work;

pub use changes::Change;
pub use error::Refused;
pub use migration::{Migrated, Target, migrate};
pub use python2::to_python3;
