//! Every recorded case of the newest scikit-learn whose plans expand: the graph answers what the evaluator answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use rayon::prelude::*;
use skiff_files::Scalar;
use skiff_models::{Model, addresses};
use skiff_plan::table::{Column, Table};
use skiff_plan::types::ValueType;
use skiff_plan::value::{Columns, NumberType, Precision, Value};
use skiff_plan::{Answer, Method, evaluate};
use skiff_testing::{Call, Case, Expected};

use crate::interpreter::{Data, Ran, Tensor, run};
use crate::model::{ModelGraph, graph};
use crate::{ExportError, Target};

/// What the recorded cases are of.
const NEWEST: &str = "1.9.1/";

/// Distances far from the origin are what a subtraction of squares leaves: scikit-learn's own are no nearer to the true
/// ones, and the order of the sums shows in them.
const CANCELS: &str = "1.9.1/cluster/bisecting_k_means_far";

/// What became of a call.
enum Outcome {
    /// The graph answers the same, for all rows but those that it refuses.
    Same { estimator: String, method: String, distance: f64, rows: usize, refused: usize },
    /// The method cannot be exported, for this reason.
    Refused(String),
    /// The table is none that the graph takes, or scikit-learn raised.
    Skipped,
    /// The graph answers something else.
    Differs(String),
}

#[test]
fn graphs_answer_what_plans_answer() {
    let cases: Vec<&Case> = Case::all().iter().filter(|case| case.name.starts_with(NEWEST)).collect();
    let outcomes: Vec<Outcome> =
        cases.par_iter().flat_map_iter(|case| case.calls.iter().map(|call| outcome(case, call))).collect();
    let (mut pairs, mut estimators) = (BTreeSet::new(), BTreeSet::new());
    let (mut refused, mut failures) = (BTreeMap::<String, usize>::new(), String::new());
    let (mut same, mut largest) = (0, 0.0_f64);
    let (mut answered, mut refused_rows) = (0, 0);
    for outcome in outcomes {
        match outcome {
            Outcome::Same { estimator, method, distance, rows, refused } => {
                same += 1;
                answered += rows - refused;
                refused_rows += refused;
                if rows == refused {
                    continue;
                }
                largest = largest.max(distance);
                if matches!(method.as_str(), "predict" | "transform") {
                    estimators.insert(estimator.clone());
                }
                pairs.insert((estimator, method));
            }
            Outcome::Refused(reason) => *refused.entry(reason).or_default() += 1,
            Outcome::Skipped => {}
            Outcome::Differs(what) => {
                let _ = writeln!(failures, "{what}");
            }
        }
    }
    println!("{same} calls, {} methods, {} estimators, at most {largest:e} apart", pairs.len(), estimators.len());
    println!("{answered} rows answered, {refused_rows} refused");
    for (reason, count) in &refused {
        println!("{count:5} {reason}");
    }
    assert!(failures.is_empty(), "{failures}");
    if std::env::var_os("SKIFF_CASES").is_none() {
        assert!(estimators.len() >= 185, "only {} estimators are exported", estimators.len());
        listed(&pairs);
    }
}

/// Compares the list of what is exported with what was exported here, or writes it and its page anew.
fn listed(pairs: &BTreeSet<(String, String)>) {
    let page = skiff_testing::workspace("docs").join("export.md");
    if std::env::var_os("SKIFF_UPDATE").is_some() {
        let mut list = String::new();
        for (estimator, methods) in methods(pairs) {
            let _ = writeln!(list, "{estimator} {}", methods.join(" "));
        }
        let data = skiff_testing::workspace("crates").join("skiff-export/data/estimators.txt");
        std::fs::write(data, list).expect("the list is written");
        let text = std::fs::read_to_string(&page).expect("the page");
        let (before, _) = text.split_once(HEAD).expect("the page has a table");
        std::fs::write(&page, format!("{before}{}", table(pairs))).expect("the page is written");
        return;
    }
    let text = std::fs::read_to_string(&page).expect("the page");
    let mut known = BTreeSet::new();
    for (estimator, methods) in Target::Onnx.estimators() {
        known.extend(methods.into_iter().map(|method| (estimator.to_owned(), method.to_owned())));
    }
    // A new estimator may be missing there until the list is written again; what it has must be true.
    let untrue: Vec<_> = known.difference(pairs).collect();
    assert!(untrue.is_empty(), "data/estimators.txt lists {untrue:?}, which are not exported");
    assert!(
        text.ends_with(&table(&known)),
        "docs/export.md has another table than data/estimators.txt: run with SKIFF_UPDATE=1"
    );
}

