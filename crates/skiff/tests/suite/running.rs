//! On how many threads a plan runs, and how it is ended: the answers are the same, and who asked is heard.

use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use skiff::value::Value;
use skiff::{Answer, ErrorKind, EvaluateOptions, File, Interrupt, Limits, Method, Options, Progress, Table};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Rows for the iris classifier, no two of them alike.
fn flowers(rows: u32) -> Table<'static> {
    let number = |at: u32| 0.1 + f64::from(at.wrapping_mul(2_654_435_761) >> 8) / 2_500_000.0;
    Table::from_rows(rows as usize, 4, (0..rows * 4).map(number).collect::<Vec<_>>()).expect("four columns")
}

fn bits(answer: &Answer) -> Vec<u64> {
    match answer.value() {
        Some(Value::Floats(matrix, _)) => matrix.data.iter().map(|value| value.to_bits()).collect(),
        other => panic!("expected numbers, found {other:?}"),
    }
}

#[test]
fn any_number_of_threads_answers_the_same() {
    let model = skiff::open(example("iris-svc.joblib")).expect("a model");
    let plan = model.plan(Method::DecisionFunction).expect("a method");
    let table = flowers(5_000);
    let whole = bits(&skiff::evaluate(&plan, &table, &EvaluateOptions::default()).expect("an answer"));
    for threads in [None, NonZeroUsize::new(1), NonZeroUsize::new(2), NonZeroUsize::new(100)] {
        for watched in [false, true] {
            let watch = |_: Progress| ControlFlow::Continue(());
            let options =
                EvaluateOptions { threads, watch: if watched { Some(&watch) } else { None }, ..Default::default() };
            let answer = skiff::evaluate(&plan, &table, &options).expect("an answer");
            assert_eq!(bits(&answer), whole, "{options:?}");
        }
    }
}

#[test]
fn a_call_ends_between_blocks() {
    let model = skiff::open(example("iris-svc.joblib")).expect("a model");
    let plan = model.plan(Method::DecisionFunction).expect("a method");
    // Minutes of work, in a build for tests.
    let table = flowers(20_000_000);
    for threads in [1, 2] {
        let seen = Mutex::new(Vec::new());
        let watch = |progress: Progress| {
            let mut seen = seen.lock().expect("no panic");
            seen.push(progress);
            if seen.len() < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let options =
            EvaluateOptions { threads: NonZeroUsize::new(threads), watch: Some(&watch), ..Default::default() };
        let error = skiff::evaluate(&plan, &table, &options).expect_err("it was ended");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Interrupted, "interrupted"));
        let seen = seen.into_inner().expect("no panic");
        assert!(seen.iter().all(|progress| progress.rows == 20_000_000 && progress.done < progress.rows), "{seen:?}");
        assert!(seen.is_sorted_by_key(|progress| progress.done), "{seen:?}");
    }
}

#[test]
fn reading_ends_when_the_flag_is_raised() {
    let interrupt = Interrupt::default();
    let options = Options::from(Limits { interrupt: Some(interrupt.clone()), ..Limits::default() });
    let file = File::open(example("digits-forest.joblib"), &options).expect("it is not interrupted");
    interrupt.raise();
    let error = file.model(None).expect_err("it was ended");
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    let error = File::open(example("digits-forest.joblib"), &options).expect_err("it was ended");
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}
