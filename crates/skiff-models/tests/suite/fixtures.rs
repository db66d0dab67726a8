//! Every recorded case of every scikit-learn: each call answers what that scikit-learn answered, or is refused where it
//! raised. `SKIFF_CASES=tree,1.9.1/svm` runs the cases whose names contain one of the words.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use crate::exceptions::{Calls, TIES, are, exception, migration_exceptions};
use rayon::prelude::*;
use skiff_files::write::{self, SkiffOptions};
use skiff_files::{Bytes, Graph, Limits};
use skiff_migrate::{Refused, Target, migrate};
use skiff_models::lowering::Params;
use skiff_models::{Model, addresses, registry};
use skiff_plan::table::Table;
use skiff_plan::value::{Columns, Value};
use skiff_plan::{Answer, Method, Rank, evaluate};
use skiff_testing::case::Answer as Recorded;
use skiff_testing::rows::{difference_of_rows, same_bits};
use skiff_testing::{Call, Case, Expected, Tolerance, compare};

#[test]
fn every_recorded_answer_is_given() {
    let cases = Case::all();
    let failures: Vec<String> = cases.par_iter().flat_map_iter(|case| failures_of(case, check, true)).collect();
    report(&failures, cases.iter().map(|case| case.calls.len()).sum());
}

#[test]
fn one_row_has_the_same_bits_as_in_a_batch() {
    let cases = Case::all();
    let failures: Vec<String> = cases.par_iter().flat_map_iter(|case| failures_of(case, check_rows, false)).collect();
    report(&failures, cases.iter().map(|case| case.calls.len()).sum());
}

/// A `.skiff` file holds the model as it is, in columns, compressed or not.
#[test]
fn each_model_answers_the_same_out_of_a_skiff_file() {
    // All with trees, whose arrays are taken apart, and some of the others.
    let is_wanted = |number: usize, case: &Case| {
        ["tree", "ensemble"].iter().any(|family| case.name.contains(family)) || number.is_multiple_of(11)
    };
    let cases: Vec<&Case> =
        (1..).zip(Case::all()).filter(|(number, case)| is_wanted(*number, case)).map(|(_, case)| case).collect();
    let failures: Vec<String> = cases.par_iter().flat_map_iter(|case| failures_of(case, check_skiff, false)).collect();
    report(&failures, cases.iter().map(|case| case.calls.len()).sum());
}

/// A model that is rewritten for the newest scikit-learn is one to skiff as well, and answers as before.
#[test]
fn each_model_answers_the_same_after_migration() {
    let newest = Target::parse(NEWEST).expect("a version of the catalog");
    let cases: Vec<&Case> = Case::all().iter().filter(|case| case.sklearn != NEWEST).collect();
    let outcomes: Vec<_> = cases.par_iter().map(|case| migrated_failures(case, &newest)).collect();
    let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let (excepted, failures): (Vec<_>, Vec<_>) =
        outcomes.into_iter().flatten().flatten().partition(|(_, exception)| exception.is_some());
    let failures: Vec<String> = failures.into_iter().map(|(what, _)| what).collect();
    report(&failures, cases.iter().map(|case| case.calls.len()).sum());
    if std::env::var_os("SKIFF_CASES").is_none() {
        let is_stale = |calls: &&Calls| !excepted.iter().any(|(_, exception)| *exception == Some(*calls));
        assert_eq!(migration_exceptions().find(is_stale), None, "no longer an exception");
        assert!(refused * 20 < cases.len(), "{refused} of {} models were refused", cases.len());
    }
}

/// On the way back as well, for rows as those of the fit: older versions take fewer kinds of them.
#[test]
fn each_model_answers_the_same_on_the_way_back() {
    let older = Target::parse("1.0.2").expect("a version of the catalog");
    let families = ["ensemble/", "linear_model/", "model_selection/", "naive_bayes/", "tree/"];
    let is_wanted = |case: &&Case| case.sklearn == NEWEST && families.iter().any(|family| case.name.contains(family));
    let cases: Vec<&Case> = Case::all().iter().filter(is_wanted).collect();
    let outcomes: Vec<_> = cases.par_iter().map(|case| migrated_failures(case, &older)).collect();
    let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let failures: Vec<String> = outcomes.into_iter().flatten().flatten().map(|(what, _)| what).collect();
    report(&failures, cases.iter().map(|case| case.calls.len()).sum());
    if std::env::var_os("SKIFF_CASES").is_none() {
        assert!(refused * 5 < cases.len(), "{refused} of {} models were refused", cases.len());
    }
}

