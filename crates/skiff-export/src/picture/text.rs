//! Text, as scikit-learn's `export_text` writes it.

use std::fmt::Write;

use super::labels::{arg_max, feature, shortened};
use super::numbers::fixed;
use super::tree::{Test, Tree};
use crate::ExportError;

/// How deep a text is unless a depth is given: the default of `export_text`.
pub(super) const DEPTH: usize = 10;
/// How many decimal digits are written.
const DECIMALS: usize = 2;
/// How long a text may be: a line is as long as it is deep, so that the text of a deep tree has the square of its size.
const MOST_BYTES: usize = 256 << 20;

/// One line, or what comes between the branches of a split.
enum Item {
    Node { node: usize, depth: usize },
    Right { node: usize, depth: usize },
}

/// The text of a tree; branches below `max_depth` are named by their depth.
pub(super) fn text(tree: &Tree, max_depth: usize) -> Result<String, ExportError> {
    let heights = heights(tree);
    let mut out = String::new();
    let mut open = vec![Item::Node { node: 0, depth: 1 }];
    while let Some(item) = open.pop() {
        if out.len() > MOST_BYTES {
            let what =
                format!("the text takes more than {} MiB: a lower `--max-depth` makes it shorter", MOST_BYTES >> 20);
            return Err(ExportError::Picture(what));
        }
        let (Item::Node { node, depth } | Item::Right { node, depth }) = item;
        for _ in 1..depth {
            out.push_str("|   ");
        }
        out.push_str("|---");
        let split = tree.nodes[node].split.as_ref();
        if depth > max_depth.saturating_add(1) && heights[node] > 1 {
            let _ = writeln!(out, " truncated branch of depth {}", heights[node]);
            continue;
        }
        let Some(split) = split else {
            leaf(tree, node, &mut out);
            continue;
        };
        let name = feature(tree, split.feature, |number| format!("feature_{number}"));
        let name: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let is_right = matches!(item, Item::Right { .. });
        let _ = match (&split.test, is_right) {
            (Test::AtMost(threshold), false) => writeln!(out, " {name} <= {}", fixed(*threshold, DECIMALS)),
            (Test::AtMost(threshold), true) => writeln!(out, " {name} >  {}", fixed(*threshold, DECIMALS)),
            (Test::Among(set), _) => {
                let set = set.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                writeln!(out, " {name} {}in {{{set}}}", if is_right { "not " } else { "" })
            }
        };
        if is_right {
            open.push(Item::Node { node: split.right, depth: depth + 1 });
        } else {
            open.push(Item::Right { node, depth });
            open.push(Item::Node { node: split.left, depth: depth + 1 });
        }
    }
    Ok(out)
}

/// What a leaf answers. Of several outputs scikit-learn writes the first value of each.
fn leaf(tree: &Tree, node: usize, out: &mut String) {
    let values = tree.values_of(node);
    let values: Vec<f64> = match tree.n_classes.len() {
        1 => values.to_vec(),
        _ => values.chunks(tree.width).map(|output| output[0]).collect(),
    };
    if !tree.names.is_classifier {
        let texts = values.iter().map(|&value| fixed(value, DECIMALS));
        let _ = writeln!(out, " value: [{}]", texts.collect::<Vec<_>>().join(", "));
        return;
    }
    let class = arg_max(&values);
    let names = tree.names.classes.as_ref().filter(|_| tree.n_classes.len() == 1 && tree.n_classes[0] != 1);
    let name = names.and_then(|names| names.get(class)).map_or_else(|| class.to_string(), |name| shortened(name));
    let name: String = name.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let _ = writeln!(out, " class: {name}");
}

/// How many levels are at and below each node.
fn heights(tree: &Tree) -> Vec<usize> {
    let mut order = Vec::with_capacity(tree.nodes.len());
    let mut open = vec![0];
    while let Some(node) = open.pop() {
        order.push(node);
        open.extend(tree.nodes[node].split.iter().flat_map(|split| [split.left, split.right]));
    }
    let mut heights = vec![1; tree.nodes.len()];
    // Children come after their parents.
    for &node in order.iter().rev() {
        if let Some(split) = &tree.nodes[node].split {
            heights[node] = 1 + heights[split.left].max(heights[split.right]);
        }
    }
    heights
}
