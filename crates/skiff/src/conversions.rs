//! The history of a model: its entries, and its place in a passport. `docs/convert.md` specifies it; it is untrusted JSON.

use crate::passport::{Passport, Value};

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
pub(crate) const KEY: &str = "history";

impl Conversion {
    pub(crate) fn read(entry: &Value) -> Self {
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
pub(crate) fn parse(text: &str) -> Result<Vec<Value>, String> {
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
