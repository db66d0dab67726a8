//! A passport as text: one line for each entry.

use super::{Passport, Value};

/// The entries that a summary formats specially.
const TOLD: [&str; 13] = [
    "version",
    "created",
    "author",
    "versions",
    "platform",
    "estimator",
    "data",
    "source",
    "cross_validation",
    "metrics",
    "notes",
    "parent",
    // Shown on its own.
    "history",
];
/// The number of digits of a digest that are shown.
const DIGITS: usize = 12;
/// How many characters of a value are shown; the notes are shown completely.
const SHOWN: usize = 400;

impl Passport {
    /// Its entries as text: pairs of a name and a text, which may contain anything that the file's author wrote.
    ///
    /// The hyperparameters are omitted: those of the model itself are shown next to it.
    pub fn summary(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let mut line = |name: &str, text: Option<String>| {
            lines.extend(text.filter(|text| !text.is_empty()).map(|text| (name.to_owned(), shortened(text))));
        };
        line("created", self.created().map(str::to_owned));
        line("author", self.get(&["author"]).map(shown));
        let versions: Vec<_> = self.versions().iter().map(|(name, version)| format!("{name} {version}")).collect();
        line("versions", Some(versions.join(", ")));
        line("platform", self.get(&["platform"]).map(platform));
        line("estimator", self.get(&["estimator", "class"]).map(shown));
        match self.get(&["data"]) {
            Some(data) if data.get("X").is_some() => {
                if data.get("path").or(data.get("uri")).is_some() {
                    line("data", Some(reference(data)));
                }
                line("data, X", data.get("X").map(reference));
                line("data, y", data.get("y").map(reference));
            }
            data => line("data", data.map(reference)),
        }
        line("source", self.get(&["source"]).map(source));
        line("parent", self.get(&["parent"]).map(source));
        for scores in self.scores() {
            let mean = scores.mean.map_or_else(String::new, |mean| format!(" {mean:.6}"));
            let std = scores.std.map_or_else(String::new, |std| format!(" ± {std:.6}"));
            let count = scores.folds.len();
            let by = self.get(&["cross_validation", "cv", "repr"]).map(|by| format!(", {}", shown(by)));
            let text = format!("{}{mean}{std} in {count} folds{}", scores.name, by.unwrap_or_default());
            line("cross-validation", Some(text));
        }
        let metrics: Vec<_> = self.metrics().iter().map(|(name, value)| format!("{name} {value}")).collect();
        line("metrics", Some(metrics.join(", ")));
        let others = self.entries().iter().filter(|(name, _)| !TOLD.contains(&&**name) && name != "samples");
        for (name, value) in others {
            line(name, Some(shown(value)));
        }
        line("recorded", self.get(&["samples"]).map(samples));
        lines.extend(self.notes().map(|notes| ("notes".to_owned(), notes.to_owned())));
        lines
    }
}

fn platform(value: &Value) -> String {
    let facts = value.pairs().iter().map(|(name, fact)| match &**name {
        "byte_order" => format!("{}-endian", shown(fact)),
        "word_size" => format!("{} bits", shown(fact)),
        _ => shown(fact),
    });
    facts.collect::<Vec<_>>().join(", ")
}

/// `train.csv, file of 12345 bytes, sha256 abcdef012345…`.
fn reference(value: &Value) -> String {
    let Value::Object(_) = value else { return shown(value) };
    let text = |name: &str| value.get(name).map(shown);
    let kind = text("kind").unwrap_or_default();
    let count = |name: &str, what: &str| text(name).map(|count| format!("{count} {what}"));
    let size = match (text("rows"), text("columns")) {
        (Some(rows), Some(columns)) => Some(format!("{rows} × {columns}")),
        (Some(rows), None) => Some(format!("{rows} rows")),
        _ => count("size", "bytes"),
    };
    let facts = [
        text("path").or(text("uri")),
        Some(kind).filter(|kind| !matches!(&**kind, "described" | "uri")),
        count("files", "files"),
        size,
        text("dtype"),
        digest(value),
    ];
    let known = [
        "kind", "path", "uri", "files", "rows", "columns", "size", "dtype", "sha256", "names", "dtypes", "stored", "X",
        "y",
    ];
    let others = value.pairs().iter().filter(|(name, _)| !known.contains(&&**name));
    let others = others.map(|(name, value)| format!("{name}: {}", shown(value)));
    facts.into_iter().flatten().chain(others).collect::<Vec<_>>().join(", ")
}

