//! Addresses of estimators in a file with several objects: `[0]`, `['model']`, `.pipeline`.

use std::collections::HashSet;
use std::fmt;

use skiff_files::{Instance, NdArray, Scalar};
use skiff_pickle::{Graph, Node, NodeId};

use crate::registry;

/// An estimator and its address from the root: empty for the root itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EstimatorAddress {
    /// The argument of `--at`: `['models'][0]`.
    pub address: String,
    /// The class's path, as in the file.
    pub class: String,
    /// The estimator's node.
    pub node: NodeId,
}

/// The most estimators in a listing; others can still be addressed.
const MOST: usize = 1_000;
/// The longest address in a listing. Real ones stay below a hundred bytes; a file could nest lists and
/// long keys so that addresses take far more memory than the file.
const LONGEST: usize = 1_000;
/// How many items a walk visits for any file, and how often it visits each item of the file: containers may share
/// items.
const FREE_WORK: usize = 1 << 20;
const WORK: usize = 16;

/// The estimators that are not part of another one: the root, or those in its tuples, lists, dicts and plain
/// objects. In the order of a breadth-first walk, so that the outermost come first.
pub fn estimators(graph: &Graph, root: NodeId) -> Vec<EstimatorAddress> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([root]);
    let mut work = graph.len().saturating_mul(WORK).saturating_add(FREE_WORK);
    // Addresses are written only for estimators: each visited node records its container.
    let mut places: Vec<Visited> = vec![Visited { node: root, around: None, step: String::new(), length: 0 }];
    let mut next = 0;
    while let Some(Visited { node, length, .. }) = places.get(next) {
        let (node, length) = (*node, *length);
        if found.len() >= MOST || work == 0 {
            break;
        }
        let instance = Instance::read(graph, node);
        work = work.saturating_sub(instance.as_ref().map_or(1, Instance::entries));
        if let Some(instance) = &instance
            && is_estimator(instance)
        {
            found.push(EstimatorAddress { address: address(&places, next), class: instance.class_path(), node });
        } else {
            for (step, child) in children(graph, node, instance.as_ref(), &mut work) {
                let length = length + step.len();
                if length <= LONGEST && seen.insert(child) {
                    places.push(Visited { node: child, around: Some(next), step, length });
                }
            }
        }
        next += 1;
    }
    found
}

/// A node that a walk has visited.
struct Visited {
    node: NodeId,
    /// The index of its container.
    around: Option<usize>,
    /// The step from the container.
    step: String,
    /// The length of its address.
    length: usize,
}

fn address(places: &[Visited], place: usize) -> String {
    let mut steps = Vec::new();
    let mut at = Some(place);
    while let Some(Visited { around, step, .. }) = at.and_then(|at| places.get(at)) {
        steps.push(step.as_str());
        at = *around;
    }
    steps.reverse();
    steps.concat()
}

/// The node at `address`, relative to `root`.
///
/// # Errors
/// When the syntax of the address is wrong, or there is no such node.
pub fn resolve(graph: &Graph, root: NodeId, address: &str) -> Result<NodeId, AddressError> {
    Ok(walk(graph, root, address)?.last().map_or(root, |(node, _)| *node))
}

/// The nodes on the way from `root` to `address`, without the root: each with the length of its address.
///
/// # Errors
/// As [`resolve`].
pub fn walk(graph: &Graph, root: NodeId, address: &str) -> Result<Vec<(NodeId, usize)>, AddressError> {
    let address = address.trim();
    let mut way = Vec::new();
    let mut node = root;
    let mut rest = address;
    while !rest.is_empty() {
        let (step, after) = Step::parse(rest).ok_or_else(|| AddressError::Syntax(rest.to_owned()))?;
        let walked = &address[..address.len() - rest.len()];
        node = step.follow(graph, node).ok_or_else(|| AddressError::Nowhere {
            step: rest[..rest.len() - after.len()].to_owned(),
            at: if walked.is_empty() { "the file's root".to_owned() } else { format!("`{walked}`") },
            found: skiff_files::describe(graph, node),
        })?;
        rest = after;
        way.push((node, address.len() - rest.len()));
    }
    Ok(way)
}

/// An error of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It is not written as `[0]`, `['name']` or `.name`.
    Syntax(String),
    /// There is no such item.
    Nowhere {
        /// The step that failed.
        step: String,
        /// Where it failed.
        at: String,
        /// The description of the node there.
        found: String,
    },
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(rest) => write!(f, "expected `[0]`, `['name']` or `.name` in an address, found `{rest}`"),
            Self::Nowhere { step, at, found } => write!(f, "{at} has no `{step}`: it is {found}"),
        }
    }
}

impl std::error::Error for AddressError {}

/// One step of an address.
#[derive(Debug, PartialEq)]
enum Step {
    Index(i64),
    Key(String),
    Attribute(String),
}

impl Step {
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(inner) = text.strip_prefix('[') {
            if let Some(quote @ ('\'' | '"')) = inner.chars().next() {
                let (key, after) = inner[1..].split_once(quote)?;
                return Some((Self::Key(key.to_owned()), after.strip_prefix(']')?));
            }
            let (index, after) = inner.split_once(']')?;
            return Some((Self::Index(index.trim().parse().ok()?), after));
        }
        let text = text.strip_prefix('.').unwrap_or(text);
        let end = text.find(['.', '[']).unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        (!name.is_empty()).then(|| (Self::Attribute(name.to_owned()), after))
    }

    fn follow(&self, graph: &Graph, node: NodeId) -> Option<NodeId> {
        match self {
            Self::Attribute(name) => Instance::read(graph, node)?.attribute(name),
            Self::Index(index) => match items(graph, node) {
                Some(items) => {
                    let len = i64::try_from(items.len()).ok()?;
                    let index = if *index < 0 { index.checked_add(len)? } else { *index };
                    items.get(usize::try_from(index).ok()?).copied()
                }
                None => entry(graph, node, &Scalar::Int(*index)),
            },
            Self::Key(key) => entry(graph, node, &Scalar::Str(key.clone())),
        }
    }
}

