//! The object graph as JSON: every parameter of a model as text, as specified in `docs/json.md`.
//!
//! Written from the outside in, as a stream: a list of tasks replaces recursion, and at most a few kilobytes
//! are buffered.

mod array;
mod object;
mod out;

use std::io;

use skiff_pickle::{Graph, Node, NodeId};

use super::json_text::{float, quoted};
use super::{WriteError, place};
use crate::numpy::{DType, MaskedArray, NdArray};
use crate::scalar::scalar_array;
use crate::text::decimal;
use out::Text;

/// The version of the format, in `skiff.json`.
const VERSION: u32 = 1;

/// The fields of a JSON file in addition to the model.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonOptions<'a> {
    /// The libraries that wrote the model: `scikit-learn 1.9.1`.
    pub written_by: &'a [String],
    /// The [history](crate::ModelFile::history), a JSON list.
    pub history: Option<&'a str>,
}

/// Repeated strings longer than this are references.
const LONG_TEXT: usize = 64;

pub(super) fn write(graph: &Graph, options: &JsonOptions<'_>, out: &mut dyn io::Write) -> Result<(), WriteError> {
    let mut writer = Writer {
        graph,
        out: Text::new(out, graph),
        progress: vec![Progress::Once; graph.len()],
        ids: 0,
        path: String::new(),
        depth: 1,
        todo: vec![Task::Node(graph.root())],
    };
    writer.count();
    let written_by = concat!("skiff ", env!("CARGO_PKG_VERSION"));
    writer
        .out
        .text(&format!("{{\n \"skiff.json\": {VERSION},\n \"converted_by\": \"{written_by}\",\n \"written_by\": ["));
    for (place, by) in options.written_by.iter().enumerate() {
        writer.out.text(if place > 0 { ", " } else { "" });
        writer.out.quoted(by.as_bytes())?;
    }
    writer.out.text("]");
    if let Some(history) = options.history {
        writer.out.text(",\n \"history\": ");
        writer.out.text(history);
    }
    writer.out.text(",\n \"model\": ");
    while let Some(task) = writer.todo.pop() {
        writer.task(task)?;
    }
    writer.out.text("\n}\n");
    writer.out.finish()
}

/// The state of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It is referred to once, or not at all.
    Once,
    /// It is referred to again, and was not written.
    Again,
    /// It was written, with this id.
    Written(usize),
}

