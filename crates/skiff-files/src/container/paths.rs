//! The names of tensors: where an array is in the model, `steps.1.1.coef_`.

use std::collections::{HashSet, VecDeque};

use skiff_pickle::{Change, Graph, Node, NodeId};

/// The step from one node to another.
#[derive(Clone, Copy)]
enum Step {
    /// A string key.
    Key(NodeId),
    /// An index in a sequence.
    Place(usize),
    /// The arguments of its call.
    Arguments,
    /// The state of an object, which adds nothing to the path.
    Silent,
}

/// The paths from the root to each node.
pub(super) struct Paths<'g> {
    graph: &'g Graph,
    /// The predecessor of each node on its path, and the step from there.
    from: Vec<Option<(NodeId, Step)>>,
    /// Every node that is reachable from the root, the nearest first.
    pub reached: Vec<NodeId>,
    taken: HashSet<String>,
}

/// Longer paths are numbered instead.
const MOST_STEPS: usize = 40;
/// Longer keys are replaced by their index.
const LONGEST_KEY: usize = 100;

impl<'g> Paths<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        let mut paths = Self { graph, from: vec![None; graph.len()], reached: Vec::new(), taken: HashSet::new() };
        let mut seen = vec![false; graph.len()];
        let mut todo = VecDeque::from([graph.root()]);
        if let Some(seen) = seen.get_mut(graph.root().index()) {
            *seen = true;
        }
        while let Some(id) = todo.pop_front() {
            paths.reached.push(id);
            each_step(graph, id, |child, step| {
                let Some(seen) = seen.get_mut(child.index()).filter(|seen| !**seen) else { return };
                *seen = true;
                if let Some(from) = paths.from.get_mut(child.index()) {
                    *from = Some((id, step));
                }
                todo.push_back(child);
            });
        }
        paths
    }

    /// A unique name for the node, different from the format's own names.
    pub fn name(&mut self, id: NodeId) -> String {
        let path = self.path(id).unwrap_or_else(|| "deep".to_owned());
        self.unique(path)
    }

    /// The name, with a number appended if it is used already.
    pub fn unique(&mut self, name: String) -> String {
        let name = if name.is_empty() { "array".to_owned() } else { name };
        let reserved = name.starts_with("skiff.") || name == "__metadata__";
        if !reserved && self.taken.insert(name.clone()) {
            return name;
        }
        // Names that differ only in their number continue at the first free one from here.
        let mut number = self.taken.len();
        loop {
            let numbered = format!("array.{number}.{name}");
            if self.taken.insert(numbered.clone()) {
                return numbered;
            }
            number = number.wrapping_add(1);
        }
    }

    /// The common form of the paths of corresponding parts of a model: without indices in sequences.
    pub fn pattern(&self, id: NodeId) -> String {
        let path = self.path(id).unwrap_or_default();
        let is_place = |step: &str| step.bytes().all(|byte| byte.is_ascii_digit());
        path.split('.').map(|step| if is_place(step) { "" } else { step }).collect::<Vec<_>>().join(".")
    }

    fn path(&self, id: NodeId) -> Option<String> {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(&Some((from, step))) = self.from.get(at.index()) {
            match step {
                Step::Key(key) => steps.push(self.graph.str_of(key)?.to_owned()),
                Step::Place(place) => steps.push(place.to_string()),
                Step::Arguments => steps.push("args".to_owned()),
                Step::Silent => {}
            }
            at = from;
            if steps.len() > MOST_STEPS {
                return None;
            }
        }
        steps.reverse();
        Some(steps.join("."))
    }
}

fn each_step(graph: &Graph, id: NodeId, mut visit: impl FnMut(NodeId, Step)) {
    let is_short = |key: NodeId| graph.str_of(key).is_some_and(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
    let mut row = |items: &[NodeId]| {
        for (place, &item) in items.iter().enumerate() {
            visit(item, Step::Place(place));
        }
    };
    match graph.node(id) {
        Node::Tuple(items) | Node::FrozenSet(items) => return row(items),
        Node::List(items) | Node::Set(items) => return row(items),
        _ => {}
    }
    let pairs = |pairs: &[(NodeId, NodeId)], visit: &mut dyn FnMut(NodeId, Step)| {
        for (place, &(key, value)) in pairs.iter().enumerate() {
            visit(value, if is_short(key) { Step::Key(key) } else { Step::Place(place) });
            // Keys may be objects that contain arrays.
            visit(key, Step::Place(place));
        }
    };
    match graph.node(id) {
        Node::Dict(items) => pairs(items, &mut visit),
        Node::Object(object) => {
            visit(object.arguments, Step::Arguments);
            visit(object.callable, Step::Arguments);
            if let Some(keywords) = object.keywords {
                visit(keywords, Step::Arguments);
            }
            for change in &object.changes {
                match change {
                    Change::Build(state) => visit(*state, Step::Silent),
                    Change::SetItems(items) => pairs(items, &mut visit),
                    Change::Append(items) | Change::Add(items) => {
                        for (place, &item) in items.iter().enumerate() {
                            visit(item, Step::Place(place));
                        }
                    }
                }
            }
        }
        _ => graph.each_child(id, |child| visit(child, Step::Silent)),
    }
}
