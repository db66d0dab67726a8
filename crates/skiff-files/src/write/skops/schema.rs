//! `schema.json`: nested nodes, written from the outside in. A list of tasks replaces recursion.

use std::borrow::Cow;
use std::collections::HashMap;

use skiff_pickle::{Bytes, Graph, Node, NodeId};

use super::calls::Calls;
use super::keys::{self, Pair};
use super::made::{Arguments, Made, Name, Refusal};
use super::numpy;
use crate::numpy::{DType, MaskedArray, NdArray};
use crate::write::json_text::{float, integer, quoted};
use crate::write::zip::Zip;
use crate::write::{WriteError, most_written, npy, place};

/// Repeated strings longer than this are references.
const LONG_TEXT: usize = 64;

const LIST: &str = r#"{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":["#;
const TUPLE: &str = r#"{"__class__":"tuple","__module__":"builtins","__loader__":"TupleNode","content":["#;
const END: &str = "]}";
const EMPTY_DICT: &str = concat!(
    r#"{"__class__":"dict","__module__":"builtins","__loader__":"DictNode","key_types":"#,
    r#"{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":[]},"content":{}}"#
);
/// A dict with the four parts of a seed.
const SEED: &str = concat!(
    r#","seed_seq":{"__class__":"dict","__module__":"builtins","__loader__":"DictNode","key_types":"#,
    r#"{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":["#,
    r#"{"__class__":"str","__module__":"builtins","__loader__":"TypeNode"},"#,
    r#"{"__class__":"str","__module__":"builtins","__loader__":"TypeNode"},"#,
    r#"{"__class__":"str","__module__":"builtins","__loader__":"TypeNode"},"#,
    r#"{"__class__":"str","__module__":"builtins","__loader__":"TypeNode"}]},"content":{"#
);

/// Why the schema could not be written.
pub(super) enum Failure {
    Refusal(Refusal),
    Write(WriteError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl<E: Into<WriteError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Write(error.into())
    }
}

/// The state of a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    New,
    Begun,
    Done,
}

/// The remaining tasks.
enum Task<'g> {
    /// A node, or a reference to it.
    Node(NodeId),
    /// A complete node, even if it was written before.
    Again(NodeId),
    /// The node is complete.
    Done(NodeId),
    Text(&'static str),
    /// The key of a dict, and the text before it.
    Key(&'static str, Cow<'g, [u8]>),
    /// A `JsonNode` of a length, and the text before it.
    Length(&'static str, usize),
    /// An array that is not a node of the graph but a part of one.
    Part(NodeId, Box<NdArray>),
}

/// Tasks in order.
type Tasks<'g> = Vec<Task<'g>>;

/// Writes the schema.
pub(super) struct Schema<'g, 'z, 'o> {
    calls: Calls<'g>,
    zip: &'z mut Zip<'o>,
    text: Vec<u8>,
    progress: Vec<Progress>,
    /// How often each node is referred to.
    references: Vec<u32>,
    /// What repeated nodes repeat.
    heads: HashMap<NodeId, Box<[u8]>>,
    /// The files of elements that several arrays have in common, by the elements and their header.
    files: HashMap<(NodeId, Vec<u8>), String>,
    /// The number of files.
    count: usize,
    /// How much was read of elements that were stored already.
    again: u64,
    /// The remaining tasks, the last one first.
    todo: Tasks<'g>,
}

