//! skops' files.

use skiff_files::write;

use super::{read, there_and_back};
use crate::{look, repair};

/// As it is, and with its checksums put right; what is read is written again.
pub fn skops(bytes: &[u8]) -> bool {
    let right = repair::zip(bytes);
    let Some(file) = read(right.as_deref().unwrap_or(bytes)) else { return true };
    look::everywhere(&file.graph);
    there_and_back(&file.graph, |graph, out| write::joblib(graph, 5, None, out));
    let mut written = Vec::new();
    if write::skops(&file.graph, &write::SkopsOptions::default(), &mut written).is_ok() {
        let again = super::reread(written);
        // skops keeps no sharing of texts, so what is compared has been written once.
        there_and_back(&again, |graph, out| write::skops(graph, &write::SkopsOptions::default(), out));
    }
    let _ = write::json(&file.graph, &write::JsonOptions::default(), &mut Vec::new());
    true
}