/// A call in words, and the exception that it is.
type Failure = (String, Option<&'static Calls>);

/// The scikit-learn that models are migrated to.
const NEWEST: &str = "1.9.1";

/// The calls of a case that are answered as recorded before a migration and not after it. The start of gradient boosting is
/// told by probabilities since, so that its sums may end in other digits.
fn migrated_failures(case: &Case, target: &Target) -> Result<Vec<Failure>, Refused> {
    let Ok(before) = Opened::read(case) else { return Ok(Vec::new()) };
    let is_back = case.sklearn == NEWEST;
    // Trees that saw missing values, which went where they would have gone unseen.
    if is_back && case.name.ends_with("_missing_left") {
        return Ok(Vec::new());
    }
    let after = Opened { graph: migrate(&before.graph, before.graph.root(), target)?.graph };
    let fails = |call: &Call| {
        let Expected::Answer(expected) = &call.expected else { return None };
        // Of scores of exactly zero the class changed in 1.4; the other method is new in 1.2.
        if is_back && ["predict_joint_log_proba", "staged_predict"].contains(&call.method.as_str()) {
            return None;
        }
        check(case, &before, call).ok()?;
        let tolerance = match tolerance(case, call) {
            Tolerance::Exact if is_back || case.estimator.contains("GradientBoosting") => Tolerance::DOUBLE,
            tolerance => tolerance,
        };
        let found = after.model(&call.at).and_then(|model| ask(case, &model, call));
        let what = match found {
            Ok(found) => difference(expected, &found, tolerance),
            // Older versions raise an error for rows that newer ones take.
            Err(_) if is_back && call.input.as_deref() != Some("rows") => None,
            Err(what) => Some(what),
        };
        let what = what?;
        let input = call.input.as_deref().unwrap_or("-");
        let what = format!("{} {}({input}) {:?}: {what}", case.name, call.method, call.params);
        Some((what, migration_exceptions().find(|calls| are(calls, case, call))))
    };
    Ok(case.calls.iter().filter_map(fails).collect())
}

/// What `registry::tested` says of each class, and with it `docs/supported.md`: `cargo xtask supported` writes it anew.
#[test]
fn what_is_tested_is_as_it_is_said() {
    let cases = Case::all();
    let found: Vec<TestedCall<'_>> = cases.par_iter().flat_map_iter(tested).collect();
    let mut classes: BTreeMap<&str, Tested> = BTreeMap::new();
    for (class, version, method, difference) in &found {
        let Some(class) = registry::find(class) else { continue };
        let tested = classes.entry(class.paths[0]).or_default();
        tested.versions.insert(VersionOrder(version));
        tested.methods.insert(method);
        tested.difference = tested.difference.max(*difference);
    }
    let mut text = String::new();
    for (class, Tested { versions, methods, difference }) in classes {
        let versions = versions.into_iter().map(|version| version.0).collect::<Vec<_>>().join(" ");
        let methods = methods.into_iter().collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "{class}\t{versions}\t{methods}\t{}", power_of_ten(difference));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/tested.txt");
    if std::env::var_os("SKIFF_UPDATE").is_some() {
        std::fs::write(path, text).expect("a file of the repository");
        return;
    }
    let known = std::fs::read_to_string(path).expect("a file of the repository");
    assert!(known == text, "{path} is stale: `cargo xtask supported` writes it anew");
}

/// What the cases say of one class.
#[derive(Default)]
struct Tested<'c> {
    versions: BTreeSet<VersionOrder<'c>>,
    methods: BTreeSet<&'c str>,
    difference: f64,
}

/// `1.10.0` comes after `1.9.1`.
#[derive(PartialEq, Eq)]
struct VersionOrder<'c>(&'c str);

impl Ord for VersionOrder<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let numbers = |version: &str| version.split('.').map(|part| part.parse::<u32>().ok()).collect::<Vec<_>>();
        numbers(self.0).cmp(&numbers(other.0))
    }
}

impl PartialOrd for VersionOrder<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An answer as recorded: the estimator's class, the version, the method, and how far the answer is from the recorded one, as
/// a share of its greatest number.
type TestedCall<'c> = (String, &'c str, &'c str, f64);

fn tested(case: &Case) -> Vec<TestedCall<'_>> {
    match Opened::read(case) {
        Ok(opened) => case.calls.iter().filter_map(|call| tested_call(case, &opened, call)).collect(),
        Err(_) => Vec::new(),
    }
}

fn tested_call<'c>(case: &'c Case, opened: &Opened, call: &'c Call) -> Option<TestedCall<'c>> {
    let Expected::Answer(expected) = &call.expected else { return None };
    let model = opened.model(&call.at).ok()?;
    let found = ask(case, &model, call).ok()?;
    let compared = compare(expected, &found, tolerance(case, call));
    if compared.difference.is_some() || exception(case, call).is_some() {
        return None;
    }
    let share = if compared.largest > 0.0 { compared.largest / expected.greatest() } else { 0.0 };
    Some((model.class().to_owned(), case.name.split('/').next()?, &call.method, share))
}

