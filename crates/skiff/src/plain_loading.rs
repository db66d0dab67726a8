//! What a version of scikit-learn makes of a file when it loads it as it is, without a conversion.
//!
//! Nothing is executed: where classes and functions are comes from the catalog of [`skiff_sklearn`], what a version
//! expects in them from the rules that convert models for it, and where the same state answers otherwise from the table of
//! such changes.

use std::collections::BTreeSet;

use skiff_files::{DType, Graph, Instance, NdArray, Node, NodeId};
use skiff_migrate::{Migrated, Target as ScikitLearn};
use skiff_sklearn::Version;

use crate::migration::migrated_for_loading;
use crate::{File, changes};

/// What loading a file as it is does, the worst of it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlainOutcome {
    /// Loading raises an error.
    Fails,
    /// It loads, and some method returns something else than where it was written.
    AnswersDiffer,
    /// It loads with a state that the version does not write: methods may raise errors, or return something else.
    StateDiffers,
    /// It loads, with a warning of another version, and its state is what this version writes, too.
    Warns,
    /// It loads: this version wrote it.
    Loads,
}

impl PlainOutcome {
    /// In words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Fails => "loading raises an error",
            Self::AnswersDiffer => "it loads, and returns other results without an error",
            Self::StateDiffers => "it loads with a state that this version does not write: methods may raise errors",
            Self::Warns => "it loads with a warning; its state is as this version writes it",
            Self::Loads => "it loads",
        }
    }

    /// For programs: `answers-differ`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fails => "fails",
            Self::AnswersDiffer => "answers-differ",
            Self::StateDiffers => "state-differs",
            Self::Warns => "warns",
            Self::Loads => "loads",
        }
    }
}

/// What loading a file in a version of scikit-learn, with `joblib.load`, `pickle.load` or skops, would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainLoading {
    /// The version.
    pub version: String,
    /// What happens.
    pub outcome: PlainOutcome,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// Why `skiff convert --for` cannot rewrite it for this version, if it cannot.
    pub refused: Option<String>,
}

/// The most reasons of a kind that are listed.
const MOST: usize = 20;

impl File {
    /// What loading this file as it is would do in `target`.
    pub fn plain_loading(&self, target: &ScikitLearn) -> PlainLoading {
        let graph = &self.contents().graph;
        let version = target.version().to_owned();
        let written_by = crate::rebuild::versions(graph);
        if !written_by.is_empty() && written_by.iter().all(|of| *of == version) {
            return PlainLoading { version, outcome: PlainOutcome::Loads, reasons: Vec::new(), refused: None };
        }
        let migrated = migrated_for_loading(graph, graph.root(), target);
        let mut reasons = missing_names(graph, migrated.as_ref().ok(), target);
        reasons.extend(other_states(graph, migrated.as_ref().ok(), target));
        if !reasons.is_empty() {
            let refused = migrated.err().map(|error| error.to_string());
            return PlainLoading { version, outcome: PlainOutcome::Fails, reasons, refused };
        }
        let since = |change: &crate::AnswersChange| target.is_since(change.since);
        let differ = changes::of_graph(graph).into_iter().filter(since);
        reasons.extend(differ.map(|change| format!("{}: {}", change.class, change.what)));
        if !reasons.is_empty() {
            let refused = migrated.err().map(|error| error.to_string());
            return PlainLoading { version, outcome: PlainOutcome::AnswersDiffer, reasons, refused };
        }
        let (outcome, refused) = match migrated {
            // What no state can give is at least not what this state gives.
            Err(error) => (PlainOutcome::StateDiffers, Some(error.to_string())),
            Ok(migrated) => {
                reasons.extend(migrated.changes.iter().take(MOST).map(ToString::to_string));
                (if reasons.is_empty() { PlainOutcome::Warns } else { PlainOutcome::StateDiffers }, None)
            }
        };
        PlainLoading { version, outcome, reasons, refused }
    }
}

/// Of the functions that build losses, the one that no version has dropped.
const ALWAYS_THERE: &str = "__pyx_unpickle_CyHalfMultinomialLoss";

