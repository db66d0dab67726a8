//! Passports and recorded rows of a real file, and what becomes of them when somebody changes them.

use skiff::passport::{MOST_DEPTH, Passport};
use skiff::verify::{Digest, Outcome, Rows, Verified};
use skiff::{File, Limits, Options, Verification, VerifyOptions, verify_bytes};
use skiff_files::write::{self, SkiffOptions};
use skiff_files::{ModelFile, Node};
use skiff_testing::damage::Noise;
use skiff_testing::memory::peak_of;
use skiff_testing::panics::catch;
use skiff_testing::{edit, workspace};

/// What the file of some kilobytes may take, whatever is in it.
const MOST_MEMORY: usize = 64 << 20;
/// When the process is ended, rather than the machine.
const FAR_TOO_MUCH: usize = 4 << 30;

fn example() -> ModelFile {
    skiff_files::open(&workspace("examples/passengers.skiff"), &Limits::default()).expect("the example")
}

/// The file with another passport, and with what its graph has now.
fn written(file: &ModelFile, passport: Option<&str>) -> Option<Vec<u8>> {
    let mut samples = file.graph.clone();
    samples.set_root(file.samples.expect("recorded rows"));
    let mut bytes = Vec::new();
    let options = SkiffOptions { passport, samples: Some(&samples), ..SkiffOptions::default() };
    write::skiff(&file.graph, &options, &mut bytes).ok()?;
    Some(bytes)
}

fn verified(bytes: Vec<u8>) -> Verification {
    verify_bytes(bytes, &VerifyOptions::default()).expect("a file")
}

