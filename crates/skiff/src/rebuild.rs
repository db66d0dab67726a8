//! A file's content for Python's unpickler: judged, checked, and written as a new pickle, so that Python can build the estimator.

use std::borrow::Cow;
use std::collections::BTreeSet;

use skiff_files::write::{self, Buffer};
use skiff_files::{Content, Graph, Limits, Node, NodeId};
use skiff_migrate::Target as ScikitLearn;
use skiff_models::addresses;
use skiff_scan::{self as scan, Finding, Trusted};

use crate::migration::migrated_for_loading;
use crate::{AnswersChange, Error, File, changes};

/// What Python needs to build the object in a file.
#[derive(Debug)]
pub struct Rebuilt {
    /// A pickle of protocol 5 with the out-of-band `buffers`, in this order.
    pub pickle: Vec<u8>,
    /// The elements of large arrays.
    pub buffers: Vec<Buffer>,
    /// Module and name of everything that the pickle imports. Each is on the allow-list, or was trusted.
    pub names: Vec<(String, String)>,
    /// Those of the names that are allowed only because they were trusted.
    pub vouched: Vec<(String, String)>,
    /// The versions of scikit-learn recorded in the estimators of the pickle.
    pub versions: Vec<String>,
    /// What was changed for the scikit-learn that loads it, or why nothing was; `None` if that one wrote the file.
    pub migration: Option<Result<Migration, Error>>,
    /// Where they predict differently in a newer scikit-learn.
    pub changes: Vec<AnswersChange>,
}

/// A model that was changed for the scikit-learn that loads it. It answers as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The versions that wrote it, the oldest first.
    pub from: Vec<String>,
    /// What was changed, a line for each class.
    pub changes: Vec<String>,
    /// What its user may want to know, a sentence each: parameters without a counterpart, classes that another one stands for.
    pub notes: Vec<String>,
}

/// Smaller graphs are written faster than a thread starts.
const WORTH_A_THREAD: usize = 10_000;
/// Arrays of fewer bytes are in the pickle itself.
const LEAST: usize = 4 << 10;

impl File {
    /// The object at the address `at` (by default the file's root) as a new pickle, written by skiff and not by
    /// the file's author. It builds only what is on the allow-list of [`scan`](crate::scan()),
    /// and what `trusted` names; the rest of the file is judged with it.
    ///
    /// If another scikit-learn than `target` wrote the file, the object is rewritten as `target` would have written it. Where
    /// that is impossible, it stays as it is, and [`Rebuilt::migration`] says why.
    ///
    /// # Errors
    /// When the file names code that is not trusted, or calls allowed code in a way in which no model does; when an
    /// estimator is inconsistent, so that scikit-learn would crash, hang or predict nonsense; when there is nothing at the address.
    pub fn rebuild(&self, at: Option<&str>, trusted: &Trusted, target: Option<&ScikitLearn>) -> Result<Rebuilt, Error> {
        self.rebuild_at(at, trusted, target).map_err(|error| match self.path() {
            Some(path) => error.in_file(path),
            None => error,
        })
    }

