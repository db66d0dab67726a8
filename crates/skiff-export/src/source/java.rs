//! Java 11 and newer.

use std::cell::Cell;
use std::fmt::Write as _;

use super::language::{Helpers, Language, Nested, Tables, in_lines, in_one_line, infix, name};
use super::program::{Apply, Function, Helper, Input};
use crate::graph::{Constant, DType, Elements};
use crate::output::Text;

/// A class writes its tables in methods and constants of at most 64 KiB: longer tables are in classes of their own.
pub(super) struct Java {
    /// How many elements the tables of the class itself have.
    elements: Cell<usize>,
}

/// How many elements the tables of one class have at most: each takes eight bytes of the method that makes them.
const MOST_ELEMENTS: usize = 4_000;
/// How many steps a method has at most.
const MOST_STEPS: usize = 500;

impl Java {
    pub(super) fn new() -> Self {
        Self { elements: Cell::new(0) }
    }

    /// A table in the class, or in classes of its own.
    fn table(&self, kind: &str, name: &str, items: &mut dyn ExactSizeIterator<Item = String>, out: &mut Text<'_>) {
        let length = items.len();
        if self.elements.get() + length <= MOST_ELEMENTS {
            self.elements.set(self.elements.get() + length);
            let _ = writeln!(out, "    private static final {kind}[] {name} = {{");
            in_lines(items, "        ", out);
            out.push_str("    };\n\n");
            return;
        }
        let parts = length.div_ceil(MOST_ELEMENTS).max(1);
        for part in 0..parts {
            let _ = writeln!(out, "    private static final class {name}_part{part} {{");
            let _ = writeln!(out, "        static final {kind}[] values = {{");
            in_lines(items.take(MOST_ELEMENTS), "            ", out);
            out.push_str("        };\n    }\n\n");
        }
        let parts: Vec<String> = (0..parts).map(|part| format!("{name}_part{part}.values")).collect();
        let _ = writeln!(out, "    private static final {kind}[] {name} = joined({});\n", parts.join(", "));
    }
}

fn type_of(dtype: DType) -> &'static str {
    match dtype {
        DType::F64 => "double",
        DType::F32 => "float",
        DType::I64 => "long",
        DType::Bool => "boolean",
        DType::Str => "String",
    }
}

impl Language for Java {
    fn helpers(&self) -> Helpers {
        Helpers { text: include_str!("helpers.java"), marker: "/// " }
    }

