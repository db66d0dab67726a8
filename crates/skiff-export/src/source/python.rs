//! Python 3, without packages.

use std::fmt::Write as _;

use super::language::{Helpers, Language, Nested, Tables, in_lines, in_one_line, name};
use super::program::{Apply, Function, Helper};
use crate::graph::{Constant, DType, Elements};
use crate::output::Text;

pub(super) struct Python;

impl Language for Python {
    fn helpers(&self) -> Helpers {
        Helpers { text: include_str!("helpers.py"), marker: "## " }
    }

    fn head(&self, notes: &[String], out: &mut Text<'_>) {
        out.push_str("\"\"\"");
        let text = notes.iter().map(|note| in_one_line(note).replace('\\', "\\\\").replace('"', "\\\""));
        out.push_str(&text.collect::<Vec<_>>().join("\n"));
        out.push_str(
            "\n\nEach function takes one row, and raises ValueError for a row that is refused.\n\"\"\"\n\nimport math\nimport \
             struct\n\n\n",
        );
        out.push_str(self.helpers().section("math"));
    }

    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>) {
        match &constant.elements {
            Elements::F64(values) => list(name, values.iter().map(|value| self.number(value.value())), out),
            Elements::I64(values) => list(name, values.iter().map(ToString::to_string), out),
            Elements::Bool(values) => list(name, values.iter().map(|&value| self.truth(value)), out),
            Elements::Str(values) => list(name, values.iter().map(|value| self.text(value)), out),
        }
    }

    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>) {
        let _ = writeln!(out, "{name} = {{");
        in_lines(places.iter().map(|(text, number)| format!("{}: {number}", self.text(text))), "    ", out);
        out.push_str("}\n\n\n");
    }

    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "def {name}(x):");
        body.write(self, "    ", out);
        out.push_str("\n\n");
    }

    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>) {
        for (table, values) in tables.integers() {
            list(&format!("{name}_{table}"), values.map(|value| value.to_string()), out);
        }
        for (table, values) in tables.numbers() {
            list(&format!("{name}_{table}"), values.map(|value| self.number(value)), out);
        }
    }

    fn is_nan(&self, x: &str) -> String {
        format!("{x} != {x}")
    }

    fn comment(&self, text: &str) -> String {
        format!("  # {}", in_one_line(text))
    }

    fn opening(&self, condition: &str) -> String {
        format!("if {condition}:")
    }

    fn otherwise(&self) -> &'static str {
        "else:"
    }

    fn closing(&self) -> Option<&'static str> {
        None
    }

    fn returning(&self, value: &str) -> String {
        format!("return {value}")
    }

    fn at_most_or_nan(&self, x: &str, threshold: &str) -> String {
        // A comparison with NaN is false.
        format!("not {x} > {threshold}")
    }

    fn is_among(&self, x: &str, members: &[u32], or_nan: bool) -> String {
        let members: Vec<String> = members.iter().map(ToString::to_string).collect();
        let missing = if or_nan { format!("{} or ", self.is_nan(x)) } else { String::new() };
        format!("{missing}{x} in [{}]", members.join(", "))
    }

    fn begin(&self, function: &Function, out: &mut Text<'_>) {
        if let Some(length) = function.table() {
            let _ = writeln!(out, "def {}(x):", function.method.name());
            let _ = writeln!(out, "    # {length} numbers");
            return;
        }
        let parameters = (0..function.inputs.len()).map(|at| format!("column{at}"));
        let _ = writeln!(out, "def {}({}):", function.method.name(), parameters.collect::<Vec<_>>().join(", "));
        for (at, input) in function.columns() {
            let _ = writeln!(out, "    # {}", in_one_line(&input.name));
            let _ = writeln!(out, "    x{at} = [column{at}]");
        }
    }

    fn end(&self, function: &Function, out: &mut Text<'_>) {
        let values = function.outputs.iter().map(|output| {
            let from = name(function, output.array);
            if output.is_one { format!("{from}[0]") } else { format!("list({from})") }
        });
        if function.outputs.len() > 1 {
            let names: Vec<&str> = function.outputs.iter().map(|output| output.name.as_str()).collect();
            let _ = writeln!(out, "    # {}", in_one_line(&names.join(", ")));
        }
        let _ = writeln!(out, "    return {}\n\n", values.collect::<Vec<_>>().join(", "));
    }

    fn declare(&self, _: &str, _: DType, _: usize, _: &mut Text<'_>) {}

    fn elements(&self, name: &str, _: DType, length: usize, value: &str, out: &mut Text<'_>) {
        let _ = match length {
            1 => writeln!(out, "    {name} = [{value}]"),
            _ => writeln!(out, "    {name} = [{value} for i in range({length})]"),
        };
    }

    fn call(&self, helper: Helper, dtype: DType, arguments: &[String], out: &mut Text<'_>) {
        let own = match helper {
            Helper::Copy => {
                let [to, rest @ ..] = arguments else { return };
                let [from, to_start, to_step, start, _, count, outer] = rest else { return };
                let is_one = outer == "1";
                // The first part of several begins the list.
                if to_start == "0" && !is_one {
                    let _ = writeln!(out, "    {to} = [None] * ({to_step} * {outer})");
                }
                if is_one {
                    let end = start.parse::<usize>().unwrap_or(0) + count.parse::<usize>().unwrap_or(0);
                    let part =
                        if count == "1" { format!("[{from}[{start}]]") } else { format!("{from}[{start}:{end}]") };
                    let sign = if to_start == "0" { "=" } else { "+=" };
                    let _ = writeln!(out, "    {to} {sign} {part}");
                    return;
                }
                let _ = writeln!(out, "    copy({to}, {})", rest.join(", "));
                return;
            }
            Helper::Max => "max_of",
            Helper::Min => "min_of",
            Helper::Sum => "sum_of",
            other => other.name(),
        };
        let (to, from) = arguments.split_at(helper.results());
        let rounded = if helper == Helper::CumSum && dtype == DType::F32 { ", single" } else { "" };
        let _ = writeln!(out, "    {} = {own}({}{rounded})", to.join(", "), from.join(", "));
    }

    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>) {
        if nested {
            let all = (0..trees).map(|tree| format!("{forest}_tree{tree}({from})"));
            let _ = writeln!(out, "    {to} = [");
            in_lines(all, "        ", out);
            out.push_str("    ]\n");
            return;
        }
        let tables = Tables::NAMES.map(|table| format!("{forest}_{table}"));
        let _ = writeln!(out, "    {to} = trees({from}, {})", tables.join(", "));
    }

    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut Text<'_>) {
        let _ = writeln!(out, "    {to} = [{encoder}.get({from}[i], -1) for i in range({length})]");
    }

    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>) {
        let _ = writeln!(
            out,
            "    if {condition}[0]:\n        raise ValueError({})",
            self.text(&format!("refused: {reason}"))
        );
    }

    fn number(&self, value: f64) -> String {
        match value {
            value if value.is_nan() => "math.nan".to_owned(),
            f64::INFINITY => "math.inf".to_owned(),
            f64::NEG_INFINITY => "-math.inf".to_owned(),
            value => format!("{value:?}"),
        }
    }

    fn truth(&self, value: bool) -> String {
        if value { "True" } else { "False" }.to_owned()
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
        match function {
            Apply::Abs => format!("abs({a})"),
            Apply::Add => format!("{a} + {b}"),
            Apply::And => format!("{a} and {b}"),
            Apply::Cast(_, DType::Bool) => format!("{a} != 0"),
            Apply::Cast(_, DType::F32) => format!("single({a})"),
            Apply::Cast(_, DType::F64) => format!("float({a})"),
            Apply::Cast(_, _) => format!("int({a})"),
            Apply::Ceil => format!("whole(math.ceil, {a})"),
            Apply::Cos => format!("turned(math.cos, {a})"),
            Apply::Div => format!("divide({a}, {b})"),
            Apply::Equal | Apply::EqualText => format!("{a} == {b}"),
            Apply::Exp => format!("exp({a})"),
            Apply::Floor => format!("whole(math.floor, {a})"),
            Apply::Greater => format!("{a} > {b}"),
            Apply::GreaterOrEqual => format!("{a} >= {b}"),
            Apply::IsInf => format!("math.isinf({a})"),
            Apply::IsNaN => format!("math.isnan({a})"),
            Apply::Less => format!("{a} < {b}"),
            Apply::LessOrEqual => format!("{a} <= {b}"),
            Apply::Log => format!("log({a})"),
            Apply::Mul => format!("{a} * {b}"),
            Apply::Neg => format!("-({a})"),
            Apply::Not => format!("not {a}"),
            Apply::Or => format!("{a} or {b}"),
            Apply::Pow => format!("power({a}, {b})"),
            Apply::Round => format!("whole(round, {a})"),
            Apply::Sign => format!("sign({a})"),
            Apply::Sin => format!("turned(math.sin, {a})"),
            Apply::Sqrt => format!("root({a})"),
            Apply::Sub => format!("{a} - {b}"),
            Apply::Tanh => format!("math.tanh({a})"),
            Apply::Where => format!("{b} if {a} else {c}"),
        }
    }

    fn divided(&self, a: &str, b: usize) -> String {
        format!("{a} // {b}")
    }
}

fn list(name: &str, items: impl Iterator<Item = String>, out: &mut Text<'_>) {
    let _ = writeln!(out, "{name} = [");
    in_lines(items, "    ", out);
    out.push_str("]\n\n\n");
}