/// The head of the table in `docs/export.md`.
const HEAD: &str = "| estimator | methods |\n";

fn methods(pairs: &BTreeSet<(String, String)>) -> BTreeMap<&str, Vec<&str>> {
    let mut methods: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (estimator, method) in pairs {
        methods.entry(estimator).or_default().push(method);
    }
    methods
}

/// The estimators and their methods, as `docs/export.md` lists them.
fn table(pairs: &BTreeSet<(String, String)>) -> String {
    let mut table = format!("{HEAD}|---|---|\n");
    for (estimator, methods) in methods(pairs) {
        let _ = writeln!(table, "| `{estimator}` | `{}` |", methods.join("`, `"));
    }
    table
}

fn outcome(case: &Case, call: &Call) -> Outcome {
    let name = format!("{} {} {:?}", case.name, call.method, call.input);
    if case.name == CANCELS && call.method == "transform" {
        return Outcome::Skipped;
    }
    // As far from two centers but for what is rounded, in an order of sums that no target promises.
    if case.name.contains("_tenths") && call.method == "predict" {
        return Outcome::Skipped;
    }
    let (Expected::Answer(_), Some(input), true) = (&call.expected, &call.input, call.params.is_empty()) else {
        return Outcome::Skipped;
    };
    let Ok(method) = call.method.parse::<Method>() else { return Outcome::Skipped };
    let Ok(table) = case.table(input) else { return Outcome::Skipped };
    let file = case.model.open().expect("a recorded model");
    let Ok(node) = addresses::resolve(&file.graph, file.graph.root(), &call.at) else { return Outcome::Skipped };
    let Ok(model) = Model::read(&file.graph, node, &call.at) else { return Outcome::Skipped };
    let exported = match graph(&model, Some(&[method])) {
        Ok(exported) => exported,
        Err(ExportError::Operator { operator, reason, .. }) => {
            return Outcome::Refused(format!("{operator}: {reason}"));
        }
        Err(ExportError::Signature { reason, .. }) => return Outcome::Refused(reason),
        Err(ExportError::Call(_)) => return Outcome::Skipped,
        Err(other) => return Outcome::Differs(format!("{name}: {other}")),
    };
    if !is_of_type(&model, method, &table) {
        return Outcome::Skipped;
    }
    let Some(inputs) = tensors(&exported, &table) else { return Outcome::Skipped };
    let plan = model.plan(method, &skiff_models::lowering::Params::default()).expect("it was exported");
    let Ok(expected) = evaluate(&plan, &table) else { return Outcome::Skipped };
    let found = run(&exported.graph, &inputs, table.rows());
    let class = case.estimator.rsplit('.').next().unwrap_or_default().to_owned();
    let exact = is_exact(&class, &call.method);
    match difference(&expected, &found, table.rows(), exact) {
        Ok(distance) => {
            let (rows, refused) = (table.rows(), found.refused.len());
            Outcome::Same { estimator: class, method: call.method.clone(), distance, rows, refused }
        }
        Err(what) => Outcome::Differs(format!("{name}: {what}")),
    }
}

