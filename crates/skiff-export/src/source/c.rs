//! C99.

use std::fmt::Write as _;

use super::language::{Helpers, Language, Nested, Row, Tables, in_lines, in_one_line, infix, name};
use super::nodes::{Node, Nodes};
use super::program::{Apply, Function, Helper, Input};
use crate::graph::{Constant, DType, Elements, Forest, Step as Branch};
use crate::output::Text;

pub(super) struct C;

fn type_of(dtype: DType) -> &'static str {
    match dtype {
        DType::F64 => "double",
        DType::F32 => "float",
        DType::I64 => "int64_t",
        DType::Bool => "bool",
        DType::Str => "const char *",
    }
}

/// The declaration of an array.
fn array_of(dtype: DType, name: &str, length: usize) -> String {
    let space = if dtype == DType::Str { "" } else { " " };
    format!("{}{space}{name}[{}]", type_of(dtype), length.max(1))
}

impl Language for C {
    fn helpers(&self) -> Helpers {
        Helpers { text: include_str!("helpers.c"), marker: "/// " }
    }

    fn refuses(&self, constant: &Constant) -> Option<&'static str> {
        match &constant.elements {
            Elements::Str(texts) if texts.iter().any(|text| text.contains('\0')) => {
                Some("the strings of C end with a zero, and one of its texts has one")
            }
            _ => None,
        }
    }

    fn head(&self, notes: &[String], out: &mut Text<'_>) {
        for note in notes {
            let _ = writeln!(out, "/* {} */", comment(note));
        }
        out.push_str(
            "\n/* Compile without contraction of floating-point expressions (-ffp-contract=off) for the last bits.\n   \
             Each function takes one row, and returns 0, or -1 for a row that is refused. */\n\n\
             #include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n#include <string.h>\n\n",
        );
    }

    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>) {
        match &constant.elements {
            Elements::F64(values) => {
                table(name, DType::F64, values.iter().map(|value| self.number(value.value())), out);
            }
            Elements::I64(values) => table(name, DType::I64, values.iter().map(ToString::to_string), out),
            Elements::Bool(values) => table(name, DType::Bool, values.iter().map(|&value| self.truth(value)), out),
            Elements::Str(values) => table(name, DType::Str, values.iter().map(|value| self.text(value)), out),
        }
    }

    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>) {
        table(name, DType::Str, places.iter().map(|(text, _)| self.text(text)), out);
        table(&format!("{name}_numbers"), DType::I64, places.iter().map(|(_, number)| number.to_string()), out);
    }

    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "static double {name}(const double *x) {{");
        if matches!(body.root, Branch::Leaf(_)) {
            out.push_str("    (void)x;\n");
        }
        body.write(self, "    ", out);
        out.push_str("}\n\n");
    }

    fn tree_helper(&self, forest: &Forest) -> Helper {
        if forest.sets.is_empty() { Helper::Trees } else { Helper::CategoryTrees }
    }

    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>) {
        let count = tables.forest.trees.len();
        let begin = format!("static void {name}(double *to, const double *x) {{");
        if self.tree_helper(tables.forest) == Helper::Trees {
            let nodes = Nodes::of(tables.forest);
            let rows_of = nodes
                .iter()
                .map(|Node { threshold, column, left }| format!("{{{}, {column}, {left}}}", self.number(threshold)));
            rows(&format!("struct node {name}_nodes"), nodes.len(), rows_of, "{0, 0, 0}", out);
            let columns = nodes.columns();
            let n_columns = columns.len();
            rows(&format!("int32_t {name}_columns"), n_columns, columns.map(|column| column.to_string()), "0", out);
            let depths = nodes.depths();
            let texts = depths.iter().map(ToString::to_string);
            rows(&format!("int32_t {name}_depths"), depths.len(), texts, "0", out);
            let _ = writeln!(
                out,
                "{begin}\n    double compared[{}];\n    choose(compared, x, {n_columns}, {name}_columns);\n    \
                 trees(to, compared, {count}, {name}_nodes, {name}_depths);\n}}\n",
                n_columns + 1
            );
            return;
        }
        let splits = tables.splits().map(|Row { feature, threshold, flags, left, right }| {
            format!("{{{}, {feature}, {left}, {right}, {flags}}}", self.number(threshold))
        });
        table_of(&format!("struct split {name}_splits"), splits, "{0, 0, 0, 0, 0}", out);
        table_of(&format!("double {name}_leaves"), tables.leaves().map(|leaf| self.number(leaf)), "0", out);
        table_of(&format!("int32_t {name}_roots"), tables.roots().map(|root| root.to_string()), "0", out);
        table_of(&format!("int32_t {name}_sets"), tables.sets.iter().map(ToString::to_string), "0", out);
        table_of(&format!("double {name}_members"), tables.members.iter().map(|&member| self.number(member)), "0", out);
        let tables = ["splits", "leaves", "roots", "sets", "members"].map(|table| format!("{name}_{table}"));
        let _ = writeln!(out, "{begin}\n    category_trees(to, x, {count}, {});\n}}\n", tables.join(", "));
    }

    fn is_nan(&self, x: &str) -> String {
        format!("isnan({x})")
    }

    fn comment(&self, text: &str) -> String {
        format!(" /* {} */", comment(text))
    }

    fn begin(&self, function: &Function, out: &mut Text<'_>) {
        let is_table = function.table().is_some();
        let mut parameters: Vec<String> = Vec::new();
        for (at, Input { name: own, dtype, length }) in function.inputs.iter().enumerate() {
            parameters.push(match is_table {
                true => format!("const {}", array_of(*dtype, "x", *length)),
                false => {
                    let space = if *dtype == DType::Str { "" } else { " " };
                    let _ = writeln!(out, "/* column{at}: {} */", comment(own));
                    format!("{}{space}column{at}", type_of(*dtype))
                }
            });
        }
        let count = function.outputs.len();
        for (at, output) in function.outputs.iter().enumerate() {
            let own = if count == 1 { "out".to_owned() } else { format!("out{at}") };
            if count > 1 {
                let _ = writeln!(out, "/* {own}: {} */", comment(&output.name));
            }
            // One element is returned by a pointer to it, a list in an array.
            parameters.push(match output.is_one {
                true => format!("{} *{own}", type_of(output.dtype).trim_end_matches(' ')),
                false => array_of(output.dtype, &own, output.length),
            });
        }
        let _ = writeln!(out, "int {}({}) {{", function.method.name(), parameters.join(", "));
        if is_table {
            out.push_str("    (void)x;\n");
        }
        for (at, input) in function.columns() {
            let _ = writeln!(out, "    {} = {{column{at}}};", array_of(input.dtype, &format!("x{at}"), 1));
            let _ = writeln!(out, "    (void)x{at};");
        }
    }

    fn end(&self, function: &Function, out: &mut Text<'_>) {
        let count = function.outputs.len();
        for (at, output) in function.outputs.iter().enumerate() {
            let own = if count == 1 { "out".to_owned() } else { format!("out{at}") };
            let from = name(function, output.array);
            let length = output.length;
            let _ = match output.is_one {
                true => writeln!(out, "    *{own} = {from}[0];"),
                false => writeln!(out, "    for (int i = 0; i < {length}; i++) {own}[i] = {from}[i];"),
            };
        }
        out.push_str("    return 0;\n}\n\n");
    }

    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut Text<'_>) {
        let _ = writeln!(out, "    {};", array_of(dtype, name, length));
    }

    fn elements(&self, name: &str, _: DType, length: usize, value: &str, out: &mut Text<'_>) {
        let _ = match length {
            1 => writeln!(out, "    {name}[0] = {value};"),
            _ => writeln!(out, "    for (int i = 0; i < {length}; i++) {name}[i] = {value};"),
        };
    }

    fn call(&self, helper: Helper, dtype: DType, arguments: &[String], out: &mut Text<'_>) {
        // Helpers that move elements of any type know their size.
        let (own, size) = match helper {
            Helper::ArgMax => ("arg_max", false),
            Helper::ArgMin => ("arg_min", false),
            Helper::Copy => ("copy", true),
            Helper::CumSum if dtype == DType::F32 => ("cum_sum_single", false),
            Helper::CumSum => ("cum_sum", false),
            Helper::Gather => ("gather", true),
            Helper::GatherElements => ("gather_elements", true),
            Helper::LastArgMax => ("last_arg_max", false),
            Helper::MatMul => ("matmul", false),
            Helper::Max if dtype == DType::I64 => ("max_integer", false),
            Helper::Max => ("max_of", false),
            Helper::Min => ("min_of", false),
            Helper::Sum if dtype == DType::I64 => ("sum_integers", false),
            Helper::Sum => ("sum", false),
            Helper::TopK => ("top_k", false),
            Helper::Trees => ("trees", false),
            Helper::CategoryTrees => ("category_trees", false),
        };
        let arguments = arguments.join(", ");
        let size = if size { format!(", sizeof({})", type_of(dtype).trim_end()) } else { String::new() };
        let _ = writeln!(out, "    {own}({arguments}{size});");
    }

    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>) {
        if nested {
            for tree in 0..trees {
                let _ = writeln!(out, "    {to}[{tree}] = {forest}_tree{tree}({from});");
            }
            return;
        }
        let _ = writeln!(out, "    {forest}({to}, {from});");
    }

    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut Text<'_>) {
        let _ = writeln!(
            out,
            "    for (int i = 0; i < {length}; i++) {{\n        {to}[i] = -1;\n        for (size_t j = 0; j < \
             sizeof({encoder}) / sizeof({encoder}[0]); j++)\n            if (strcmp({from}[i], {encoder}[j]) == 0) \
             {{ {to}[i] = {encoder}_numbers[j]; break; }}\n    }}"
        );
    }

    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>) {
        let _ = writeln!(out, "    if ({condition}[0]) return -1; /* {reason} */");
    }

    fn number(&self, value: f64) -> String {
        match value {
            value if value.is_nan() => "NAN".to_owned(),
            f64::INFINITY => "INFINITY".to_owned(),
            f64::NEG_INFINITY => "-INFINITY".to_owned(),
            value => format!("{value:?}"),
        }
    }

    fn truth(&self, value: bool) -> String {
        if value { "true" } else { "false" }.to_owned()
    }

    fn text(&self, value: &str) -> String {
        let mut text = String::from("\"");
        for byte in value.bytes() {
            match byte {
                b'"' => text.push_str("\\\""),
                b'\\' => text.push_str("\\\\"),
                // Trigraphs begin with two question marks.
                b'?' => text.push_str("\\?"),
                b' '..=b'~' => text.push(char::from(byte)),
                byte => {
                    let _ = write!(text, "\\{byte:03o}");
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
            Apply::Abs => format!("fabs({a})"),
            Apply::Cast(_, DType::Bool) => format!("{a} != 0"),
            Apply::Cast(_, to) => format!("({}){a}", type_of(to)),
            Apply::Ceil => format!("ceil({a})"),
            Apply::Cos => format!("cos({a})"),
            Apply::EqualText => format!("strcmp({a}, {b}) == 0"),
            Apply::Exp => format!("exp({a})"),
            Apply::Floor => format!("floor({a})"),
            Apply::IsInf => format!("isinf({a}) != 0"),
            Apply::IsNaN => format!("isnan({a}) != 0"),
            Apply::Log => format!("log({a})"),
            Apply::Pow => format!("pow({a}, {b})"),
            Apply::Round => format!("nearbyint({a})"),
            Apply::Sign => format!("isnan({a}) ? {a} : ({a} > 0) - ({a} < 0)"),
            Apply::Sin => format!("sin({a})"),
            Apply::Sqrt => format!("sqrt({a})"),
            Apply::Tanh => format!("tanh({a})"),
            other => infix(other, arguments),
        }
    }

    fn divided(&self, a: &str, b: usize) -> String {
        format!("{a} / {b}")
    }
}

/// A text that does not end the comment it is in.
fn comment(text: &str) -> String {
    in_one_line(text).replace("*/", "* /").replace("??", "? ?")
}

/// A table of so many items; C has none without any.
fn rows(declaration: &str, count: usize, items: impl Iterator<Item = String>, empty: &str, out: &mut Text<'_>) {
    let _ = writeln!(out, "static const {declaration}[{}] = {{", count.max(1));
    match count {
        0 => in_lines(std::iter::once(empty.to_owned()), "    ", out),
        _ => in_lines(items, "    ", out),
    }
    out.push_str("};\n\n");
}

fn table_of(declaration: &str, items: impl ExactSizeIterator<Item = String>, empty: &str, out: &mut Text<'_>) {
    rows(declaration, items.len(), items, empty, out);
}

/// A table of constants; C has none without elements.
fn table(name: &str, dtype: DType, items: impl ExactSizeIterator<Item = String>, out: &mut Text<'_>) {
    let declaration = match dtype {
        DType::Str => format!("char *const {name}"),
        dtype => format!("{} {name}", type_of(dtype)),
    };
    table_of(&declaration, items, "0", out);
}
