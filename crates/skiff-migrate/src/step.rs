//! What a rule sees: one object on its way over one boundary.

use skiff_files::{DType, Endian, Graph, NdArray, Node, NodeId, Order, Scalar};
use skiff_sklearn::Version;

use crate::error::Refused;
use crate::subject::Subject;
use crate::values;
use crate::work::Work;

/// One object on its way over one boundary.
pub(crate) struct Step<'m> {
    pub migration: &'m mut Work,
    /// Its place among the subjects.
    pub index: usize,
    /// The version on the other side.
    pub to: Version,
}

impl Step<'_> {
    pub fn subject(&self) -> &Subject {
        &self.migration.subjects[self.index]
    }

    pub fn graph(&mut self) -> &mut Graph {
        &mut self.migration.graph
    }

    pub fn class(&self) -> &'static str {
        self.subject().class.name()
    }

    /// An attribute, `None` included.
    pub fn get(&self, name: &str) -> Option<NodeId> {
        self.subject().get(name)
    }

    /// Whether there is an attribute of the name, `None` included.
    pub fn holds(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether there is an attribute of the name that is not `None`.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|id| !matches!(self.migration.graph.node(id), Node::None))
    }

    pub fn set(&mut self, name: &str, value: NodeId) {
        self.migration.subjects[self.index].set(name, value);
    }

    /// Sets an attribute that is not there yet.
    pub fn add(&mut self, name: &str, value: NodeId) {
        if !self.holds(name) {
            self.set(name, value);
        }
    }

    pub fn take(&mut self, name: &str) -> Option<NodeId> {
        self.migration.subjects[self.index].take(name)
    }

    pub fn rename(&mut self, old: &str, new: &str) {
        if let Some(value) = self.take(old)
            && !self.holds(new)
        {
            self.set(new, value);
        }
    }

    /// As [`Step::rename`], in the place of what the new name has.
    pub fn rename_over(&mut self, old: &str, new: &str) {
        if let Some(value) = self.take(old) {
            self.set(new, value);
        }
    }

    pub fn scalar(&self, name: &str) -> Option<Scalar> {
        Scalar::read(&self.migration.graph, self.get(name)?).ok().flatten()
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.scalar(name)?.as_str().map(str::to_owned)
    }

    pub fn is(&self, name: &str, text: &str) -> bool {
        self.get(name).and_then(|id| self.migration.graph.str_of(id)) == Some(text)
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        self.scalar(name)?.as_i64()
    }

    pub fn float(&self, name: &str) -> Option<f64> {
        self.scalar(name)?.as_f64()
    }

    pub fn flag(&self, name: &str) -> bool {
        matches!(self.scalar(name), Some(Scalar::Bool(true)))
    }

    pub fn array(&self, name: &str) -> Option<NdArray> {
        self.array_at(self.get(name)?)
    }

    pub fn array_at(&self, id: NodeId) -> Option<NdArray> {
        NdArray::read(&self.migration.graph, id).ok().flatten()
    }

    /// The lengths of an array's axes.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        Some(self.array(name)?.shape)
    }

    /// The items of a list or tuple, or the objects of an array.
    pub fn items(&self, name: &str) -> Option<Vec<NodeId>> {
        let id = self.get(name)?;
        match self.migration.graph.items(id) {
            Some(items) => Some(items.to_vec()),
            None => self.array_at(id)?.objects().map(<[NodeId]>::to_vec),
        }
    }

    /// The name of the function or class that an attribute is, without its module.
    pub fn function(&self, name: &str) -> Option<&str> {
        self.migration.graph.global(self.get(name)?).map(|(_, name)| name)
    }

    /// A value of an attribute that is a dict of keyword arguments.
    pub fn keyword(&self, name: &str, key: &str) -> Option<Scalar> {
        let graph = &self.migration.graph;
        let Node::Dict(pairs) = graph.node(self.get(name)?) else { return None };
        let (_, value) = pairs.iter().find(|(known, _)| graph.str_of(*known) == Some(key))?;
        Scalar::read(graph, *value).ok().flatten()
    }

    pub fn set_none(&mut self, name: &str) {
        let value = values::none(self.graph());
        self.set(name, value);
    }

    pub fn set_bool(&mut self, name: &str, value: bool) {
        let value = values::bool(self.graph(), value);
        self.set(name, value);
    }

    pub fn set_int(&mut self, name: &str, value: i64) {
        let value = values::int(self.graph(), value);
        self.set(name, value);
    }

    pub fn set_float(&mut self, name: &str, value: f64) {
        let value = values::float(self.graph(), value);
        self.set(name, value);
    }

    pub fn set_text(&mut self, name: &str, value: &str) {
        let value = values::text(self.graph(), value);
        self.set(name, value);
    }

    pub fn set_f64(&mut self, name: &str, shape: &[usize], array: &[f64]) {
        let value = values::f64_array(self.graph(), shape, array);
        self.set(name, value);
    }

    /// An array of floats of any width.
    pub fn floats(&mut self, dtype: &DType, shape: &[usize], array: &[f64]) -> NodeId {
        if let DType::Float { size: 4, .. } = dtype {
            // They were read from as narrow ones.
            let bytes = array.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect();
            let dtype = DType::Float { size: 4, endian: Endian::Little };
            return values::array(self.graph(), &dtype, shape, Order::C, bytes);
        }
        values::f64_array(self.graph(), shape, array)
    }

    /// A new object of a class, which has the state of the version on the other side.
    pub fn instance(&mut self, path: &'static str, attributes: &[(&str, NodeId)]) -> NodeId {
        self.migration.add_instance(path, attributes, self.to)
    }

    /// The object at a node, on its way over the same boundary.
    pub fn other(&mut self, id: NodeId) -> Option<Step<'_>> {
        let index = *self.migration.places.get(&id)?;
        Some(Step { migration: self.migration, index, to: self.to })
    }

    /// Has the object be of another class.
    pub fn become_class(&mut self, path: &'static str) {
        let Some((module, name)) = path.rsplit_once('.') else { return };
        let Some(class) = skiff_sklearn::class(module, name) else { return };
        let Work { graph, subjects, .. } = &mut *self.migration;
        subjects[self.index].set_class(graph, class, path);
    }

    /// Says what the model has lost on the way, though its answers stay.
    pub fn note(&mut self, what: &str) {
        let note = format!("`{}`: {what}", self.class());
        self.migration.note(note);
    }

    pub fn refused(&self, why: impl Into<String>) -> Refused {
        Refused { class: self.class().to_owned(), node: Some(self.subject().id), why: why.into() }
    }

    /// That scikit-learn answers otherwise from any state.
    pub fn would_answer_otherwise(&self, what: &str) -> Refused {
        self.refused(format!("scikit-learn {} answers otherwise: {what}", self.to))
    }
}
