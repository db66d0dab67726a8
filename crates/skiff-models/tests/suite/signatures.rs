//! For every recorded call with a result, the plan's signature has the dtypes and shapes of the result.

use rayon::prelude::*;
use skiff_models::{Model, addresses};
use skiff_plan::types::ValueType;
use skiff_plan::{Answer, Method, OutputType, evaluate};
use skiff_testing::{Call, Case};

#[test]
fn the_signature_of_every_recorded_call_is_that_of_its_answer() {
    let cases = Case::all();
    let outcomes: Vec<_> =
        cases.par_iter().flat_map_iter(|case| case.calls.iter().map(move |call| check(case, call))).collect();
    let failures: Vec<&String> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    let (known, unknown) = outcomes.iter().flatten().fold((0, 0), |(known, unknown), outcome| match outcome {
        Outcome::Known => (known + 1, unknown),
        Outcome::Unknown => (known, unknown + 1),
        Outcome::NoAnswer => (known, unknown),
    });
    println!("{known} signatures agree, {unknown} depend on the rows");
    let listed: Vec<&str> = failures.iter().take(4000).map(|failure| failure.as_str()).collect();
    assert!(failures.is_empty(), "{} of {known} signatures differ:\n{}", failures.len(), listed.join("\n"));
    assert!(unknown * 50 <= known, "{unknown} signatures depend on the rows, {known} before");
}

/// What became of a call.
enum Outcome {
    /// The signature agrees with the answer.
    Known,
    /// Some of it is known only with the rows.
    Unknown,
    /// There is no answer of a method with rows to compare with.
    NoAnswer,
}

fn check(case: &Case, call: &Call) -> Result<Outcome, String> {
    let (Ok(method), Some(input)) = (call.method.parse::<Method>(), &call.input) else { return Ok(Outcome::NoAnswer) };
    let Ok(table) = case.table(input) else { return Ok(Outcome::NoAnswer) };
    let file = case.model.open().map_err(|error| error.to_string())?;
    let plan = addresses::resolve(&file.graph, file.graph.root(), &call.at)
        .ok()
        .and_then(|node| Model::read(&file.graph, node, &call.at).ok())
        .and_then(|model| model.plan(method, &call.params()).ok());
    let Some(plan) = plan else { return Ok(Outcome::NoAnswer) };
    let Ok(answer) = evaluate(&plan, &table) else { return Ok(Outcome::NoAnswer) };
    let place = format!("{} {method}({input}) {:?}", case.name, call.params);
    let signature = plan.signature(&ValueType::of(&table.block(0, 0))).map_err(|error| format!("{place}: {error}"))?;
    match agrees(&signature.output, &answer) {
        Some(true) => Ok(Outcome::Known),
        None => Ok(Outcome::Unknown),
        Some(false) => Err(format!("{place}: expected {}, found {}", signature.output, describe(&answer))),
    }
}

/// Whether an answer is of a type; `None` where the type is known only with the rows.
fn agrees(expected: &OutputType, found: &Answer) -> Option<bool> {
    let all = |expected: &[OutputType], found: &[Answer]| {
        if expected.len() != found.len() {
            return Some(false);
        }
        expected.iter().zip(found).try_fold(true, |all, (expected, found)| Some(all && agrees(expected, found)?))
    };
    match (expected, found) {
        (OutputType::One(ValueType::Unknown, _), Answer::One(..)) => None,
        (OutputType::One(expected, rank), Answer::One(value, found)) => {
            Some(rank == found && *expected == ValueType::of(value))
        }
        (OutputType::Constant(count), Answer::One(value, _)) => Some(*count == value.rows()),
        (OutputType::List(expected), Answer::List(found)) | (OutputType::Tuple(expected), Answer::Tuple(found)) => {
            all(expected, found)
        }
        _ => Some(false),
    }
}

fn describe(answer: &Answer) -> String {
    match answer {
        Answer::One(value, rank) => OutputType::One(ValueType::of(value), *rank).to_string(),
        Answer::List(items) | Answer::Tuple(items) => items.iter().map(describe).collect::<Vec<_>>().join(", "),
    }
}