impl<'g, 'z, 'o> Schema<'g, 'z, 'o> {
    /// The schema of the graph's root; arrays are written to the zip at once.
    pub fn of(graph: &'g Graph, zip: &'z mut Zip<'o>) -> Result<Vec<u8>, WriteError> {
        let mut references = vec![0_u32; graph.len()];
        let mut numpy2 = false;
        for id in graph.ids() {
            numpy2 |= graph.global(id).is_some_and(|(module, _)| module.starts_with("numpy._core"));
            graph.each_child(id, |child| {
                if let Some(count) = references.get_mut(child.index()) {
                    *count = count.saturating_add(1);
                }
            });
        }
        let mut schema = Self {
            calls: Calls { graph, numpy2 },
            zip,
            text: Vec::new(),
            progress: vec![Progress::New; graph.len()],
            references,
            heads: HashMap::new(),
            files: HashMap::new(),
            count: 0,
            again: 0,
            todo: vec![Task::Node(graph.root())],
        };
        let most = most_written(graph);
        while let Some(task) = schema.todo.pop() {
            let written = u64::try_from(schema.text.len()).unwrap_or(u64::MAX);
            if written.saturating_add(schema.again) > most {
                return Err(WriteError::Repeated("skops"));
            }
            schema.task(task).map_err(|failure| match failure {
                Failure::Refusal(Refusal { node, what }) => {
                    WriteError::Unsayable { format: "skops", path: place::of(graph, node), what }
                }
                Failure::Write(error) => error,
            })?;
        }
        Ok(schema.text)
    }

    fn task(&mut self, task: Task<'g>) -> Result<(), Failure> {
        match task {
            Task::Text(text) => self.text.extend(text.as_bytes()),
            Task::Key(before, key) => {
                self.text.extend(before.as_bytes());
                quoted(&mut self.text, &key)?;
                self.text.push(b':');
            }
            Task::Length(before, length) => {
                self.text.extend(before.as_bytes());
                self.open(("JsonNode", ("builtins", "str")), None)?;
                self.text.extend(format!(",\"content\":\"{length}\",\"is_json\":true}}").as_bytes());
            }
            Task::Done(id) => {
                self.set(id, Progress::Done);
                self.text.push(b'}');
            }
            Task::Part(id, array) => {
                let mut tasks = Vec::new();
                self.open(("NdArrayNode", ("numpy", "ndarray")), None)?;
                self.array(id, None, &array, &mut tasks)?;
                tasks.push(Task::Text("}"));
                self.todo.extend(tasks.into_iter().rev());
            }
            Task::Node(id) => match (self.progress.get(id.index()), self.heads.get(&id)) {
                (Some(Progress::Done), Some(head)) => {
                    self.text.extend_from_slice(head);
                    self.text.push(b'}');
                }
                _ => self.node(id)?,
            },
            Task::Again(id) => self.node(id)?,
        }
        Ok(())
    }

    fn node(&mut self, id: NodeId) -> Result<(), Failure> {
        if self.progress.get(id.index()) == Some(&Progress::Begun) {
            return Err(Refusal::new(id, "it cannot represent a value that contains itself").into());
        }
        let made = self.calls.made(id)?;
        if matches!(made, Made::Json) {
            return self.single(id);
        }
        let names = match made {
            Made::Method(owner, _) => ("MethodNode", self.calls.made(owner)?.names().1),
            _ => made.names(),
        };
        self.open(names, self.is_again(id).then_some(id))?;
        self.set(id, Progress::Begun);
        let mut tasks = Vec::new();
        self.content(id, made, &mut tasks)?;
        tasks.push(Task::Done(id));
        self.todo.extend(tasks.into_iter().rev());
        Ok(())
    }

    fn set(&mut self, id: NodeId, to: Progress) {
        if let Some(progress) = self.progress.get_mut(id.index()) {
            *progress = to;
        }
    }

    fn is_again(&self, id: NodeId) -> bool {
        self.references.get(id.index()).is_some_and(|&count| count > 1)
    }

