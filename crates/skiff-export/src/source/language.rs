//! How a language writes a program.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::program::{Apply, Array, Function, Helper, Place, Program, Step, Term, Value};
use crate::graph::{Constant, DType, Forest, Place as TreePlace, Step as Branch, Test};
use crate::output::Text;

/// How many splits a forest has at most to be written as nested conditions, for people to read.
const MOST_NESTED: usize = 300;
/// How many splits all such forests of a file have at most.
const MOST_NESTED_OF_ALL: usize = 3_000;
/// How deep conditions are nested at most: compilers have limits.
const DEEPEST_NESTED: usize = 40;

/// A language that programs are written in. What has a body here is so in the languages that look like C.
pub(super) trait Language {
    /// The helper functions.
    fn helpers(&self) -> Helpers;
    /// Why it cannot hold a constant.
    fn refuses(&self, constant: &Constant) -> Option<&'static str> {
        let _ = constant;
        None
    }
    /// Why it cannot express a function.
    fn refuses_function(&self, function: &Function) -> Option<&'static str> {
        let _ = function;
        None
    }
    /// How many steps a function has at most, and why.
    fn most_steps(&self) -> Option<(usize, &'static str)> {
        None
    }
    /// The beginning of the file; `notes` are lines about the model.
    fn head(&self, notes: &[String], out: &mut Text<'_>);
    /// The end of the file.
    fn tail(&self, out: &mut Text<'_>) {
        let _ = out;
    }
    /// A table of constants.
    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>);
    /// Strings and their numbers.
    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>);
    /// A function that one tree is: nested conditions over the array `x`.
    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>);
    /// The function that walks the trees of a forest by its tables.
    fn tree_helper(&self, forest: &Forest) -> Helper {
        let _ = forest;
        Helper::Trees
    }
    /// The tables of a forest.
    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>);
    /// The beginning of a method's function.
    fn begin(&self, function: &Function, out: &mut Text<'_>);
    /// The end of it, with what it returns.
    fn end(&self, function: &Function, out: &mut Text<'_>);
    /// An array that is filled from here on.
    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut Text<'_>);
    /// `name[i] = value` for each `i` below `length`.
    fn elements(&self, name: &str, dtype: DType, length: usize, value: &str, out: &mut Text<'_>);
    /// A call of a helper function.
    fn call(&self, helper: Helper, dtype: DType, arguments: &[String], out: &mut Text<'_>);
    /// What each tree has for the array `from`: nested trees have functions, others are in tables.
    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>);
    /// The numbers of strings.
    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut Text<'_>);
    /// The row is refused.
    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>);
    fn number(&self, value: f64) -> String;
    fn integer(&self, value: i64) -> String {
        value.to_string()
    }
    fn truth(&self, value: bool) -> String;
    fn text(&self, value: &str) -> String;
    fn apply(&self, function: Apply, arguments: &[String]) -> String;
    /// `a / b`, rounded down.
    fn divided(&self, a: &str, b: usize) -> String;
    /// Whether a number is NaN.
    fn is_nan(&self, x: &str) -> String;
    /// A comment at the end of a line.
    fn comment(&self, text: &str) -> String;
    /// The line of a condition.
    fn opening(&self, condition: &str) -> String {
        format!("if ({condition}) {{")
    }
    /// The line before what is done otherwise.
    fn otherwise(&self) -> &'static str {
        "} else {"
    }
    /// The line after both.
    fn closing(&self) -> Option<&'static str> {
        Some("}")
    }
    /// What returns a number.
    fn returning(&self, value: &str) -> String {
        format!("return {value};")
    }
    /// Whether a number is at most `threshold`, or NaN.
    fn at_most_or_nan(&self, x: &str, threshold: &str) -> String {
        // A comparison with NaN is false.
        format!("!({x} > {threshold})")
    }
    /// Whether a number is one of these.
    fn is_among(&self, x: &str, members: &[u32], or_nan: bool) -> String {
        let members = members.iter().map(|&member| format!("{x} == {}", self.number(f64::from(member))));
        let missing = or_nan.then(|| self.is_nan(x));
        let all: Vec<String> = missing.into_iter().chain(members).collect();
        if all.is_empty() { self.truth(false) } else { all.join(" || ") }
    }
}

/// The helper functions of a language, each after a line of a marker and its name.
pub(super) struct Helpers {
    pub text: &'static str,
    pub marker: &'static str,
}

impl Helpers {
    /// The part of this name.
    pub(super) fn section(&self, name: &str) -> &'static str {
        let line = format!("{}{name}\n", self.marker);
        let start = self.text.find(&line).map_or(self.text.len(), |start| start + line.len());
        let rest = &self.text[start..];
        rest.find(self.marker).map_or(rest, |end| &rest[..end])
    }
}

/// A tree as nested conditions.
pub(super) struct Nested<'a> {
    pub forest: &'a Forest,
    pub root: Branch,
    /// The names of the features that it compares, where they are known.
    pub features: &'a [String],
}

