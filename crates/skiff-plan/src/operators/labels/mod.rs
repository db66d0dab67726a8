//! From scores and numbers to class labels.

pub(crate) mod argmax;
mod argmax_groups;
mod binarize_labels;
mod cast_labels;
mod inliers;
mod take_labels;

pub use argmax::argmax;
pub use argmax::{Argmax, AtLeast, GreaterThan};
pub use argmax_groups::ArgmaxGroups;
pub use binarize_labels::BinarizeLabels;
pub use cast_labels::CastLabels;
pub use inliers::Inliers;
pub use take_labels::TakeLabels;
