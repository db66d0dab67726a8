//! `.skiff` files.

use skiff_files::write;

use super::{read, there_and_back};
use crate::{look, repair};

/// With its digests put right; what is read is written again, with its recorded rows.
pub fn container(bytes: &[u8]) -> bool {
    let right = repair::skiff(bytes);
    let Some(file) = read(right.as_deref().unwrap_or(bytes)) else { return true };
    look::everywhere(&file.graph);
    let mut samples = file.graph.clone();
    if let Some(root) = file.samples {
        samples.set_root(root);
    }
    // Half of all inputs, of which the fuzzer has many.
    let compression = (bytes.len() % 2 == 1).then_some(1);
    let options = write::SkiffOptions {
        compression,
        passport: file.passport.as_deref(),
        samples: file.samples.map(|_| &samples),
        ..write::SkiffOptions::default()
    };
    there_and_back(&file.graph, |graph, out| write::skiff(graph, &options, out));
    true
}
