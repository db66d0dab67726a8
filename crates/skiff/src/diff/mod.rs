//! Two model files side by side: the values that differ, from the object graphs.
//!
//! Compared is what the files mean: formats, protocols, memory orders, byte orders, moved modules and whether an array is
//! shared do not count.

mod elements;
#[cfg(feature = "json")]
mod json;
mod walk;

use crate::{Error, File};

pub use elements::Elements;

/// How two files differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// The files.
    pub files: [Side; 2],
    /// What differs: objects before what is in them.
    pub differences: Vec<Difference>,
    /// The number of values that are the same; an array is one value.
    pub same: usize,
    /// The number of differences that are not in the list, which is limited.
    pub left_out: usize,
    /// Whether everything was compared. Objects may be shared so that comparing them wherever they occur would never end,
    /// and a damaged value cannot be compared.
    pub is_complete: bool,
}

/// One of the files.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The format, from the outside in.
    pub format: Vec<String>,
    /// Bytes of the file.
    pub size: u64,
    /// The libraries that wrote it, as far as known.
    pub written_by: Vec<String>,
    /// The lines of its passport, if it has one: a name and a text each. They do not count as differences.
    pub passport: Vec<(String, String)>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: `steps[1].coef_`.
    pub path: String,
    /// What differs there.
    pub subject: Subject,
    /// The values, as Python would write them or described; `None` where the file has none.
    pub values: [Option<String>; 2],
    /// For arrays of one shape.
    pub elements: Option<Elements>,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The class of an object.
    Class,
    /// The steps of a pipeline, the number of estimators, the type of a container.
    Structure,
    /// A parameter of a constructor, or an item of one.
    Hyperparameter,
    /// Another attribute, or an item of one.
    Attribute,
}

impl Subject {
    /// Its name: `hyperparameter`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Structure => "structure",
            Self::Hyperparameter => "hyperparameter",
            Self::Attribute => "attribute",
        }
    }
}

impl Diff {
    /// Whether everything was compared and nothing differs.
    pub fn is_same(&self) -> bool {
        self.is_complete && self.differences.is_empty()
    }

    /// Whether everything was compared and only elements of arrays differ, each closely.
    pub fn is_close(&self) -> bool {
        let is_close = |difference: &Difference| difference.elements.as_ref().is_some_and(|elements| elements.is_close);
        self.is_complete && self.left_out == 0 && self.differences.iter().all(is_close)
    }
}

/// Compares two files, or the objects of both at the address of an estimator.
///
/// # Errors
/// `no-such-address` if `at` is not the address of an estimator in both.
pub fn diff(files: [&File; 2], at: Option<&str>) -> Result<Diff, Error> {
    let [first, second] = files;
    let root = |file: &File| match at {
        None => Ok(file.contents().graph.root()),
        Some(address) => file.node_at(address),
    };
    let roots = [root(first)?, root(second)?];
    let mut diff = walk::walk(files.map(|file| &file.contents().graph), roots);
    diff.files = files.map(side);
    Ok(diff)
}

fn side(file: &File) -> Side {
    let contents = file.contents();
    let passport = file.passport().ok().flatten();
    Side {
        format: contents.format.describe(),
        size: contents.size,
        written_by: crate::inspect::written_by(&contents.graph),
        passport: passport.map_or_else(Vec::new, |passport| passport.summary()),
    }
}

#[cfg(test)]
mod tests;