fn outcomes(found: &Verification) -> Vec<(&str, &Outcome)> {
    match &found.rows {
        Rows::Replayed { methods, .. } => {
            methods.iter().map(|replay| (replay.method.as_str(), &replay.outcome)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_example_is_verified() {
    let found = skiff::verify(workspace("examples/passengers.skiff"), &VerifyOptions::default()).unwrap();
    assert_eq!((found.verdict(), &found.digest), (Verified::Yes, &Digest::Whole));
    let methods: Vec<_> = outcomes(&found).iter().map(|(method, _)| *method).collect();
    assert_eq!(methods, ["predict", "predict_proba", "predict_log_proba", "decision_function"]);
    assert!(matches!(found.rows, Rows::Replayed { rows: 10, .. }));
}

#[test]
fn its_passport_is_read() {
    let file = File::open(workspace("examples/passengers.skiff"), &Options::default()).unwrap();
    let passport = file.passport().unwrap().unwrap();
    assert_eq!(passport.created(), Some("2025-11-25T00:00:00Z"));
    assert!(passport.versions().contains(&("scikit-learn", "1.9.1")));
    let [scores] = &passport.scores()[..] else { panic!("one score") };
    assert_eq!((scores.name, scores.folds.len()), ("accuracy", 5));
    assert_eq!(passport.notes(), Some("The passengers are invented.\nSo is the ship."));
    assert_eq!(file.inspect().passport, Some(passport));
}

#[test]
fn every_flipped_bit_is_found() {
    let whole = std::fs::read(workspace("examples/passengers.skiff")).unwrap();
    // Every byte once, each bit in turn.
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        match verify_bytes(damaged, &VerifyOptions::default()) {
            Ok(found) => assert_ne!(found.verdict(), Verified::Yes, "byte {at}"),
            // It does not even look like a `.skiff` any more, or like one of a version to come.
            Err(error) => assert!(at < 40 || error.code() == "unsupported-format", "byte {at}: {error}"),
        }
    }
}

#[test]
fn another_answer_is_told_with_its_place() {
    let mut file = example();
    // The first number of the second recorded answer: predict_proba.
    file.graph.set_root(file.samples.unwrap());
    edit::set_element(&mut file.graph, "['answers'][1]['value']['array']", 3, None, 0.25);
    file.graph.set_root(example().graph.root());
    let found = verified(written(&file, None).unwrap());
    assert_eq!((found.verdict(), &found.digest), (Verified::No, &Digest::Whole));
    for (method, outcome) in outcomes(&found) {
        match outcome {
            Outcome::Differs { difference, largest } => {
                let element = difference.element().unwrap();
                assert_eq!((method, element.row, element.column), ("predict_proba", 1, 1));
                assert_eq!((element.expected.as_str(), element.count, element.of), ("0.25", 1, 20));
                assert!(*largest > 0.0);
            }
            other => assert!(method != "predict_proba" && matches!(other, Outcome::Equal { .. }), "{method} {other:?}"),
        }
    }
}

#[test]
fn what_cannot_be_asked_is_told() {
    let mut file = example();
    file.graph.set_root(file.samples.unwrap());
    let text = edit::text(&mut file.graph, "predict_tomorrow");
    edit::put(&mut file.graph, "['answers'][0]['method']", text);
    edit::put(&mut file.graph, "['answers'][1]['value']", Node::None);
    file.graph.set_root(example().graph.root());
    let found = verified(written(&file, None).unwrap());
    assert_eq!(found.verdict(), Verified::CouldNot);
    let why: Vec<_> = outcomes(&found)
        .into_iter()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::CannotReplay(why) => Some(why.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(why.len(), 2);
    assert!(why[0].starts_with("no method `predict_tomorrow`"), "{}", why[0]);
    assert_eq!(why[1], "it has no `kind`");
    // Another version of the rows is not guessed at.
    file.graph.set_root(file.samples.unwrap());
    edit::put(&mut file.graph, "['version']", Node::Int(2));
    file.graph.set_root(example().graph.root());
    let found = verified(written(&file, None).unwrap());
    assert_eq!(found.rows, Rows::CannotReplay("expected version 1 of recorded rows, found 2".to_owned()));
}

#[test]
fn other_files_have_nothing_to_verify() {
    let found = skiff::verify(workspace("examples/passengers.joblib"), &VerifyOptions::default()).unwrap();
    assert_eq!(found, Verification { signature: None, digest: Digest::Missing, rows: Rows::None });
    assert_eq!(found.verdict(), Verified::CouldNot);
}

#[test]
fn a_hostile_passport_costs_little() {
    let file = example();
    let deep = format!("{{\"notes\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let many = format!("{{\"notes\": [{}1]}}", "1,".repeat(1_000_000));
    let long = format!("{{\"notes\": \"{}\"}}", "x".repeat(8 << 20));
    let names = format!("{{{}\"a\": 1}}", "\"a\": {}, ".repeat(60_000));
    for (passport, is_shown) in [(deep, false), (many, false), (long, false), (names, true)] {
        let bytes = written(&file, Some(&passport)).unwrap();
        let look = || {
            let file = File::read(bytes.clone(), &Options::default()).unwrap();
            let inspection = file.inspect();
            assert_eq!(inspection.passport.is_some(), is_shown);
            assert_eq!(inspection.unusual.is_empty(), is_shown);
            inspection.passport.map(|passport| passport.summary())
        };
        let (outcome, peak) = peak_of(FAR_TOO_MUCH, || catch(look));
        outcome.unwrap();
        assert!(peak < 2 * MOST_MEMORY, "{} MiB", peak >> 20);
    }
    assert!(
        Passport::parse(&format!("{{\"a\": {}1{}}}", "[".repeat(MOST_DEPTH + 1), "]".repeat(MOST_DEPTH + 1))).is_err()
    );
}

/// Recorded rows with something changed: they are replayed, or it is said why not; nothing panics or takes much memory.
/// `SKIFF_EDITS=5000` edits as often.
#[test]
fn edited_rows_are_replayed_or_refused() {
    let edits: u64 = std::env::var("SKIFF_EDITS").ok().and_then(|edits| edits.parse().ok()).unwrap_or(400);
    let whole = example();
    // The dict of the samples is read first of all that is theirs, and that behind the model.
    let first = whole.samples.unwrap().index();
    let own: Vec<_> = whole.graph.ids().filter(|id| id.index() >= first).collect();
    let mut verdicts = [0; 3];
    for round in 0..edits {
        let mut noise = Noise::new((round + 1).wrapping_mul(0x9e37_79b9));
        let mut file = example();
        let mut done = Vec::new();
        for _ in 0..=noise.below(2) {
            let id = own[noise.below(own.len())];
            done.push(edit::edit(&mut file.graph, id, &mut noise));
        }
        let Some(bytes) = written(&file, None) else { continue };
        let (outcome, peak) = peak_of(FAR_TOO_MUCH, || {
            catch(|| verify_bytes(bytes, &VerifyOptions::default()).map(|found| found.verdict()))
        });
        assert!(peak < MOST_MEMORY, "round {round}, {done:?}: {} MiB", peak >> 20);
        match outcome.unwrap_or_else(|place| panic!("round {round}, {done:?}: {place}")) {
            Ok(Verified::Yes) => verdicts[0] += 1,
            Ok(Verified::No) => verdicts[1] += 1,
            Ok(Verified::CouldNot) | Err(_) => verdicts[2] += 1,
        }
    }
    assert!(verdicts.iter().all(|&count| count > 0), "{verdicts:?}");
}

/// Boosting starts from the odds of a first estimator, which computes in `float32`: near 0 and 1 their rounding is as
/// large as what is left of them.
#[test]
fn boosting_from_a_first_estimator_is_verified() {
    for name in ["gradient-boosting-gaussian-nb.skiff", "gradient-boosting-logistic-regression.skiff"] {
        let path = workspace("fixtures/answers").join(name);
        let found = skiff::verify(&path, &VerifyOptions::default()).unwrap();
        assert_eq!(found.verdict(), Verified::Yes, "{name}: {:?}", found.rows);

        // A model that answers otherwise is not, though it be by a ten-thousandth of the log-odds.
        let mut file = skiff_files::open(&path, &Limits::default()).expect("a file");
        edit::change_array(&mut file.graph, "estimators_[0].tree_.values", |bytes| {
            for value in bytes.as_chunks_mut::<8>().0 {
                *value = (f64::from_le_bytes(*value) + 1e-3).to_le_bytes();
            }
        });
        let changed = verified(written(&file, None).expect("a file"));
        assert_eq!(changed.verdict(), Verified::No, "{name}: {:?}", changed.rows);
    }
}
