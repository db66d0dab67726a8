//! The scalars of a YAML file by their paths. Nothing nests in memory, and an alias, which could blow a file up, is an
//! error: MLflow writes none.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// How deep mappings and lists may nest.
const MOST_DEPTH: usize = 16;
/// How many scalars are kept.
const MOST_ENTRIES: usize = 1 << 14;

/// Scalars by path, in their order. An entry of a list has its number as the last part.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entries(Vec<(Vec<String>, String)>);

/// A mapping or list around the next event.
enum Around {
    /// With the key whose value comes next.
    Mapping(Option<String>),
    /// With the number of the next entry.
    List(usize),
}

impl Entries {
    /// The entries of a document.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut entries, mut around) = (Self::default(), Vec::new());
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| format!("it is not YAML: {error}"))?;
            let failed = |what: &str| Err(format!("{what} in line {}", span.start.line()));
            match event {
                Event::Alias(_) => return failed("an alias"),
                Event::MappingStart(..) | Event::SequenceStart(..) => {
                    if around.len() >= MOST_DEPTH {
                        return failed("too deeply nested entries");
                    }
                    if matches!(around.last(), Some(Around::Mapping(None))) {
                        return failed("a key that is not a text");
                    }
                    let is_mapping = matches!(event, Event::MappingStart(..));
                    around.push(if is_mapping { Around::Mapping(None) } else { Around::List(0) });
                }
                Event::MappingEnd | Event::SequenceEnd => {
                    around.pop();
                    advance(&mut around);
                }
                Event::Scalar(value, style, ..) => match around.last_mut() {
                    Some(Around::Mapping(key @ None)) => *key = Some(value.into_owned()),
                    None => return failed("a text instead of names and values"),
                    Some(_) => {
                        let is_null =
                            style == ScalarStyle::Plain && matches!(&*value, "" | "~" | "null" | "Null" | "NULL");
                        if !is_null && !entries.add(&around, value.into_owned()) {
                            return failed("a name that was there before, or too many entries,");
                        }
                        advance(&mut around);
                    }
                },
                Event::DocumentStart(_) if !entries.0.is_empty() => return failed("a second document"),
                _ => {}
            }
        }
        Ok(entries)
    }

    fn add(&mut self, around: &[Around], value: String) -> bool {
        let part = |around: &Around| match around {
            Around::Mapping(key) => key.clone().unwrap_or_default(),
            Around::List(number) => number.to_string(),
        };
        let path: Vec<String> = around.iter().map(part).collect();
        let is_new = self.0.len() < MOST_ENTRIES && !self.0.iter().any(|(known, _)| *known == path);
        self.0.push((path, value));
        is_new
    }

    /// The scalar at a path; `None` for `null` too.
    pub fn get(&self, path: &[&str]) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == path).map(|(_, value)| value.as_str())
    }

    /// Whether there is anything at a path or below it.
    pub fn has(&self, path: &[&str]) -> bool {
        self.0.iter().any(|(known, _)| known.len() >= path.len() && known.iter().zip(path).all(|(a, b)| a == b))
    }

    /// The names in the mapping `name`, each once.
    pub fn names_in(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (path, _) in &self.0 {
            if let [first, second, ..] = &path[..]
                && first == name
                && !names.contains(second)
            {
                names.push(second.clone());
            }
        }
        names
    }
}

/// To the next key, or the next entry.
fn advance(around: &mut [Around]) {
    match around.last_mut() {
        Some(Around::Mapping(key)) => *key = None,
        Some(Around::List(number)) => *number += 1,
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Entries;

    #[test]
    fn entries_have_paths() {
        let text = "flavors:\n  sklearn:\n    code: null\n    pickled_model: 'null'\n    types: [a, ~, {b: 1}]\nid:\n";
        let entries = Entries::parse(text).expect("YAML");
        assert_eq!(entries.get(&["flavors", "sklearn", "pickled_model"]), Some("null"));
        assert_eq!(entries.get(&["flavors", "sklearn", "code"]), None);
        assert_eq!(entries.get(&["flavors", "sklearn", "types", "2", "b"]), Some("1"));
        assert!(entries.has(&["flavors", "sklearn", "types"]) && !entries.has(&["flavors", "keras"]));
        assert_eq!(entries.names_in("flavors"), ["sklearn"]);
    }

    #[test]
    fn what_mlflow_does_not_write_is_refused() {
        let deep = "[".repeat(40);
        let nested = format!("a: {deep}");
        for (text, what) in [
            ("a: &x 1\nb: *x\n", "an alias in line 2"),
            (&nested, "too deeply nested entries in line 1"),
            ("a: 1\na: 2\n", "a name that was there before, or too many entries, in line 2"),
            ("[a]: 1\n", "a key that is not a text in line 1"),
            ("just a text\n", "a text instead of names and values in line 1"),
            ("a: 1\n---\nb: 2\n", "a second document in line 2"),
        ] {
            assert_eq!(Entries::parse(text), Err(what.to_owned()), "{text}");
        }
        assert!(Entries::parse("a: [1, 2").is_err_and(|why| why.starts_with("it is not YAML: ")));
    }
}