    fn refuses(&self, constant: &Constant) -> Option<&'static str> {
        match &constant.elements {
            Elements::Str(texts) if texts.iter().any(|text| text.len() > 20_000) => {
                Some("a string of Java has 64 KiB at most, and one of its texts is too long")
            }
            _ => None,
        }
    }

    fn most_steps(&self) -> Option<(usize, &'static str)> {
        Some((MOST_STEPS, "a method of Java has 64 KiB at most"))
    }

    fn head(&self, notes: &[String], out: &mut Text<'_>) {
        for note in notes {
            let _ = writeln!(out, "// {}", comment(note));
        }
        out.push_str(
            "//\n// Each method takes one row, and throws an IllegalArgumentException for a row that is refused.\n\n\
             public final class Model {\n    private Model() {}\n\n",
        );
        out.push_str(self.helpers().section("math"));
    }

    fn tail(&self, out: &mut Text<'_>) {
        out.push_str("}\n");
    }

    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>) {
        match &constant.elements {
            Elements::F64(values) => {
                self.table("double", name, &mut values.iter().map(|value| self.number(value.value())), out);
            }
            Elements::I64(values) => {
                self.table("long", name, &mut values.iter().map(|&value| self.integer(value)), out);
            }
            Elements::Bool(values) => {
                self.table("boolean", name, &mut values.iter().map(|&value| self.truth(value)), out);
            }
            Elements::Str(values) => self.table("String", name, &mut values.iter().map(|value| self.text(value)), out),
        }
    }

    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>) {
        let texts = &mut places.iter().map(|(text, _)| self.text(text));
        self.table("String", &format!("{name}_texts"), texts, out);
        let numbers = &mut places.iter().map(|(_, number)| self.integer(*number));
        self.table("long", &format!("{name}_numbers"), numbers, out);
        let _ = writeln!(
            out,
            "    private static final java.util.Map<String, Long> {name} = numbered({name}_texts, {name}_numbers);\n"
        );
    }

    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>) {
        for (table, values) in tables.integers() {
            self.table("int", &format!("{name}_{table}"), &mut values.map(|value| value.to_string()), out);
        }
        for (table, values) in tables.numbers() {
            self.table("double", &format!("{name}_{table}"), &mut values.map(|value| self.number(value)), out);
        }
    }

    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "    private static double {name}(double[] x) {{");
        body.write(self, "    ", out);
        out.push_str("    }\n\n");
    }

    fn is_nan(&self, x: &str) -> String {
        format!("Double.isNaN({x})")
    }

    fn comment(&self, text: &str) -> String {
        format!(" // {}", comment(text))
    }

    fn begin(&self, function: &Function, out: &mut Text<'_>) {
        for (at, Input { name, .. }) in function.columns() {
            let _ = writeln!(out, "    // column{at}: {}", comment(name));
        }
        let of = |output: &super::program::Output| {
            format!("{}{}", type_of(output.dtype), if output.is_one { "" } else { "[]" })
        };
        let returned = match &function.outputs[..] {
            [only] => of(only),
            several => {
                let names: Vec<String> =
                    several.iter().map(|output| format!("{} {}", of(output), output.name)).collect();
                let _ = writeln!(out, "    // Returns {}.", comment(&names.join(", ")));
                "Object[]".to_owned()
            }
        };
        let own = function.method.name();
        if let Some(length) = function.table() {
            let _ = writeln!(out, "    // x: {length} numbers");
            let _ = writeln!(out, "    public static {returned} {own}(double[] x) {{");
            return;
        }
        let parameters = function.columns().map(|(at, input)| format!("{} column{at}", type_of(input.dtype)));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "    public static {returned} {own}({parameters}) {{");
        for (at, input) in function.columns() {
            let _ = writeln!(out, "        {}[] x{at} = {{column{at}}};", type_of(input.dtype));
        }
    }

    fn end(&self, function: &Function, out: &mut Text<'_>) {
        let values = function.outputs.iter().map(|output| {
            let from = name(function, output.array);
            if output.is_one { format!("{from}[0]") } else { format!("{from}.clone()") }
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let _ = match function.outputs.len() {
            1 => writeln!(out, "        return {values};\n    }}\n"),
            _ => writeln!(out, "        return new Object[] {{{values}}};\n    }}\n"),
        };
    }

    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut Text<'_>) {
        let kind = type_of(dtype);
        let _ = writeln!(out, "        {kind}[] {name} = new {kind}[{length}];");
    }

    fn elements(&self, name: &str, dtype: DType, length: usize, value: &str, out: &mut Text<'_>) {
        let value = if dtype == DType::F32 { format!("(float) ({value})") } else { value.to_owned() };
        let _ = match length {
            1 => writeln!(out, "        {name}[0] = {value};"),
            _ => writeln!(out, "        for (int i = 0; i < {length}; i++) {name}[i] = {value};"),
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
        let _ = writeln!(out, "        {own}({});", arguments.join(", "));
    }

    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>) {
        if !nested {
            let tables = Tables::NAMES.map(|table| format!("{forest}_{table}"));
            let _ = writeln!(out, "        trees({to}, {from}, {});", tables.join(", "));
            return;
        }
        for tree in 0..trees {
            let _ = writeln!(out, "        {to}[{tree}] = {forest}_tree{tree}({from});");
        }
    }

    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut Text<'_>) {
        let _ = writeln!(
            out,
            "        for (int i = 0; i < {length}; i++) {to}[i] = {encoder}.getOrDefault({from}[i], -1L);"
        );
    }

    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>) {
        let reason = self.text(&format!("refused: {reason}"));
        let _ = writeln!(out, "        if ({condition}[0]) throw new IllegalArgumentException({reason});");
    }

    fn number(&self, value: f64) -> String {
        match value {
            value if value.is_nan() => "Double.NaN".to_owned(),
            f64::INFINITY => "Double.POSITIVE_INFINITY".to_owned(),
            f64::NEG_INFINITY => "Double.NEGATIVE_INFINITY".to_owned(),
            value => format!("{value:?}"),
        }
    }

    fn integer(&self, value: i64) -> String {
        format!("{value}L")
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
                // `\u000a` would end the line: javac reads it before it reads the string.
                Some('\n') => text.push_str("\\n"),
                Some('\r') => text.push_str("\\r"),
                Some(character @ ' '..='~') => text.push(character),
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
            Apply::Cast(DType::Bool, DType::Bool) => a.to_owned(),
            Apply::Cast(DType::Bool, to) => format!("({}) ({a} ? 1 : 0)", type_of(to)),
            Apply::Cast(_, DType::Bool) => format!("{a} != 0"),
            Apply::Cast(_, to) => format!("({}) {a}", type_of(to)),
            Apply::Ceil => format!("Math.ceil({a})"),
            Apply::Cos => format!("StrictMath.cos({a})"),
            Apply::EqualText => format!("{a}.equals({b})"),
            Apply::Equal => format!("{a} == {b}"),
            Apply::Exp => format!("StrictMath.exp({a})"),
            Apply::Floor => format!("Math.floor({a})"),
            Apply::IsInf => format!("Double.isInfinite({a})"),
            Apply::IsNaN => format!("Double.isNaN({a})"),
            Apply::Log => format!("StrictMath.log({a})"),
            Apply::Pow => format!("power({a}, {b})"),
            Apply::Round => format!("Math.rint({a})"),
            Apply::Sign => format!("Math.signum({a}) + 0.0"),
            Apply::Sin => format!("StrictMath.sin({a})"),
            Apply::Sqrt => format!("Math.sqrt({a})"),
            Apply::Tanh => format!("StrictMath.tanh({a})"),
            other => infix(other, arguments),
        }
    }

    fn divided(&self, a: &str, b: usize) -> String {
        format!("{a} / {b}")
    }
}

/// A text that does not end the line it is in: javac reads `\u000a` as the end of a line in comments as well.
fn comment(text: &str) -> String {
    in_one_line(text).replace('\\', "/")
}