impl Nested<'_> {
    /// The conditions, where a function of the array `x` begins at `indent`.
    pub(super) fn write(&self, language: &dyn Language, indent: &str, out: &mut Text<'_>) {
        self.branch(language, self.root, [indent, indent].map(str::to_owned), out);
    }

    /// One branch at the indent `own`, whose inner lines are indented by `step` more. Nested trees are not deep.
    fn branch(&self, language: &dyn Language, branch: Branch, [own, step]: [String; 2], out: &mut Text<'_>) {
        let split = match branch {
            Branch::Leaf(leaf) => {
                let value = language.number(self.forest.leaves[leaf].value.value());
                let _ = writeln!(out, "{own}{}", language.returning(&value));
                return;
            }
            Branch::Split(split) => &self.forest.splits[split],
        };
        let x = format!("x[{}]", split.feature());
        let test = match &split.test {
            Test::AtMost(threshold) => {
                let threshold = language.number(threshold.value());
                if split.missing_left { language.at_most_or_nan(&x, &threshold) } else { format!("{x} <= {threshold}") }
            }
            Test::Among(set) => language.is_among(&x, &self.forest.sets[*set], split.missing_left),
        };
        let named = self.features.get(split.feature()).map(|name| language.comment(name)).unwrap_or_default();
        let _ = writeln!(out, "{own}{}{named}", language.opening(&test));
        let inner = || [format!("{own}{step}"), step.clone()];
        self.branch(language, split.left(), inner(), out);
        let _ = writeln!(out, "{own}{}", language.otherwise());
        self.branch(language, split.right(), inner(), out);
        if let Some(closing) = language.closing() {
            let _ = writeln!(out, "{own}{closing}");
        }
    }
}

/// The trees of a forest as columns of tables, which are written without a copy of the forest.
pub(super) struct Tables<'a> {
    pub forest: &'a Forest,
    /// Where each set starts among the members; one more than there are sets.
    pub sets: Vec<i64>,
    pub members: Vec<f64>,
}

/// A row of the table of splits.
pub(super) struct Row {
    pub feature: usize,
    pub threshold: f64,
    /// 1 where NaN goes left, and 2 more where the threshold is the number of a set.
    pub flags: u8,
    /// A step that is not negative is a split, and -1 - n is leaf n.
    pub left: i32,
    pub right: i32,
}

/// A column of a table.
pub(super) type Column<'a, T> = Box<dyn ExactSizeIterator<Item = T> + 'a>;

impl<'a> Tables<'a> {
    /// The names of all tables, in the order in which helper functions take them.
    pub(super) const NAMES: [&'static str; 9] =
        ["features", "thresholds", "flags", "lefts", "rights", "leaves", "roots", "sets", "members"];

    fn of(forest: &'a Forest) -> Self {
        let mut tables = Self { forest, sets: vec![0], members: Vec::new() };
        for set in &forest.sets {
            tables.members.extend(set.iter().map(|&member| f64::from(member)));
            tables.sets.push(i64::try_from(tables.members.len()).unwrap_or(i64::MAX));
        }
        tables
    }

    /// The splits of all trees.
    pub(super) fn splits(&self) -> impl ExactSizeIterator<Item = Row> + '_ {
        self.forest.splits.iter().map(|split| {
            let (threshold, is_set) = match split.test {
                Test::AtMost(threshold) => (threshold.value(), 0),
                #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2⁵³ sets")]
                Test::Among(set) => (set as f64, 2),
            };
            let [left, right] = [split.left(), split.right()].map(|step| TreePlace::from(step).0);
            Row { feature: split.feature(), threshold, flags: u8::from(split.missing_left) + is_set, left, right }
        })
    }

    /// The first step of each tree.
    pub(super) fn roots(&self) -> impl ExactSizeIterator<Item = i32> + '_ {
        self.forest.trees.iter().map(|tree| TreePlace::from(tree.root).0)
    }

    /// The numbers of the leaves of all trees.
    pub(super) fn leaves(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.forest.leaves.iter().map(|leaf| leaf.value.value())
    }

    /// The tables of integers, with their names.
    pub(super) fn integers(&self) -> [(&'static str, Column<'_, i64>); 6] {
        [
            ("features", Box::new(self.splits().map(|row| i64::try_from(row.feature).unwrap_or(i64::MAX)))),
            ("flags", Box::new(self.splits().map(|row| i64::from(row.flags)))),
            ("lefts", Box::new(self.splits().map(|row| i64::from(row.left)))),
            ("rights", Box::new(self.splits().map(|row| i64::from(row.right)))),
            ("roots", Box::new(self.roots().map(i64::from))),
            ("sets", Box::new(self.sets.iter().copied())),
        ]
    }

    /// The tables of numbers, with their names.
    pub(super) fn numbers(&self) -> [(&'static str, Column<'_, f64>); 3] {
        [
            ("thresholds", Box::new(self.splits().map(|row| row.threshold))),
            ("leaves", Box::new(self.leaves())),
            ("members", Box::new(self.members.iter().copied())),
        ]
    }
}

