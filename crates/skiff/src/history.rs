//! Which conversions a model went through: what wrote it, and for which scikit-learn it was rewritten each time.
//!
//! It is untrusted JSON, like a passport. `docs/convert.md` specifies it.

use sha2::{Digest, Sha256};
use skiff_files::{Content, MOST_HISTORY};

use crate::conversions::{Conversion, KEY, parse};
use crate::inspect::written_by;
use crate::passport::{Passport, Value, quoted_text};
use crate::{File, ScikitLearn};

impl File {
    /// The conversions that the model went through, the first one first; none of most files.
    ///
    /// # Errors
    /// When there is a history that cannot be read, with the reason.
    pub fn history(&self) -> Result<Vec<Conversion>, String> {
        let entries = match &self.contents().history {
            Some(text) => parse(text)?,
            None => self.passport_history(),
        };
        Ok(entries.iter().map(Conversion::read).collect())
    }

    fn passport_history(&self) -> Vec<Value> {
        let passport = self.passport().ok().flatten();
        passport.and_then(|passport| passport.get(&[KEY]).map(|history| history.items().to_vec())).unwrap_or_default()
    }

    /// The history as a JSON list, as it is carried into another format.
    pub(crate) fn history_text(&self) -> Option<String> {
        match &self.contents().history {
            Some(text) => parse(text).is_ok().then(|| text.clone()),
            None => Some(self.passport_history()).filter(|all| !all.is_empty()).map(|all| Value::List(all).to_string()),
        }
    }

    /// The history with a conversion for `target` at its end.
    pub(crate) fn history_for(&self, target: &ScikitLearn) -> String {
        let list = |items: &[String]| items.iter().map(|item| quoted_text(item)).collect::<Vec<_>>().join(", ");
        let before = self.history_text();
        let entry = format!(
            r#"{{"written_by": [{}], "format": {}, "sha256": "{}", "for": {}, "converted_by": "skiff {}"}}"#,
            list(&self.origin(before.is_some())),
            quoted_text(&self.contents().format.describe().join(", ")),
            sha256(self.source()),
            quoted_text(&format!("scikit-learn=={}", target.version())),
            env!("CARGO_PKG_VERSION"),
        );
        let before = before.as_deref().and_then(|text| text.trim_end().strip_suffix(']')).map(str::trim_end);
        match before {
            Some(before) if before.len() + entry.len() + 4 <= MOST_HISTORY && before.trim() != "[" => {
                format!("{before}, {entry}]")
            }
            _ => format!("[{entry}]"),
        }
    }

    /// The libraries that wrote the file: by its passport, if that is of this file, else by its content.
    fn origin(&self, is_converted: bool) -> Vec<String> {
        let contents = self.contents();
        let mut by = written_by(&contents.graph);
        let is_pickle = matches!(contents.format.content, Content::Pickle { .. } | Content::Joblib { .. });
        // Python 2 writes its strings as such, so that it is always recognized.
        if is_pickle && !by.iter().any(|by| by == "Python 2") {
            by.push("Python 3".to_owned());
        }
        let passport = self.passport().ok().flatten().filter(|_| !is_converted);
        for (name, version) in passport.iter().flat_map(Passport::versions) {
            let name = match name {
                "python" => "Python",
                "scikit-learn" | "numpy" => name,
                _ => continue,
            };
            if name == "scikit-learn" && by.iter().any(|by| by.starts_with("scikit-learn ")) {
                continue;
            }
            by.retain(|by| by.split(' ').next() != Some(name));
            by.push(format!("{name} {version}"));
        }
        by
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
