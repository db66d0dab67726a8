//! The estimators that skiff reads: the rooms of all families, in one table.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fields::{Fields, ReadError};
use crate::lowering::Header;
use crate::model::{Estimator, Room};

/// One room in the table.
#[derive(Debug)]
pub struct Entry {
    /// All class paths, the present one first.
    pub classes: &'static [&'static str],
    /// Attributes without an underscore that are no parameters.
    pub not_parameters: &'static [&'static str],
    source: &'static str,
    pub(crate) read: ReadFn,
}

/// Reads an estimator to its end, unknown attributes included.
type ReadFn = fn(Fields<'_, '_>) -> Result<(Box<dyn Estimator>, Header), ReadError>;

impl Entry {
    /// The entry of a room.
    pub const fn of<R: Room>() -> Self {
        Self {
            classes: R::CLASSES,
            not_parameters: R::NOT_PARAMETERS,
            source: R::SOURCE,
            read: |fields| {
                let estimator = R::read(&fields)?;
                Ok((Box::new(estimator), fields.finish()?))
            },
        }
    }

    /// The class name: `LogisticRegression`.
    pub fn name(&self) -> &'static str {
        self.classes.first().and_then(|class| class.rsplit('.').next()).unwrap_or_default()
    }

    /// The public module: `sklearn.linear_model`, `sklearn.feature_extraction.text`.
    pub fn module(&self) -> String {
        let parts = self.classes.first().map_or("", |class| class).split('.');
        parts.take_while(|part| part.starts_with(|c: char| c.is_ascii_lowercase())).collect::<Vec<_>>().join(".")
    }

    /// The estimator's page: the doc comment of its struct, as Markdown.
    pub fn page(&self) -> String {
        let end = self.source.find(&format!("pub struct {}", self.name())).unwrap_or(0);
        let mut lines: Vec<&str> = Vec::new();
        for line in self.source[..end].lines().rev() {
            match line.strip_prefix("///") {
                Some(text) => lines.push(text.strip_prefix(' ').unwrap_or(text)),
                None if line.starts_with("#[") => {}
                None => break,
            }
        }
        lines.reverse();
        lines.join("\n")
    }
}

/// The families, in scikit-learn's names and order.
const FAMILIES: &[&[Entry]] = &[
    crate::cluster::ROOMS,
    crate::compose::ROOMS,
    crate::decomposition::ROOMS,
    crate::dummy::ROOMS,
    crate::ensemble::ROOMS,
    crate::feature_extraction::ROOMS,
    crate::impute::ROOMS,
    crate::linear_model::ROOMS,
    crate::model_selection::ROOMS,
    crate::naive_bayes::ROOMS,
    crate::neighbors::ROOMS,
    crate::pipeline::ROOMS,
    crate::preprocessing::ROOMS,
    crate::svm::ROOMS,
    crate::tree::ROOMS,
];

/// All rooms.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().copied().flatten()
}

/// The room of a class path.
pub fn find(class: &str) -> Option<&'static Entry> {
    static BY_CLASS: LazyLock<HashMap<&'static str, &'static Entry>> =
        LazyLock::new(|| entries().flat_map(|entry| entry.classes.iter().map(move |&class| (class, entry))).collect());
    BY_CLASS.get(class).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn class_paths_are_unique_and_pages_are_written() {
        let mut seen = HashSet::new();
        for entry in entries() {
            for class in entry.classes {
                assert!(class.starts_with("sklearn.") || class.starts_with("imblearn."), "{class}");
                assert!(seen.insert(class), "{class} stands twice");
            }
            let page = entry.page();
            assert!(page.contains("# Reads"), "the page of {} has no `# Reads`", entry.name());
            let answers = page.contains("# Predicts") || page.contains("# Transforms");
            assert!(answers, "the page of {} has neither `# Predicts` nor `# Transforms`", entry.name());
        }
    }
}