/// Lines about the model.
pub(super) fn notes(program: &Program, metadata: &[(String, String)]) -> Vec<String> {
    let mut notes = vec![match &program.version {
        Some(version) => format!("{} of scikit-learn {version}, exported by skiff", program.estimator),
        None => format!("{}, exported by skiff", program.estimator),
    }];
    notes.extend(metadata.iter().map(|(key, value)| format!("{key}: {value}")));
    if !program.features.is_empty() {
        let named = program.features.iter().enumerate().map(|(at, name)| format!("x[{at}] {name}"));
        notes.push(format!("features: {}", named.collect::<Vec<_>>().join(", ")));
    }
    notes
}

/// Writes the whole file.
pub(super) fn write(
    language: &dyn Language,
    program: &Program,
    metadata: &[(String, String)],
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut out = Text::new(to);
    let notes = notes(program, metadata);
    language.head(&notes, &mut out);
    for (at, constant) in program.constants.iter().enumerate() {
        if constant.shape.iter().product::<usize>() != 1 || is_used(program, at) {
            language.constant(&format!("c{at}"), constant, &mut out);
        }
    }
    for (at, encoder) in program.encoders.iter().enumerate() {
        language.encoder(&format!("strings{at}"), encoder, &mut out);
    }
    let mut splits = 0;
    let nested = program.forests.iter().map(|forest| {
        let is_nested = is_nested(forest) && splits + forest.splits.len() <= MOST_NESTED_OF_ALL;
        splits += if is_nested { forest.splits.len() } else { 0 };
        is_nested
    });
    let nested: Vec<bool> = nested.collect();
    let mut helpers = BTreeSet::new();
    for step in program.functions.iter().flat_map(|function| &function.steps) {
        match step {
            Step::Call { helper, .. } => {
                helpers.insert(*helper);
            }
            Step::Trees { forest, .. } if !nested[*forest] => {
                helpers.insert(language.tree_helper(&program.forests[*forest]));
            }
            _ => {}
        }
    }
    for helper in helpers {
        out.push_str(language.helpers().section(helper.name()));
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
            language.tree(&format!("forest{at}_tree{tree}"), &body, &mut out);
        }
    }
    for function in &program.functions {
        language.begin(function, &mut out);
        for step in &function.steps {
            write_step(language, program, &nested, function, step, &mut out);
        }
        language.end(function, &mut out);
    }
    language.tail(&mut out);
    out.finish()
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
        for branch in [split.left(), split.right()] {
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
    out: &mut Text<'_>,
) {
    match step {
        Step::Elements { to, dtype, length, value } => {
            let name = format!("t{to}");
            language.declare(&name, *dtype, *length, out);
            let value = expression(language, function, value, *length == 1);
            language.elements(&name, *dtype, *length, &value, out);
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
            let from = name(function, *from);
            language.trees(&to, &from, &format!("forest{forest}"), nested[*forest], trees, out);
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
        Array::Input(_) if function.table().is_some() => "x".to_owned(),
        Array::Input(at) => format!("x{at}"),
        Array::Constant(at) => format!("c{at}"),
        Array::Local(at) => format!("t{at}"),
    }
}

/// An expression; `is_first` says that `i` is 0.
fn expression(language: &dyn Language, function: &Function, value: &Value, is_first: bool) -> String {
    match value {
        Value::Number(value) => language.number(*value),
        Value::Integer(value) => language.integer(*value),
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

/// A text for a comment of one line: without characters that end a line or turn what follows them around.
pub(super) fn in_one_line(text: &str) -> String {
    let is_plain = |character: char| {
        !character.is_control()
            && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|character| if is_plain(character) { character } else { ' ' }).collect()
}

/// Items in lines that are not too long.
pub(super) fn in_lines(items: impl Iterator<Item = String>, indent: &str, out: &mut Text<'_>) {
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

/// A function of elements that languages like C write between its arguments.
pub(super) fn infix(function: Apply, arguments: &[String]) -> String {
    let sign = match function {
        Apply::Add => "+",
        Apply::And => "&&",
        Apply::Div => "/",
        Apply::Equal => "==",
        Apply::Greater => ">",
        Apply::GreaterOrEqual => ">=",
        Apply::Less => "<",
        Apply::LessOrEqual => "<=",
        Apply::Mul => "*",
        Apply::Or => "||",
        Apply::Sub => "-",
        Apply::Neg => return format!("-({})", arguments.join("")),
        Apply::Not => return format!("!{}", arguments.join("")),
        Apply::Where => return format!("{} ? {} : {}", arguments[0], arguments[1], arguments[2]),
        other => unreachable!("{other:?} has a name"),
    };
    arguments.join(&format!(" {sign} "))
}