    /// Begins a node with the fields that references to it repeat.
    fn open(&mut self, (loader, (module, class)): (&str, Name<'_>), id: Option<NodeId>) -> Result<(), Failure> {
        let start = self.text.len();
        for (before, name) in [("{\"__class__\":", class), (",\"__module__\":", module), (",\"__loader__\":", loader)] {
            self.text.extend(before.as_bytes());
            quoted(&mut self.text, name.as_bytes())?;
        }
        if let Some(id) = id {
            self.text.extend(format!(",\"__id__\":{}", number(id)).as_bytes());
            let head = self.text.get(start..).unwrap_or_default();
            self.heads.insert(id, head.into());
        }
        Ok(())
    }

    /// Writes the content of a node without nested nodes.
    fn content(&mut self, id: NodeId, made: Made<'g>, tasks: &mut Tasks<'g>) -> Result<(), Failure> {
        match made {
            Made::Json | Made::Type(_) | Made::Function(_) | Made::Object(_, None) => {}
            Made::List(_, items) | Made::Set(_, items) | Made::Tuple(items) => {
                tasks.push(Task::Text(",\"content\":["));
                row(items, tasks);
                tasks.push(Task::Text("]"));
            }
            Made::Dict(_, pairs) => self.pairs(id, &pairs, tasks)?,
            Made::DefaultDict(factory, pairs) => {
                self.text.extend(b",\"content\":{\"main\":");
                self.open(("DictNode", ("builtins", "dict")), None)?;
                self.pairs(id, &pairs, tasks)?;
                tasks.extend([Task::Text("},\"default_factory\":"), Task::Node(factory), Task::Text("}")]);
            }
            Made::Bytes(bytes) | Made::ByteArray(bytes) => {
                let name = self.file("bin", &[&bytes])?;
                self.text.extend(format!(",\"file\":\"{name}\"").as_bytes());
            }
            Made::Object(_, Some(state)) | Made::RandomState(state) => {
                tasks.extend([Task::Text(",\"content\":"), Task::Node(state)]);
            }
            Made::Call(_, arguments) => {
                tasks.push(Task::Text(",\"content\":"));
                tuple(arguments, tasks);
            }
            Made::Reduce { arguments, state, .. } => {
                let state = state.map_or(Task::Text(EMPTY_DICT), Task::Node);
                tasks.extend([Task::Text(",\"content\":"), state, Task::Text(",\"__reduce__\":{\"args\":")]);
                tuple(arguments, tasks);
                tasks.push(Task::Text("}"));
            }
            Made::Partial(parts) => {
                let names = [",\"content\":{\"func\":", ",\"args\":", ",\"kwds\":", ",\"namespace\":"];
                for (name, part) in names.into_iter().zip(parts) {
                    tasks.extend([Task::Text(name), Task::Node(part)]);
                }
                tasks.push(Task::Text("}"));
            }
            Made::Slice(bounds) => {
                let names = [",\"content\":{\"start\":", ",\"stop\":", ",\"step\":"];
                for (name, bound) in names.into_iter().zip(bounds) {
                    self.text.extend(name.as_bytes());
                    let value =
                        self.value(bound)?.ok_or_else(|| Refusal::new(id, "the bounds of a slice are objects"))?;
                    self.text.extend(value);
                }
                self.text.push(b'}');
            }
            Made::Method(owner, name) => {
                self.text.extend(b",\"content\":{\"func\":");
                quoted(&mut self.text, name.as_bytes())?;
                tasks.extend([Task::Text(",\"obj\":"), Task::Node(owner), Task::Text("}")]);
            }
            Made::Operator(_, arguments) => {
                tasks.push(Task::Text(",\"attrs\":"));
                tuple(Arguments::These(arguments), tasks);
            }
            Made::Array(_, array) => {
                let holder = numpy::holder(self.calls.graph, id).filter(|&holder| self.is_again(holder));
                self.array(id, holder, &array, tasks)?;
            }
            // A dtype is that of an empty array.
            Made::DType(DType::Sub { .. }) => {
                return Err(Refusal::new(id, "it cannot store a subarray dtype").into());
            }
            Made::DType(dtype) => {
                let empty = match dtype {
                    DType::Object => NdArray::from_objects(dtype, vec![0], Vec::new(), id),
                    _ => NdArray::from_bytes(dtype, vec![0], crate::Order::C, Bytes::default(), id),
                };
                let empty = empty.map_err(|error| Refusal::new(id, error))?;
                tasks.extend([Task::Text(",\"content\":"), Task::Part(id, Box::new(empty))]);
            }
            Made::Masked(_, masked) => {
                let MaskedArray { data, mask, .. } = *masked;
                tasks.extend([Task::Text(",\"content\":{\"data\":"), Task::Part(id, Box::new(data))]);
                tasks.extend([Task::Text(",\"mask\":"), Task::Part(id, Box::new(mask)), Task::Text("}")]);
            }
            Made::Sparse(_, arrays) => {
                let mut bytes = Vec::new();
                let mut npz = Zip::new(&mut bytes, None);
                for (name, array) in &arrays {
                    let header = header(id, array)?;
                    npz.file(&format!("{name}.npy"), &[&header, array.bytes().unwrap_or_default()])?;
                }
                npz.finish()?;
                let name = self.file("npz", &[&bytes])?;
                self.text.extend(format!(",\"type\":\"scipy\",\"file\":\"{name}\"").as_bytes());
            }
            Made::Generator { bits, seed } => {
                // skops reads the bit generator's state before it loads it: it must be complete.
                tasks.extend([Task::Text(",\"content\":{\"bit_generator\":"), Task::Again(bits), Task::Text(SEED)]);
                let names = ["\"entropy\":", ",\"spawn_key\":", ",\"pool_size\":", ",\"n_children_spawned\":"];
                for (name, part) in names.into_iter().zip(seed) {
                    tasks.extend([Task::Text(name), Task::Node(part)]);
                }
                tasks.push(Task::Text("}}}"));
            }
        }
        Ok(())
    }

    /// The types of the keys, and the pairs.
    fn pairs(&mut self, id: NodeId, pairs: &[(NodeId, NodeId)], tasks: &mut Tasks<'g>) -> Result<(), Failure> {
        let pairs = keys::pairs(self.calls.graph, id, pairs, self.calls.numpy2)?;
        self.text.extend(b",\"key_types\":");
        self.text.extend(LIST.as_bytes());
        for (place, Pair { class: (module, class), .. }) in pairs.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let kind =
                format!("{comma}{{\"__class__\":\"{class}\",\"__module__\":\"{module}\",\"__loader__\":\"TypeNode\"}}");
            self.text.extend(kind.as_bytes());
        }
        self.text.extend(END.as_bytes());
        tasks.push(Task::Text(",\"content\":{"));
        for (place, Pair { text, value, .. }) in pairs.into_iter().enumerate() {
            tasks.extend([Task::Key(if place > 0 { "," } else { "" }, text), Task::Node(value)]);
        }
        tasks.push(Task::Text("}"));
        Ok(())
    }

