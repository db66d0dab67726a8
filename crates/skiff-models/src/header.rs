//! The attributes that all fitted estimators have.

use std::sync::Arc;

use crate::fields::Version;

/// The attributes that all fitted estimators have, and that input validation needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The class name, as in scikit-learn's messages: `StandardScaler`.
    pub class: String,
    /// `n_features_in_`; readers of older versions derive it from shapes.
    pub n_features_in: Option<usize>,
    /// `feature_names_in_`.
    pub feature_names_in: Option<Arc<[String]>>,
    /// `_sklearn_version`: absent from scikit-learn 0.17's files.
    pub version: Option<Version>,
    /// The container selected by `set_output`: `pandas`, `polars`.
    pub set_output: Option<String>,
    /// Attributes that scikit-learn never sets, and that no prediction depends on: those of tools.
    pub extra: Vec<String>,
}

impl Header {
    /// Whether `set_output` selects a DataFrame.
    pub fn wraps_output(&self) -> bool {
        self.set_output.is_some()
    }

    /// Whether it was written before scikit-learn `major.minor`.
    pub fn before(&self, major: u32, minor: u32) -> bool {
        self.version.is_none_or(|version| version < Version::new(major, minor))
    }
}
