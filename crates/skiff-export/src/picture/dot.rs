//! Graphviz, as scikit-learn's `export_graphviz(filled=True)` writes it.

use std::fmt::Write;

use super::colors::{CUT, Colors};
use super::drawing::Drawing;
use super::labels;
use super::tree::Tree;

pub(super) fn dot(tree: &Tree, drawing: &Drawing) -> String {
    let mut out = String::from(
        "digraph Tree {\nnode [shape=box, style=\"filled\", color=\"black\", fontname=\"helvetica\"] ;\n\
         edge [fontname=\"helvetica\"] ;\n",
    );
    let colors = Colors::of(tree);
    for drawn in &drawing.nodes {
        let node = drawn.node;
        let (label, color) = match drawn.is_cut {
            true => ("(...)".to_owned(), CUT.to_owned()),
            false => {
                let lines = labels::lines(tree, node).into_iter().map(|line| escaped(&line));
                (lines.collect::<Vec<_>>().join("\\n"), colors.node(node))
            }
        };
        let _ = writeln!(out, "{node} [label=\"{label}\", fillcolor=\"{color}\"] ;");
        let Some(parent) = drawn.parent.map(|parent| drawing.nodes[parent].node) else { continue };
        let edge = match (parent, drawn.is_cut, node) {
            (0, false, 1) => " [labeldistance=2.5, labelangle=45, headlabel=\"True\"]",
            (0, false, _) => " [labeldistance=2.5, labelangle=-45, headlabel=\"False\"]",
            _ => "",
        };
        let _ = writeln!(out, "{parent} -> {node}{edge} ;");
    }
    out.push('}');
    out
}

/// A text within quotes. A backslash would begin an escape, such as `\N` for the name of the node.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => safe.push_str("\\\""),
            '\\' => safe.push_str("\\\\"),
            other if other.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}
