//! A model as JSON, as `docs/json.md` specifies it, read into the nodes of a pickle of the same object.
//!
//! People edit and write these files, so every error names the place of the value. Nothing is recursive: each node is
//! added to the graph before its content.

mod array;
mod object;

use std::collections::HashMap;

use skiff_pickle::{Budget, Global, Graph, Make, Node, NodeId};

use crate::json::{Document, Id, Json};
use crate::numpy::nodes;
use crate::text::two_complement;
use crate::{Error, ErrorKind, history};

/// The version of the format, in `skiff.json`.
const VERSION: &str = "1";

/// Whether these bytes begin like a model as JSON, and not like any other JSON.
pub(crate) fn is_model(bytes: &[u8]) -> bool {
    const KEY: &[u8] = b"\"skiff.json\"";
    let start = bytes.get(..bytes.len().min(START)).unwrap_or_default().trim_ascii_start();
    start.first() == Some(&b'{') && start.windows(KEY.len()).any(|window| window == KEY)
}

/// How many steps of a place are shown.
const MOST_STEPS: usize = 32;

/// How far in the key has to begin.
const START: usize = 1_024;

/// Reads the model in `text`, and its [history](crate::ModelFile::history).
///
/// # Errors
/// When the text is not such a model, with the place in it, or exceeds the limits.
pub fn read(text: &[u8], budget: &mut Budget) -> Result<(Graph, Option<String>), Error> {
    // Each value takes two bytes at least, so this is bounded by the text too.
    let document = Document::parse(text, budget.limits().nodes)
        .map_err(|offset| Error::at(ErrorKind::ModelJson("invalid JSON".to_owned()), offset))?;
    let mut reader = Reader {
        document: &document,
        budget,
        graph: Graph::new(),
        by_id: HashMap::new(),
        nodes: vec![None; document.values.len()],
        work: Vec::new(),
    };
    let root = reader.document()?;
    let root = reader.place(root)?;
    reader.graph.set_root(root);
    while let Some((value, id)) = reader.work.pop() {
        let node = reader.load(value)?;
        *reader.graph.node_mut(id) = node;
    }
    Ok((reader.graph, history::of_json(&document, "history")))
}

struct Reader<'a> {
    document: &'a Document<'a>,
    budget: &'a mut Budget,
    graph: Graph,
    /// The values that `ref` can mean, by their `id`.
    by_id: HashMap<&'a str, Id>,
    /// The node of each value of the document.
    nodes: Vec<Option<NodeId>>,
    /// Values whose nodes are still empty.
    work: Vec<(Id, NodeId)>,
}

impl<'a> Reader<'a> {
    /// The value of the model; takes note of all ids.
    fn document(&mut self) -> Result<Id, Error> {
        let document = self.document;
        let version = self.required(0, "skiff.json")?;
        match document.value(version) {
            Json::Number(range) if document.number(range) == VERSION => {}
            _ => return Err(self.wrong(version, format!("expected a model as JSON of version {VERSION}"))),
        }
        for (value, json) in document.values.iter().enumerate() {
            if matches!(json, Json::Object(_))
                && let Some(kind) = self.kind(value)
                && kind != "ref"
                && let Some(id) = document.get(value, "id")
            {
                let text = self.number(id)?;
                if self.by_id.insert(text, value).is_some() {
                    return Err(self.wrong(id, "the id of another value"));
                }
            }
        }
        self.required(0, "model")
    }