/// Whether a graph takes such a table: of sparse rows scikit-learn sees the stored elements alone, and columns of a graph
/// are in the order of the fit.
fn is_of_type(model: &Model, method: Method, table: &Table<'_>) -> bool {
    match table {
        Table::Sparse(_) => model.signature(method).is_ok_and(|own| matches!(own.input, ValueType::Sparse { .. })),
        Table::Columns(Columns { names: Some(names), .. }) => {
            model.feature_names_in().is_none_or(|own| own[..] == names[..])
        }
        _ => true,
    }
}

/// Whether nothing but trees and their sums is computed.
fn is_exact(class: &str, method: &str) -> bool {
    let forest = ["DecisionTree", "ExtraTree", "RandomForest"].iter().any(|prefix| class.starts_with(prefix));
    let histogram = class.starts_with("HistGradientBoosting");
    (forest && method != "predict_log_proba") || (histogram && method == "decision_function") || method == "apply"
}

/// The inputs of a graph for a table; `None` where the table has another form.
fn tensors(exported: &ModelGraph, table: &Table<'_>) -> Option<HashMap<String, Tensor>> {
    let rows = table.rows();
    let floats = |width: usize, data: Vec<f64>| Tensor { shape: vec![rows, width], data: Data::F64(data) };
    let mut tensors = HashMap::new();
    let block = table.block(0, rows);
    match &block {
        Value::Floats(x, Precision::Double) => {
            if exported.graph.inputs.len() != 1 {
                return None;
            }
            tensors.insert("X".to_owned(), floats(x.cols, x.data.to_vec()));
        }
        Value::Sparse(x) if x.dtype == NumberType::Float(Precision::Double) => {
            tensors.insert("X".to_owned(), floats(x.cols, x.to_dense().data.into_owned()));
        }
        Value::Columns(columns) => {
            let names = columns.names.as_deref().unwrap_or_default();
            let column = |name: &str| {
                let place = names.iter().position(|other| other == name);
                let place = place.or_else(|| name.strip_prefix('x').and_then(|place| place.parse().ok()));
                columns.columns.get(place?)
            };
            #[expect(clippy::cast_precision_loss, reason = "as numpy does")]
            let numbers = |column: &Column<'_>| match column {
                Column::Floats(values, Precision::Double) => Some(values.to_vec()),
                Column::Ints(values, _) => Some(values.iter().map(|&value| value as f64).collect()),
                _ => None,
            };
            for (name, tensor) in &exported.graph.inputs {
                if name == "X" {
                    let all = columns.columns.iter().map(numbers).collect::<Option<Vec<_>>>()?;
                    let data = (0..rows).flat_map(|row| all.iter().map(move |column| column[row])).collect();
                    tensors.insert(name.clone(), floats(all.len(), data));
                    continue;
                }
                let column = column(name)?;
                let data = match exported.graph.type_of(*tensor).dtype {
                    crate::graph::DType::Str => match column {
                        Column::Texts(texts) => Data::Str(texts.iter().map(str::to_owned).collect()),
                        Column::Objects(values) => {
                            let texts: Option<Vec<&str>> = values.iter().map(Scalar::as_str).collect();
                            Data::Str(texts?.into_iter().map(str::to_owned).collect())
                        }
                        _ => return None,
                    },
                    _ => Data::F64(numbers(column)?),
                };
                tensors.insert(name.clone(), Tensor { shape: vec![rows, 1], data });
            }
        }
        _ => return None,
    }
    let is_there = |(name, tensor): &(String, crate::graph::TensorId)| {
        let crate::graph::Dim::Fixed(width) = exported.graph.type_of(*tensor).shape[1] else { return false };
        tensors.get(name).is_some_and(|tensor| tensor.shape[1] == width)
    };
    exported.graph.inputs.iter().all(is_there).then_some(tensors)
}

