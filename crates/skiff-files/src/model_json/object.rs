//! Objects: their class, the arguments of its constructor, their attributes.

use skiff_pickle::{Change, Make, Node, NodeId};

use super::Reader;
use crate::Error;
use crate::call::has_new_obj;
use crate::json::{Id, Json};
use crate::numpy::nodes;

impl Reader<'_> {
    /// An object of a class, as it is pickled.
    pub(super) fn object(&mut self, value: Id) -> Result<Node, Error> {
        let class = self.required(value, "class")?;
        let (module, name) = self.path(class)?;
        let arguments = match self.document.get(value, "arguments") {
            Some(arguments) => {
                let items = self.list(arguments)?;
                self.places(items)?
            }
            None => Vec::new(),
        };
        let (is_new, keywords) = (self.is_new(value)?, self.keywords(value)?);
        let mut changes = self.items_of(value)?;
        if let Some(state) = self.state(value)? {
            changes.push(Change::Build(state));
        }
        let class = |reader: &mut Self| {
            let class = reader.global(module, name);
            reader.graph.push(class)
        };
        let (make, callable, arguments) = match (self.document.get(value, "made_by"), keywords) {
            (Some(function), _) => {
                let function = self.path(function)?;
                (Make::Reduce, function, [vec![class(self)], arguments].concat())
            }
            (None, Some(_)) => (Make::NewObjEx, (module, name), arguments),
            // `__new__` is called by a function of their module.
            (None, None) if arguments.is_empty() && has_new_obj(module) => {
                (Make::Reduce, (module, "newObj"), vec![class(self)])
            }
            (None, None) if is_new || arguments.is_empty() => (Make::NewObj, (module, name), arguments),
            (None, None) => (Make::Reduce, (module, name), arguments),
        };
        let arguments = self.tuple(arguments);
        let mut object = self.made(make, callable, arguments);
        object.keywords = keywords;
        object.changes = changes;
        Ok(Node::Object(Box::new(object)))
    }

    /// The result of a function, which is not called.
    pub(super) fn call(&mut self, value: Id) -> Result<Node, Error> {
        let function = self.required(value, "function")?;
        let path = self.path(function)?;
        let arguments = self.required(value, "arguments")?;
        let arguments = self.place(arguments)?;
        let (is_new, keywords) = (self.is_new(value)?, self.keywords(value)?);
        let mut changes = self.items_of(value)?;
        if let Some(state) = self.document.get(value, "state") {
            changes.push(Change::Build(self.place(state)?));
        }
        let make = match (is_new, keywords) {
            (_, Some(_)) => Make::NewObjEx,
            (true, None) => Make::NewObj,
            (false, None) => Make::Reduce,
        };
        let mut object = self.made(make, path, arguments);
        object.keywords = keywords;
        object.changes = changes;
        Ok(Node::Object(Box::new(object)))
    }

    /// Whether `__new__` is called instead of the class.
    fn is_new(&self, value: Id) -> Result<bool, Error> {
        let Some(new) = self.document.get(value, "new") else { return Ok(false) };
        match self.document.value(new) {
            Json::Bool(is_new) => Ok(*is_new),
            _ => Err(self.wrong(new, "expected `true` or `false`")),
        }
    }

    fn keywords(&mut self, value: Id) -> Result<Option<NodeId>, Error> {
        self.document.get(value, "keywords").map(|keywords| self.place(keywords)).transpose()
    }

    /// What the class's base has: a list's `items`, a set's `members`, a dict's `entries`.
    fn items_of(&mut self, value: Id) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        if let Some(items) = self.document.get(value, "items") {
            let items = self.list(items)?;
            changes.push(Change::Append(self.places(items)?));
        }
        if let Some(members) = self.document.get(value, "members") {
            let members = self.list(members)?;
            changes.push(Change::Add(self.places(members)?));
        }
        if let Some(entries) = self.document.get(value, "entries") {
            changes.push(Change::SetItems(self.pairs(entries)?));
        }
        Ok(changes)
    }

    /// The state: as it is, or the dict of all attributes.
    fn state(&mut self, value: Id) -> Result<Option<NodeId>, Error> {
        if let Some(state) = self.document.get(value, "state") {
            return self.place(state).map(Some);
        }
        let mut pairs = Vec::new();
        let mut has_attributes = false;
        for section in ["parameters", "fitted", "attributes"] {
            let Some(section) = self.document.get(value, section) else { continue };
            let Json::Object(attributes) = self.document.value(section) else {
                return Err(self.wrong(section, "expected an object of attributes"));
            };
            has_attributes = true;
            pairs.extend(self.plain_pairs(attributes)?);
        }
        if let Some(version) = self.document.get(value, "version") {
            has_attributes = true;
            self.budget.nodes(1, 0)?;
            pairs.push((nodes::text(&mut self.graph, "_sklearn_version"), self.place(version)?));
        }
        if !has_attributes {
            return Ok(None);
        }
        self.budget.nodes(1, 0)?;
        Ok(Some(self.graph.push(Node::Dict(pairs))))
    }
}