    fn rebuild_at(&self, at: Option<&str>, trusted: &Trusted, target: Option<&ScikitLearn>) -> Result<Rebuilt, Error> {
        let contents = self.contents();
        let (graph, limits) = (&contents.graph, self.limits());
        let is_skops = contents.format.content == Content::Skops;
        let findings = scan::findings(graph, &contents.roots, is_skops, limits, trusted);
        if !findings.is_empty() {
            return Err(Error::untrusted(findings));
        }
        if contents.trailing.compressed > 0 {
            return Err(Error::untrusted(vec![Finding::of("has trailing bytes after its compressed content")]));
        }
        if contents.format.content != Content::Skiff {
            // Python's loaders skip bytes after and between the parts, so they are suspicious.
            let verdict = scan::scan_without_estimators(&contents.content, self.path(), limits, trusted);
            if !verdict.findings.is_empty() {
                return Err(Error::untrusted(verdict.findings));
            }
        }
        let root = match at {
            Some(address) => addresses::resolve(graph, graph.root(), address)?,
            None => graph.root(),
        };
        let (graph, migration) = match target {
            Some(target) => migrate(graph, root, trusted, limits, target),
            None => (Cow::Borrowed(graph), None),
        };
        let graph = &*graph;
        // A damaged result is not returned; that it was written meanwhile does no harm.
        let write = || write::pickle_with_buffers(graph, root, LEAST);
        let (checked, written) = if graph.len() < WORTH_A_THREAD {
            (refuse_damaged(graph, limits), write())
        } else {
            std::thread::scope(|scope| {
                let writing = scope.spawn(write);
                let checked = refuse_damaged(graph, limits);
                (checked, writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            })
        };
        checked?;
        let write::Apart { pickle, buffers, names } = written?;
        let is_vouched = |(module, name): &&(String, String)| {
            !scan::is_listed(module, name) && (module.as_str(), name.as_str()) != write::MAPPING
        };
        let vouched = names.iter().filter(is_vouched).cloned().collect();
        let versions = match (&migration, target) {
            // The graph still has the states that were replaced, which nothing leads to.
            (Some(Ok(_)), Some(target)) => vec![target.version().to_owned()],
            _ => versions(graph),
        };
        let changes = changes::of_graph(graph);
        Ok(Rebuilt { pickle, buffers, names, vouched, versions, migration, changes })
    }
}

/// The object at `root` for `target`, and what was changed; the graph itself where nothing is to be changed or nothing can be.
fn migrate<'g>(
    graph: &'g Graph,
    root: NodeId,
    trusted: &Trusted,
    limits: &Limits,
    target: &ScikitLearn,
) -> (Cow<'g, Graph>, Option<Result<Migration, Error>>) {
    let versions = versions(graph);
    // Estimators without a stamp are of scikit-learn 0.17.
    let is_of_target = match versions.is_empty() {
        true => addresses::estimators(graph, root).is_empty(),
        false => versions.iter().all(|version| version == target.version()),
    };
    if is_of_target {
        return (Cow::Borrowed(graph), None);
    }
    let migrated = migrated_for_loading(graph, root, target).and_then(|migrated| {
        // Nothing that the rules write is exempt from the judgement.
        let findings = scan::findings(&migrated.graph, &[root], false, limits, trusted);
        if findings.is_empty() { Ok(migrated) } else { Err(Error::untrusted(findings)) }
    });
    match migrated {
        // Nothing in it is scikit-learn's.
        Ok(migrated) if migrated.from.is_empty() => (Cow::Borrowed(graph), None),
        Ok(migrated) => {
            let changes = migrated.changes.iter().map(ToString::to_string).collect();
            let migration = Migration { from: migrated.from, changes, notes: migrated.notes };
            (Cow::Owned(migrated.graph), Some(Ok(migration)))
        }
        Err(why) => (Cow::Borrowed(graph), Some(Err(why))),
    }
}

impl File {
    /// An error if `skiff.load` would reject this object, so that it is not written. Code of packages that models do not usually
    /// contain is allowed: the caller of `skiff.load` decides whether it is trusted.
    ///
    /// # Errors
    /// Those of [`File::rebuild`], with all code of other packages trusted.
    pub fn check_loadable(&self, trusted: &Trusted) -> Result<(), Error> {
        let contents = self.contents();
        let (graph, limits) = (&contents.graph, self.limits());
        let findings = |trusted: &Trusted| scan::findings(graph, &contents.roots, false, limits, trusted);
        let mut found = findings(trusted);
        let names: Vec<_> = found.iter().filter_map(Finding::name_of_other_code).map(str::to_owned).collect();
        if !names.is_empty() {
            let mut trusted = trusted.clone();
            trusted.add(names);
            found = findings(&trusted);
        }
        if found.is_empty() { refuse_damaged(graph, limits) } else { Err(Error::untrusted(found)) }
    }
}

/// Reads each supported estimator, and rejects inconsistent ones. That skiff does not support
/// an estimator, or that it was never fitted, is not an error: it can still be loaded.
fn refuse_damaged(graph: &Graph, limits: &Limits) -> Result<(), Error> {
    let found = skiff_models::contradictions(graph, 0..graph.len(), limits);
    match found.into_iter().next() {
        Some((_, error)) => Err(error.into()),
        None => Ok(()),
    }
}

/// The versions of scikit-learn in the stamps of estimators.
pub(crate) fn versions(graph: &Graph) -> Vec<String> {
    let mut versions = BTreeSet::new();
    for id in graph.ids() {
        let Node::Dict(pairs) = graph.node(id) else { continue };
        // A long list of names would not be readable.
        let is_version = |key: NodeId| matches!(graph.node(key), Node::Str(span) | Node::ByteStr(span) if graph.bytes(*span) == b"_sklearn_version");
        let version = pairs.iter().find(|(key, _)| is_version(*key));
        if let Some(version) = version.and_then(|(_, value)| graph.str_of(*value)) {
            versions.insert(version.to_owned());
        }
    }
    versions.into_iter().collect()
}
