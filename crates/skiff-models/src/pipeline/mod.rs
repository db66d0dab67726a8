//! `sklearn.pipeline`.

mod feature_union;
#[expect(clippy::module_inception, reason = "`sklearn.pipeline.Pipeline` stands in the file of its name")]
mod pipeline;

pub(crate) use feature_union::{join_names, read_weights, weigh};
pub(crate) use pipeline::Pipeline;

use crate::registry::Entry;

/// The family's rooms.
pub(crate) const ROOMS: &[Entry] = &[Entry::of::<feature_union::FeatureUnion>(), Entry::of::<Pipeline>()];
