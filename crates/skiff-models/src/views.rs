//! Checked views of the helper objects in models, for predictions and for the verdict on a file alike: a view that exists
//! has what compiled code takes for granted.
//!
//! They are read from a graph alone, whatever estimator holds the object; the paths of their errors lie within it.

pub use crate::ensemble::PredictorView;
pub use crate::neighbors::{MetricView, PointTreeView};
pub use crate::preprocessing::SplineView;
pub use crate::tree::TreeView;
