//! `get_feature_names_out`, as in scikit-learn's mixins.

use std::cell::Cell;
use std::fmt::{self, Display};

use skiff_plan::custom::CustomError;

use crate::header::Header;

/// `OneToOneFeatureMixin`: the input names.
pub(crate) fn one_to_one(header: &Header, input: &[String]) -> Result<Vec<String>, NamesError> {
    check(header, input)?;
    Ok(input.to_vec())
}

/// `ClassNamePrefixFeaturesOutMixin`: `pca0`, `pca1`, …
pub(crate) fn class_prefix(header: &Header, count: usize) -> Vec<String> {
    let class = header.class.to_lowercase();
    (0..count).map(|index| format!("{class}{index}")).collect()
}

/// `_check_feature_names_in`: as many names as features, and those of the fit if it had names.
pub(crate) fn check(header: &Header, input: &[String]) -> Result<(), NamesError> {
    if let Some(names) = &header.feature_names_in
        && names[..] != *input
    {
        return Err(NamesError::Input("input_features is not equal to feature_names_in_".to_owned()));
    }
    match header.n_features_in {
        Some(count) if count != input.len() => Err(NamesError::Input(format!(
            "input_features should have length equal to number of features ({count}), got {}",
            input.len()
        ))),
        _ => Ok(()),
    }
}

/// `x0`, `x1`, …
pub(crate) fn numbered(count: usize) -> Result<Vec<String>, NamesError> {
    check_count(count)?;
    collect((0..count).map(|index| format!("x{index}")))
}

/// How many bytes all names of one call may take, including intermediate ones. A file can need more
/// and longer names than it contains.
const MOST: usize = 512 << 20;

thread_local! {
    /// The remaining budget of the current call in this thread; `None` outside of calls.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `names` under the budget of the outermost call.
pub(crate) fn within_budget<T>(names: impl FnOnce() -> Result<T, NamesError>) -> Result<T, NamesError> {
    if LEFT.get().is_some() {
        return names();
    }
    LEFT.set(Some(MOST));
    let result = names();
    LEFT.set(None);
    result
}

/// Charges the memory of a name of `len` bytes.
pub(crate) fn spend(len: usize) -> Result<(), NamesError> {
    let Some(left) = LEFT.get() else { return Ok(()) };
    let left = left.checked_sub(len.saturating_add(size_of::<String>())).ok_or(NamesError::TooMany { most: MOST })?;
    LEFT.set(Some(left));
    Ok(())
}

/// An error if not even `count` empty names fit into the budget: checked before creating a number of names from a file.
pub(crate) fn check_count(count: usize) -> Result<(), NamesError> {
    match LEFT.get() {
        Some(left) if count > left / size_of::<String>() => Err(NamesError::TooMany { most: MOST }),
        _ => Ok(()),
    }
}

/// Charges the memory of all `names`.
pub(crate) fn spend_all(names: &[String]) -> Result<(), NamesError> {
    names.iter().try_for_each(|name| spend(name.len()))
}

/// All of `names`, as long as the budget allows: for estimators that create more or longer names than their input's.
pub(crate) fn collect(names: impl IntoIterator<Item = String>) -> Result<Vec<String>, NamesError> {
    let each = names.into_iter().map(|name| {
        spend(name.len())?;
        Ok(name)
    });
    each.collect()
}

/// An error of naming output columns.
#[derive(Clone, Debug, PartialEq)]
pub enum NamesError {
    /// scikit-learn's estimator has no `get_feature_names_out`.
    NoMethod {
        /// The estimator's class.
        class: String,
    },
    /// The input names do not match, with scikit-learn's message.
    Input(String),
    /// User code failed.
    Custom(CustomError),
    /// The names would take too much memory.
    TooMany {
        /// The limit, in bytes.
        most: usize,
    },
}

impl NamesError {
    /// There is no `get_feature_names_out`.
    pub fn no_method(header: &Header) -> Self {
        Self::NoMethod { class: header.class.clone() }
    }
}

impl Display for NamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMethod { class } => write!(f, "`{class}` has no method `get_feature_names_out`"),
            Self::Input(what) => f.write_str(what),
            Self::Custom(error) => Display::fmt(error, f),
            Self::TooMany { most } => write!(f, "the names of the columns would take more than {most} bytes"),
        }
    }
}

impl std::error::Error for NamesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Custom(error) => Some(error.get()),
            _ => None,
        }
    }
}
