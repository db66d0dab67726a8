//! How a language writes a program.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::program::{Apply, Array, Function, Helper, Place, Program, Step, Term, Value};
use crate::graph::{Constant, DType, Forest, Step as Branch, Test};

/// How many splits a forest has at most to be written as nested conditions, for people to read.
const MOST_NESTED: usize = 300;
/// How deep conditions are nested at most: compilers have limits.
const DEEPEST_NESTED: usize = 40;

/// A language that programs are written in.
pub(super) trait Language {
    /// The beginning of the file; `notes` are lines about the model.
    fn head(&self, notes: &[String], out: &mut String);
    /// A table of constants.
    fn constant(&self, name: &str, constant: &Constant, out: &mut String);
    /// Strings and their numbers.
    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut String);
    /// A function that one tree is: nested conditions over the array `x`.
    fn nested(&self, name: &str, body: &Nested<'_>, out: &mut String);
    /// The tables of a forest.
    fn tables(&self, name: &str, tables: &Tables, out: &mut String);
    /// A helper function.
    fn helper(&self, helper: Helper) -> &'static str;
    /// The beginning of a method's function.
    fn begin(&self, function: &Function, out: &mut String);
    /// The end of it, with what it returns.
    fn end(&self, function: &Function, out: &mut String);
    /// An array that is filled from here on.
    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut String);
    /// `name[i] = value` for each `i` below `length`.
    fn elements(&self, name: &str, length: usize, value: &str, out: &mut String);
    /// A call of a helper function.
    fn call(&self, helper: Helper, dtype: DType, arguments: &[String], out: &mut String);
    /// What each tree has for the array `from`: trees of their own, or in tables.
    fn trees(&self, to: &str, from: &str, forest: &str, nested: Option<usize>, trees: usize, out: &mut String);
    /// The numbers of strings.
    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut String);
    /// The row is refused.
    fn refuse(&self, condition: &str, reason: &str, out: &mut String);
    fn number(&self, value: f64) -> String;
    fn truth(&self, value: bool) -> String;
    fn text(&self, value: &str) -> String;
    fn apply(&self, function: Apply, arguments: &[String]) -> String;
    /// `a / b`, rounded down.
    fn divided(&self, a: &str, b: usize) -> String;
}

/// A tree as nested conditions.
pub(super) struct Nested<'a> {
    pub forest: &'a Forest,
    pub root: Branch,
    /// The names of the features that it compares, where they are known.
    pub features: &'a [String],
}

/// The trees of a forest as columns of tables.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The first step of each tree. A step that is not negative is a split, and -1 - n is leaf n.
    pub roots: Vec<i64>,
    pub features: Vec<i64>,
    pub thresholds: Vec<f64>,
    /// 1 where NaN goes left, and 2 more where the threshold is the number of a set.
    pub flags: Vec<i64>,
    pub lefts: Vec<i64>,
    pub rights: Vec<i64>,
    pub leaves: Vec<f64>,
    /// Where each set starts among the members; one more than there are sets.
    pub sets: Vec<i64>,
    pub members: Vec<f64>,
}

impl Tables {
    fn of(forest: &Forest) -> Self {
        let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        let step = |branch: Branch| match branch {
            Branch::Split(split) => number(split),
            Branch::Leaf(leaf) => -1 - number(leaf),
        };
        let mut tables = Self { sets: vec![0], ..Self::default() };
        tables.roots = forest.trees.iter().map(|tree| step(tree.root)).collect();
        for split in &forest.splits {
            tables.features.push(number(split.feature));
            let (threshold, is_set) = match split.test {
                Test::AtMost(threshold) => (threshold.value(), 0),
                #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ sets")]
                Test::Among(set) => (set as f64, 2),
            };
            tables.thresholds.push(threshold);
            tables.flags.push(i64::from(split.missing_left) + is_set);
            tables.lefts.push(step(split.left));
            tables.rights.push(step(split.right));
        }
        tables.leaves = forest.leaves.iter().map(|leaf| leaf.value.value()).collect();
        for set in &forest.sets {
            tables.members.extend(set.iter().map(|&member| f64::from(member)));
            tables.sets.push(number(tables.members.len()));
        }
        tables
    }
}

