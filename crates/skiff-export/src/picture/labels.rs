//! What is written at a node: the lines of scikit-learn's `export_graphviz`.

use super::numbers::rounded;
use super::tree::{Counted, Kind, Test, Tree};

/// How many decimal digits are written: scikit-learn's `precision`.
const PRECISION: i32 = 3;
/// How wide numpy writes an array in a line.
const LINE: usize = 75;
/// The longest text of a file that is drawn: a malicious one may repeat a long name at every node.
const LONGEST: usize = 200;
/// How many categories of a set are named.
const MOST_CATEGORIES: usize = 20;
/// Arrays with more elements than this lose their middle, as numpy prints them.
const ALL: usize = 1_000;
/// How many elements are left at each end of them.
const EDGE: usize = 3;

/// The lines of a node.
pub(super) fn lines(tree: &Tree, at: usize) -> Vec<String> {
    let node = &tree.nodes[at];
    let mut lines = Vec::new();
    if let Some(split) = &node.split {
        let feature = feature(tree, split.feature, |number| format!("x[{number}]"));
        lines.push(match &split.test {
            Test::AtMost(threshold) => format!("{feature} <= {}", rounded(*threshold, PRECISION)),
            Test::Among(categories) => {
                let named = categories.iter().take(MOST_CATEGORIES).map(ToString::to_string);
                let rest = if categories.len() > MOST_CATEGORIES { ", …" } else { "" };
                format!("{feature} in {{{}{rest}}}", named.collect::<Vec<_>>().join(", "))
            }
        });
    }
    let impurity = rounded(node.impurity, PRECISION);
    match tree.kind {
        Kind::Tree => {
            let criterion = tree.names.criterion.as_deref().map_or_else(|| "impurity".to_owned(), shortened);
            lines.push(format!("{criterion} = {impurity}"));
        }
        Kind::Predictor if node.split.is_some() => lines.push(format!("gain = {impurity}")),
        Kind::Predictor => {}
    }
    lines.push(format!("samples = {}", node.samples));
    let value = value(tree, at);
    let mut value = value.split('\n');
    lines.push(format!("value = {}", value.next().unwrap_or_default()));
    lines.extend(value.map(str::to_owned));
    if let Some(class) = class(tree, at) {
        lines.push(format!("class = {class}"));
    }
    lines
}

/// The name of a feature, or what `unnamed` calls its number.
pub(super) fn feature(tree: &Tree, feature: usize, unnamed: impl FnOnce(usize) -> String) -> String {
    let name = tree.names.features.as_ref().and_then(|names| names.get(feature));
    name.map_or_else(|| unnamed(feature), |name| shortened(name))
}

/// The class that a node predicts, of a classifier of one output.
fn class(tree: &Tree, at: usize) -> Option<String> {
    let &[classes] = &tree.n_classes[..] else { return None };
    let names = tree.names.classes.as_ref().filter(|_| classes != 1)?;
    names.get(arg_max(tree.values_of(at))).map(|name| shortened(name))
}

/// The place of the first greatest value.
pub(super) fn arg_max(values: &[f64]) -> usize {
    let mut best = 0;
    for (at, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = at;
        }
    }
    best
}

/// The beginning of a long text.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The values of a node: those of classes are the weights of its samples.
fn value(tree: &Tree, at: usize) -> String {
    let (node, values) = (&tree.nodes[at], tree.values_of(at));
    let is_regression = tree.n_classes[0] == 1;
    let shown: Vec<f64> = match tree.counted {
        Counted::Fractions if !is_regression => values.iter().map(|value| value * node.weight).collect(),
        _ => values.to_vec(),
    };
    let is_whole = !is_regression && shown.iter().all(|value| value.is_finite() && value.fract() == 0.0);
    let text = |value: &f64| match is_whole {
        #[expect(clippy::cast_possible_truncation, reason = "numpy's `astype(int)`")]
        true => (*value as i64).to_string(),
        false => rounded(*value, PRECISION),
    };
    let texts: Vec<String> = shown.iter().map(text).collect();
    if let [_] = &tree.n_classes[..] {
        let array = array(&texts, texts.len() > ALL, LINE - 1, "");
        return if is_regression { array } else { format!("[{array}]") };
    }
    let is_summary = texts.len() > ALL;
    let rows = texts.chunks(tree.width);
    let mut all = Vec::new();
    for (number, row) in rows.enumerate() {
        let is_edge = number < EDGE || number + EDGE >= tree.n_classes.len();
        match (is_summary && tree.n_classes.len() > 2 * EDGE, is_edge) {
            (true, false) if number == EDGE => all.push("...".to_owned()),
            (true, false) => {}
            _ => all.push(format!("[{}]", array(row, is_summary, LINE - 2, " "))),
        }
    }
    format!("[{}]", all.join("\n"))
}

/// The elements of one row, in lines as numpy breaks those of an array of bytes, whose elements are longer by three
/// characters: `b'50'`.
fn array(texts: &[String], is_summary: bool, width: usize, indent: &str) -> String {
    let mut words: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
    if is_summary && texts.len() > 2 * EDGE {
        words.splice(EDGE..texts.len() - EDGE, [None]);
    }
    let (mut out, mut length) = (String::new(), 1 + indent.len());
    let start = length;
    for (at, word) in words.iter().enumerate() {
        let size = word.map_or(3, |word| word.len() + 3);
        if length + size > width && length > start {
            out.push('\n');
            out.push_str(indent);
            length = start;
        } else if at > 0 {
            let are_quoted = word.is_some() && words[at - 1].is_some();
            out.push_str(if are_quoted { ", " } else { " " });
        }
        out.push_str(word.unwrap_or("..."));
        length += size + 1;
    }
    out
}
