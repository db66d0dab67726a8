//! `.skiff` files.

use skiff_files::write;

use super::{read, there_and_back};
use crate::{look, repair};

/// With its digests put right; what is read is written again.
pub fn container(bytes: &[u8]) -> bool {
    let right = repair::skiff(bytes);
    let Some(file) = read(right.as_deref().unwrap_or(bytes)) else { return true };
    look::everywhere(&file.graph);
    there_and_back(&file.graph, |graph, out| write::skiff(graph, &write::SkiffOptions::default(), out));
    true
}
