//! Defaults of parameters, which the catalog has as Python prints them.

use skiff_files::{Graph, NodeId};

use crate::values;

/// The value that `text` is the `repr` of; `None` for objects that no literal makes.
pub(crate) fn node(graph: &mut Graph, text: &str) -> Option<NodeId> {
    Some(match text {
        "None" => values::none(graph),
        "True" => values::bool(graph, true),
        "False" => values::bool(graph, false),
        "nan" => values::float(graph, f64::NAN),
        "inf" => values::float(graph, f64::INFINITY),
        "-inf" => values::float(graph, f64::NEG_INFINITY),
        // `DictVectorizer`'s dtype.
        "__builtin__.float" => values::global(graph, "builtins", "float"),
        "Memory(cachedir=None)" => values::none(graph),
        _ => return rest(graph, text),
    })
}

fn rest(graph: &mut Graph, text: &str) -> Option<NodeId> {
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return unescaped(inner).map(|inner| values::text(graph, &inner));
    }
    if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return unescaped(inner).map(|inner| values::text(graph, &inner));
    }
    if let Some(inner) = text.strip_prefix("np.float64(").and_then(|text| text.strip_suffix(')')) {
        return rest(graph, inner);
    }
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        let items = inner.split(',').map(str::trim).filter(|item| !item.is_empty());
        let items = items.map(|item| node(graph, item)).collect::<Option<Vec<_>>>()?;
        return Some(values::tuple(graph, items));
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(values::int(graph, value));
    }
    if let Ok(value) = text.parse::<f64>() {
        return Some(values::float(graph, value));
    }
    let (module, name) = text.rsplit_once('.')?;
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
    is_name.then(|| values::global(graph, module, name))
}

/// What a text is whose `repr` holds this between its quotes.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        plain.push(match character {
            '\\' => rest.next().filter(|escaped| matches!(escaped, '\\' | '\'' | '"'))?,
            character => character,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use skiff_files::Scalar;
    use skiff_sklearn::Version;

    use super::*;

    #[test]
    fn literals_are_python_s() {
        let mut graph = Graph::new();
        for (text, expected) in [
            ("None", Scalar::None),
            ("True", Scalar::Bool(true)),
            ("-3", Scalar::Int(-3)),
            ("1e-05", Scalar::Float(1e-5)),
            ("np.float64(2.5)", Scalar::Float(2.5)),
            ("'squared_error'", Scalar::Str("squared_error".to_owned())),
        ] {
            let id = node(&mut graph, text).unwrap();
            assert_eq!(Scalar::read(&graph, id), Ok(Some(expected)), "{text}");
        }
        let pair = node(&mut graph, "(25.0, 75.0)").unwrap();
        assert_eq!(graph.items(pair).unwrap().len(), 2);
        let class = node(&mut graph, "numpy.float64").unwrap();
        assert_eq!(graph.global(class), Some(("numpy", "float64")));
        let pattern = node(&mut graph, r"'\\b\\w+'").unwrap();
        assert_eq!(graph.str_of(pattern), Some(r"\b\w+"));
        for text in ["<factory>", r"'\n'", "LinearModelLoss"] {
            assert_eq!(node(&mut graph, text), None, "{text}");
        }
    }

    #[test]
    fn each_default_of_an_estimator_is_a_literal() {
        let mut graph = Graph::new();
        for path in skiff_sklearn::paths() {
            let class = path.rsplit_once('.').and_then(|(module, name)| skiff_sklearn::class(module, name));
            let Some(class) = class.filter(|class| class.is_estimator()) else { continue };
            for (name, parameter) in class.parameters() {
                for (versions, default) in &parameter.defaults {
                    if let Some(default) = default
                        && versions.contains(Version::NEWEST)
                    {
                        assert!(node(&mut graph, default).is_some(), "{path}: {name}={default}");
                    }
                }
            }
        }
    }
}
