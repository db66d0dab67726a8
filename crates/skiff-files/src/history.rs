//! Where formats keep a history: the JSON list of a model's conversions, which no loader makes anything of.
//!
//! A pickle, also joblib's, begins with it as a comment: `{"skiff.history": […]}`. skops' schema has it as a string, a model as
//! JSON as a list. A `.skiff` has it in its passport.

use crate::json::{Document, Id, Json};
use crate::write::quoted_text;

/// The longest history that is read or written, in bytes.
pub const MOST_HISTORY: usize = 256 << 10;

/// The key of the history in the schema of skops, which ignores it.
pub(crate) const SKOPS_HISTORY: &str = "_skiff_history";

const BEFORE: &str = "{\"skiff.history\": ";
const AFTER: &str = "}";
/// How deep a history is nested.
const MOST_DEPTH: usize = 8;

/// The comment of a pickle for a history.
pub(crate) fn to_comment(history: &str) -> String {
    [BEFORE, history, AFTER].concat()
}

/// The history of the pickle at the beginning of `bytes`.
pub(crate) fn of_pickle(bytes: &[u8]) -> Option<String> {
    let history = skiff_pickle::comment(bytes)?.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    (history.len() <= MOST_HISTORY).then(|| history.to_owned())
}

/// The text of the value `key` of the outermost object.
pub(crate) fn of_json(document: &Document<'_>, key: &str) -> Option<String> {
    let mut text = Vec::new();
    write(document, document.get(0, key)?, MOST_DEPTH, &mut text)?;
    String::from_utf8(text).ok()
}

/// Writes a value as JSON, unless it is too deep or too long.
fn write(document: &Document<'_>, id: Id, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let left = MOST_HISTORY.checked_sub(out.len())?;
    match document.value(id) {
        Json::Null => out.extend(b"null"),
        Json::Bool(value) => out.extend(value.to_string().as_bytes()),
        Json::Number(range) => out.extend(document.number(range).as_bytes()),
        Json::Str(text) if text.len() > left => return None,
        Json::Str(text) => quoted_text(out, text),
        Json::Array(items) => {
            out.push(b'[');
            for (place, &item) in items.iter().enumerate() {
                out.extend(if place > 0 { &b", "[..] } else { b"" });
                write(document, item, depth, out)?;
            }
            out.push(b']');
        }
        Json::Object(pairs) => {
            out.push(b'{');
            for (place, (name, value)) in pairs.iter().enumerate() {
                out.extend(if place > 0 { &b", "[..] } else { b"" });
                if name.len() > left {
                    return None;
                }
                quoted_text(out, name);
                out.extend(b": ");
                write(document, *value, depth, out)?;
            }
            out.push(b'}');
        }
    }
    (out.len() <= MOST_HISTORY).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &str) -> Option<String> {
        of_json(&Document::parse(text.as_bytes(), 1 << 20).unwrap(), "history")
    }

    #[test]
    fn a_value_is_written_as_it_was() {
        let list = r#"[{"for": "a\"\u00e4", "n": [1, -2.5, null, true, {}]}]"#;
        assert_eq!(through(&format!("{{\"history\": {list}}}")).as_deref(), Some(list));
        assert_eq!(through("{}"), None);
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_no_history() {
        let deep = |depth: usize| through(&format!("{{\"history\": {}{}}}", "[".repeat(depth), "]".repeat(depth)));
        assert!(deep(MOST_DEPTH).is_some());
        assert_eq!(deep(MOST_DEPTH + 1), None);
        let long = |length: usize| through(&format!("{{\"history\": [\"{}\"]}}", "x".repeat(length)));
        assert!(long(MOST_HISTORY - 4).is_some());
        assert_eq!(long(MOST_HISTORY), None);
    }
}
