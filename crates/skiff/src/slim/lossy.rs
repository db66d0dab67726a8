//! Makes a model smaller in ways that may change its answers.

use super::objects::Place;
use super::options::{Changed, Lossy, Pruning};
use super::{Slim, cut, ensembles, features, rounding};
use crate::{Error, File};

impl Slim {
    /// Makes the model smaller in ways that may change its answers. The recorded rows of a `.skiff` are dropped, which it
    /// would not predict any more.
    ///
    /// # Errors
    /// An option that applies to nothing in the model, by name, and values that a precision does not have; when the result
    /// cannot be read although the model could.
    pub fn reduce(&mut self, lossy: &Lossy) -> Result<(), Error> {
        if lossy.is_empty() {
            return Ok(());
        }
        let mut graph = self.file.contents().graph.clone_with_room();
        if let Some(count) = lossy.top_features {
            self.add("--top-features", features::keep(&mut graph, count)?);
        }
        match lossy.pruning {
            Some(Pruning::First(count)) => self.add("--prune-trees", ensembles::keep(&mut graph, count)?),
            Some(Pruning::CostComplexity(alpha)) => self.add("--prune-trees", cut::prune(&mut graph, alpha)?),
            None => {}
        }
        if let Some(depth) = lossy.max_depth {
            self.add("--max-depth", cut::at_depth(&mut graph, depth)?);
        }
        if let Some(precision) = lossy.precision {
            self.add(precision.option(), rounding::round(&mut graph, precision)?);
        }
        let file: File = self.file.with_graph(graph);
        if self.file.model(None).is_ok() {
            file.model(None)?;
        }
        if file.contents().samples.is_some() {
            self.notes.push("the recorded rows are dropped: the model may not predict them any more".to_owned());
        }
        self.file = file.without_samples();
        Ok(())
    }

    /// What options changed.
    pub fn changed(&self) -> &[Changed] {
        &self.changed
    }

    fn add(&mut self, option: &'static str, places: Vec<Place>) {
        for (class, attribute) in places {
            let is_it = |changed: &&mut Changed| {
                (changed.option, &*changed.class, changed.attribute) == (option, class, attribute)
            };
            match self.changed.iter_mut().find(is_it) {
                Some(changed) => changed.objects += 1,
                None => self.changed.push(Changed { option, class: class.to_owned(), attribute, objects: 1 }),
            }
        }
    }
}
