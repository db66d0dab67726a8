//! Every recorded case of the newest scikit-learn is a document that refers to nothing that is not there, or is refused.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use rayon::prelude::*;
use skiff_models::Model;
use skiff_models::addresses;
use skiff_plan::Method;
use skiff_testing::Case;

use super::pmml;
use crate::{ExportError, ExportOptions, Target};

/// What the recorded cases are of.
const NEWEST: &str = "1.9.1/";

/// The attributes that name a field, by element.
const REFERENCES: &[(&str, &str)] = &[
    ("FieldRef", "field"),
    ("NumericPredictor", "name"),
    ("SimplePredicate", "field"),
    ("SimpleSetPredicate", "field"),
    ("FieldColumnPair", "field"),
    ("ClusteringField", "field"),
    ("KNNInput", "field"),
    ("InstanceField", "field"),
    ("NormDiscrete", "field"),
    ("MiningField", "name"),
];

/// The elements that declare a field.
const DECLARATIONS: &[&str] = &["DataField", "DerivedField", "OutputField"];

fn of_case(name: &str, at: &str) -> Result<String, ExportError> {
    let case = Case::named(name);
    let file = case.model.open().expect("a recorded model");
    let node = addresses::resolve(&file.graph, file.graph.root(), at).expect("a model");
    let model = Model::read(&file.graph, node, at).expect("a model");
    let mut bytes = Vec::new();
    pmml(&model, &ExportOptions::default(), &mut bytes)?;
    Ok(String::from_utf8(bytes).expect("text"))
}

/// The elements of a document, which is well-formed.
fn elements(text: &str) -> Vec<BytesStart<'static>> {
    let mut reader = Reader::from_str(text);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(start) | Event::Empty(start) => elements.push(start.into_owned()),
            Event::Eof => return elements,
            _ => {}
        }
    }
}

fn attribute(element: &BytesStart<'_>, key: &str) -> Option<String> {
    let attribute = element.try_get_attribute(key).expect("attributes")?;
    Some(attribute.unescape_value().expect("an escaped value").into_owned())
}

/// What is wrong with the names in a document.
fn undeclared(text: &str) -> Option<String> {
    let elements = elements(text);
    let name = |element: &BytesStart<'_>| String::from_utf8_lossy(element.name().as_ref()).into_owned();
    let mut declared = HashSet::new();
    for element in elements.iter().filter(|element| DECLARATIONS.contains(&name(element).as_str())) {
        declared.extend(attribute(element, "name"));
    }
    for element in &elements {
        for (own, key) in REFERENCES.iter().filter(|(own, _)| *own == name(element)) {
            let field = attribute(element, key).unwrap_or_default();
            if !declared.contains(&field) {
                return Some(format!("{own} of `{field}`, which is no field"));
            }
        }
    }
    None
}

#[test]
fn documents_are_whole_and_refusals_say_what_to_do() {
    let cases: Vec<&Case> = Case::all().iter().filter(|case| case.name.starts_with(NEWEST)).collect();
    let outcomes: Vec<Result<(String, Vec<Method>), String>> = cases
        .par_iter()
        .flat_map_iter(|case| {
            let file = case.model.open().expect("a recorded model");
            let places: BTreeSet<&str> = case.calls.iter().map(|call| call.at.as_str()).collect();
            places
                .into_iter()
                .filter_map(|at| {
                    let node = addresses::resolve(&file.graph, file.graph.root(), at).ok()?;
                    let model = Model::read(&file.graph, node, at).ok()?;
                    let class = case.estimator.rsplit('.').next().unwrap_or_default().to_owned();
                    let mut bytes = Vec::new();
                    match pmml(&model, &ExportOptions::default(), &mut bytes) {
                        Ok(exported) => {
                            let text = String::from_utf8(bytes).expect("text");
                            Some(match undeclared(&text) {
                                Some(what) => Err(format!("{}: {what}", case.name)),
                                None => Ok((class, exported.methods)),
                            })
                        }
                        Err(ExportError::Operator { reason, .. } | ExportError::Signature { reason, .. }) => {
                            let says = reason.ends_with("; export it to ONNX or source code instead");
                            (!says).then(|| Err(format!("{}: {reason}", case.name)))
                        }
                        Err(ExportError::Call(_) | ExportError::Nothing { .. }) => None,
                        Err(other) => Some(Err(format!("{}: {other}", case.name))),
                    }
                })
                .collect::<Vec<_>>()
        })
        .collect();
    let mut exported: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut failures = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok((class, methods)) => {
                exported.entry(class).or_default().extend(methods.iter().map(ToString::to_string));
            }
            Err(what) => failures.push(what),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    if std::env::var_os("SKIFF_CASES").is_none() {
        for (estimator, methods) in Target::Pmml.estimators() {
            let own = exported.get(estimator);
            let untrue = methods.iter().find(|method| !own.is_some_and(|own| own.contains(**method)));
            assert!(untrue.is_none(), "data/pmml.txt lists `{untrue:?}` of {estimator}, which is not exported");
        }
    }
}

#[test]
fn classes_and_columns_may_have_any_name_that_xml_has() {
    let mut bytes = Vec::new();
    let mut xml = super::xml::Xml::new(&mut bytes);
    xml.empty("DataField", &[("name", "a <b> & \"c\"\n\t'd'")]);
    assert_eq!(xml.finish().expect("a vector takes all bytes"), None);
    let text = String::from_utf8(bytes).expect("text");
    assert_eq!(attribute(&elements(&text)[0], "name").as_deref(), Some("a <b> & \"c\"\n\t'd'"));
    let mut bytes = Vec::new();
    let mut xml = super::xml::Xml::new(&mut bytes);
    xml.empty("DataField", &[("name", "a\u{1}")]);
    assert_eq!(xml.finish().expect("a vector takes all bytes"), Some('\u{1}'));
}

#[test]
fn numbers_are_the_shortest_that_are_the_same_double() {
    for value in [0.1, 1e-300, 5e-324, -2.5, 1e22, f64::MAX, 123_456_789.125] {
        assert_eq!(super::xml::number(value).parse::<f64>().map(f64::to_bits), Ok(value.to_bits()));
    }
    assert_eq!(super::xml::number(1.0), "1.0");
}

#[test]
fn several_outputs_are_refused() {
    let error = of_case("1.9.1/linear_model/linear_regression_multi_output", "").expect_err("several targets");
    assert!(error.to_string().contains("a PMML model has one target"), "{error}");
}
