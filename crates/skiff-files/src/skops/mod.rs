//! skops' files: a zip of `schema.json` and arrays, read into the nodes of a pickle of the same object.
//!
//! The schema is a tree of nodes, each with its loader; a repeated node repeats its
//! `__id__`. Protocols 0 to 2. Nothing is recursive: each node is added to the graph before its content.

mod fields;
mod loaders;
mod masked;
mod random;
mod whole;

use std::collections::HashMap;

use skiff_pickle::{Budget, Bytes, Graph, Node, NodeId};

use crate::decompress::Inflation;
use crate::history::{MOST_HISTORY, SKOPS_HISTORY};
use crate::json::{Document, Id, Json};
use crate::zip::Archive;
use crate::{Error, ErrorKind};

/// The files of an archive that its schema names, by their names.
pub type Files = HashMap<String, Bytes>;

/// What is in an archive.
#[derive(Debug)]
pub struct Contents {
    /// The object, as a pickle would have it.
    pub graph: Graph,
    /// The files that belong to it.
    pub files: Files,
    /// The [history](crate::ModelFile::history).
    pub history: Option<String>,
}

/// Reads the object in an archive.
///
/// # Errors
/// When the schema or a file that it names is damaged or not supported, or exceeds the limits.
pub fn read(archive: &Archive, inflation: &mut Inflation, budget: &mut Budget) -> Result<Contents, Error> {
    let text = archive.named("schema.json", inflation)?;
    // Each value takes two bytes at least, so this is bounded by the text too.
    let document = Document::parse(&text, budget.limits().nodes)
        .map_err(|offset| Error::at(ErrorKind::SkopsSchema("its schema is not JSON"), offset))?;
    let wrong = |what| Error::new(ErrorKind::SkopsSchema(what));
    // If a key occurs twice, Python keeps the later value, and only then matches the types of a dict's keys.
    if document.has_repeated_keys() {
        return Err(wrong("its schema has a duplicate key"));
    }
    let protocol = match document.get(0, "protocol").map(|protocol| document.value(protocol)) {
        Some(Json::Number(range)) => match document.number(range) {
            "0" => Some(0),
            "1" => Some(1),
            "2" => Some(2),
            _ => None,
        },
        _ => None,
    };
    let protocol = protocol.ok_or_else(|| wrong("its protocol is neither 0, 1 nor 2"))?;
    let mut reader = Reader {
        document: &document,
        protocol,
        archive,
        inflation,
        budget,
        graph: Graph::new(),
        whole: whole::states(&document, protocol).map_err(wrong)?,
        places: HashMap::new(),
        files: HashMap::new(),
        masked: Vec::new(),
        work: Vec::new(),
    };
    let root = reader.place(0)?;
    reader.graph.set_root(root);
    while let Some((state, id)) = reader.work.pop() {
        let node = reader.load(state)?;
        *reader.graph.node_mut(id) = node;
        if is_masked(reader.document, state) {
            reader.masked.push(id);
        }
    }
    for id in std::mem::take(&mut reader.masked) {
        // The parts of a state, and its arrays again.
        reader.budget.nodes(160, 0)?;
        masked::respell(&mut reader.graph, id)?;
    }
    let history = document.get(0, SKOPS_HISTORY).and_then(|history| document.text_of(history));
    let history = history.filter(|history| history.len() <= MOST_HISTORY).map(str::to_owned);
    Ok(Contents { graph: reader.graph, files: reader.files, history })
}

struct Reader<'a> {
    document: &'a Document<'a>,
    /// The protocol in the file.
    protocol: u8,
    archive: &'a Archive,
    inflation: &'a mut Inflation,
    budget: &'a mut Budget,
    graph: Graph,
    /// States by their `__id__`.
    whole: HashMap<String, Id>,
    /// Nodes by their `__id__`.
    places: HashMap<String, NodeId>,
    /// The files of the archive that were read.
    files: Files,
    /// Masked arrays, whose parts are read later.
    masked: Vec<NodeId>,
    /// States whose nodes are still empty.
    work: Vec<(Id, NodeId)>,
}

impl Reader<'_> {
    fn wrong(&self, what: &'static str) -> Error {
        Error::new(ErrorKind::SkopsSchema(what))
    }

    /// The node for a state: an existing one, or a new one to be filled later.
    fn place(&mut self, state: Id) -> Result<NodeId, Error> {
        self.budget.nodes(1, 0)?;
        let state = self.whole(state);
        let key = whole::id(self.document, state);
        if let Some(&place) = key.as_ref().and_then(|key| self.places.get(key)) {
            return Ok(place);
        }
        let place = self.graph.push(Node::None);
        if let Some(key) = key {
            self.places.insert(key, place);
        }
        self.work.push((state, place));
        Ok(place)
    }

    /// The state that skops uses for the `__id__` of this one.
    fn whole(&self, state: Id) -> Id {
        whole::id(self.document, state).and_then(|id| self.whole.get(&id).copied()).unwrap_or(state)
    }

    fn places(&mut self, states: &[Id]) -> Result<Vec<NodeId>, Error> {
        states.iter().map(|&state| self.place(state)).collect()
    }

    fn field(&self, state: Id, name: &'static str) -> Result<Id, Error> {
        self.document.get(state, name).ok_or_else(|| Error::new(ErrorKind::SkopsSchema(name_missing(name))))
    }

    fn text(&self, state: Id, name: &'static str) -> Result<String, Error> {
        let field = self.field(state, name)?;
        self.document.text_of(field).map(str::to_owned).ok_or_else(|| self.wrong("a name is not a string"))
    }

    fn list(&self, id: Id) -> Result<Vec<Id>, Error> {
        match self.document.value(id) {
            Json::Array(items) => Ok(items.clone()),
            _ => Err(self.wrong("a list is not a list node")),
        }
    }

    /// A file of the archive, read once.
    fn file(&mut self, state: Id) -> Result<Bytes, Error> {
        let name = self.text(state, "file")?;
        if let Some(bytes) = self.files.get(&name) {
            return Ok(bytes.clone());
        }
        let bytes = self.archive.named(&name, self.inflation)?;
        self.files.insert(name, bytes.clone());
        Ok(bytes)
    }
}

fn is_masked(document: &Document<'_>, state: Id) -> bool {
    document.get(state, "__loader__").and_then(|loader| document.text_of(loader)) == Some("MaskedArrayNode")
}

fn name_missing(name: &'static str) -> &'static str {
    match name {
        "__loader__" => "a node has no `__loader__`",
        "__class__" | "__module__" => "a node has no `__class__` or `__module__`",
        "content" => "a node has no `content`",
        "file" => "a node has no `file`",
        _ => "a part of a node is missing",
    }
}
