//! Models as JSON.

use skiff_files::write::{self, JsonOptions};
use skiff_files::{Content, Limits};

use super::read;
use crate::look;

/// Reads JSON, writes it, and reads that: from then on it stays as it is.
pub fn model_json(bytes: &[u8]) -> bool {
    let Some(file) = read(bytes).filter(|file| file.format.content == Content::Json) else { return true };
    look::everywhere(&file.graph);
    let written = |graph: &skiff_files::Graph| {
        let mut text = Vec::new();
        write::json(graph, &JsonOptions::default(), &mut text).ok().map(|()| text)
    };
    // What is written with names in full can be over the limits that the text itself keeps.
    let reread = |text: Vec<u8>| skiff_files::read(text.into(), None, &Limits::default()).ok();
    if let Some(second) = written(&file.graph).and_then(reread).and_then(|file| written(&file.graph)) {
        let third =
            reread(second.clone()).and_then(|file| written(&file.graph)).expect("what was read from JSON is JSON");
        assert_eq!(String::from_utf8_lossy(&second), String::from_utf8_lossy(&third), "the text changes");
    }
    true
}
