//! skops' files.

use skiff_files::write;

use super::{read, there_and_back};
use crate::{look, repair};

/// As it is, and with its checksums put right.
pub fn skops(bytes: &[u8]) -> bool {
    let right = repair::zip(bytes);
    let Some(file) = read(right.as_deref().unwrap_or(bytes)) else { return true };
    look::everywhere(&file.graph);
    there_and_back(&file.graph, |graph, out| write::joblib(graph, 5, None, out));
    true
}