/// The power of ten that is not below a share.
fn power_of_ten(share: f64) -> String {
    if share == 0.0 { "0".to_owned() } else { format!("1e{}", share.log10().ceil()) }
}

/// Where other neighbours are named among equals, they are as far away as scikit-learn's.
#[test]
fn excepted_neighbours_are_at_the_recorded_distances() {
    let mut compared = 0;
    let mut failures = Vec::new();
    for case in Case::all() {
        let calls = case.calls.iter().filter(|call| call.method == "kneighbors" && exception(case, call) == Some(TIES));
        for call in calls {
            let Expected::Answer(Recorded::List(expected)) = &call.expected else { continue };
            let answer =
                Opened::read(case).and_then(|opened| opened.model(&call.at)).and_then(|model| ask(case, &model, call));
            let what = match answer {
                Ok(Answer::Tuple(found)) => difference(&expected[0], &found[0], tolerance(case, call)),
                other => Some(format!("{other:?}")),
            };
            compared += 1;
            failures.extend(what.map(|what| format!("{} {:?}: {what}", case.name, call.input)));
        }
    }
    report(&failures, compared);
}

/// What differs first, in words.
fn difference(expected: &Recorded, found: &Answer, tolerance: Tolerance) -> Option<String> {
    compare(expected, found, tolerance).difference.map(|difference| difference.to_string())
}

/// Runs `check` over a case's calls and lists failures. With `excepted`, exceptions must fail; otherwise they may.
fn failures_of(
    case: &Case,
    check: impl Fn(&Case, &Opened, &Call) -> Result<(), String>,
    excepted: bool,
) -> Vec<String> {
    let opened = match Opened::read(case) {
        Ok(opened) => opened,
        Err(error) => return vec![format!("{}: {error}", case.name)],
    };
    let is_fulfilled = |call: &Call| check(case, &opened, call).is_ok();
    // A file may hold several estimators, of which an exception names no one.
    let every_estimator_is = |call: &Call| {
        let same = |other: &&Call| (&other.method, &other.input) == (&call.method, &call.input);
        case.calls.iter().filter(same).all(is_fulfilled)
    };
    let fails = |call: &Call| {
        let outcome = check(case, &opened, call);
        let input = call.input.as_deref().unwrap_or("-");
        match (outcome, exception(case, call)) {
            (Ok(()), None) | (Err(_), Some(_)) => None,
            // An input may be excepted in every case, also where scikit-learn refuses it too.
            (Ok(()), Some(_)) if !excepted || matches!(call.expected, Expected::Error { .. }) => None,
            (Ok(()), Some(_)) if !every_estimator_is(call) => None,
            (Ok(()), Some(reason)) => {
                Some(format!("{} {}({input}) is no longer an exception: {reason}", case.name, call.method))
            }
            (Err(what), None) => Some(format!("{} {}({input}) {:?}: {what}", case.name, call.method, call.params)),
        }
    };
    case.calls.iter().filter_map(fails).collect()
}

/// An opened case.
struct Opened {
    graph: Graph,
}

impl Opened {
    fn read(case: &Case) -> Result<Self, String> {
        let file = case.model.open().map_err(|error| error.to_string())?;
        Ok(Self { graph: file.graph })
    }

    fn model(&self, at: &str) -> Result<Arc<Model>, String> {
        let graph = &self.graph;
        let node = addresses::resolve(graph, graph.root(), at).map_err(|error| error.to_string())?;
        Model::read(graph, node, at).map_err(|error| error.to_string())
    }
}

/// Whether the call answers as recorded.
fn check(case: &Case, opened: &Opened, call: &Call) -> Result<(), String> {
    let outcome = opened.model(&call.at).and_then(|model| ask(case, &model, call));
    match (&call.expected, outcome) {
        (Expected::Error { .. }, Err(_)) => Ok(()),
        // The same state can be asked by a method that only later versions have.
        (Expected::Error { message, .. }, Ok(_)) if message.contains("has no attribute") && case.sklearn != NEWEST => {
            Ok(())
        }
        (Expected::Error { kind, message }, Ok(_)) => {
            Err(format!("answered, where scikit-learn raises {kind}: {}", message.lines().next().unwrap_or_default()))
        }
        (Expected::Answer(_), Err(what)) => Err(what),
        (Expected::Answer(expected), Ok(found)) => match difference(expected, &found, tolerance(case, call)) {
            None => Ok(()),
            Some(what) => Err(what),
        },
    }
}

