//! SVG of trees: boxes with lines between them, without scripts or anything that is fetched.

use std::fmt::Write;

use super::colors::{CUT, Colors};
use super::drawing::Drawing;
use super::labels;
use super::tree::Tree;

/// The height of a line of text.
pub(super) const LINE: f64 = 16.0;
/// The width of a character: that of a wide letter, so that no text leaves its box.
pub(super) const LETTER: f64 = 7.2;
/// The space between a box and its text.
pub(super) const PADDING: f64 = 8.0;
/// The space between boxes of a level, and that between levels.
const GAPS: [f64; 2] = [12.0, 44.0];
/// What is around the picture.
pub(super) const MARGIN: f64 = 10.0;

/// A tree from its root downwards, each node in the middle above its children.
pub(super) fn tree(tree: &Tree, drawing: &Drawing) -> String {
    let nodes = &drawing.nodes;
    let lines: Vec<Vec<String>> = nodes
        .iter()
        .map(|drawn| if drawn.is_cut { vec!["(...)".to_owned()] } else { labels::lines(tree, drawn.node) })
        .collect();
    let widths: Vec<f64> = lines.iter().map(|lines| width(lines)).collect();
    let levels = nodes.iter().map(|drawn| drawn.depth).max().unwrap_or(0) + 1;
    let mut heights = vec![0.0_f64; levels];
    for (drawn, lines) in nodes.iter().zip(&lines) {
        heights[drawn.depth] = heights[drawn.depth].max(height(lines.len()));
    }
    // The width of each branch: children come after their parents.
    let mut below = vec![0.0; nodes.len()];
    let mut branches = widths.clone();
    for at in (0..nodes.len()).rev() {
        branches[at] = f64::max(widths[at], below[at]);
        if let Some(parent) = nodes[at].parent {
            below[parent] += branches[at] + if below[parent] > 0.0 { GAPS[0] } else { 0.0 };
        }
    }
    let mut starts = vec![MARGIN; nodes.len()];
    // Where the next child of each node starts.
    let mut next = vec![0.0; nodes.len()];
    for at in 0..nodes.len() {
        if let Some(parent) = nodes[at].parent {
            starts[at] = next[parent];
            next[parent] += branches[at] + GAPS[0];
        }
        next[at] = starts[at] + (branches[at] - below[at]) / 2.0;
    }
    let tops: Vec<f64> =
        heights.iter().scan(MARGIN, |top, height| Some(std::mem::replace(top, *top + height + GAPS[1]))).collect();
    let size = [
        branches.first().copied().unwrap_or(0.0) + 2.0 * MARGIN,
        tops.last().zip(heights.last()).map_or(0.0, |(top, height)| top + height + MARGIN),
    ];
    let mut out = head(size, "decision tree");
    let middle = |at: usize| starts[at] + branches[at] / 2.0;
    out.push_str("<g stroke=\"#555\">\n");
    for (at, drawn) in nodes.iter().enumerate() {
        let Some(parent) = drawn.parent else { continue };
        let from = tops[nodes[parent].depth] + height(lines[parent].len());
        let _ = writeln!(
            out,
            "<line x1=\"{:.1}\" y1=\"{from:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            middle(parent),
            middle(at),
            tops[drawn.depth]
        );
    }
    out.push_str("</g>\n");
    let root: Vec<usize> = (0..nodes.len()).filter(|&at| nodes[at].parent == Some(0)).collect();
    if let [left, right] = root[..] {
        for (child, word, side) in [(left, "True", -1.0), (right, "False", 1.0)] {
            let x = f64::midpoint(middle(0), middle(child)) + side * 3.0 * LETTER;
            let y = tops[1] - GAPS[1] / 2.0;
            let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{word}</text>");
        }
    }
    let colors = Colors::of(tree);
    for (at, drawn) in nodes.iter().enumerate() {
        let color = if drawn.is_cut { CUT.to_owned() } else { colors.node(drawn.node) };
        let (x, y) = (middle(at) - widths[at] / 2.0, tops[drawn.depth]);
        let _ = writeln!(out, "<g><title>node {}</title>", drawn.node);
        rectangle([x, y, widths[at], height(lines[at].len())], &color, &mut out);
        for (number, line) in lines[at].iter().enumerate() {
            text(middle(at), baseline(y, number), "middle", "", line, &mut out);
        }
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

/// The beginning of a picture.
pub(super) fn head([width, height]: [f64; 2], title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 \
         {width:.1} {height:.1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\">\n<title>{}</title>\n",
        escaped(title)
    )
}

/// How wide a box of these lines is.
pub(super) fn width(lines: &[String]) -> f64 {
    let longest = lines.iter().map(|line| line.chars().map(letters).sum::<usize>()).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "lines are short")]
    let longest = longest as f64;
    longest * LETTER + 2.0 * PADDING
}

/// How many letters a character is wide: those of East Asia are twice as wide.
fn letters(character: char) -> usize {
    if character >= '\u{1100}' { 2 } else { 1 }
}

/// How high a box of so many lines is.
pub(super) fn height(lines: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lines are few")]
    let lines = lines as f64;
    lines * LINE + PADDING
}

/// Where line `number` of a box at `y` stands.
pub(super) fn baseline(y: f64, number: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "lines are few")]
    let number = number as f64;
    y + PADDING / 2.0 + (number + 0.8) * LINE
}

pub(super) fn rectangle([x, y, width, height]: [f64; 4], color: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"3\" fill=\"{color}\" stroke=\"#333\"/>"
    );
}

pub(super) fn text(x: f64, y: f64, anchor: &str, attributes: &str, text: &str, out: &mut String) {
    let text = escaped(text);
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\"{attributes}>{text}</text>");
}

/// Text of a file, for the content or an attribute of an element of HTML or SVG, where control characters are not
/// allowed.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(character),
            // XML has no way to write these.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            other if other.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