/// The remaining tasks, the last one first.
enum Task<'g> {
    Node(NodeId),
    Text(&'static str),
    /// A comma if it is not the first, a new line, a key.
    Key(bool, &'g [u8]),
    /// The parts of an object, one level deeper; then a new line.
    Indent,
    Outdent,
    /// An array that is not a node of the graph but a part of one.
    Part(NodeId, Box<NdArray>),
    /// Adds a step to the path.
    Step(Step<'g>),
    /// Truncates the path to this length.
    Back(usize),
}

/// A step of the path.
#[derive(Clone, Copy)]
enum Step<'g> {
    Attribute(&'g str),
    Key(&'g str),
    Place(usize),
}

struct Writer<'g, 'o> {
    graph: &'g Graph,
    out: Text<'o>,
    progress: Vec<Progress>,
    /// How many values have ids, which count from 1.
    ids: usize,
    path: String,
    depth: usize,
    todo: Vec<Task<'g>>,
}

impl<'g> Writer<'g, '_> {
    /// Finds the nodes that are referred to more than once.
    fn count(&mut self) {
        let mut seen = vec![false; self.graph.len()];
        let mut todo = vec![self.graph.root()];
        while let Some(id) = todo.pop() {
            if let Some(seen) = seen.get_mut(id.index())
                && std::mem::replace(seen, true)
            {
                if let Some(progress) = self.progress.get_mut(id.index()) {
                    *progress = Progress::Again;
                }
                continue;
            }
            self.graph.each_child(id, |child| todo.push(child));
        }
    }

    fn task(&mut self, task: Task<'g>) -> Result<(), WriteError> {
        match task {
            Task::Text(text) => self.out.text(text),
            Task::Key(first, key) => {
                self.out.text(if first { "" } else { "," });
                self.line();
                self.out.quoted(key)?;
                self.out.text(": ");
            }
            Task::Indent => self.depth = self.depth.saturating_add(1),
            Task::Outdent => {
                self.depth = self.depth.saturating_sub(1);
                self.line();
            }
            Task::Step(step) => {
                let dot = if self.path.is_empty() { "" } else { "." };
                self.path += &match step {
                    Step::Attribute(name) => format!("{dot}{name}"),
                    Step::Key(key) => format!("[{key:?}]"),
                    Step::Place(place) => format!("[{place}]"),
                };
            }
            Task::Part(id, array) => self.part(id, &array)?,
            Task::Back(length) => self.path.truncate(length),
            Task::Node(id) => self.node(id)?,
        }
        self.out.flush()
    }

    /// A newline with the indentation of the depth, up to a limit.
    fn line(&mut self) {
        const SPACES: &str = "                                ";
        self.out.text("\n");
        self.out.text(SPACES.get(..self.depth).unwrap_or(SPACES));
    }

    /// Adds tasks, to be done in order.
    fn add(&mut self, tasks: impl IntoIterator<Item = Task<'g>, IntoIter: DoubleEndedIterator>) {
        self.todo.extend(tasks.into_iter().rev());
    }

    fn refuse(&self, id: NodeId, what: impl Into<String>) -> WriteError {
        WriteError::Unsayable { format: "JSON", path: place::of(self.graph, id), what: what.into() }
    }

    fn node(&mut self, id: NodeId) -> Result<(), WriteError> {
        let graph = self.graph;
        if !graph.changes(id).is_empty() {
            return Err(self.refuse(id, "a change to a value that is not an object"));
        }
        if let Some(Progress::Written(known)) = self.progress.get(id.index()) {
            self.out.text(&format!("{{\"$\": \"ref\", \"id\": {known}}}"));
            return Ok(());
        }
        match graph.node(id) {
            Node::None => self.out.text("null"),
            Node::Bool(true) => self.out.text("true"),
            Node::Bool(false) => self.out.text("false"),
            Node::Int(value) => self.out.text(&value.to_string()),
            Node::Float(value) if value.is_finite() => self.out.text(&float(*value)),
            Node::Float(value) => self.out.text(&format!("{{\"$\": \"float\", \"value\": \"{}\"}}", float(*value))),
            Node::BigInt(span) => match decimal(graph.bytes(*span)) {
                Some(digits) => self.out.text(&digits),
                None => return Err(self.refuse(id, "an integer of more than 4,300 digits")),
            },
            Node::Str(span) | Node::ByteStr(span) if span.len <= LONG_TEXT || !self.is_again(id) => {
                self.text_or_bytes(id)?;
            }
            Node::Global(_) => {
                let name = self.name(id)?;
                self.out.text("{\"$\": \"name\", \"name\": ");
                self.out.quoted(name.as_bytes())?;
                self.out.text("}");
            }
            Node::Str(_) | Node::ByteStr(_) => {
                self.open("text", id);
                self.out.text(", \"value\": ");
                self.text_or_bytes(id)?;
                self.out.text("}");
            }
            Node::Bytes(span) | Node::ByteArray(span) => {
                self.open(if matches!(graph.node(id), Node::Bytes(_)) { "bytes" } else { "bytearray" }, id);
                self.out.text(", \"hex\": \"");
                self.out.hex(graph.bytes(*span))?;
                self.out.text("\"}");
            }
            Node::List(items) if !self.is_again(id) => {
                self.out.text("[");
                self.row(items);
            }
            Node::List(items) => self.items("list", id, items),
            Node::Tuple(items) => self.items("tuple", id, items),
            Node::Set(items) => self.items("set", id, items),
            Node::FrozenSet(items) => self.items("frozenset", id, items),
            Node::Dict(pairs) => self.dict(id, pairs),
            Node::Payload { .. } => match self.read(id, NdArray::read(graph, id))? {
                Some(array) => self.array(id, &array)?,
                None => return Err(self.refuse(id, "content between the opcodes is not an array")),
            },
            Node::Object(_) => self.object(id)?,
            Node::Extension(_) | Node::Persistent(_) | Node::Buffer { .. } => {
                return Err(self.refuse(id, format!("it cannot represent {}", graph.node(id).kind())));
            }
        }
        Ok(())
    }

    fn read<T>(&self, id: NodeId, outcome: Result<T, crate::ValueError>) -> Result<T, WriteError> {
        outcome.map_err(|error| self.refuse(id, error.to_string()))
    }

    /// An array that is a part of the node at `id`, whose id it does not take.
    fn part(&mut self, id: NodeId, array: &NdArray) -> Result<(), WriteError> {
        let progress = self.progress.get_mut(id.index());
        let before = progress.map(|progress| std::mem::replace(progress, Progress::Once));
        let outcome = self.array(id, array);
        if let (Some(progress), Some(before)) = (self.progress.get_mut(id.index()), before) {
            *progress = before;
        }
        outcome
    }

    fn is_again(&self, id: NodeId) -> bool {
        self.progress.get(id.index()).is_some_and(|&progress| progress != Progress::Once)
    }

    /// Begins a value of this kind, with an id if it is shared.
    fn open(&mut self, kind: &'static str, id: NodeId) {
        self.out.text("{\"$\": \"");
        self.out.text(kind);
        self.out.text("\"");
        if let Some(progress) = self.progress.get_mut(id.index()).filter(|progress| **progress == Progress::Again) {
            self.ids = self.ids.saturating_add(1);
            *progress = Progress::Written(self.ids);
            self.out.text(&format!(", \"id\": {}", self.ids));
        }
    }

    /// A string; non-ASCII bytes of Python 2 as bytes.
    fn text_or_bytes(&mut self, id: NodeId) -> Result<(), WriteError> {
        match self.graph.node(id) {
            Node::ByteStr(span) if !self.graph.bytes(*span).is_ascii() => {
                self.out.text("{\"$\": \"bytes\", \"hex\": \"");
                self.out.hex(self.graph.bytes(*span))?;
                self.out.text("\"}");
                Ok(())
            }
            Node::Str(span) | Node::ByteStr(span) => self.out.quoted(self.graph.bytes(*span)),
            _ => Ok(()),
        }
    }

    /// `module.name` of a name, as in the file.
    fn name(&self, id: NodeId) -> Result<String, WriteError> {
        let (module, name) =
            self.graph.global(id).ok_or_else(|| self.refuse(id, "its callable is not a name in a module"))?;
        Ok(format!("{module}.{name}"))
    }

    fn items(&mut self, kind: &'static str, id: NodeId, items: &'g [NodeId]) {
        self.open(kind, id);
        self.out.text(", \"items\": [");
        self.todo.push(Task::Text("}"));
        self.row(items);
    }

    /// Values and commas, and the closing bracket.
    fn row(&mut self, items: &'g [NodeId]) {
        let mut tasks = Vec::new();
        for (place, &item) in items.iter().enumerate() {
            tasks.push(Task::Text(if place > 0 { ", " } else { "" }));
            self.child(Step::Place(place), item, &mut tasks);
        }
        tasks.push(Task::Text("]"));
        self.add(tasks);
    }

    /// A value one step deeper. Only containers need the path.
    fn child(&self, step: Step<'g>, id: NodeId, tasks: &mut Vec<Task<'g>>) {
        let holds = matches!(
            self.graph.node(id),
            Node::Object(_) | Node::List(_) | Node::Tuple(_) | Node::Dict(_) | Node::Payload { .. }
        );
        if !holds || self.path.len() > LONGEST_PATH {
            return tasks.push(Task::Node(id));
        }
        tasks.extend([Task::Step(step), Task::Node(id), Task::Back(self.path.len())]);
    }

    /// A plain JSON object, if all keys are strings and none is ambiguous.
    fn dict(&mut self, id: NodeId, pairs: &'g [(NodeId, NodeId)]) {
        let graph = self.graph;
        if !self.is_again(id)
            && let Some(pairs) = self.plain_pairs(pairs)
        {
            self.out.text("{");
            return self.plain_dict(&pairs, Step::Key);
        }
        self.open("dict", id);
        self.out.text(", \"items\": [");
        self.todo.push(Task::Text("}"));
        let mut tasks = Vec::new();
        for (place, &(key, value)) in pairs.iter().enumerate() {
            tasks.extend([Task::Text(if place > 0 { ", [" } else { "[" }), Task::Node(key), Task::Text(", ")]);
            let step = graph.str_of(key).map_or(Step::Place(place), Step::Key);
            self.child(step, value, &mut tasks);
            tasks.push(Task::Text("]"));
        }
        tasks.push(Task::Text("]"));
        self.add(tasks);
    }

    /// The pairs, if JSON can represent them directly.
    fn plain_pairs(&self, pairs: &[(NodeId, NodeId)]) -> Option<Vec<(&'g [u8], NodeId)>> {
        let graph = self.graph;
        let mut keys = std::collections::HashSet::with_capacity(pairs.len());
        pairs
            .iter()
            .map(|&(key, value)| {
                let text = match graph.node(key) {
                    Node::Str(span) => graph.bytes(*span),
                    Node::ByteStr(span) if graph.bytes(*span).is_ascii() => graph.bytes(*span),
                    _ => return None,
                };
                (text != b"$" && keys.insert(text)).then_some((text, value))
            })
            .collect()
    }

    /// Keys and values on separate lines, and the closing brace.
    fn plain_dict(&mut self, pairs: &[(&'g [u8], NodeId)], step: fn(&'g str) -> Step<'g>) {
        if pairs.is_empty() {
            return self.out.text("}");
        }
        let mut tasks = vec![Task::Indent];
        for (place, &(key, value)) in pairs.iter().enumerate() {
            tasks.push(Task::Key(place == 0, key));
            self.child(step(std::str::from_utf8(key).unwrap_or("?")), value, &mut tasks);
        }
        tasks.extend([Task::Outdent, Task::Text("}")]);
        self.add(tasks);
    }
}

/// Longer paths are omitted.
const LONGEST_PATH: usize = 1_000;
