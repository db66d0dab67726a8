//! What a boundary between two minor versions of scikit-learn says.

use crate::error::Refused;
use crate::step::Step;

/// What happens to one object.
pub(crate) type Apply = fn(&mut Step<'_>) -> Result<(), Refused>;

/// A boundary: what changed between a minor version and the next one.
pub(crate) struct Boundary {
    /// Attributes that were renamed: classes, the old name, the new one.
    pub renames: &'static [(&'static [&'static str], &'static str, &'static str)],
    /// Values of parameters that were renamed: classes, the parameter, the old value, the new one. On the way back the
    /// first line with the new value counts.
    pub values: &'static [(&'static [&'static str], &'static str, &'static str, &'static str)],
    /// What takes more than a name.
    pub rules: &'static [Rule],
}

/// A change to the objects of some classes.
pub(crate) struct Rule {
    /// Names of classes, all of them if there are none; modules were renamed.
    pub classes: &'static [&'static str],
    /// To the newer version.
    pub up: Apply,
    /// To the older version.
    pub down: Apply,
}

impl Rule {
    /// Whether it is about the objects of a class.
    pub fn concerns(&self, class: &str) -> bool {
        self.classes.is_empty() || self.classes.contains(&class)
    }
}

/// For a rule that has nothing to do in one direction.
pub(crate) fn nothing(_: &mut Step<'_>) -> Result<(), Refused> {
    Ok(())
}
