//! A graph on its way from one version to another.

use std::collections::HashMap;

use skiff_files::{Graph, NodeId};
use skiff_sklearn::Version;

use crate::subject::Subject;
use crate::values;

/// A graph, the objects of scikit-learn's in it, and what is to be said of them.
pub(crate) struct Work {
    pub graph: Graph,
    pub subjects: Vec<Subject>,
    pub places: HashMap<NodeId, usize>,
    pub notes: Vec<String>,
    /// Trees, whose owners share them, that a rule has been at.
    pub done: Vec<NodeId>,
}

impl Work {
    pub fn add_instance(&mut self, path: &'static str, attributes: &[(&str, NodeId)], version: Version) -> NodeId {
        let id = values::instance(&mut self.graph, path, attributes);
        if let Some(subject) = Subject::read(&self.graph, id, version) {
            self.places.insert(id, self.subjects.len());
            self.subjects.push(subject);
        }
        id
    }

    pub fn note(&mut self, what: String) {
        if !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }
}
