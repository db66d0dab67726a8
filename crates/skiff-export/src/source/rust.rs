//! Rust, without the standard library.

use std::fmt::Write as _;

use super::language::{Helpers, Language, Nested, Row, Tables, in_lines, in_one_line, infix, name};
use super::program::{Apply, Function, Helper, Input, Output};
use crate::graph::{Constant, DType, Elements};
use crate::output::Text;

pub(super) struct Rust;

fn type_of(dtype: DType) -> &'static str {
    match dtype {
        DType::F64 => "f64",
        DType::F32 => "f32",
        DType::I64 => "i64",
        DType::Bool => "bool",
        DType::Str => "&str",
    }
}

/// What an array is filled with first.
fn nothing(dtype: DType) -> &'static str {
    match dtype {
        DType::F64 => "0.0_f64",
        DType::F32 => "0.0_f32",
        DType::I64 => "0_i64",
        DType::Bool => "false",
        DType::Str => "\"\"",
    }
}

/// A table.
fn table(kind: &str, name: &str, items: impl ExactSizeIterator<Item = String>, out: &mut Text<'_>) {
    let _ = writeln!(out, "static {name}: [{kind}; {}] = [", items.len());
    in_lines(items, "    ", out);
    out.push_str("];\n\n");
}

impl Language for Rust {
    fn helpers(&self) -> Helpers {
        Helpers { text: include_str!("helpers_rust.txt"), marker: "/// " }
    }

