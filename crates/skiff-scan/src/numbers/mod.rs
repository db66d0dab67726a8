//! Numbers that no fit makes, in objects whose compiled code believes them: children that lie outside of their tree,
//! ranges outside of the points, positions outside of a table. scikit-learn would read or write beyond its memory, run
//! in circles, or answer nonsense.
//!
//! Looked at wherever such an object stands, whatever estimator holds it. What only the estimator around it can tell is
//! for the readers of estimators.

mod ensemble;
mod pandas;
mod random_state;
mod svm;
mod work;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use skiff_files::{Instance, NdArray, RandomState};
use skiff_models::fields::{ReadError, ReadErrorKind};
use skiff_models::views::{MetricView, PointTreeView, PredictorView, SplineView, TreeView};
use skiff_pickle::{Change, Graph, Limits, Node, NodeId, Payload};

use crate::estimators::sentence;

/// Something left to do on as many threads as there are: reading a table of nodes is as slow as memory is.
type Task = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// What was found so far, and what is left to do.
pub(super) struct Numbers {
    found: Vec<(NodeId, String)>,
    tasks: Vec<(NodeId, Task)>,
    /// Bytes that may still be looked at: objects may share what they hold, and a small file could ask for work without
    /// end.
    left: usize,
}

/// How often each of the file's bytes may be looked at, and how many whatever its size.
const WORK: usize = 16;
const FREE: usize = 64 << 20;

impl Numbers {
    pub fn of(graph: &Graph) -> Self {
        let left = graph.size().saturating_mul(WORK).saturating_add(FREE);
        Self { found: Vec::new(), tasks: Vec::new(), left }
    }

    /// Looks at the object at `id`.
    pub fn look(&mut self, graph: &Graph, id: NodeId) {
        let Some((module, name)) = class(graph, id) else { return };
        if !is_looked_at(module) || self.left == 0 {
            return;
        }
        let cost = cost(graph, id, name);
        let Some(left) = self.left.checked_sub(cost) else {
            self.left = 0;
            self.found.push((id, "shares what it holds with more objects than are looked at".to_owned()));
            return;
        };
        self.left = left;
        let module = module.strip_prefix("sklearn.").unwrap_or(module);
        let bare = name.trim_end_matches("64").trim_end_matches("32");
        let found = match (module, bare) {
            ("tree._tree", "Tree") => viewed(TreeView::read(graph, id)).map(|tree| {
                self.tasks.push((id, Box::new(move || viewed(tree.check_nodes()))));
            }),
            ("ensemble._hist_gradient_boosting.predictor", _) => viewed(PredictorView::read(graph, id)).map(|tree| {
                self.tasks.push((id, Box::new(move || viewed(tree.check_nodes()))));
            }),
            (_, "KDTree" | "BallTree" | "BinaryTree") if module.starts_with("neighbors.") => {
                viewed(PointTreeView::read(graph, id)).map(drop)
            }
            _ if module.ends_with("dist_metrics") => viewed(MetricView::read(graph, id)).map(drop),
            ("scipy.interpolate._bsplines", "BSpline" | "_BSpline") => match SplineView::read(graph, id) {
                // What only holds another one.
                Err(error) if *error.kind() == ReadErrorKind::Missing => Ok(()),
                spline => viewed(spline).map(drop),
            },
            _ if module.starts_with("numpy.random") || RandomState::read(graph, id).is_some() => {
                random_state::check(graph, id)
            }
            _ if module.starts_with("pandas") => pandas::check(graph, id, name),
            _ if svm::CLASSIFIERS.contains(&bare) => svm::check(graph, id, true),
            _ if svm::OTHERS.contains(&bare) => svm::check(graph, id, false),
            _ if is_estimator_module(module) => {
                ensemble::check(graph, id, bare).and_then(|()| work::check(graph, id, bare))
            }
            _ => work::check(graph, id, bare),
        };
        // Trees have no threads, and there are thousands of them.
        let found = match found {
            Ok(()) if !module.starts_with("tree.") => work::check_threads(graph, id),
            found => found,
        };
        if let Err(what) = found {
            self.found.push((id, what));
        }
    }

    /// The first thing that is wrong, as far as was looked at.
    pub fn first(self) -> Option<(NodeId, String)> {
        self.found.into_iter().next()
    }