    /// The `$` of a value.
    fn kind(&self, value: Id) -> Option<&'a str> {
        self.document.get(value, "$").and_then(|kind| self.document.text_of(kind))
    }

    /// The node of a value: an existing one, or a new one to be filled later.
    fn place(&mut self, value: Id) -> Result<NodeId, Error> {
        let value = match self.kind(value) {
            Some("ref") => {
                let id = self.required(value, "id")?;
                let text = self.number(id)?;
                *self.by_id.get(text).ok_or_else(|| self.wrong(id, "no value has this id"))?
            }
            _ => value,
        };
        if let Some(Some(node)) = self.nodes.get(value) {
            return Ok(*node);
        }
        self.budget.nodes(1, 0)?;
        let node = self.graph.push(Node::None);
        if let Some(known) = self.nodes.get_mut(value) {
            *known = Some(node);
        }
        self.work.push((value, node));
        Ok(node)
    }

    fn places(&mut self, values: &[Id]) -> Result<Vec<NodeId>, Error> {
        values.iter().map(|&value| self.place(value)).collect()
    }

    /// The node of a value.
    fn load(&mut self, value: Id) -> Result<Node, Error> {
        Ok(match self.document.value(value) {
            Json::Null => Node::None,
            Json::Bool(value) => Node::Bool(*value),
            Json::Number(range) => self.scalar(value, self.document.number(range))?,
            Json::Str(text) => Node::Str(self.keep(text)?),
            Json::Array(items) => Node::List(self.places(items)?),
            Json::Object(pairs) => match self.document.get(value, "$") {
                None => Node::Dict(self.plain_pairs(pairs)?),
                Some(kind) => match self.document.text_of(kind) {
                    Some(name) => self.special(value, kind, name)?,
                    None => return Err(self.wrong(kind, "expected a string")),
                },
            },
        })
    }

    /// A value whose `$` is `kind`.
    fn special(&mut self, value: Id, at: Id, kind: &str) -> Result<Node, Error> {
        // A node's own parts, in addition to those that `place` counts.
        self.budget.nodes(8, 0)?;
        Ok(match kind {
            "float" => {
                let number = self.required(value, "value")?;
                match self.document.text_of(number).and_then(array::not_finite) {
                    Some(number) => Node::Float(number),
                    None => return Err(self.wrong(number, "expected `NaN`, `Infinity` or `-Infinity`")),
                }
            }
            "text" => {
                let text = self.required(value, "value")?;
                match self.document.value(text) {
                    Json::Str(text) => Node::Str(self.keep(text)?),
                    _ => return Err(self.wrong(text, "expected a string")),
                }
            }
            "bytes" | "bytearray" => {
                let hex = self.required(value, "hex")?;
                let bytes = self.hexadecimal(hex)?;
                let span = self.keep(&bytes)?;
                if kind == "bytes" { Node::Bytes(span) } else { Node::ByteArray(span) }
            }
            "name" => {
                let name = self.required(value, "name")?;
                let (module, name) = self.path(name)?;
                self.global(module, name)
            }
            "list" => Node::List(self.items(value)?),
            "tuple" => Node::Tuple(self.items(value)?.into()),
            "set" => Node::Set(self.items(value)?),
            "frozenset" => Node::FrozenSet(self.items(value)?.into()),
            "dict" => {
                let items = self.required(value, "items")?;
                Node::Dict(self.pairs(items)?)
            }
            "array" | "records" => {
                let array = self.array(value)?;
                array.node(&mut self.graph)
            }
            "scalar" => self.numpy_scalar(value)?,
            "masked" => self.masked(value)?,
            "dtype" => {
                let dtype = self.required(value, "dtype")?;
                let dtype = self.dtype(dtype)?;
                self.budget.nodes(nodes::dtype_cost(&dtype), 0)?;
                let dtype = nodes::dtype(&mut self.graph, &dtype);
                self.graph.node(dtype).clone()
            }
            "object" => self.object(value)?,
            "call" => self.call(value)?,
            _ => return Err(self.wrong(at, "an unknown kind of value")),
        })
    }

    /// A number without a point or an exponent is an `int`.
    fn scalar(&mut self, value: Id, text: &str) -> Result<Node, Error> {
        if text.contains(['.', 'e', 'E', 'N', 'I']) {
            return text.parse().map(Node::Float).map_err(|_| self.wrong(value, "expected a number"));
        }
        if let Ok(number) = text.parse() {
            return Ok(Node::Int(number));
        }
        match two_complement(text) {
            Some(bytes) => Ok(Node::BigInt(self.keep(&bytes)?)),
            None => Err(self.wrong(value, "an integer of more than 4,300 digits")),
        }
    }

    fn items(&mut self, value: Id) -> Result<Vec<NodeId>, Error> {
        let items = self.required(value, "items")?;
        let items = self.list(items)?;
        self.places(items)
    }

    /// The pairs of a plain JSON object.
    fn plain_pairs(&mut self, pairs: &'a [(Vec<u8>, Id)]) -> Result<Vec<(NodeId, NodeId)>, Error> {
        let mut placed = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            self.budget.nodes(1, 0)?;
            let key = Node::Str(self.keep(key)?);
            placed.push((self.graph.push(key), self.place(*value)?));
        }
        Ok(placed)
    }

    /// `[[key, value], …]`
    fn pairs(&mut self, value: Id) -> Result<Vec<(NodeId, NodeId)>, Error> {
        let mut placed = Vec::new();
        for &pair in self.list(value)? {
            let &[key, value] = self.list(pair)? else { return Err(self.wrong(pair, "expected a key and a value")) };
            placed.push((self.place(key)?, self.place(value)?));
        }
        Ok(placed)
    }

    fn list(&self, value: Id) -> Result<&'a [Id], Error> {
        match self.document.value(value) {
            Json::Array(items) => Ok(items),
            _ => Err(self.wrong(value, "expected a list")),
        }
    }

    /// The value of a key that has to be there.
    fn required(&self, value: Id, key: &str) -> Result<Id, Error> {
        self.document.get(value, key).ok_or_else(|| self.wrong(value, format!("expected the key `{key}`")))
    }

    /// The text of a whole number that is not negative.
    fn number(&self, value: Id) -> Result<&'a str, Error> {
        match self.document.value(value) {
            Json::Number(range) if self.document.number(range).bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(self.document.number(range))
            }
            _ => Err(self.wrong(value, "expected a whole number")),
        }
    }

    /// Lengths of axes, or offsets.
    fn lengths(&self, value: Id) -> Result<Vec<usize>, Error> {
        let length =
            |&value: &Id| self.number(value)?.parse().map_err(|_| self.wrong(value, "a number that is too large"));
        self.list(value)?.iter().map(length).collect()
    }

    /// The module and the name in it of a class or function.
    fn path(&self, value: Id) -> Result<(&'a str, &'a str), Error> {
        let path = self.document.text_of(value).and_then(|path| path.rsplit_once('.'));
        path.filter(|(module, name)| !module.is_empty() && !name.is_empty())
            .ok_or_else(|| self.wrong(value, "expected a module and a name, as in `numpy.log1p`"))
    }

    fn hexadecimal(&self, value: Id) -> Result<Vec<u8>, Error> {
        let wrong = || self.wrong(value, "expected hexadecimal digits");
        let text = self.document.text_of(value).filter(|text| text.len() % 2 == 0).ok_or_else(wrong)?;
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte = |pair: &[u8]| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        text.as_bytes().chunks(2).map(byte).collect::<Option<_>>().ok_or_else(wrong)
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<skiff_pickle::Span, Error> {
        self.budget.decoded(bytes.len(), 0)?;
        Ok(self.graph.keep(bytes))
    }

    fn tuple(&mut self, items: Vec<NodeId>) -> NodeId {
        self.graph.push(Node::Tuple(items.into()))
    }

    fn global(&mut self, module: &str, name: &str) -> Node {
        let module = self.graph.keep(module.as_bytes());
        let name = self.graph.keep(name.as_bytes());
        Node::Global(Global { module, name })
    }

    fn made(&mut self, make: Make, (module, name): (&str, &str), arguments: NodeId) -> skiff_pickle::Object {
        let callable = self.global(module, name);
        let callable = self.graph.push(callable);
        skiff_pickle::Object { make, callable, arguments, keywords: None, changes: Vec::new() }
    }

    /// An error at a value, with its place.
    fn wrong(&self, value: Id, what: impl Into<String>) -> Error {
        let what = what.into();
        let place = self.place_of(value);
        Error::new(ErrorKind::ModelJson(if place.is_empty() { what } else { format!("{what} at `{place}`") }))
    }

    /// Keys and indices from the outermost value to this one: `model.fitted.coef_.data[0]`.
    fn place_of(&self, value: Id) -> String {
        let mut steps = Vec::new();
        let mut inner = value;
        // Containers come before what they contain, so this ends.
        while steps.len() < MOST_STEPS
            && let Some((outer, step)) = self.document.values.get(..inner).and_then(|before| {
                before.iter().enumerate().rev().find_map(|(outer, json)| match json {
                    Json::Array(items) => {
                        items.iter().position(|&item| item == inner).map(|at| (outer, format!("[{at}]")))
                    }
                    Json::Object(pairs) => {
                        let pair = pairs.iter().find(|(_, item)| *item == inner)?;
                        Some((outer, format!(".{}", String::from_utf8_lossy(&pair.0))))
                    }
                    _ => None,
                })
            })
        {
            steps.push(step);
            inner = outer;
        }
        steps.reverse();
        steps.concat().trim_start_matches('.').to_owned()
    }
}
