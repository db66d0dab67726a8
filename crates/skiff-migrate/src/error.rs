//! Why a model cannot be given to a version of scikit-learn.

use std::fmt;

use skiff_files::NodeId;

/// A model that the version has no state for, or none that gives the same answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The class of the object that it hangs on.
    pub class: String,
    /// The object.
    pub node: Option<NodeId>,
    /// Why.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.class.is_empty() { f.write_str(&self.why) } else { write!(f, "`{}`: {}", self.class, self.why) }
    }
}

impl std::error::Error for Refused {}
