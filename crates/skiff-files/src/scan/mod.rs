//! What loading a file in Python would do, told without doing it: *model*, *unknown* or *dangerous*.
//!
//! `containers` opens what pickles lie in, `judge` walks the object graphs, `allowed` is the list that the verdict
//! rests on, `dangers` finds words for what is known to be bad.

mod allowed;
mod attributes;
mod built;
mod containers;
mod dangers;
mod judge;
mod keys;
mod numbers;
mod paths;
mod polyglot;
mod standard_library;
mod trusted;
mod unfolded;
mod wrappers;

use std::ops::Range;
use std::path::Path;

use skiff_pickle::{Bytes, Graph, NodeId};

pub(crate) use allowed::has_new_obj;

use crate::{Error, ErrorKind, mapped};
use skiff_pickle::Limits;
pub use trusted::{Trusted, findings, is_listed, unknown_attributes};

/// What a file is to whoever would load it in Python.
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
    fn of(class: &skiff_sklearn::Class, name: &str) -> Self {
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

/// Judges the file at `path`. Nothing in it is executed, imported, opened or fetched; companion files of old joblib
/// are looked at if they lie beside it.
///
/// # Errors
/// When the operating system does not let it be read. Whatever is wrong with its content is a finding.
pub fn scan(path: &Path, limits: &Limits) -> Result<Verdict, Error> {
    scan_with(path, limits, &|_, _| Vec::new())
}

/// As [`scan`], with a check of one's own of every object graph that is found.
///
/// # Errors
/// As [`scan`].
pub fn scan_with(path: &Path, limits: &Limits, check: &Check<'_>) -> Result<Verdict, Error> {
    let bytes = mapped::bytes(path, limits.decompressed).map_err(|error| Error::new(ErrorKind::Io(error)))?;
    Ok(scan_bytes_with(&bytes, Some(path), limits, check))
}

/// Finds numbers that no fit makes in the objects that stand at these places of a graph, for whoever knows more of them
/// than is known here: each object, and what is wrong with it.
pub type Check<'a> = dyn Fn(&Graph, Range<usize>) -> Vec<(NodeId, String)> + 'a;

/// Judges a file by its bytes. `name` tells where companion files would be; it is not opened.
pub fn scan_bytes(bytes: &Bytes, name: Option<&Path>, limits: &Limits) -> Verdict {
    scan_bytes_with(bytes, name, limits, &|_, _| Vec::new())
}

/// As [`scan_bytes`], with a check of one's own of every object graph that is found.
pub fn scan_bytes_with(bytes: &Bytes, name: Option<&Path>, limits: &Limits, check: &Check<'_>) -> Verdict {
    scan_trusting(bytes, name, limits, check, &Trusted::default())
}

/// As [`scan_bytes_with`]; what the caller vouches for is no finding.
pub fn scan_trusting(
    bytes: &Bytes,
    name: Option<&Path>,
    limits: &Limits,
    check: &Check<'_>,
    trusted: &Trusted,
) -> Verdict {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut scan = containers::Scan::new(name, limits, size, check);
    scan.trusted = trusted.clone();
    scan.content(bytes, 0);
    let containers::Scan { mut findings, unknown_attributes, judged, in_a_row, is_model_file, .. } = scan;
    if judged == 0 && findings.is_empty() {
        findings.push(Finding::unread("holds nothing that could be judged"));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.rating));
    findings.truncate(MOST_FINDINGS);
    let rating = findings.iter().map(|finding| finding.rating).max().unwrap_or(Rating::Model);
    for finding in &mut findings {
        finding.name = finding.name.as_deref().map(shown);
    }
    Verdict { rating, findings, unknown_attributes, judged, in_a_row, is_model_file, size }
}

/// The first thing in a graph that [`scan`] would call dangerous: a name, what it would do. Cheap enough for every
/// opening of a model: only what names known to be dangerous have to do with is judged. `is_skops` tells that skops'
/// reader made the graph.
pub fn first_danger(graph: &Graph, is_skops: bool) -> Option<(String, String)> {
    let reading = if is_skops { judge::Reading::Skops } else { judge::Reading::Pickle };
    let finding = judge::Judged::first_danger(graph, reading)?;
    Some((shown(&finding.name.unwrap_or_default()), finding.sentence))
}

/// The first object in a graph whose numbers no fit makes, and what is wrong with them; decision trees and their like
/// are left to whoever reads them. Cheap enough for every opening of a model.
pub fn hostile_numbers(graph: &Graph) -> Option<(NodeId, String)> {
    let mut numbers = numbers::Numbers::of(graph);
    for id in graph.ids() {
        numbers.look(graph, id);
    }
    numbers.first()
}

/// What is said of an object with several states: the second one is handed to whatever the first one made of it.
const MORE_THAN_ONCE: &str = "is given a state more than once";

/// More than anybody reads.
const MOST_FINDINGS: usize = 200;

impl Finding {
    fn unread(sentence: impl Into<String>) -> Self {
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
fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(120).flat_map(char::escape_debug).collect();
    if name.chars().nth(120).is_some() {
        shown.push('…');
    }
    shown
}