/// How far the outputs of a graph are from an answer at most, in units of the numbers.
fn difference(expected: &Answer, found: &Ran, rows: usize, exact: bool) -> Result<f64, String> {
    let mut values = Vec::new();
    flatten(expected, &mut values);
    let refused = &found.refused;
    let mut found = found.outputs.iter();
    let mut largest = 0.0_f64;
    for value in values {
        let columns = match value {
            // A table of columns of different types is a tensor for each.
            Value::Columns(columns) if found.len() > 1 => columns.columns.len(),
            _ => 1,
        };
        let tensors: Vec<&Tensor> = found.by_ref().take(columns).map(|(_, tensor)| tensor).collect();
        let expected = scalars(value);
        let sizes = expected.iter().filter_map(Scalar::as_f64).map(f64::abs).filter(|size| size.is_finite());
        let greatest = sizes.fold(0.0, f64::max);
        let of = |tensor: &Tensor, at: usize| match &tensor.data {
            Data::F64(values) => Scalar::Float(values[at]),
            Data::F32(values) => Scalar::Float(f64::from(values[at])),
            Data::I64(values) => Scalar::Int(values[at]),
            Data::Bool(values) => Scalar::Bool(values[at]),
            Data::Str(values) => Scalar::Str(values[at].clone()),
        };
        let width = expected.len() / rows.max(1);
        let answered = expected.iter().enumerate().filter(|(at, _)| !refused.contains(&(at / width.max(1))));
        for (at, expected) in answered {
            let found = of(tensors[at % columns], at / columns);
            largest = largest
                .max(distance(expected, &found, exact, greatest).map_err(|what| format!("element {at}: {what}"))?);
        }
    }
    match found.next() {
        None => Ok(largest),
        Some((name, _)) => Err(format!("an output `{name}` that the answer does not have")),
    }
}

/// The relative distance of two numbers, of which sums that cancel are judged by what they are sums of; 0 for equal
/// labels.
fn distance(expected: &Scalar, found: &Scalar, exact: bool, greatest: f64) -> Result<f64, String> {
    let differs = || format!("expected {expected:?}, found {found:?}");
    match (expected, found) {
        (Scalar::Float(a), Scalar::Float(b)) if a == b || (a.is_nan() && b.is_nan()) => Ok(0.0),
        (Scalar::Float(a), Scalar::Float(b)) => {
            let distance = (a - b).abs() / a.abs().max(1e-3 * greatest).max(1e-6);
            if !exact && distance <= 1e-9 { Ok(distance) } else { Err(differs()) }
        }
        (expected, found) if expected == found => Ok(0.0),
        // A table of integers and truth values may come out as floats.
        (expected, found) if expected.as_f64().is_some() && expected.as_f64() == found.as_f64() => Ok(0.0),
        _ => Err(differs()),
    }
}

fn flatten<'a>(answer: &'a Answer, values: &mut Vec<&'a Value<'static>>) {
    match answer {
        Answer::One(value, _) => values.push(value),
        Answer::List(items) | Answer::Tuple(items) => items.iter().for_each(|item| flatten(item, values)),
    }
}

/// The elements of a value, row by row.
fn scalars(value: &Value<'_>) -> Vec<Scalar> {
    match value {
        Value::Floats(x, _) => x.data.iter().map(|&value| Scalar::Float(value)).collect(),
        Value::Ints(x, _) => x.data.iter().map(|&value| Scalar::Int(value)).collect(),
        Value::Sparse(x) => {
            let dense = x.to_dense();
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
            let scalar = |value: f64| match x.dtype {
                NumberType::Float(_) => Scalar::Float(value),
                NumberType::Int(_) => Scalar::Int(value as i64),
            };
            dense.data.iter().map(|&value| scalar(value)).collect()
        }
        Value::Labels(labels) => labels
            .codes
            .iter()
            .enumerate()
            .map(|(at, &code)| labels.classes[at % labels.cols].get(code as usize).unwrap_or(Scalar::None))
            .collect(),
        Value::Columns(columns) => (0..columns.rows)
            .flat_map(|row| columns.columns.iter().map(move |column| column.get(row).unwrap_or(Scalar::None)))
            .collect(),
        other => panic!("{other:?}"),
    }
}
