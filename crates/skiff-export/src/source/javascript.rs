//! JavaScript, an ES module.

use std::fmt::Write as _;

use super::language::{Helpers, Language, Nested, Tables, in_lines, in_one_line, infix, name};
use super::program::{Apply, Function, Helper, Input};
use crate::graph::{Constant, DType, Elements};
use crate::output::Text;

pub(super) struct JavaScript;

/// The greatest integer up to which a number of JavaScript has all of them.
const GREATEST: i64 = (1 << 53) - 1;

impl Language for JavaScript {
    fn helpers(&self) -> Helpers {
        Helpers { text: include_str!("helpers.js"), marker: "/// " }
    }

    fn refuses(&self, constant: &Constant) -> Option<&'static str> {
        match &constant.elements {
            Elements::I64(values) if values.iter().any(|value| value.unsigned_abs() > GREATEST.unsigned_abs()) => {
                Some("the numbers of JavaScript do not have all integers of its labels")
            }
            _ => None,
        }
    }

    fn head(&self, notes: &[String], out: &mut Text<'_>) {
        for note in notes {
            let _ = writeln!(out, "// {}", in_one_line(note));
        }
        out.push_str("//\n// Each function takes one row, and throws an Error for a row that is refused.\n\n");
        out.push_str(self.helpers().section("math"));
        out.push('\n');
    }

    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>) {
        let _ = writeln!(out, "const {name} = [");
        match &constant.elements {
            Elements::F64(values) => in_lines(values.iter().map(|value| self.number(value.value())), "  ", out),
            Elements::I64(values) => in_lines(values.iter().map(ToString::to_string), "  ", out),
            Elements::Bool(values) => in_lines(values.iter().map(|&value| self.truth(value)), "  ", out),
            Elements::Str(values) => in_lines(values.iter().map(|value| self.text(value)), "  ", out),
        }
        out.push_str("];\n\n");
    }

    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>) {
        let _ = writeln!(out, "const {name} = new Map([");
        in_lines(places.iter().map(|(text, number)| format!("[{}, {number}]", self.text(text))), "  ", out);
        out.push_str("]);\n\n");
    }

    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "const {name} = {{");
        for (table, values) in tables.integers() {
            let _ = writeln!(out, "  {table}: new Int32Array([");
            in_lines(values.map(|value| value.to_string()), "    ", out);
            out.push_str("  ]),\n");
        }
        for (table, values) in tables.numbers() {
            let _ = writeln!(out, "  {table}: new Float64Array([");
            in_lines(values.map(|value| self.number(value)), "    ", out);
            out.push_str("  ]),\n");
        }
        out.push_str("};\n\n");
    }

    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "function {name}(x) {{");
        body.write(self, "  ", out);
        out.push_str("}\n\n");
    }

    fn is_nan(&self, x: &str) -> String {
        format!("Number.isNaN({x})")
    }

    fn comment(&self, text: &str) -> String {
        format!(" // {}", in_one_line(text))
    }

    fn begin(&self, function: &Function, out: &mut Text<'_>) {
        for (at, Input { name, .. }) in function.columns() {
            let _ = writeln!(out, "// column{at}: {}", in_one_line(name));
        }
        if function.outputs.len() > 1 {
            let names: Vec<&str> = function.outputs.iter().map(|output| output.name.as_str()).collect();
            let _ = writeln!(out, "// Returns {}.", in_one_line(&names.join(", ")));
        }
        if let Some(length) = function.table() {
            let _ = writeln!(out, "// x: {length} numbers");
            let _ = writeln!(out, "export function {}(x) {{", function.method.name());
            return;
        }
        let parameters = (0..function.inputs.len()).map(|at| format!("column{at}"));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "export function {}({parameters}) {{", function.method.name());
        for (at, _) in function.columns() {
            let _ = writeln!(out, "  const x{at} = [column{at}];");
        }
    }

    fn end(&self, function: &Function, out: &mut Text<'_>) {
        let values = function.outputs.iter().map(|output| {
            let from = name(function, output.array);
            if output.is_one { format!("{from}[0]") } else { format!("Array.from({from})") }
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let _ = match function.outputs.len() {
            1 => writeln!(out, "  return {values};\n}}\n"),
            _ => writeln!(out, "  return [{values}];\n}}\n"),
        };
    }

    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut Text<'_>) {
        let kind = match dtype {
            DType::F64 => "Float64Array",
            // Its elements are rounded when they are set.
            DType::F32 => "Float32Array",
            DType::I64 | DType::Bool | DType::Str => "Array",
        };
        let _ = writeln!(out, "  const {name} = new {kind}({length});");
    }

    fn elements(&self, name: &str, _: DType, length: usize, value: &str, out: &mut Text<'_>) {
        let _ = match length {
            1 => writeln!(out, "  {name}[0] = {value};"),
            _ => writeln!(out, "  for (let i = 0; i < {length}; i++) {name}[i] = {value};"),
        };
    }

    fn call(&self, helper: Helper, _: DType, arguments: &[String], out: &mut Text<'_>) {
        let own = match helper {
            Helper::ArgMax => "argMax",
            Helper::ArgMin => "argMin",
            Helper::Copy => "copy",
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
        let (to, from) = arguments.split_at(helper.results());
        let _ = writeln!(out, "  {own}({}, {});", from.join(", "), to.join(", "));
    }

    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>) {
        if !nested {
            let _ = writeln!(out, "  trees({from}, {forest}, {to});");
            return;
        }
        for tree in 0..trees {
            let _ = writeln!(out, "  {to}[{tree}] = {forest}_tree{tree}({from});");
        }
    }

    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut Text<'_>) {
        let _ = writeln!(out, "  for (let i = 0; i < {length}; i++) {to}[i] = {encoder}.get({from}[i]) ?? -1;");
    }

    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>) {
        let reason = self.text(&format!("refused: {reason}"));
        let _ = writeln!(out, "  if ({condition}[0]) throw new Error({reason});");
    }

    fn number(&self, value: f64) -> String {
        match value {
            value if value.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            value => format!("{value:?}"),
        }
    }

    fn truth(&self, value: bool) -> String {
        value.to_string()
    }

    fn text(&self, value: &str) -> String {
        let mut text = String::from("\"");
        for unit in value.encode_utf16() {
            match char::from_u32(u32::from(unit)) {
                Some('"') => text.push_str("\\\""),
                Some('\\') => text.push_str("\\\\"),
                // `</script>` ends a script in a page.
                Some(character @ (' '..=';' | '='..='~')) => text.push(character),
                _ => {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
        text.push('"');
        text
    }

    fn apply(&self, function: Apply, arguments: &[String]) -> String {
        let a = arguments.first().map_or("", String::as_str);
        let b = arguments.get(1).map_or("", String::as_str);
        match function {
            Apply::Abs => format!("Math.abs({a})"),
            Apply::Cast(_, DType::Bool) => format!("Number({a}) !== 0"),
            Apply::Cast(_, DType::F32) => format!("Math.fround({a})"),
            Apply::Cast(_, DType::F64) => format!("Number({a})"),
            // There is no negative zero among integers.
            Apply::Cast(_, _) => format!("Math.trunc({a}) + 0"),
            Apply::Ceil => format!("Math.ceil({a})"),
            Apply::Cos => format!("Math.cos({a})"),
            Apply::Equal | Apply::EqualText => format!("{a} === {b}"),
            Apply::Exp => format!("Math.exp({a})"),
            Apply::Floor => format!("Math.floor({a})"),
            Apply::IsInf => format!("Math.abs({a}) === Infinity"),
            Apply::IsNaN => format!("Number.isNaN({a})"),
            Apply::Log => format!("Math.log({a})"),
            Apply::Pow => format!("power({a}, {b})"),
            Apply::Round => format!("roundEven({a})"),
            Apply::Sign => format!("Math.sign({a}) + 0"),
            Apply::Sin => format!("Math.sin({a})"),
            Apply::Sqrt => format!("Math.sqrt({a})"),
            Apply::Tanh => format!("Math.tanh({a})"),
            other => infix(other, arguments),
        }
    }

    fn divided(&self, a: &str, b: usize) -> String {
        format!("Math.floor({a} / {b})")
    }
}