fn source(value: &Value) -> String {
    let Value::Object(_) = value else { return shown(value) };
    let text = |name: &str| value.get(name).map(shown);
    let git = value.get("git");
    let commit = git.and_then(|git| git.get("commit")).map(|commit| {
        let changed = match git.and_then(|git| git.get("dirty")) {
            Some(Value::Bool(true)) => ", with uncommitted changes",
            _ => "",
        };
        format!("git commit {}{changed}", beginning(&shown(commit)))
    });
    let remote = git.and_then(|git| git.get("remote")).map(shown);
    let facts = [text("name"), text("path"), digest(value), commit, remote];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn samples(value: &Value) -> String {
    let rows = value.get("rows").map_or_else(|| "some".to_owned(), shown);
    let methods: Vec<_> = value.get("methods").map_or(&[][..], Value::items).iter().map(shown).collect();
    format!("{rows} rows with the results of {}", methods.join(", "))
}

fn digest(value: &Value) -> Option<String> {
    value.get("sha256").map(|digest| format!("sha256 {}", beginning(&shown(digest))))
}

fn beginning(digits: &str) -> String {
    match digits.char_indices().nth(DIGITS) {
        Some((end, _)) => format!("{}…", digits.get(..end).unwrap_or_default()),
        None => digits.to_owned(),
    }
}

/// A string unchanged, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passport_in_words() {
        let text = r#"{"version": 1, "created": "2026-11-25T15:09:04Z", "versions": {"python": "3.11.7", "numpy": "2.4.6"},
            "platform": {"system": "Linux", "byte_order": "little", "word_size": 64},
            "estimator": {"class": "sklearn.svm._classes.SVC", "parameters": {"C": 1.0}},
            "data": {"kind": "file", "path": "train.csv", "size": 10, "sha256": "0123456789abcdef", "license": "CC0"},
            "source": {"path": "train.py", "git": {"commit": "ffff", "dirty": true}},
            "cross_validation": {"scores": {"accuracy": {"folds": [0.5, 1], "mean": 0.75, "std": 0.25}}},
            "metrics": {"auc": 0.5}, "own": [1, 2], "samples": {"rows": 3, "methods": ["predict"]}, "notes": "two\nlines"}"#;
        let lines = Passport::parse(text).unwrap().summary();
        let lines: Vec<_> = lines.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(
            lines,
            [
                ("created", "2026-11-25T15:09:04Z"),
                ("versions", "python 3.11.7, numpy 2.4.6"),
                ("platform", "Linux, little-endian, 64 bits"),
                ("estimator", "sklearn.svm._classes.SVC"),
                ("data", "train.csv, file, 10 bytes, sha256 0123456789ab…, license: CC0"),
                ("source", "train.py, git commit ffff, with uncommitted changes"),
                ("cross-validation", "accuracy 0.750000 ± 0.250000 in 2 folds"),
                ("metrics", "auc 0.5"),
                ("own", "[1, 2]"),
                ("recorded", "3 rows with the results of predict"),
                ("notes", "two\nlines"),
            ]
        );
    }

    #[test]
    fn a_passport_of_anything_is_shown() {
        for value in ["null", "[]", "{}", "3", "\"x\"", "{\"X\": 1, \"scores\": 2, \"git\": [], \"rows\": {}}"] {
            let names = TOLD.iter().filter(|name| **name != "version").chain(&["samples"]);
            let entries: Vec<_> = names.map(|name| format!("\"{name}\": {value}")).collect();
            Passport::parse(&format!("{{{}}}", entries.join(", "))).unwrap().summary();
        }
    }
}