/// The whole file.
pub(super) fn written(language: &dyn Language, program: &Program, metadata: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut notes = vec![match &program.version {
        Some(version) => format!("{} of scikit-learn {version}, exported by skiff", program.estimator),
        None => format!("{}, exported by skiff", program.estimator),
    }];
    notes.extend(metadata.iter().map(|(key, value)| format!("{key}: {value}")));
    if !program.features.is_empty() {
        let named = program.features.iter().enumerate().map(|(at, name)| format!("x[{at}] {name}"));
        notes.push(format!("features: {}", named.collect::<Vec<_>>().join(", ")));
    }
    language.head(&notes, &mut out);
    for (at, constant) in program.constants.iter().enumerate() {
        if constant.shape.iter().product::<usize>() != 1 || is_used(program, at) {
            language.constant(&format!("c{at}"), constant, &mut out);
        }
    }
    for (at, encoder) in program.encoders.iter().enumerate() {
        language.encoder(&format!("strings{at}"), encoder, &mut out);
    }
    let nested: Vec<bool> = program.forests.iter().map(|forest| is_nested(forest)).collect();
    let mut helpers = BTreeSet::new();
    for step in program.functions.iter().flat_map(|function| &function.steps) {
        match step {
            Step::Call { helper, .. } => {
                helpers.insert(*helper);
            }
            Step::Trees { forest, .. } if !nested[*forest] => {
                helpers.insert(Helper::Trees);
            }
            _ => {}
        }
    }
    for helper in helpers {
        out.push_str(language.helper(helper));
        out.push('\n');
    }
    for (at, forest) in program.forests.iter().enumerate() {
        if !nested[at] {
            language.tables(&format!("forest{at}"), &Tables::of(forest), &mut out);
            continue;
        }
        // The features have their names where each column is the feature of the same number.
        let features = if forest.n_features == program.features.len() { &program.features[..] } else { &[] };
        for (tree, one) in forest.trees.iter().enumerate() {
            let body = Nested { forest, root: one.root, features };
            language.nested(&format!("forest{at}_tree{tree}"), &body, &mut out);
        }
    }
    for function in &program.functions {
        language.begin(function, &mut out);
        for step in &function.steps {
            write_step(language, program, &nested, function, step, &mut out);
        }
        language.end(function, &mut out);
    }
    out
}

/// Whether a constant of one element is read as an array.
fn is_used(program: &Program, constant: usize) -> bool {
    let own = Array::Constant(constant);
    program.functions.iter().any(|function| {
        let returned = function.outputs.iter().any(|output| output.array == own);
        returned
            || function.steps.iter().any(|step| match step {
                Step::Call { from, .. } => from.contains(&own),
                Step::Trees { from, .. } | Step::Encode { from, .. } => *from == own,
                Step::Refuse { condition, .. } => *condition == own,
                Step::Elements { .. } => false,
            })
    })
}

fn is_nested(forest: &Forest) -> bool {
    if forest.splits.len() > MOST_NESTED {
        return false;
    }
    // Parents come before their children.
    let mut depths = vec![0; forest.splits.len()];
    for (at, split) in forest.splits.iter().enumerate() {
        for branch in [split.left, split.right] {
            if let Branch::Split(child) = branch {
                depths[child] = depths[at] + 1;
            }
        }
    }
    depths.iter().all(|&depth| depth < DEEPEST_NESTED)
}