    /// Does what is left, on all threads of the machine, and gives what is wrong.
    ///
    /// # Errors
    /// When the time is over.
    pub fn finish(self, limits: &Limits) -> Result<Vec<(NodeId, String)>, ()> {
        let Self { mut found, tasks, .. } = self;
        // Asking for the number of threads costs more than a small pickle.
        let threads = match tasks.len() {
            0 | 1 => 1,
            count => thread::available_parallelism().map_or(1, usize::from).min(count),
        };
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            while let Some((id, task)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                if limits.is_late() {
                    return Err(());
                }
                if let Err(what) = task() {
                    found.push((*id, what));
                }
            }
            Ok(found)
        };
        if threads < 2 {
            found.extend(work()?);
            return Ok(found);
        }
        let parts = thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut parts = vec![work()];
            // A thread that panicked has said so; nothing of it may pass for looked at.
            parts.extend(others.into_iter().map(|other| other.join().unwrap_or(Err(()))));
            parts
        });
        for part in parts {
            found.extend(part?);
        }
        found.sort_by_key(|(id, _)| id.index());
        Ok(found)
    }
}

/// What a view finds, as it is said of the object.
fn viewed<T>(view: Result<T, ReadError>) -> Result<T, String> {
    view.map_err(|error| sentence(&error))
}

/// The class of the object at `id`, without reading its state.
fn class(graph: &Graph, id: NodeId) -> Option<(&str, &str)> {
    let object = graph.object(id)?;
    let (module, name) = graph.global(object.callable)?;
    let makes_first = matches!(name, "_reconstructor" | "__newobj__" | "newObj") || name.starts_with("__pyx_unpickle_");
    if !makes_first {
        return Some((module, name));
    }
    graph.items(object.arguments)?.first().and_then(|&class| graph.global(class))
}

fn is_looked_at(module: &str) -> bool {
    const PACKAGES: [&str; 7] =
        ["sklearn.", "scipy.interpolate.", "numpy.random", "pandas.", "lightgbm.", "xgboost.", "catboost."];
    // The public names are those that pickles have since pandas 3.
    module == "pandas" || PACKAGES.iter().any(|package| module.starts_with(package))
}

/// How many bytes there are to look at in what the object at `id` was given, one level deep.
fn cost(graph: &Graph, id: NodeId, class: &str) -> usize {
    // The estimators of an ensemble, each an object of its own. Other lists are not looked at.
    let each = if ensemble::TRUSTING.contains(&class) { 1_024 } else { 0 };
    let parts = |node: NodeId| match graph.node(node) {
        Node::Dict(pairs) => pairs.iter().map(|(_, value)| *value).collect(),
        Node::Tuple(items) => items.to_vec(),
        _ => Vec::new(),
    };
    let size = |node: NodeId| match graph.node(node) {
        Node::List(items) => items.len().saturating_mul(each),
        Node::Payload { content: Payload::Raw(span), .. } => span.len,
        Node::Object(object) => object.state().and_then(|state| graph.items(state)).map_or(0, |state| {
            let data = state.last().map(|data| graph.node(*data));
            match data {
                Some(Node::Bytes(span) | Node::ByteArray(span) | Node::ByteStr(span)) => span.len,
                Some(Node::List(items)) => items.len().saturating_mul(each),
                _ => 0,
            }
        }),
        _ => 0,
    };
    let changes = graph.object(id).map_or(&[][..], |object| &object.changes);
    let states = changes.iter().filter_map(|change| match change {
        Change::Build(state) => Some(*state),
        _ => None,
    });
    states.flat_map(parts).fold(64, |sum: usize, part| sum.saturating_add(size(part)).saturating_add(32))
}

fn is_estimator_module(module: &str) -> bool {
    ["tree", "ensemble", "neighbors", "cluster"]
        .iter()
        .any(|family| module.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// An array out of a file.
fn array(graph: &Graph, id: NodeId) -> Option<NdArray> {
    NdArray::read(graph, id).ok().flatten()
}

/// A count out of a file.
fn count(graph: &Graph, id: NodeId) -> Option<usize> {
    let value = skiff_files::Scalar::read(graph, id).ok().flatten()?;
    usize::try_from(value.as_i64()?).ok()
}

/// An attribute that is a count.
fn count_of(graph: &Graph, instance: &Instance<'_>, name: &str) -> Option<usize> {
    count(graph, instance.attribute(name)?)
}