/// The names of scikit-learn in the file that the version does not have.
fn missing_names(graph: &Graph, migrated: Option<&Migrated>, target: &ScikitLearn) -> Vec<String> {
    let mut found = BTreeSet::new();
    let kept = migrated.map(|migrated| names(&migrated.graph)).unwrap_or_default();
    for (module, name) in names(graph) {
        let is_ours = module == "_loss" || module == "sklearn" || module.starts_with("sklearn.");
        if !is_ours || kept.contains(&(module, name)) || found.len() >= MOST {
            continue;
        }
        match target.path_of(module, name) {
            None => {
                found.insert(format!("there is no `{module}.{name}`"));
            }
            Some((there, called)) if there == module && called == name => {
                // What is no class is in no catalog: a function that the rules write no more is gone.
                let is_class = skiff_sklearn::class(module, name).is_some();
                if migrated.is_some() && !is_class && name != ALWAYS_THERE {
                    found.insert(format!("there is no `{module}.{name}`"));
                }
            }
            Some((there, called)) => {
                // A public name of a package, from a module in it; the losses called their module `_loss` for a while.
                let is_exported = !name.starts_with('_') && there.starts_with(&format!("{module}."));
                let is_known = is_exported || (there.as_str(), module) == ("_loss", "sklearn._loss._loss");
                if !is_known && !is_deprecated(module, name, target) {
                    found.insert(format!("`{module}.{name}` is `{there}.{called}` there"));
                }
            }
        }
    }
    found.into_iter().collect()
}

/// Whether a module is one of those that moved in 0.22 and could be imported, with a warning, until 0.24.
fn is_deprecated(module: &str, name: &str, target: &ScikitLearn) -> bool {
    let is_between = target.is_since((0, 22)) && !target.is_since((0, 24));
    let was_there = |class: &skiff_sklearn::Class| {
        let of_0_21 =
            |versions: &skiff_sklearn::Versions| Version::parse("0.21").is_some_and(|of| versions.contains(of));
        let is_it = |path: &str| path.strip_prefix(module).and_then(|rest| rest.strip_prefix('.')) == Some(name);
        class.paths().iter().any(|(path, versions)| is_it(path) && of_0_21(versions))
    };
    // The one module that moved without leaving anything behind.
    let is_gone = module == "sklearn.feature_selection.mutual_info_";
    is_between && !is_gone && skiff_sklearn::class(module, name).is_none_or(was_there)
}

/// The names that the root leads to.
fn names(graph: &Graph) -> BTreeSet<(&str, &str)> {
    let mut seen = vec![false; graph.len()];
    let mut open = vec![graph.root()];
    let mut found = BTreeSet::new();
    while let Some(node) = open.pop() {
        if std::mem::replace(seen.get_mut(node.index()).unwrap_or(&mut true), true) {
            continue;
        }
        if let Node::Global(_) = graph.node(node) {
            found.extend(graph.global(node));
        }
        graph.each_child(node, |child| open.push(child));
    }
    found
}

/// Trees check the layout of their nodes when they are loaded, and splines are scipy's.
fn other_states(graph: &Graph, migrated: Option<&Migrated>, target: &ScikitLearn) -> Vec<String> {
    let (mut nodes, mut splines) = (false, false);
    for id in graph.ids() {
        match Instance::class(graph, id) {
            Some(("sklearn.tree._tree", "Tree")) if !nodes => {
                nodes = has_place_of_missing(graph, id).is_some_and(|has| has != target.is_since(PLACE_OF_MISSING));
            }
            Some((module, "BSpline")) if module.starts_with("scipy.interpolate.") && !splines => {
                splines = migrated.is_some_and(|migrated| migrated.graph.node(id) != graph.node(id));
            }
            _ => {}
        }
    }
    let reasons = [
        (nodes, "the nodes of its trees have another layout there"),
        (splines, "the scipy of that version keeps splines in another form"),
    ];
    reasons.iter().filter(|(is_so, _)| *is_so).map(|(_, reason)| (*reason).to_owned()).collect()
}

/// The version whose trees say where missing values go.
const PLACE_OF_MISSING: (u32, u32) = (1, 3);

/// Whether the nodes of a tree say where missing values go.
fn has_place_of_missing(graph: &Graph, id: NodeId) -> Option<bool> {
    let nodes = NdArray::read(graph, Instance::read(graph, id)?.attribute("nodes")?).ok()??;
    let DType::Struct { fields, .. } = &nodes.dtype else { return None };
    Some(fields.iter().any(|field| field.name == "missing_go_to_left"))
}

#[cfg(test)]
mod tests;
