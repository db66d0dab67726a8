//! The verdict on a file, and what it consists of.

/// How safe it is to load a file in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of the findings; [`Rating::Model`] without any.
    pub rating: Rating,
    /// What speaks against the file, the worst first. Of what occurs again and again, the first occurrence only.
    pub findings: Vec<Finding>,
    /// Attributes that no version of scikit-learn gives to their objects, with plain data in them: tools and users add
    /// some, and nothing reads them. They do not count against the file. The first of each class and name.
    pub unknown_attributes: Vec<UnknownAttribute>,
    /// How many pickles, arrays and skops schemas were judged.
    pub judged: usize,
    /// How many pickles stand in a row, where most do. Loaders read the first; who calls them again reads the next.
    pub in_a_row: usize,
    /// Whether anything was found that a loader of models would read at all. A text file, a picture and a safetensors
    /// file are *unknown*, and no model files.
    pub is_model_file: bool,
    /// Bytes of the file.
    pub size: u64,
}

/// How a file, or a finding in it, is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rating {
    /// Only known, inert constructors, each called as models call it.
    Model,
    /// Something that is not on the list of what models need, or that could not be looked at.
    Unknown,
    /// A known way to run code, or to reach files, network, processes or the import machinery.
    Dangerous,
}

/// Something that speaks against a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Unknown or dangerous.
    pub rating: Rating,
    /// What would happen, or what could not be looked at. Reads on from the name, where there is one.
    pub sentence: String,
    /// The global, `module.name`, control characters escaped.
    pub name: Option<String>,
    /// The layers and containers around it, the outermost first: `gzip`, ``zip entry `archive/data.pkl` ``.
    pub place: Vec<String>,
    /// Which of the pickles there that stand in a row, counted from 0.
    pub pickle: Option<usize>,
    /// The byte of the innermost content that names it.
    pub offset: Option<u64>,
    /// Where in the object that would come out: `steps[1].func`.
    pub path: Option<String>,
}

/// An attribute of one of scikit-learn's objects that no version of its class has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAttribute {
    /// The class, `module.Name`, as the newest version that has it calls it.
    pub class: &'static str,
    /// The attribute's name, control characters escaped.
    pub name: String,
    /// The layers and containers around it, as of a [`Finding`].
    pub place: Vec<String>,
    /// Where the object that has it is: `steps[1]`; empty for the file's root.
    pub path: Option<String>,
}

impl UnknownAttribute {
    pub(crate) fn of(class: &skiff_sklearn::Class, name: &str) -> Self {
        Self { class: class.path(), name: shown(name), place: Vec::new(), path: None }
    }
}

impl Rating {
    /// `model`, `unknown`, `dangerous`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Unknown => "unknown",
            Self::Dangerous => "dangerous",
        }
    }
}

/// What is said of an object with several states: the second one is handed to whatever the first one made of it.
pub(crate) const MORE_THAN_ONCE: &str = "is given a state more than once";

/// More than anybody reads.
pub(crate) const MOST_FINDINGS: usize = 200;

impl Finding {
    pub(crate) fn unread(sentence: impl Into<String>) -> Self {
        Self {
            rating: Rating::Unknown,
            sentence: sentence.into(),
            name: None,
            place: Vec::new(),
            pickle: None,
            offset: None,
            path: None,
        }
    }
}

/// A name out of a file as it may be shown: no control characters, and not endless.
pub(crate) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(120).flat_map(char::escape_debug).collect();
    if name.chars().nth(120).is_some() {
        shown.push('…');
    }
    shown
}
