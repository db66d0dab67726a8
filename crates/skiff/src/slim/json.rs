//! What was made smaller, as JSON.

use serde_json::{Value as Json, json};

use super::{Measured, Slim};

impl Slim {
    /// What `skiff slim --format json` prints: `after` is the size of the new file in bytes.
    pub fn to_json(&self, after: u64, measured: Option<&Measured>) -> Json {
        let dropped = self.dropped.iter().map(|dropped| {
            json!({
                "class": dropped.class,
                "attribute": dropped.attribute,
                "objects": dropped.objects,
                "bytes": dropped.bytes,
            })
        });
        let changed = self.changed.iter().map(|changed| {
            json!({
                "option": changed.option,
                "class": changed.class,
                "attribute": changed.attribute,
                "objects": changed.objects,
            })
        });
        json!({
            "before": { "bytes": self.before },
            "after": { "bytes": after },
            "dropped": dropped.collect::<Vec<_>>(),
            "trees_with_narrower_thresholds": self.thresholds,
            "changed": changed.collect::<Vec<_>>(),
            "measured": measured.map(Measured::to_json),
            "notes": self.notes,
        })
    }
}

impl Measured {
    /// JSON has no infinity: a difference between NaN and a number is null.
    fn to_json(&self) -> Json {
        json!({
            "rows": self.rows,
            "method": self.method.map(|method| method.name()),
            "greatest_difference": self.greatest_difference.filter(|greatest| greatest.is_finite()),
            "changed_labels": self.changed_labels,
            "metric": self.metric.map(|metric| {
                json!({ "name": metric.name, "before": metric.before, "after": metric.after })
            }),
            "seconds": self.seconds,
        })
    }
}