fn ask(case: &Case, model: &Model, call: &Call) -> Result<Answer, String> {
    if matches!(call.method.as_str(), "get_feature_names_out" | "get_feature_names") {
        let input = call.params.values().next();
        let input = input.and_then(|names| names.as_array());
        let input: Option<Vec<String>> =
            input.map(|names| names.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect());
        let names = model.feature_names_out(input.as_deref()).map_err(|error| error.to_string())?;
        return Ok(Answer::One(Value::Texts(names.iter().collect()), Rank::One));
    }
    if call.input.is_none()
        && let Some(answer) = model.estimator().without_rows(&call.method, &call.params())
    {
        return Ok(answer);
    }
    let method: Method = call.method.parse().map_err(|error| format!("{error}"))?;
    if method == Method::Sample {
        let count = call.params().count("n_samples").unwrap_or(1);
        let plan = model.plan(method, &Params::default()).map_err(|error| error.to_string())?;
        let rows = Columns::new(count, None, Vec::new()).map_err(|error| error.to_string())?;
        return evaluate(&plan, &Table::Columns(rows)).map_err(|error| error.to_string());
    }
    let plan = model.plan(method, &call.params()).map_err(|error| error.to_string())?;
    let name = call.input.as_deref().ok_or("a call without input")?;
    evaluate(&plan, &case.table(name)?).map_err(|error| error.to_string())
}

/// Trees and their sums are exact; what goes through `exp` and `log` is not, and neither are products of matrices.
/// Where `float32` comes in, some step on the way rounds to it, even if `float64` goes out.
fn tolerance(case: &Case, call: &Call) -> Tolerance {
    let method = call.method.as_str();
    let class = case.estimator.rsplit('.').next().unwrap_or_default();
    let forest = ["DecisionTree", "ExtraTree", "RandomForest"].iter().any(|prefix| class.starts_with(prefix));
    let boosting = class.contains("GradientBoosting");
    let regressor = class.ends_with("Regressor");
    // A first estimator of another family answers as that family does; its linear models are fitted to float32 rows.
    let init = case.name.contains("gradient_boosting_init") || case.name.contains("gradient_boosting_regressor_init");
    if boosting && init {
        return Tolerance::SINGLE;
    }
    let exact = (forest && method != "predict_log_proba")
        || (boosting && matches!(method, "decision_function" | "staged_decision_function" | "apply"))
        || (class.starts_with("GradientBoosting") && regressor);
    match call.input.as_deref() {
        _ if exact => Tolerance::Exact,
        Some(input) if case.is_single(input) => Tolerance::SINGLE,
        _ => Tolerance::DOUBLE,
    }
}

/// Whether the model answers the same bits when it went through a `.skiff` file.
fn check_skiff(case: &Case, opened: &Opened, call: &Call) -> Result<(), String> {
    let expected = opened.model(&call.at).and_then(|model| ask(case, &model, call));
    for compression in [None, Some(1)] {
        let options = SkiffOptions { compression, ..SkiffOptions::default() };
        let mut bytes = Vec::new();
        write::skiff(&opened.graph, &options, &mut bytes).map_err(|error| error.to_string())?;
        let file =
            skiff_files::read(Bytes::from(bytes), None, &Limits::default()).map_err(|error| error.to_string())?;
        let found = Opened { graph: file.graph }.model(&call.at).and_then(|model| ask(case, &model, call));
        match (&expected, &found) {
            (Ok(expected), Ok(found)) if same_bits(expected, found) => {}
            (Err(expected), Err(found)) if expected == found => {}
            _ => return Err(format!("{found:?} out of a .skiff ({compression:?}), {expected:?} before")),
        }
    }
    Ok(())
}

/// Whether each row alone has the bits that it has in the batch.
fn check_rows(case: &Case, opened: &Opened, call: &Call) -> Result<(), String> {
    if exception(case, call).is_some() {
        return Err("an exception, whose rows are not compared".to_owned());
    }
    let (Expected::Answer(Recorded::Array(_) | Recorded::List(_) | Recorded::Sparse(_)), Some(input)) =
        (&call.expected, &call.input)
    else {
        return Ok(());
    };
    let Ok(method) = call.method.parse::<Method>() else { return Ok(()) };
    let model = opened.model(&call.at)?;
    let plan = model.plan(method, &call.params()).map_err(|error| error.to_string())?;
    if plan.needs_batch() {
        return Ok(());
    }
    let table = case.table(input)?;
    let together = evaluate(&plan, &table).map_err(|error| error.to_string())?;
    difference_of_rows(&plan, &table, &together).map_or(Ok(()), Err)
}

fn report(failures: &[String], calls: usize) {
    let mut text = String::new();
    for failure in failures.iter().take(200) {
        let _ = writeln!(text, "{failure}");
    }
    assert!(failures.is_empty(), "{text}{} of {calls} calls failed", failures.len());
}
