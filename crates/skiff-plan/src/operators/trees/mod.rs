//! Ensembles of decision trees.

mod boosted_ensemble;
mod boosted_link;
mod boosted_rows;
mod boosting_start;
mod cat_counters;
mod cat_ensemble;
mod cat_rows;
mod tree_ensemble;

pub use boosted_ensemble::{BoostedEnsemble, BoostedQuestion};
pub use boosted_link::BoostedLink;
pub use boosted_rows::BoostedRows;
pub use boosting_start::{BoostingStart, StartLink};
pub use cat_counters::{CatCounter, CatCounters, CatCounts, CatStatistic, CatTable};
pub use cat_ensemble::CatEnsemble;
pub use cat_rows::{CatFeature, CatMissing, CatRows};
pub use tree_ensemble::TreeEnsemble;
pub use tree_ensemble::{Question, Start, TreeTables};
