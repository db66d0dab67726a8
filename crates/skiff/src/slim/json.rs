//! What was made smaller, as JSON.

use serde_json::{Value as Json, json};

use super::Slim;

impl Slim {
    /// What `skiff slim --format json` prints: `after` is the size of the new file in bytes.
    pub fn to_json(&self, after: u64) -> Json {
        let dropped = self.dropped.iter().map(|dropped| {
            json!({
                "class": dropped.class,
                "attribute": dropped.attribute,
                "objects": dropped.objects,
                "bytes": dropped.bytes,
            })
        });
        json!({
            "before": { "bytes": self.before },
            "after": { "bytes": after },
            "dropped": dropped.collect::<Vec<_>>(),
            "trees_with_narrower_thresholds": self.thresholds,
            "notes": self.notes,
        })
    }
}