    /// An array: its elements in a file, or its objects in lists. `holder` is the node of elements that others share
    /// too.
    fn array(
        &mut self,
        id: NodeId,
        holder: Option<NodeId>,
        array: &NdArray,
        tasks: &mut Tasks<'g>,
    ) -> Result<(), Failure> {
        let Some(bytes) = array.bytes_once().map(Bytes::settled) else { return self.objects(id, array, tasks) };
        let header = header(id, array)?;
        let name = match holder {
            None => self.file("npy", &[&header, &bytes])?,
            Some(holder) => match self.files.get(&(holder, header.clone())) {
                Some(name) => {
                    self.again = self.again.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
                    name.clone()
                }
                None => {
                    let name = self.file("npy", &[&header, &bytes])?;
                    self.files.insert((holder, header), name.clone());
                    name
                }
            },
        };
        self.text.extend(format!(",\"type\":\"numpy\",\"file\":\"{name}\"").as_bytes());
        Ok(())
    }

    /// Objects in lists in lists. skops lets numpy determine the shape of more than one axis.
    fn objects(&mut self, id: NodeId, array: &NdArray, tasks: &mut Tasks<'g>) -> Result<(), Failure> {
        let graph = self.calls.graph;
        let objects = array.objects().unwrap_or_default();
        if array.dtype != DType::Object {
            return Err(Refusal::new(id, "it cannot store structured arrays with objects").into());
        }
        let Some((_, outer)) = array.shape.split_last() else {
            return Err(Refusal::new(id, "it cannot store an array of objects without axes").into());
        };
        if !outer.is_empty()
            && let Some(&wrong) = objects.iter().find(|&&object| !numpy::is_no_sequence(graph, object))
        {
            return Err(Refusal::new(wrong, "in an array of more than one axis, numpy may take it for a row").into());
        }
        // How many objects lie in a row of each axis but the first.
        let mut sizes = Vec::new();
        for axis in 1..array.ndim() {
            sizes.push(array.shape.iter().skip(axis).product::<usize>());
        }
        if !outer.is_empty() && array.is_empty() {
            return Err(Refusal::new(id, "it cannot store an empty array of objects with more than one axis").into());
        }
        tasks.push(Task::Text(",\"content\":["));
        for (place, &object) in objects.iter().enumerate() {
            if place > 0 {
                tasks.push(Task::Text(","));
            }
            for &size in &sizes {
                if place.checked_rem(size) == Some(0) {
                    tasks.push(Task::Text(LIST));
                }
            }
            tasks.push(Task::Node(object));
            for &size in &sizes {
                if place.saturating_add(1).checked_rem(size) == Some(0) {
                    tasks.push(Task::Text(END));
                }
            }
        }
        tasks.push(Task::Text("],\"type\":\"json\",\"shape\":"));
        tasks.push(Task::Text(TUPLE));
        for (axis, &length) in array.shape.iter().enumerate() {
            tasks.push(Task::Length(if axis > 0 { "," } else { "" }, length));
        }
        tasks.push(Task::Text(END));
        Ok(())
    }

