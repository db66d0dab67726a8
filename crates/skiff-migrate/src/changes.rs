//! What a migration has changed, for people.

use std::collections::BTreeSet;
use std::fmt;

use skiff_files::Graph;

use crate::migration::STAMP;
use crate::subject::Subject;

/// What was changed in the objects of one class. Its `Display` says it in one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The class, by its name.
    pub class: String,
    /// The class that its objects have become, if that is another one.
    pub becomes: Option<String>,
    /// Attributes and parameters that they did not have.
    pub added: BTreeSet<String>,
    /// Those that they no longer have.
    pub dropped: BTreeSet<String>,
    /// Those that have another value, or the same one in another form.
    pub rewritten: BTreeSet<String>,
}

/// How many attributes of a kind are shown.
const SHOWN: usize = 8;

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.class)?;
        if let Some(becomes) = &self.becomes {
            return write!(f, " becomes `{becomes}`");
        }
        let mut separator = ": ";
        for (verb, names) in [("adds", &self.added), ("drops", &self.dropped), ("rewrites", &self.rewritten)] {
            if names.is_empty() {
                continue;
            }
            let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            write!(f, "{separator}{verb} {}", shown.join(", "))?;
            if names.len() > SHOWN {
                write!(f, " and {} more", names.len() - SHOWN)?;
            }
            separator = "; ";
        }
        Ok(())
    }
}

/// What differs between the objects in the graph as it was read and the `subjects` as they are now, by class, in the order
/// in which the model has them. Stamps and modules are left out: they follow from the versions.
pub(crate) fn between(original: &Graph, subjects: &[Subject]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for subject in subjects {
        // Objects that were made on the way were in no file.
        let Some(before) = (subject.id.index() < original.len())
            .then(|| Subject::read(original, subject.id, subject.version))
            .flatten()
            .filter(|_| subject.is_changed())
        else {
            continue;
        };
        let name = before.class.name();
        let place = changes.iter().position(|change| change.class == name).unwrap_or_else(|| {
            changes.push(Change { class: name.to_owned(), ..Change::default() });
            changes.len() - 1
        });
        let change = &mut changes[place];
        if before.class.path() != subject.class.path() {
            change.becomes = Some(subject.class.name().to_owned());
        }
        for (name, value) in subject.attributes().filter(|(name, _)| *name != STAMP) {
            match before.get(name) {
                None => change.added.insert(name.to_owned()),
                Some(old) if old != value => change.rewritten.insert(name.to_owned()),
                Some(_) => false,
            };
        }
        let dropped = before.attributes().filter(|(name, _)| *name != STAMP && subject.get(name).is_none());
        change.dropped.extend(dropped.map(|(name, _)| name.to_owned()));
    }
    changes.retain(|change| {
        change.becomes.is_some()
            || [&change.added, &change.dropped, &change.rewritten].iter().any(|names| !names.is_empty())
    });
    changes
}