/// Whether an object is an estimator: of a supported class, or of another one that follows scikit-learn's
/// conventions (fitted attributes end in `_`, an estimator type, `steps` of pipelines). The content of such
/// an object is part of it: a model of another library is never mistaken for an encoder in it, nor a pipeline
/// for one of its steps.
pub fn is_estimator(instance: &Instance<'_>) -> bool {
    let fitted = |name: &str| name == "_sklearn_version" || (name.ends_with('_') && !name.ends_with("__"));
    registry::find(&instance.class_path()).is_some()
        || ["Classifier", "Regressor", "Ranker", "Transformer"].iter().any(|kind| instance.name.ends_with(kind))
        || instance.attributes().any(|(name, _)| fitted(name) || name == "steps")
}

/// The items of a container, each with its step; visiting an item costs one unit of `work`.
fn children(graph: &Graph, node: NodeId, instance: Option<&Instance<'_>>, work: &mut usize) -> Vec<(String, NodeId)> {
    if let Some(items) = items(graph, node) {
        *work = work.saturating_sub(items.len());
        let worth = |item: &NodeId| !is_plain(graph, *item);
        let items = items.iter().copied().enumerate().filter(|(_, item)| worth(item));
        return items.map(|(index, item)| (format!("[{index}]"), item)).collect();
    }
    let pairs = pairs(graph, node);
    *work = work.saturating_sub(pairs.len());
    let mut children: Vec<(String, NodeId)> = pairs
        .into_iter()
        .filter(|(_, value)| !is_plain(graph, *value))
        .filter_map(|(key, value)| {
            let key = match Scalar::read(graph, key).ok()?? {
                Scalar::Str(key) if key.len() <= LONGEST => format!("['{key}']"),
                Scalar::Int(key) => format!("[{key}]"),
                _ => return None,
            };
            Some((key, value))
        })
        .collect();
    if let Some(instance) = instance {
        let attributes = instance.attributes();
        let attributes = attributes.filter(|(name, value)| name.len() <= LONGEST && !is_plain(graph, *value));
        children.extend(attributes.map(|(name, value)| (format!(".{name}"), value)));
    }
    children
}

/// Whether a node can neither be an estimator nor contain one.
fn is_plain(graph: &Graph, node: NodeId) -> bool {
    !matches!(graph.node(node), Node::Tuple(_) | Node::List(_) | Node::Dict(_) | Node::Object(_) | Node::Payload { .. })
}

/// The items of a list, a tuple or a small object array.
fn items(graph: &Graph, node: NodeId) -> Option<Vec<NodeId>> {
    match graph.items(node) {
        Some(items) => Some(items.to_vec()),
        None => NdArray::read(graph, node).ok()??.objects().map(<[NodeId]>::to_vec),
    }
}

/// The pairs of a dict, or of an object that is one.
fn pairs(graph: &Graph, node: NodeId) -> Vec<(NodeId, NodeId)> {
    match graph.node(node) {
        Node::Dict(pairs) => pairs.clone(),
        _ => Instance::read(graph, node).map(|instance| instance.items().collect()).unwrap_or_default(),
    }
}

fn entry(graph: &Graph, node: NodeId, key: &Scalar) -> Option<NodeId> {
    let pairs = pairs(graph, node);
    let found =
        pairs.iter().rev().find(|(name, _)| matches!(Scalar::read(graph, *name), Ok(Some(name)) if name == *key));
    found.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_python_writes_them() {
        assert_eq!(Step::parse("[0].x"), Some((Step::Index(0), ".x")));
        assert_eq!(Step::parse("['a b'][1]"), Some((Step::Key("a b".to_owned()), "[1]")));
        assert_eq!(Step::parse("[\"a\"]"), Some((Step::Key("a".to_owned()), "")));
        assert_eq!(Step::parse(".steps[1]"), Some((Step::Attribute("steps".to_owned()), "[1]")));
        assert_eq!(Step::parse("model"), Some((Step::Attribute("model".to_owned()), "")));
        for wrong in ["[", "['a]", "[x]", "."] {
            assert_eq!(Step::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_items_of_containers_are_found() {
        let mut graph = Graph::new();
        let key = Node::Str(graph.keep(b"model"));
        let key = graph.push(key);
        let value = graph.push(Node::Int(7));
        let dict = graph.push(Node::Dict(vec![(key, value)]));
        let root = graph.push(Node::Tuple(Box::from([dict, value])));
        assert_eq!(resolve(&graph, root, "[0]['model']"), Ok(value));
        assert_eq!(resolve(&graph, root, "[-1]"), Ok(value));
        assert_eq!(resolve(&graph, root, ""), Ok(root));
        let error = resolve(&graph, root, "[0]['other']").expect_err("there is no such key");
        assert_eq!(error.to_string(), "`[0]` has no `['other']`: it is dict of 1");
    }
}
