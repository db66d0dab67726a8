//! `DerivedField` and the expressions in it.

use super::expression::{Expr, ExprId, Scalar, is_comparison};
use super::names::Names;
use super::xml::{Xml, number};
use crate::graph::DType;

/// The field that an expression became.
pub(super) fn derived_field(xml: &mut Xml<'_>, names: &Names<'_>, id: ExprId) {
    let (optype, dtype) = match names.expressions.dtype_of(id) {
        DType::F64 | DType::I64 => ("continuous", "double"),
        DType::F32 => ("continuous", "float"),
        DType::Bool => ("categorical", "boolean"),
        DType::Str => ("categorical", "string"),
    };
    xml.open("DerivedField", &[("name", names.of(id)), ("optype", optype), ("dataType", dtype)]);
    write(xml, names, id);
    xml.close();
}

/// An expression, whose parts that are no fields nest in it: less deep than the limit of `expression`.
fn write(xml: &mut Xml<'_>, names: &Names<'_>, id: ExprId) {
    match names.expressions.get(id) {
        Expr::Field { name, .. } => xml.empty("FieldRef", &[("field", name)]),
        Expr::Constant(constant) | Expr::Cast(_, constant) => scalar(xml, names, constant),
        Expr::Apply(function, arguments) => {
            // Comparisons with NaN are false in numpy, and all but `!=`.
            let is_compared = is_comparison(function);
            let may_be_missing = is_compared && arguments.iter().any(|x| names.expressions.may_be_missing(x));
            let missing = if *function == "notEqual" { "true" } else { "false" };
            let attributes = [("function", *function), ("mapMissingTo", missing)];
            xml.open("Apply", &attributes[..if may_be_missing { 2 } else { 1 }]);
            arguments.iter().for_each(|argument| scalar(xml, names, argument));
            xml.close();
        }
        Expr::Map { input, table, default, missing } => {
            let (default, missing) = (number(default.value()), number(missing.value()));
            let mut attributes = vec![("outputColumn", "output"), ("dataType", "double")];
            let settings = [("defaultValue", default.as_str()), ("mapMissingTo", &missing)];
            attributes.extend(settings.into_iter().filter(|(_, value)| *value != "NaN"));
            xml.open("MapValues", &attributes);
            if let Scalar::Expr(input) = input {
                xml.empty("FieldColumnPair", &[("field", names.of(*input)), ("column", "input")]);
            }
            xml.open("InlineTable", &[]);
            for (text, value) in table.iter() {
                xml.open("row", &[]);
                xml.text("input", &[], text);
                xml.text("output", &[], &number(value.value()));
                xml.close();
            }
            xml.close();
            xml.close();
        }
    }
}

fn scalar(xml: &mut Xml<'_>, names: &Names<'_>, scalar: &Scalar) {
    match scalar {
        Scalar::Expr(id) if names.has(*id) => xml.empty("FieldRef", &[("field", names.of(*id))]),
        Scalar::Expr(id) => write(xml, names, *id),
        Scalar::Str(text) => xml.text("Constant", &[("dataType", "string")], text),
        Scalar::Bool(value) => xml.text("Constant", &[("dataType", "boolean")], if *value { "true" } else { "false" }),
        number_of => match number_of.constant() {
            Some(value) if !value.is_nan() => xml.text("Constant", &[("dataType", "double")], &number(value)),
            _ => xml.empty("Constant", &[("dataType", "double"), ("missing", "true")]),
        },
    }
}
