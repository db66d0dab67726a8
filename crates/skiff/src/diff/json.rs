//! A comparison as JSON.

use serde_json::{Value as Json, json};

use super::{Diff, Difference, Elements, Side};

impl Diff {
    /// What `skiff diff --format json` prints: every field under its name.
    pub fn to_json(&self) -> Json {
        json!({
            "files": self.files.each_ref().map(side),
            "differences": self.differences.iter().map(difference).collect::<Vec<_>>(),
            "left_out": self.left_out,
            "same": self.same,
            "is_complete": self.is_complete,
            "is_same": self.is_same(),
            "is_close": self.is_close(),
        })
    }
}

fn side(side: &Side) -> Json {
    let passport = side.passport.iter().map(|(name, text)| (name.clone(), json!(text)));
    json!({
        "format": side.format,
        "size": side.size,
        "written_by": side.written_by,
        "passport": Json::Object(passport.collect()),
    })
}

fn difference(difference: &Difference) -> Json {
    json!({
        "path": difference.path,
        "subject": difference.subject.name(),
        "values": difference.values,
        "elements": difference.elements.as_ref().map(elements),
    })
}

/// JSON has no infinity: an infinite difference, between NaN and a number, is null.
fn elements(elements: &Elements) -> Json {
    json!({
        "count": elements.count,
        "differing": elements.differing,
        "greatest": elements.greatest.filter(|greatest| greatest.is_finite()),
        "at": elements.at,
        "is_close": elements.is_close,
    })
}
