//! From scores and numbers to class labels.

pub(crate) mod argmax;
mod argmax_groups;
mod binarize_labels;
mod cast_labels;
mod class_indicator;
mod inliers;
mod join_labels;
mod label_numbers;
mod take_labels;

pub use argmax::argmax;
pub use argmax::{Argmax, AtLeast, GreaterThan, LastArgmax};
pub use argmax_groups::ArgmaxGroups;
pub use binarize_labels::BinarizeLabels;
pub use cast_labels::CastLabels;
pub use class_indicator::ClassIndicator;
pub use inliers::Inliers;
pub use join_labels::JoinLabels;
pub use label_numbers::LabelNumbers;
pub use take_labels::{TakeCategories, TakeLabels};
