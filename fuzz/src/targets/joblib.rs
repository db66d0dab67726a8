//! Pickles and joblib's files, compressed or not.

use skiff_files::write;

use super::{read, there_and_back};
use crate::look;

/// A file that can be read is visited, and written again as pickle and in joblib's layout.
pub fn joblib(bytes: &[u8]) -> bool {
    let Some(file) = read(bytes) else { return true };
    look::everywhere(&file.graph);
    there_and_back(&file.graph, |graph, out| write::joblib(graph, 5, None, out));
    true
}