    fn refuses_function(&self, function: &Function) -> Option<&'static str> {
        let has = |apply| function.applies().any(|own| own == apply);
        (has(Apply::Sin) || has(Apply::Cos)).then_some("Rust has no sines without its standard library")
    }

    fn head(&self, notes: &[String], out: &mut Text<'_>) {
        for note in notes {
            let _ = writeln!(out, "// {}", in_one_line(note));
        }
        out.push_str(
            "//\n// Each function takes one row, and returns an error for a row that is refused. No standard library, no \
             allocation.\n\n#![allow(dead_code, non_upper_case_globals, unused_assignments, unused_mut, unused_parens, \
             unused_variables)]\n#![allow(clippy::all, clippy::pedantic, clippy::nursery)]\n\n/// Why a row is refused.\n\
             #[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub struct Refused(pub &'static str);\n\n",
        );
        out.push_str(self.helpers().section("math"));
        out.push('\n');
    }

    fn constant(&self, name: &str, constant: &Constant, out: &mut Text<'_>) {
        match &constant.elements {
            Elements::F64(values) => table("f64", name, values.iter().map(|value| self.number(value.value())), out),
            Elements::I64(values) => table("i64", name, values.iter().map(ToString::to_string), out),
            Elements::Bool(values) => table("bool", name, values.iter().map(|&value| self.truth(value)), out),
            Elements::Str(values) => table("&str", name, values.iter().map(|value| self.text(value)), out),
        }
    }

    fn encoder(&self, name: &str, places: &[(String, i64)], out: &mut Text<'_>) {
        let items = places.iter().map(|(text, number)| format!("({}, {number})", self.text(text)));
        table("(&str, i64)", name, items, out);
    }

    fn tables(&self, name: &str, tables: &Tables<'_>, out: &mut Text<'_>) {
        let splits = tables.splits().map(|Row { feature, threshold, flags, left, right }| {
            let threshold = self.number(threshold);
            format!(
                "Split {{ threshold: {threshold}, feature: {feature}, left: {left}, right: {right}, flags: {flags} }}"
            )
        });
        table("Split", &format!("{name}_splits"), splits, out);
        table("f64", &format!("{name}_leaves"), tables.leaves().map(|leaf| self.number(leaf)), out);
        table("i32", &format!("{name}_roots"), tables.roots().map(|root| root.to_string()), out);
        table("i32", &format!("{name}_sets"), tables.sets.iter().map(ToString::to_string), out);
        table("f64", &format!("{name}_members"), tables.members.iter().map(|&member| self.number(member)), out);
    }

    fn tree(&self, name: &str, body: &Nested<'_>, out: &mut Text<'_>) {
        let _ = writeln!(out, "fn {name}(x: &[f64]) -> f64 {{");
        body.write(self, "    ", out);
        out.push_str("}\n\n");
    }

    fn is_nan(&self, x: &str) -> String {
        format!("{x}.is_nan()")
    }

    fn opening(&self, condition: &str) -> String {
        format!("if {condition} {{")
    }

    fn comment(&self, text: &str) -> String {
        format!(" // {}", in_one_line(text))
    }

    fn begin(&self, function: &Function, out: &mut Text<'_>) {
        for (at, Input { name, .. }) in function.columns() {
            let _ = writeln!(out, "/// `column{at}`: {}", in_one_line(name));
        }
        let of = |output: &Output| {
            let kind = if output.dtype == DType::Str { "&'a str" } else { type_of(output.dtype) };
            if output.is_one { kind.to_owned() } else { format!("[{kind}; {}]", output.length) }
        };
        let returned = match &function.outputs[..] {
            [only] => of(only),
            several => {
                let names: Vec<&str> = several.iter().map(|output| output.name.as_str()).collect();
                let _ = writeln!(out, "/// Returns {}.", in_one_line(&names.join(", ")));
                format!("({})", several.iter().map(of).collect::<Vec<_>>().join(", "))
            }
        };
        let parameters = match function.table() {
            Some(length) => format!("x: &[f64; {length}]"),
            None => {
                let kind = |dtype| if dtype == DType::Str { "&'a str" } else { type_of(dtype) };
                let all = function.columns().map(|(at, input)| format!("column{at}: {}", kind(input.dtype)));
                all.collect::<Vec<_>>().join(", ")
            }
        };
        let _ = writeln!(out, "pub fn {}<'a>({parameters}) -> Result<{returned}, Refused> {{", function.method.name());
        for (at, _) in function.columns() {
            let _ = writeln!(out, "    let x{at} = &[column{at}];");
        }
    }

    fn end(&self, function: &Function, out: &mut Text<'_>) {
        let values = function.outputs.iter().map(|output| {
            let from = name(function, output.array);
            match (output.is_one, from.starts_with('x')) {
                (true, _) => format!("{from}[0]"),
                (false, true) => format!("*{from}"),
                (false, false) => from,
            }
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let _ = match function.outputs.len() {
            1 => writeln!(out, "    Ok({values})\n}}\n"),
            _ => writeln!(out, "    Ok(({values}))\n}}\n"),
        };
    }

    fn declare(&self, name: &str, dtype: DType, length: usize, out: &mut Text<'_>) {
        let _ = writeln!(out, "    let mut {name} = [{}; {length}];", nothing(dtype));
    }

    fn elements(&self, name: &str, _: DType, length: usize, value: &str, out: &mut Text<'_>) {
        let _ = match length {
            1 => writeln!(out, "    {name}[0] = {value};"),
            _ => writeln!(out, "    for i in 0..{length} {{ {name}[i] = {value}; }}"),
        };
    }

    fn call(&self, helper: Helper, _: DType, arguments: &[String], out: &mut Text<'_>) {
        let own = match helper {
            Helper::Max => "max_of",
            Helper::Min => "min_of",
            Helper::Sum => "sum_of",
            other => other.name(),
        };
        let arrays = helper.results() + helper.inputs();
        let arguments = arguments.iter().enumerate().map(|(at, argument)| {
            if at < helper.results() {
                format!("&mut {argument}")
            } else if at < arrays {
                borrowed(argument)
            } else {
                argument.clone()
            }
        });
        let _ = writeln!(out, "    {own}({});", arguments.collect::<Vec<_>>().join(", "));
    }

    fn trees(&self, to: &str, from: &str, forest: &str, nested: bool, trees: usize, out: &mut Text<'_>) {
        let from = borrowed(from);
        if !nested {
            let tables = ["splits", "leaves", "roots", "sets", "members"].map(|table| format!("&{forest}_{table}"));
            let _ = writeln!(out, "    trees(&mut {to}, {from}, {});", tables.join(", "));
            return;
        }
        for tree in 0..trees {
            let _ = writeln!(out, "    {to}[{tree}] = {forest}_tree{tree}({from});");
        }
    }

    fn encode(&self, to: &str, from: &str, length: usize, encoder: &str, out: &mut Text<'_>) {
        let _ = writeln!(out, "    for i in 0..{length} {{ {to}[i] = number_of(&{encoder}, {from}[i]); }}");
    }

    fn refuse(&self, condition: &str, reason: &str, out: &mut Text<'_>) {
        let reason = self.text(&format!("refused: {reason}"));
        let _ = writeln!(out, "    if {condition}[0] {{ return Err(Refused({reason})); }}");
    }

    fn number(&self, value: f64) -> String {
        match value {
            value if value.is_nan() => "f64::NAN".to_owned(),
            f64::INFINITY => "f64::INFINITY".to_owned(),
            f64::NEG_INFINITY => "f64::NEG_INFINITY".to_owned(),
            value => format!("{value:?}"),
        }
    }

    fn integer(&self, value: i64) -> String {
        format!("{value}_i64")
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
                    let _ = write!(text, "\\u{{{:x}}}", u32::from(character));
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
            Apply::Abs => format!("magnitude({a})"),
            Apply::Cast(DType::Bool, DType::Bool) => a.to_owned(),
            Apply::Cast(DType::Bool, to @ (DType::F64 | DType::F32)) => format!("{a} as u8 as {}", type_of(to)),
            Apply::Cast(DType::F64 | DType::F32, DType::Bool) => format!("{a} != 0.0"),
            Apply::Cast(_, DType::Bool) => format!("{a} != 0"),
            Apply::Cast(_, to) => format!("{a} as {}", type_of(to)),
            Apply::Ceil => format!("ceil({a})"),
            Apply::Cos | Apply::Sin => "f64::NAN".to_owned(),
            Apply::EqualText | Apply::Equal => format!("{a} == {b}"),
            Apply::Exp => format!("exp({a})"),
            Apply::Floor => format!("floor({a})"),
            Apply::IsInf => format!("({a}).is_infinite()"),
            Apply::IsNaN => format!("({a}).is_nan()"),
            Apply::Log => format!("log({a})"),
            Apply::Pow => format!("power({a}, {b})"),
            Apply::Round => format!("round({a})"),
            Apply::Sign => format!("sign({a})"),
            Apply::Sqrt => format!("root({a})"),
            Apply::Tanh => format!("tanh({a})"),
            Apply::Where => format!("if {a} {{ {b} }} else {{ {c} }}"),
            other => infix(other, arguments),
        }
    }

    fn divided(&self, a: &str, b: usize) -> String {
        format!("{a} / {b}")
    }
}

/// An array as an argument. The table is one already, and so are columns.
fn borrowed(array: &str) -> String {
    if array.starts_with('x') { array.to_owned() } else { format!("&{array}") }
}
