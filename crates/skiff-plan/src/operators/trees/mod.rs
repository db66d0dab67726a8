//! Ensembles of decision trees.

mod boosting_start;
mod tree_ensemble;

pub use boosting_start::{BoostingStart, StartLink};
pub use tree_ensemble::TreeEnsemble;
pub use tree_ensemble::{Question, Start, TreeTables};
