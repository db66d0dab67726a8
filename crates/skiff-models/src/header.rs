//! What every fitted estimator says of itself.

use std::sync::Arc;

use crate::fields::Version;

/// What every fitted estimator says of itself, and what input validation needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The class name, as scikit-learn's messages have it: `StandardScaler`.
    pub class: String,
    /// `n_features_in_`; readers of older versions take it from the shapes that they read.
    pub n_features_in: Option<usize>,
    /// `feature_names_in_`.
    pub feature_names_in: Option<Arc<[String]>>,
    /// `_sklearn_version`: absent from scikit-learn 0.17's files.
    pub version: Option<Version>,
    /// The container that `set_output` asked for: `pandas`, `polars`.
    pub set_output: Option<String>,
    /// Attributes that scikit-learn never sets, and that no answer depends on: those of tools.
    pub extra: Vec<String>,
}
