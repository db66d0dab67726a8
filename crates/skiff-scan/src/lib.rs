//! What loading a file in Python would do, told without doing it: *model*, *unknown* or *dangerous*.
//!
//! `containers` opens what pickles lie in, `judge` walks the object graphs, `allowed` is the list that the verdict
//! rests on, `dangers` finds words for what is known to be bad, `numbers` and `estimators` find values that no fit makes.
#![forbid(unsafe_code)]
#![deny(clippy::as_conversions, clippy::indexing_slicing)]

mod allowed;
mod attributes;
mod built;
mod containers;
mod dangers;
mod estimators;
mod judge;
mod keys;
mod numbers;
mod paths;
mod polyglot;
mod standard_library;
mod trusted;
mod unfolded;
mod verdict;
mod wrappers;

use std::path::Path;

use skiff_pickle::{Bytes, Graph, Limits, NodeId};

use estimators::Estimators;
pub use trusted::{Trusted, findings, is_listed, unknown_attributes};
pub use verdict::{Finding, Rating, UnknownAttribute, Verdict};
use verdict::{MOST_FINDINGS, shown};

/// Judges a file by its bytes: nothing in it is executed, imported, opened or fetched. `name` tells where companion files
/// of old joblib would be, which are looked at; it is not opened. Whatever is wrong with the content is a finding.
///
/// ```
/// use skiff_scan::{Rating, scan_bytes};
///
/// let pickle = b"\x80\x04cos\nsystem\n(S'id'\ntR.".to_vec();
/// let verdict = scan_bytes(&pickle.into(), None, &skiff_files::Limits::default());
/// assert_eq!(verdict.rating, Rating::Dangerous);
/// assert_eq!(verdict.findings[0].name.as_deref(), Some("os.system"));
/// ```
pub fn scan_bytes(bytes: &Bytes, name: Option<&Path>, limits: &Limits) -> Verdict {
    judged(bytes, name, limits, Estimators::Read, &Trusted::default())
}

/// Like [`scan_bytes`], for callers that read the estimators in the file themselves: what contradicts itself in one is no
/// finding here. What `trusted` names is none either.
pub fn scan_without_estimators(bytes: &Bytes, name: Option<&Path>, limits: &Limits, trusted: &Trusted) -> Verdict {
    judged(bytes, name, limits, Estimators::Skip, trusted)
}

fn judged(bytes: &Bytes, name: Option<&Path>, limits: &Limits, estimators: Estimators, trusted: &Trusted) -> Verdict {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut scan = containers::Scan::new(name, limits, size, estimators);
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

/// The first thing in a graph that [`scan_bytes`] would call dangerous: a name, what it would do. Cheap enough for every
/// opening of a model: only what names known to be dangerous have to do with is judged. `is_skops` tells that skops'
/// reader made the graph.
pub fn first_danger(graph: &Graph, is_skops: bool) -> Option<(String, String)> {
    let reading = if is_skops { judge::Reading::Skops } else { judge::Reading::Pickle };
    let finding = judge::Judged::first_danger(graph, reading)?;
    Some((shown(&finding.name.unwrap_or_default()), finding.sentence))
}

/// The first object in a graph whose numbers no fit makes, and what is wrong with them; decision trees and their like
/// are left to their readers. Cheap enough for every opening of a model.
pub fn hostile_numbers(graph: &Graph) -> Option<(NodeId, String)> {
    let mut numbers = numbers::Numbers::of(graph);
    for id in graph.ids() {
        numbers.look(graph, id);
    }
    numbers.first()
}
