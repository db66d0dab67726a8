//! From scores and numbers to class labels.

pub(crate) mod argmax;
mod argmax_groups;
mod binarize_labels;
mod cast_labels;
mod class_indicator;
mod draw_classes;
mod draw_sparse_labels;
mod inliers;
mod join_labels;
mod label_numbers;
mod label_sets;
mod take_labels;

pub use argmax::argmax;
pub use argmax::{Argmax, AtLeast, GreaterThan, LastArgmax};
pub use argmax_groups::ArgmaxGroups;
pub use binarize_labels::BinarizeLabels;
pub use cast_labels::CastLabels;
pub use class_indicator::ClassIndicator;
pub use draw_classes::{ClassDraw, DrawClasses};
pub use draw_sparse_labels::{DrawSparseLabels, SparseDraw, SparseRandom};
pub use inliers::Inliers;
pub use join_labels::JoinLabels;
pub use label_numbers::LabelNumbers;
pub use label_sets::{BinarizeLabelSets, LabelSets};
pub use take_labels::{TakeCategories, TakeLabels};
