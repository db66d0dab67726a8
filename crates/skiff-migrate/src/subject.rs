//! An object of one of scikit-learn's classes, while it is taken over boundaries.

use std::collections::HashMap;

use skiff_files::{Graph, Instance, Node, NodeId};
use skiff_pickle::{Change, Global};
use skiff_sklearn::{Class, Version};

/// An object of scikit-learn's.
#[derive(Debug)]
pub(crate) struct Subject {
    pub id: NodeId,
    pub class: &'static Class,
    /// The version whose state it has.
    pub version: Version,
    /// What `BUILD` sets, in order.
    attributes: Vec<(String, NodeId)>,
    places: HashMap<String, usize>,
    /// Whether the state is attributes and nothing else.
    is_plain: bool,
    is_changed: bool,
}

impl Subject {
    /// The object at `id`, if its class is scikit-learn's and its state can be read.
    pub fn read(graph: &Graph, id: NodeId, version: Version) -> Option<Self> {
        let instance = Instance::read(graph, id)?;
        if !instance.module.starts_with("sklearn.") && instance.module != "_loss" {
            return None;
        }
        let module = if instance.module == "_loss" { "sklearn._loss._loss" } else { instance.module };
        let class = skiff_sklearn::class(module, instance.name)?;
        let mut subject = Self {
            id,
            class,
            version,
            attributes: Vec::new(),
            places: HashMap::new(),
            is_plain: !instance.has_foreign_state(),
            is_changed: false,
        };
        for (name, value) in instance.attributes() {
            subject.set(name, value);
        }
        subject.is_changed = false;
        Some(subject)
    }

    pub fn get(&self, name: &str) -> Option<NodeId> {
        self.places.get(name).and_then(|&place| self.attributes.get(place)).map(|(_, value)| *value)
    }

    pub fn set(&mut self, name: &str, value: NodeId) {
        self.is_changed = true;
        match self.places.get(name) {
            Some(&place) => self.attributes[place].1 = value,
            None => {
                self.places.insert(name.to_owned(), self.attributes.len());
                self.attributes.push((name.to_owned(), value));
            }
        }
    }

    pub fn take(&mut self, name: &str) -> Option<NodeId> {
        let place = self.places.remove(name)?;
        self.is_changed = true;
        let (_, value) = self.attributes.remove(place);
        self.places.values_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        Some(value)
    }

    pub fn names(&self) -> Vec<String> {
        self.attributes.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn attributes(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), *value))
    }

    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Puts the attributes into the graph, as one state.
    pub fn write(&self, graph: &mut Graph) {
        if !self.is_changed || !self.is_plain {
            return;
        }
        let pairs: Vec<(NodeId, NodeId)> = self
            .attributes
            .iter()
            .map(|(name, value)| {
                let span = graph.keep(name.as_bytes());
                (graph.push(Node::Str(span)), *value)
            })
            .collect();
        let state = graph.push(Node::Dict(pairs));
        let Node::Object(object) = graph.node_mut(self.id) else { return };
        object.changes.retain(|change| !matches!(change, Change::Build(_)));
        object.changes.push(Change::Build(state));
    }

    /// Has the object be of another class.
    pub fn set_class(&mut self, graph: &mut Graph, class: &'static Class, path: &str) {
        let Some((module, name)) = path.rsplit_once('.') else { return };
        let (module, name) = (graph.keep(module.as_bytes()), graph.keep(name.as_bytes()));
        let global = graph.push(Node::Global(Global { module, name }));
        let Some(object) = graph.object(self.id) else { return };
        let (callable, arguments) = (object.callable, object.arguments);
        let is_class = |id| graph.global(id).is_some_and(|(module, name)| is_of(self.class, module, name));
        let first = graph.items(arguments).and_then(|items| items.first().copied());
        if is_class(callable) {
            if let Node::Object(object) = graph.node_mut(self.id) {
                object.callable = global;
            }
        } else if first.is_some_and(is_class)
            && let Some(items) = graph.items(arguments)
        {
            let mut items = items.to_vec();
            items[0] = global;
            let arguments = graph.push(Node::Tuple(items.into()));
            if let Node::Object(object) = graph.node_mut(self.id) {
                object.arguments = arguments;
            }
        }
        self.class = class;
        self.is_changed = true;
    }
}

fn is_of(class: &Class, module: &str, name: &str) -> bool {
    let module = if module == "_loss" { "sklearn._loss._loss" } else { module };
    skiff_sklearn::class(module, name).is_some_and(|found| found.path() == class.path())
}
