//! Go 1.21 and newer.

use std::fmt::Write as _;

use super::language::{Helpers, Language, Nested, Row, Tables, in_lines, in_one_line, infix, name};
use super::program::{Apply, Function, Helper, Input, Output};
use crate::graph::{Constant, DType, Elements};
use crate::output::Text;

pub(super) struct Go;

fn type_of(dtype: DType) -> &'static str {
    match dtype {
        DType::F64 => "float64",
        DType::F32 => "float32",
        DType::I64 => "int64",
        DType::Bool => "bool",
        DType::Str => "string",
    }
}

/// A table.
fn table(kind: &str, name: &str, items: impl ExactSizeIterator<Item = String>, out: &mut Text<'_>) {
    let _ = writeln!(out, "var {name} = [{}]{kind}{{", items.len());
    if items.len() > 0 {
        in_lines(items, "\t", out);
    }
    out.push_str("}\n\n");
}

/// `predict_proba` as Go calls what it exports.
fn exported(method: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    method.split('_').map(capital).collect()
}

impl Language for Go {
    fn helpers(&self) -> Helpers {
        Helpers { text: include_str!("helpers.go"), marker: "/// " }
    }

    fn head(&self, notes: &[String], out: &mut Text<'_>) {
        for note in notes {
            let _ = writeln!(out, "// {}", in_one_line(note));
        }
        out.push_str(
            "//\n// Each function takes one row, and returns an error for a row that is refused.\n\npackage model\n\n\
             import (\n\t\"errors\"\n\t\"math\"\n)\n\n",
        );
        out.push_str(self.helpers().section("math"));
        out.push('\n');
    }

    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>) {
        match &constant.elements {
            Elements::F64(values) => table("float64", name, values.iter().map(|value| self.number(value.value())), out),
            Elements::I64(values) => table("int64", name, values.iter().map(ToString::to_string), out),
            Elements::Bool(values) => table("bool", name, values.iter().map(|&value| self.truth(value)), out),
            Elements::Str(values) => table("string", name, values.iter().map(|value| self.text(value)), out),
        }
    }

    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>) {
        let _ = writeln!(out, "var {name} = map[string]int64{{");
        in_lines(places.iter().map(|(text, number)| format!("{}: {number}", self.text(text))), "\t", out);
        out.push_str("}\n\n");
    }

    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>) {
        let splits = tables.splits().map(|Row { feature, threshold, flags, left, right }| {
            format!("{{{}, {feature}, {left}, {right}, {flags}}}", self.number(threshold))
        });
        table("split", &format!("{name}_splits"), splits, out);
        table("float64", &format!("{name}_leaves"), tables.leaves().map(|leaf| self.number(leaf)), out);
        table("int32", &format!("{name}_roots"), tables.roots().map(|root| root.to_string()), out);
        table("int32", &format!("{name}_sets"), tables.sets.iter().map(ToString::to_string), out);
        table("float64", &format!("{name}_members"), tables.members.iter().map(|&member| self.number(member)), out);
    }

    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "func {name}(x []float64) float64 {{");
        body.write(self, "\t", out);
        out.push_str("}\n\n");
    }

    fn is_nan(&self, x: &str) -> String {
        format!("math.IsNaN({x})")
    }

    fn opening(&self, condition: &str) -> String {
        format!("if {condition} {{")
    }

    fn returning(&self, value: &str) -> String {
        format!("return {value}")
    }

    fn comment(&self, text: &str) -> String {
        format!(" // {}", in_one_line(text))
    }

    fn begin(&self, function: &Function, out: &mut Text<'_>) {
        for (at, Input { name, .. }) in function.columns() {
            let _ = writeln!(out, "// column{at}: {}", in_one_line(name));
        }
        let of = |(at, output): (usize, &Output)| {
            let length = if output.is_one { String::new() } else { format!("[{}]", output.length) };
            format!("out{at} {length}{}", type_of(output.dtype))
        };
        if function.outputs.len() > 1 {
            let names: Vec<&str> = function.outputs.iter().map(|output| output.name.as_str()).collect();
            let _ = writeln!(out, "// Returns {}.", in_one_line(&names.join(", ")));
        }
        let results = function.outputs.iter().enumerate().map(of).collect::<Vec<_>>().join(", ");
        let parameters = match function.table() {
            Some(length) => format!("x *[{length}]float64"),
            None => {
                let all = function.columns().map(|(at, input)| format!("column{at} {}", type_of(input.dtype)));
                all.collect::<Vec<_>>().join(", ")
            }
        };
        let _ = writeln!(out, "func {}({parameters}) ({results}, err error) {{", exported(function.method.name()));
        for (at, input) in function.columns() {
            let _ = writeln!(out, "\tx{at} := &[1]{}{{column{at}}}\n\t_ = x{at}", type_of(input.dtype));
        }
    }

    fn end(&self, function: &Function, out: &mut Text<'_>) {
        for (at, output) in function.outputs.iter().enumerate() {
            let from = name(function, output.array);
            let _ = match (output.is_one, from.starts_with('x')) {
                (true, _) => writeln!(out, "\tout{at} = {from}[0]"),
                (false, true) => writeln!(out, "\tout{at} = *{from}"),
                (false, false) => writeln!(out, "\tout{at} = {from}"),
            };
        }
        out.push_str("\treturn\n}\n\n");
    }

    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut Text<'_>) {
        let _ = writeln!(out, "\tvar {name} [{length}]{}", type_of(dtype));
    }

    fn elements(&self, name: &str, dtype: DType, length: usize, value: &str, out: &mut Text<'_>) {
        let value = if dtype == DType::F32 { format!("float32({value})") } else { value.to_owned() };
        let _ = match length {
            1 => writeln!(out, "\t{name}[0] = {value}"),
            _ => writeln!(out, "\tfor i := range {name} {{\n\t\t{name}[i] = {value}\n\t}}"),
        };
    }

    fn call(&self, helper: Helper, _: DType, arguments: &[String], out: &mut Text<'_>) {
        let own = match helper {
            Helper::ArgMax => "argMax",
            Helper::ArgMin => "argMin",
            Helper::Copy => "copyParts",
            Helper::CumSum => "cumSum",
            Helper::Gather => "gather",
            Helper::GatherElements => "gatherElements",
            Helper::LastArgMax => "lastArgMax",
            Helper::MatMul => "matMul",
            Helper::Max => "maxOf",
            Helper::Min => "minOf",
            Helper::Sum => "sumOf",
            Helper::TopK => "topK",
            Helper::Trees | Helper::CategoryTrees => "trees",
        };
        let arrays = helper.results() + helper.inputs();
        let arguments = arguments.iter().enumerate();
        let arguments = arguments.map(|(at, one)| if at < arrays { format!("{one}[:]") } else { one.clone() });
        let _ = writeln!(out, "\t{own}({})", arguments.collect::<Vec<_>>().join(", "));
    }

    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>) {
        if !nested {
            let tables = ["splits", "leaves", "roots", "sets", "members"].map(|table| format!("{forest}_{table}[:]"));
            let _ = writeln!(out, "\ttrees({to}[:], {from}[:], {})", tables.join(", "));
            return;
        }
        for tree in 0..trees {
            let _ = writeln!(out, "\t{to}[{tree}] = {forest}_tree{tree}({from}[:])");
        }
    }

    fn encode(&self, to: &str, from: &str, _: usize, encoder: &str, out: &mut Text<'_>) {
        let _ = writeln!(
            out,
            "\tfor i := range {to} {{\n\t\tnumber, isThere := {encoder}[{from}[i]]\n\t\t{to}[i] = where(isThere, number, \
             -1)\n\t}}"
        );
    }

    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>) {
        let reason = self.text(&format!("refused: {reason}"));
        let _ = writeln!(out, "\tif {condition}[0] {{\n\t\terr = errors.New({reason})\n\t\treturn\n\t}}");
    }

    fn number(&self, value: f64) -> String {
        match value {
            value if value.is_nan() => "math.NaN()".to_owned(),
            f64::INFINITY => "math.Inf(1)".to_owned(),
            f64::NEG_INFINITY => "math.Inf(-1)".to_owned(),
            // The constant -0.0 is zero in Go.
            value if value == 0.0 && value.is_sign_negative() => "math.Copysign(0, -1)".to_owned(),
            value => format!("{value:?}"),
        }
    }

    fn integer(&self, value: i64) -> String {
        format!("int64({value})")
    }

    fn truth(&self, value: bool) -> String {
        value.to_string()
    }

    fn text(&self, value: &str) -> String {
        let mut text = String::from("\"");
        for character in value.chars() {
            match character {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                ' '..='~' => text.push(character),
                character => {
                    let _ = write!(text, "\\U{:08x}", u32::from(character));
                }
            }
        }
        text.push('"');
        text
    }

    fn apply(&self, function: Apply, arguments: &[String]) -> String {
        let a = arguments.first().map_or("", String::as_str);
        let b = arguments.get(1).map_or("", String::as_str);
        let c = arguments.get(2).map_or("", String::as_str);
        let math = |name: &str| format!("math.{name}(float64({a}))");
        match function {
            Apply::Abs => math("Abs"),
            Apply::Cast(DType::Bool, DType::Bool) => a.to_owned(),
            Apply::Cast(DType::Bool, to) => format!("{}(numberOf({a}))", type_of(to)),
            Apply::Cast(_, DType::Bool) => format!("{a} != 0"),
            Apply::Cast(_, to) => format!("{}({a})", type_of(to)),
            Apply::Ceil => math("Ceil"),
            Apply::Cos => math("Cos"),
            Apply::EqualText | Apply::Equal => format!("{a} == {b}"),
            Apply::Exp => math("Exp"),
            Apply::Floor => math("Floor"),
            Apply::IsInf => format!("math.IsInf(float64({a}), 0)"),
            Apply::IsNaN => math("IsNaN"),
            Apply::Log => math("Log"),
            Apply::Pow => format!("math.Pow(float64({a}), float64({b}))"),
            Apply::Round => math("RoundToEven"),
            Apply::Sign => format!("sign(float64({a}))"),
            Apply::Sin => math("Sin"),
            Apply::Sqrt => math("Sqrt"),
            Apply::Tanh => math("Tanh"),
            Apply::Where => format!("where({a}, {b}, {c})"),
            other => infix(other, arguments),
        }
    }

    fn divided(&self, a: &str, b: usize) -> String {
        format!("{a} / {b}")
    }
}
