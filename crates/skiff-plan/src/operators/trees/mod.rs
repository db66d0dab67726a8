//! Ensembles of decision trees.

mod boosted_ensemble;
mod boosted_link;
mod boosted_rows;
mod boosting_start;
mod tree_ensemble;

pub use boosted_ensemble::{BoostedEnsemble, BoostedQuestion};
pub use boosted_link::BoostedLink;
pub use boosted_rows::BoostedRows;
pub use boosting_start::{BoostingStart, StartLink};
pub use tree_ensemble::TreeEnsemble;
pub use tree_ensemble::{Question, Start, TreeTables};
