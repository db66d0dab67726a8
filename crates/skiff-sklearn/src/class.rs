//! One class with everything in the catalog about it.

use std::collections::HashMap;
use std::fmt;

use crate::{Kind, Versions};

/// A class of scikit-learn, under all the paths that it has had.
#[derive(Clone, PartialEq, Eq)]
pub struct Class {
    pub(crate) path: &'static str,
    pub(crate) family: &'static str,
    pub(crate) paths: Vec<(&'static str, Versions)>,
    pub(crate) ancestors: Vec<&'static str>,
    pub(crate) parameters: HashMap<&'static str, Parameter>,
    pub(crate) attributes: HashMap<&'static str, Attribute>,
    pub(crate) members: HashMap<&'static str, Member>,
}

/// A parameter of a constructor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The versions that have it.
    pub versions: Versions,
    /// Its default as Python prints it, by version; none where it has to be given.
    pub defaults: Vec<(Versions, Option<&'static str>)>,
}

/// An attribute of an object: parameters, what fitting leaves, and what the class's own code assigns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The versions that have it.
    pub versions: Versions,
    /// The kinds of its values in real objects, and those that scikit-learn declares for a parameter. Empty where it is
    /// known from scikit-learn's source alone.
    pub kinds: Vec<Kind>,
}

/// A name defined on a class, independent of its objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is, by version. A property of one version may be a method of another.
    pub kinds: Vec<(MemberKind, Versions)>,
}

/// What a name on a class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// A method, or a descriptor that makes one.
    Method,
    /// A property, or another descriptor that computes a value.
    Property,
    /// A slot.
    Slot,
    /// Any other attribute of the class.
    Value,
}

impl Class {
    /// The name without the module.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// `module.Name`, as the newest version that has the class calls it.
    pub fn path(&self) -> &'static str {
        self.path
    }

    /// All paths that the class has had, with their versions.
    pub fn paths(&self) -> &[(&'static str, Versions)] {
        &self.paths
    }

    /// The path of the topmost base class of its family: `sklearn.base.BaseEstimator` for all estimators,
    /// `sklearn.gaussian_process.kernels.Kernel` for kernels; its own path where it derives from nothing.
    pub fn family(&self) -> &'static str {
        self.family
    }

    /// Whether its objects are estimators.
    pub fn is_estimator(&self) -> bool {
        self.family == ESTIMATOR
    }

    /// Whether it is, or derives from, the class with this path, in any version.
    pub fn derives_from(&self, path: &str) -> bool {
        self.path == path || self.ancestors.contains(&path)
    }

    /// A parameter of its constructor, in any version.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// The parameters of its constructor, in all versions, in no order.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &Parameter)> {
        self.parameters.iter().map(|(name, parameter)| (*name, parameter))
    }

    /// An attribute that its objects have in any version.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.get(name)
    }

    /// The attributes that its objects have in all versions, in no order.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &Attribute)> {
        self.attributes.iter().map(|(name, attribute)| (*name, attribute))
    }

    /// A name that the class itself, or one that it derives from, defines in any version.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.get(name)
    }

    /// The names that the class itself, or one that it derives from, defines in any version, in no order.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &Member)> {
        self.members.iter().map(|(name, member)| (*name, member))
    }

    /// Whether the class, or one that it derives from, defines the name in any version: no file may replace it.
    pub fn is_member(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }
}

/// The family of estimators.
const ESTIMATOR: &str = "sklearn.base.BaseEstimator";

impl Member {
    /// Whether it is a method in any version.
    pub fn is_method(&self) -> bool {
        self.kinds.iter().any(|(kind, _)| *kind == MemberKind::Method)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Class").field(&self.path).finish()
    }
}
