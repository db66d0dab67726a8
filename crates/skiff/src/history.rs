//! Which conversions a model went through: what wrote it, and for which scikit-learn it was rewritten each time.
//!
//! It is untrusted JSON, like a passport. `docs/convert.md` specifies it.

use sha2::{Digest, Sha256};
use skiff_files::{Content, MOST_HISTORY};

use crate::inspect::written_by;
use crate::passport::{Passport, Value, quoted_text};
use crate::{File, ScikitLearn};

/// One conversion of a model for another version of scikit-learn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conversion {
    /// The libraries that wrote what was converted: `scikit-learn 0.20.4`, `numpy 1`, `Python 2`.
    pub written_by: Vec<String>,
    /// The format of that file: `joblib, pickle protocol 3`.
    pub format: String,
    /// The SHA-256 of that file, in hexadecimal digits.
    pub sha256: String,
    /// What it was rewritten for: `scikit-learn==1.9.1`.
    pub target: String,
    /// The program that did it: `skiff 0.1.0`.
    pub converted_by: String,
}

/// The key of a history in a passport.
const KEY: &str = "history";

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

impl Conversion {
    fn read(entry: &Value) -> Self {
        let text = |name: &str| entry.get(name).and_then(Value::as_text).unwrap_or_default().to_owned();
        let by = entry.get("written_by").map_or(&[][..], Value::items);
        Self {
            written_by: by.iter().filter_map(Value::as_text).map(str::to_owned).collect(),
            format: text("format"),
            sha256: text("sha256"),
            target: text("for"),
            converted_by: text("converted_by"),
        }
    }

    /// One line: what wrote the model, in which file, and what it was converted for. Texts are the file's.
    pub fn sentence(&self) -> String {
        let by = if self.written_by.is_empty() { "unknown".to_owned() } else { self.written_by.join(", ") };
        let Self { format, sha256, target, converted_by, .. } = self;
        format!("{by} ({format}, SHA-256 {sha256}), converted for {target} by {converted_by}")
    }
}

/// The entries of a history.
fn parse(text: &str) -> Result<Vec<Value>, String> {
    let passport = Passport::parse(&format!("{{\"{KEY}\": {text}}}")).map_err(|error| error.to_string())?;
    match passport.get(&[KEY]) {
        Some(Value::List(entries)) if passport.entries().len() == 1 => Ok(entries.clone()),
        _ => Err("it is not a JSON list".to_owned()),
    }
}

/// The text of `passport` with `history` in place of its own, if it can be read at all.
pub(crate) fn in_passport(passport: Option<&str>, history: &str) -> Option<String> {
    let Some(text) = passport else { return Some(format!("{{\"version\": 1, \"{KEY}\": {history}}}")) };
    let parsed = Passport::parse(text).ok()?;
    let body = text.trim_end().strip_suffix('}')?;
    // It was written at the end, so that all else stays as it is. Elsewhere it stays, and the later one counts.
    let key = format!(", \"{KEY}\": ");
    let without = body.rfind(&key).and_then(|place| body.get(..place)).filter(|rest| {
        let rest = Passport::parse(&format!("{rest}}}"));
        rest.is_ok_and(|rest| rest.entries().iter().eq(parsed.entries().iter().filter(|(name, _)| name != KEY)))
    });
    let body = without.unwrap_or(body);
    let separator = if parsed.entries().is_empty() { "" } else { ", " };
    Some(format!("{body}{separator}\"{KEY}\": {history}}}"))
}

/// Whether a passport says anything of its own.
pub(crate) fn says_more(passport: &str) -> bool {
    Passport::parse(passport)
        .map_or(true, |passport| passport.entries().iter().any(|(name, _)| !["version", KEY].contains(&&**name)))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passport_keeps_everything_else_as_it_is() {
        let history = |passport: Option<&str>| in_passport(passport, "[1]");
        assert_eq!(history(None).as_deref(), Some(r#"{"version": 1, "history": [1]}"#));
        assert_eq!(history(Some("{}")).as_deref(), Some(r#"{"history": [1]}"#));
        let first = history(Some(r#"{"seed":18446744073709551616,"a":{}} "#)).unwrap();
        assert_eq!(first, r#"{"seed":18446744073709551616,"a":{}, "history": [1]}"#);
        assert_eq!(in_passport(Some(&first), "[1, 2]").unwrap(), first.replace("[1]", "[1, 2]"));
        // Written by others: the later of two counts.
        let other = in_passport(Some(r#"{"history": [0], "a": 1}"#), "[0, 1]").unwrap();
        let entries = Passport::parse(&other).unwrap();
        assert_eq!(entries.get(&["history"]).map(Value::to_string).as_deref(), Some("[0, 1]"));
        assert_eq!(entries.get(&["a"]), Some(&Value::Int(1)));
        // A text that looks like it.
        let text = in_passport(Some(r#"{"notes": "x, \"history\": y"}"#), "[1]").unwrap();
        assert_eq!(text, r#"{"notes": "x, \"history\": y", "history": [1]}"#);
        assert_eq!(in_passport(Some("[]"), "[1]"), None);
    }

    #[test]
    fn what_is_no_history() {
        assert_eq!(parse("[]").as_deref(), Ok(&[][..]));
        for wrong in ["{}", "1", "[", "[], \"b\": 1", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Conversion::read(&Value::Int(1)), Conversion::default());
    }

    #[test]
    fn a_passport_of_a_history_alone_says_nothing_else() {
        assert!(!says_more(r#"{"version": 1, "history": []}"#));
        assert!(says_more(r#"{"version": 1, "author": "me"}"#));
    }
}
