//! Objects: their class, its arguments, their attributes.

use skiff_pickle::{Change, Make, Node, NodeId};

use super::{DType, MaskedArray, NdArray, Step, Task, Writer, scalar_array};
use crate::Instance;
use crate::write::WriteError;

/// How an object is made of its class and arguments.
enum Making {
    /// `class.__new__(class)`.
    Plain,
    /// `class(*arguments)`.
    Called,
    /// `class.__new__(class, *arguments)`.
    New,
    /// `function(class, *arguments)`.
    By(NodeId),
}

impl<'g> Writer<'g, '_> {
    pub(super) fn object(&mut self, id: NodeId) -> Result<(), WriteError> {
        let graph = self.graph;
        if let Some(array) = self.read(id, NdArray::read(graph, id))? {
            return self.array(id, &array);
        }
        if let Some(scalar) = self.read(id, scalar_array(graph, id))? {
            return self.scalar(id, &scalar);
        }
        if let Some(dtype) = self.read(id, DType::read(graph, id))? {
            self.open("dtype", id);
            self.out.text(", \"dtype\": ");
            self.dtype(&dtype)?;
            self.out.text("}");
            return Ok(());
        }
        if let Some(masked) = self.read(id, MaskedArray::read(graph, id))? {
            return self.masked(id, masked);
        }
        match Instance::read(graph, id) {
            Some(instance) => self.instance(&instance),
            None => self.call(id),
        }
    }

    fn masked(&mut self, id: NodeId, masked: MaskedArray) -> Result<(), WriteError> {
        self.open("masked", id);
        self.out.text(", \"mask\": ");
        self.part(id, &masked.mask)?;
        let mut tasks = Vec::new();
        if let Some(fill) = masked.fill_value {
            tasks.extend([Task::Text(", \"fill_value\": "), Task::Node(fill)]);
        }
        tasks.extend([Task::Text(", \"data\": "), Task::Part(id, Box::new(masked.data)), Task::Text("}")]);
        self.add(tasks);
        Ok(())
    }

    fn instance(&mut self, instance: &Instance<'g>) -> Result<(), WriteError> {
        let id = instance.id;
        let is_own = instance.module.starts_with("sklearn.");
        self.open("object", id);
        self.out.text(", \"class\": ");
        self.out.quoted(instance.class_path().as_bytes())?;
        if is_own && !self.path.is_empty() {
            self.out.text(", \"path\": ");
            let path = self.path.clone();
            self.out.quoted(path.as_bytes())?;
        }
        let text = |name: &str| instance.attribute(name).and_then(|value| self.graph.str_of(value));
        let version = if is_own { text("_sklearn_version") } else { None };
        if let Some(version) = version {
            self.out.text(", \"version\": ");
            self.out.quoted(version.as_bytes())?;
        }
        let mut tasks = vec![Task::Indent];
        let making = self.making(instance);
        if let Making::By(function) = making {
            self.out.text(", \"made_by\": ");
            let name = self.name(function)?;
            self.out.quoted(name.as_bytes())?;
        }
        if !instance.arguments().is_empty() && !matches!(making, Making::Plain) {
            if matches!(making, Making::New) {
                self.section("new", &mut tasks);
                tasks.push(Task::Text("true"));
            }
            self.section("arguments", &mut tasks);
            tasks.push(Task::Text("["));
            self.places(instance.arguments(), &mut tasks);
            tasks.push(Task::Text("]"));
        }
        let attributes: Vec<_> =
            instance.attributes().filter(|&(name, _)| version.is_none() || name != "_sklearn_version").collect();
        // scikit-learn's convention: fitted attributes end or begin with an underscore, parameters do not.
        // Its Cython classes have neither, and keep all of it.
        let is_estimator = attributes.iter().any(|(name, _)| name.ends_with('_')) || version.is_some();
        let is_fitted = |name: &str| name.ends_with('_') || name.starts_with('_');
        let (fitted, chosen): (Vec<_>, Vec<_>) = attributes.into_iter().partition(|(name, _)| is_fitted(name));
        if is_own && is_estimator {
            self.attributes("parameters", &chosen, &mut tasks);
            self.attributes("fitted", &fitted, &mut tasks);
        } else if instance.attributes().next().is_some() {
            let all: Vec<_> = instance.attributes().collect();
            self.attributes("attributes", &all, &mut tasks);
        }
        let object = self.graph.object(id);
        for change in object.map_or(&[][..], |object| &object.changes) {
            self.change(change, instance.has_foreign_state(), &mut tasks);
        }
        if let Some(keywords) = object.and_then(|object| object.keywords) {
            self.section("keywords", &mut tasks);
            tasks.push(Task::Node(keywords));
        }
        tasks.extend([Task::Outdent, Task::Text("}")]);
        self.add(tasks);
        Ok(())
    }

    /// How the class is called, as far as the arguments do not say it.
    fn making(&self, instance: &Instance<'g>) -> Making {
        let graph = self.graph;
        let Some(object) = graph.object(instance.id) else { return Making::Plain };
        let function = graph.global(object.callable).map_or("", |(_, name)| name);
        let is_plain = || match *instance.arguments() {
            [base, state] => {
                matches!(graph.global(base), Some(("builtins" | "__builtin__", "object")))
                    && matches!(graph.node(state), Node::None)
            }
            _ => false,
        };
        match object.make {
            Make::Reduce if function == "_reconstructor" && is_plain() => Making::Plain,
            Make::Reduce if function == "_reconstructor" || function.starts_with("__pyx_unpickle_") => {
                Making::By(object.callable)
            }
            Make::Reduce if !function.starts_with("__newobj") => Making::Called,
            _ => Making::New,
        }
    }

    /// A call of a function, of which only the name is known.
    fn call(&mut self, id: NodeId) -> Result<(), WriteError> {
        let Some(object) = self.graph.object(id) else { return Ok(()) };
        self.open("call", id);
        self.out.text(", \"function\": ");
        match self.graph.node(object.callable) {
            Node::Global(_) => {
                let name = self.name(object.callable)?;
                self.out.quoted(name.as_bytes())?;
            }
            _ => return Err(self.refuse(id, "its callable is not a name in a module")),
        }
        let mut tasks = vec![Task::Indent];
        if object.make != Make::Reduce {
            self.section("new", &mut tasks);
            tasks.push(Task::Text("true"));
        }
        self.section("arguments", &mut tasks);
        tasks.push(Task::Node(object.arguments));
        if let Some(keywords) = object.keywords {
            self.section("keywords", &mut tasks);
            tasks.push(Task::Node(keywords));
        }
        for change in &object.changes {
            self.change(change, true, &mut tasks);
        }
        tasks.extend([Task::Outdent, Task::Text("}")]);
        self.add(tasks);
        Ok(())
    }

    /// A state that is more than attributes, and items.
    fn change(&self, change: &'g Change, is_foreign: bool, tasks: &mut Vec<Task<'g>>) {
        match change {
            Change::Build(state) if is_foreign => {
                self.section("state", tasks);
                self.child(Step::Attribute("state"), *state, tasks);
            }
            Change::Build(_) => {}
            Change::Append(items) | Change::Add(items) => {
                self.section(if matches!(change, Change::Add(_)) { "members" } else { "items" }, tasks);
                tasks.push(Task::Text("["));
                self.places(items, tasks);
                tasks.push(Task::Text("]"));
            }
            Change::SetItems(pairs) => {
                self.section("entries", tasks);
                tasks.push(Task::Text("["));
                for (place, &(key, value)) in pairs.iter().enumerate() {
                    let open = if place > 0 { ", [" } else { "[" };
                    tasks.extend([Task::Text(open), Task::Node(key), Task::Text(", ")]);
                    let step = self.graph.str_of(key).map_or(Step::Place(place), Step::Key);
                    self.child(step, value, tasks);
                    tasks.push(Task::Text("]"));
                }
                tasks.push(Task::Text("]"));
            }
        }
    }

    fn places(&self, items: &[NodeId], tasks: &mut Vec<Task<'g>>) {
        for (place, &item) in items.iter().enumerate() {
            tasks.push(Task::Text(if place > 0 { ", " } else { "" }));
            self.child(Step::Place(place), item, tasks);
        }
    }

    /// A further key of the object that is open.
    fn section(&self, name: &'static str, tasks: &mut Vec<Task<'g>>) {
        tasks.push(Task::Key(false, name.as_bytes()));
    }

    fn attributes(&self, section: &'static str, pairs: &[(&'g str, NodeId)], tasks: &mut Vec<Task<'g>>) {
        self.section(section, tasks);
        tasks.push(Task::Text("{"));
        if pairs.is_empty() {
            return tasks.push(Task::Text("}"));
        }
        tasks.push(Task::Indent);
        for (place, &(name, value)) in pairs.iter().enumerate() {
            tasks.push(Task::Key(place == 0, name.as_bytes()));
            self.child(Step::Attribute(name), value, tasks);
        }
        tasks.extend([Task::Outdent, Task::Text("}")]);
    }
}