fn write_step(
    language: &dyn Language,
    program: &Program,
    nested: &[bool],
    function: &Function,
    step: &Step,
    out: &mut String,
) {
    match step {
        Step::Elements { to, dtype, length, value } => {
            let name = format!("t{to}");
            language.declare(&name, *dtype, *length, out);
            let value = expression(language, function, value, *length == 1);
            language.elements(&name, *length, &value, out);
        }
        Step::Call { helper, to, from, numbers } => {
            let mut arguments = Vec::new();
            for (to, dtype, length) in to {
                let name = format!("t{to}");
                if *length > 0 {
                    language.declare(&name, *dtype, *length, out);
                }
                arguments.push(name);
            }
            arguments.extend(from.iter().map(|array| name(function, *array)));
            arguments.extend(numbers.iter().map(ToString::to_string));
            language.call(*helper, to[0].1, &arguments, out);
        }
        Step::Trees { to, from, forest } => {
            let (to, trees) = (format!("t{to}"), program.forests[*forest].trees.len());
            language.declare(&to, DType::F64, trees, out);
            let is_nested = nested[*forest].then_some(*forest);
            language.trees(&to, &name(function, *from), &format!("forest{forest}"), is_nested, trees, out);
        }
        Step::Encode { to, from, length, encoder } => {
            let to = format!("t{to}");
            language.declare(&to, DType::I64, *length, out);
            language.encode(&to, &name(function, *from), *length, &format!("strings{encoder}"), out);
        }
        Step::Refuse { condition, reason } => language.refuse(&name(function, *condition), reason, out),
    }
}

/// What an array is called in a function.
pub(super) fn name(function: &Function, array: Array) -> String {
    match array {
        Array::Input(at) if function.inputs.len() == 1 && function.inputs[at].0 == "X" => "x".to_owned(),
        Array::Input(at) => format!("x{at}"),
        Array::Constant(at) => format!("c{at}"),
        Array::Local(at) => format!("t{at}"),
    }
}

/// An expression; `is_first` says that `i` is 0.
fn expression(language: &dyn Language, function: &Function, value: &Value, is_first: bool) -> String {
    match value {
        Value::Number(value) => language.number(*value),
        Value::Integer(value) => value.to_string(),
        Value::Truth(value) => language.truth(*value),
        Value::Text(value) => language.text(value),
        Value::Element(array, _) if is_first => format!("{}[0]", name(function, *array)),
        Value::Element(array, place) => format!("{}[{}]", name(function, *array), index(language, place)),
        Value::Apply(apply, arguments) => {
            let arguments: Vec<String> =
                arguments.iter().map(|argument| expression(language, function, argument, is_first)).collect();
            language.apply(*apply, &arguments)
        }
    }
}

fn index(language: &dyn Language, place: &Place) -> String {
    let term = |Term { divided, wrapped, times }: &Term| {
        let mut text = if *divided == 1 { "i".to_owned() } else { language.divided("i", *divided) };
        if let Some(length) = wrapped {
            let _ = write!(text, " % {length}");
        }
        match (times, wrapped.is_some() || *divided != 1) {
            (1, _) => text,
            (times, true) => format!("({text}) * {times}"),
            (times, false) => format!("{text} * {times}"),
        }
    };
    match place.0.iter().map(term).collect::<Vec<_>>() {
        terms if terms.is_empty() => "0".to_owned(),
        terms => terms.join(" + "),
    }
}

/// A text for a comment of one line, without control characters.
pub(super) fn in_one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Items in lines that are not too long.
pub(super) fn in_lines(items: impl Iterator<Item = String>, indent: &str, out: &mut String) {
    let mut width = 0;
    for item in items {
        if width == 0 || width + item.len() + 2 > 110 {
            out.push_str(if width == 0 { "" } else { "\n" });
            out.push_str(indent);
            width = indent.len();
        } else {
            out.push(' ');
        }
        width += item.len() + 2;
        out.push_str(&item);
        out.push(',');
    }
    out.push('\n');
}

/// The part of a text after the line `marker name`, up to the next line with a marker.
pub(super) fn section(text: &'static str, marker: &str, name: &str) -> &'static str {
    let line = format!("{marker}{name}\n");
    let start = text.find(&line).map_or(text.len(), |start| start + line.len());
    let rest = &text[start..];
    rest.find(marker).map_or(rest, |end| &rest[..end])
}
