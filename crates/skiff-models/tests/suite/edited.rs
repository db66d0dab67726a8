//! Recorded models with one thing changed in their graphs: whatever it was, the model is refused, or it answers; nothing
//! panics, hangs, or takes memory without bounds. `SKIFF_EDITS=200` edits each model as often.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use skiff_files::Graph;
use skiff_models::Model;
use skiff_plan::{Method, evaluate};
use skiff_testing::damage::Noise;
use skiff_testing::memory::peak_of;
use skiff_testing::panics::catch;
use skiff_testing::{Case, edit};

/// What a model of some kilobytes may take, its answers included.
const MOST_MEMORY: usize = 64 << 20;
/// What the names of the columns may take: by a number alone, a file can ask for as many as their own limit allows.
const MOST_NAMES: usize = 1536 << 20;
/// When the process is ended, rather than the machine.
const FAR_TOO_MUCH: usize = 4 << 30;
/// Only to tell a loop that never ends from slow machines.
const MOST_TIME: Duration = Duration::from_secs(20);
/// When the process is ended, rather than waited for.
const FAR_TOO_LONG: Duration = Duration::from_secs(120);

#[test]
fn edited_models_answer_or_are_refused() {
    let edits: usize = std::env::var("SKIFF_EDITS").ok().and_then(|edits| edits.parse().ok()).unwrap_or(12);
    let cases = Case::all();
    let failures: Mutex<BTreeMap<String, (usize, String)>> = Mutex::default();
    cases.par_iter().for_each(|case| {
        let Ok(file) = case.model.open() else { return };
        for round in 0..edits {
            let mut noise = Noise::new(seed(&case.name, round));
            let mut graph = file.graph.clone();
            let ids: Vec<_> = graph.ids().collect();
            let mut edits = Vec::new();
            for _ in 0..=noise.below(2) {
                let id = ids[noise.below(ids.len())];
                edits.push(format!("{id:?} to {}", edit::edit(&mut graph, id, &mut noise)));
            }
            let name = format!("{} round {round}: {}", case.name, edits.join(", "));
            let start = Instant::now();
            let watched = Watched::new(&name);
            let (outcome, peak) = peak_of(FAR_TOO_MUCH, || catch(|| look(case, &graph)));
            let (named, names_peak) = peak_of(FAR_TOO_MUCH, || catch(|| look_at_names(&graph)));
            drop(watched);
            let fail = |what: String| {
                let mut failures = failures.lock().expect("no panic while it is held");
                failures.entry(what).or_insert((0, name.clone())).0 += 1;
            };
            for place in [outcome.err(), named.err()].into_iter().flatten() {
                fail(place);
            }
            if peak > MOST_MEMORY || names_peak > MOST_NAMES {
                fail(format!("{} took {} and {} MiB", case.estimator, peak >> 20, names_peak >> 20));
            }
            if start.elapsed() > MOST_TIME {
                fail(format!("{} took {:?}", case.estimator, start.elapsed()));
            }
        }
    });
    let failures = failures.into_inner().expect("no panic while it is held");
    let lines: Vec<_> =
        failures.iter().map(|(what, (count, first))| format!("{count} × {what}\n    {first}")).collect();
    assert!(failures.is_empty(), "{}", lines.join("\n"));
}

/// By its name, and not its place among all: one case more leaves the edits of the others as they are.
fn seed(case: &str, round: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    (case, round).hash(&mut hasher);
    hasher.finish()
}

/// Reads the model and asks it everything.
fn look(case: &Case, graph: &Graph) {
    let Ok(model) = Model::read(graph, graph.root(), "") else { return };
    let _ = (model.n_features_in(), model.feature_names_in(), model.estimator().classes());
    let mut asked: Vec<&str> = Vec::new();
    for call in &case.calls {
        let Some(input) = &call.input else { continue };
        let Ok(method) = call.method.parse::<Method>() else { continue };
        if asked.iter().filter(|&&name| name == call.method).count() < 2 {
            asked.push(&call.method);
            if let (Ok(plan), Ok(table)) = (model.plan(method, &call.params()), case.table(input)) {
                let _ = (plan.to_string(), evaluate(&plan, &table));
            }
        }
    }
}

fn look_at_names(graph: &Graph) {
    let Ok(model) = Model::read(graph, graph.root(), "") else { return };
    let names: Option<Vec<String>> = model.feature_names_in().map(|names| names.to_vec());
    let _ = (model.feature_names_out(None).is_ok(), model.feature_names_out(names.as_deref()).is_ok());
}

/// What runs now: where it never ends, it is named, and the process with it ends.
struct Watched(#[expect(dead_code, reason = "its end is what counts")] Sender<()>);

impl Watched {
    fn new(name: &str) -> Self {
        let (sender, receiver) = mpsc::channel::<()>();
        let name = name.to_owned();
        std::thread::spawn(move || {
            if receiver.recv_timeout(FAR_TOO_LONG) == Err(RecvTimeoutError::Timeout) {
                // Past what the test runner keeps of each thread until the test has ended.
                let _ = writeln!(std::io::stderr(), "{name} never ends");
                std::process::abort();
            }
        });
        Self(sender)
    }
}