    /// Adds a file to the zip and returns its name.
    fn file(&mut self, extension: &str, parts: &[&[u8]]) -> Result<String, Failure> {
        self.count = self.count.saturating_add(1);
        let name = format!("{}.{extension}", self.count);
        self.zip.file(&name, parts)?;
        Ok(name)
    }

    /// `JsonNode`: a single value, as JSON within the JSON.
    fn single(&mut self, id: NodeId) -> Result<(), Failure> {
        let graph = self.calls.graph;
        let long = match graph.node(id) {
            Node::Str(span) | Node::ByteStr(span) => span.len > LONG_TEXT,
            _ => false,
        };
        let again = (long && self.is_again(id)).then_some(id);
        let value = self.value(id)?.ok_or_else(|| Refusal::new(id, "an integer of more than 4,300 digits"))?;
        self.open(("JsonNode", ("builtins", "str")), again)?;
        self.text.extend(b",\"content\":");
        quoted(&mut self.text, &value)?;
        self.text.extend(b",\"is_json\":true}");
        self.set(id, Progress::Done);
        Ok(())
    }

    /// A single value as JSON.
    fn value(&self, id: NodeId) -> Result<Option<Vec<u8>>, Failure> {
        let graph = self.calls.graph;
        Ok(Some(match graph.node(id) {
            Node::None => b"null".to_vec(),
            Node::Bool(true) => b"true".to_vec(),
            Node::Bool(false) => b"false".to_vec(),
            Node::Int(value) => value.to_string().into_bytes(),
            Node::Float(value) => float(*value).into_bytes(),
            Node::BigInt(span) => return Ok(integer(graph.bytes(*span)).map(String::into_bytes)),
            Node::Str(span) | Node::ByteStr(span) => {
                let mut text = Vec::new();
                quoted(&mut text, graph.bytes(*span))?;
                text
            }
            _ => return Ok(None),
        }))
    }
}

/// Nodes and the commas between them.
fn row<'g>(items: &[NodeId], tasks: &mut Tasks<'g>) {
    for (place, &item) in items.iter().enumerate() {
        if place > 0 {
            tasks.push(Task::Text(","));
        }
        tasks.push(Task::Node(item));
    }
}

/// A `TupleNode` of the arguments of a call.
fn tuple<'g>(arguments: Arguments<'_>, tasks: &mut Tasks<'g>) {
    tasks.push(Task::Text(TUPLE));
    match arguments {
        Arguments::These(items) => row(items, tasks),
        Arguments::List(items) => {
            tasks.push(Task::Text(LIST));
            row(items, tasks);
            tasks.push(Task::Text(END));
        }
    }
    tasks.push(Task::Text(END));
}

fn header(id: NodeId, array: &NdArray) -> Result<Vec<u8>, Refusal> {
    npy::header(&array.dtype, &array.shape, array.order)
        .ok_or_else(|| Refusal::new(id, format!("numpy's `.npy` cannot store an array of `{}`", array.dtype)))
}

/// skops ignores an `__id__` of zero.
fn number(id: NodeId) -> usize {
    id.index().saturating_add(1)
}
