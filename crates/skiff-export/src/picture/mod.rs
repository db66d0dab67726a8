//! Pictures of trees and of composite estimators: Graphviz, SVG, and text.
//!
//! Trees are drawn as scikit-learn's `export_graphviz(filled=True)` and `export_text` draw them. Their counts and
//! impurities are in the file only, as no prediction needs them, so that a picture is made of the file's graph.

mod blocks;
mod colors;
mod dot;
mod drawing;
mod labels;
mod numbers;
mod svg;
mod text;
mod tree;

pub use blocks::{Block, diagram};
pub use svg::escaped;
pub use tree::{Names, Tree};

use crate::{ExportError, Target};
use drawing::Drawing;

/// A picture.
#[derive(Debug)]
#[non_exhaustive]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// What it leaves out, in a sentence.
    pub cut: Option<String>,
}

impl Picture {
    /// One that leaves nothing out.
    pub fn whole(text: String) -> Self {
        Self { bytes: text.into_bytes(), cut: None }
    }
}

/// How many nodes are drawn at most unless a depth is given: more can neither be read nor laid out by Graphviz.
const MOST_NODES: usize = 2_000;

/// A tree, as far as `max_depth`: all levels below are drawn as one node each.
///
/// # Errors
/// When the target is no picture of a tree, and when the text would be much larger than the tree.
pub fn draw(tree: &Tree, target: Target, max_depth: Option<usize>) -> Result<Picture, ExportError> {
    if target == Target::Text {
        return text::text(tree, max_depth.unwrap_or(text::DEPTH)).map(Picture::whole);
    }
    let (drawing, cut) = Drawing::of(tree, max_depth, MOST_NODES);
    let bytes = match target {
        Target::Dot => dot::dot(tree, &drawing),
        Target::Svg => svg::tree(tree, &drawing),
        _ => return Err(ExportError::Picture(format!("`{}` is no picture", target.name()))),
    };
    Ok(Picture { bytes: bytes.into_bytes(), cut })
}
