//! `sklearn.pipeline`.

mod feature_union;
#[expect(clippy::module_inception, reason = "`sklearn.pipeline.Pipeline` is in the file with its name")]
mod pipeline;

pub(crate) use feature_union::{join_names, read_weights, weigh};

use crate::model::Class;

/// The classes of this module.
pub(crate) const CLASSES: &[Class] = &[feature_union::FEATURE_UNION, pipeline::PIPELINE];
