//! What `set_output` makes of the result of `transform`: an array, or a DataFrame with which columns.

use super::{Model, NamesError};
use crate::header::Header;

/// The container of rows on their way through transformers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// An array.
    Array,
    /// A DataFrame whose columns are numbered from 0, because a transformer does not know names.
    Numbered,
    /// A DataFrame with these columns.
    Named(Vec<String>),
}

impl Frame {
    /// What the parts make side by side, as a `ColumnTransformer` or `FeatureUnion` with `set_output` puts them; `name` gives
    /// the names of all their columns.
    ///
    /// # Errors
    /// For a DataFrame whose columns are not named by strings: scikit-learn makes names of what they have.
    pub(crate) fn of_parts(
        header: &Header,
        parts: Vec<(String, Self)>,
        name: impl FnOnce(Vec<(String, Vec<String>)>) -> Result<Vec<String>, NamesError>,
    ) -> Result<Self, NamesError> {
        if parts.iter().any(|(_, part)| *part == Self::Numbered) {
            return Err(NamesError::no_method(header));
        }
        let named = parts.into_iter().map(|(name, part)| match part {
            Self::Named(names) => Some((name, names)),
            Self::Array | Self::Numbered => None,
        });
        // One array makes an array of all.
        named.collect::<Option<Vec<_>>>().map_or(Ok(Self::Numbered), |parts| name(parts).map(Self::Named))
    }

    /// The names at `places`, where there are names.
    pub(crate) fn select(&self, places: &[usize]) -> Self {
        match self {
            Self::Named(names) => Self::Named(places.iter().filter_map(|&place| names.get(place).cloned()).collect()),
            other => other.clone(),
        }
    }
}

impl Model {
    /// The container of the result of `transform`, of rows in the container `input`.
    ///
    /// # Errors
    /// When an estimator that names columns has no names for them.
    pub fn frame(&self, input: &Frame) -> Result<Frame, NamesError> {
        self.estimator.frame(self, input)
    }
}
