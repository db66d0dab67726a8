//! What `inspect` shows of a passport, and what `verify` answers.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value as Json;
use skiff_testing::command::example;

fn skiff(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments).output().expect("the command runs")
}

/// What the command prints, and its exit status.
fn answer(arguments: &[&str]) -> (String, i32) {
    let output = skiff(arguments);
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code().expect("an exit status"))
}

/// A file of that name and content, for this run alone.
fn file(name: &str, content: &[u8]) -> String {
    let path = std::env::temp_dir().join(format!("skiff-{}-{name}", std::process::id())).display().to_string();
    fs::write(&path, content).expect("a file");
    path
}

#[test]
fn inspect_shows_the_passport() {
    let (text, status) = answer(&["inspect", &example("passengers.skiff")]);
    assert_eq!(status, 0);
    let passport = text.split("\npassport:\n").nth(1).expect("a passport");
    for line in [
        "  created: 2025-11-25T00:00:00Z\n",
        "  author: the authors of skiff\n",
        "  estimator: sklearn.pipeline.Pipeline\n",
        "  data: passengers.csv, file, ",
        "  source: make.py, sha256 ",
        "  cross-validation: accuracy 0.",
        " in 5 folds, StratifiedKFold(n_splits=5, random_state=0, shuffle=True)\n",
        "  metrics: accuracy on the training data 0.",
        "  recorded: 10 rows with the results of predict, predict_proba, predict_log_proba, decision_function\n",
        "  notes: The passengers are invented.\n    So is the ship.\n",
    ] {
        assert!(passport.contains(line), "{line:?} in {passport}");
    }
    let (text, status) = answer(&["inspect", &example("passengers.joblib")]);
    assert!(status == 0 && !text.contains("\npassport:"), "{text}");
}

#[test]
fn inspect_shows_hyperparameters_that_are_not_the_defaults() {
    let (text, status) = answer(&["inspect", &example("digits-forest.joblib")]);
    let shown = |text: &str, what: &str| text.contains(&format!("{what}="));
    assert!(status == 0 && text.contains("RandomForestClassifier("), "{text}");
    assert!(shown(&text, "random_state") && !shown(&text, "bootstrap"), "{text}");
    let (text, status) = answer(&["inspect", "--all", &example("digits-forest.joblib")]);
    assert!(status == 0 && shown(&text, "random_state") && shown(&text, "bootstrap"), "{text}");
}

#[test]
fn inspect_gives_the_passport_to_programs() {
    let (text, _) = answer(&["inspect", "--format", "json", &example("passengers.skiff")]);
    let json: Json = serde_json::from_str(&text).expect("JSON");
    let passport = &json["passport"];
    assert_eq!(passport["version"], 1);
    assert_eq!(passport["cross_validation"]["scores"]["accuracy"]["folds"].as_array().map(Vec::len), Some(5));
    assert_eq!(passport["estimator"]["parameters"]["model__C"], 1.0);
    let (text, _) = answer(&["inspect", "--format", "json", &example("passengers.joblib")]);
    let json: Json = serde_json::from_str(&text).expect("JSON");
    assert!(json["passport"].is_null());
}

#[test]
fn inspect_makes_a_page_that_runs_nothing() {
    let (html, status) = answer(&["inspect", "--format", "html", &example("passengers.skiff")]);
    assert_eq!(status, 0);
    assert!(html.starts_with("<!DOCTYPE html>\n") && html.ends_with("</html>\n"));
    for part in
        ["<b>LogisticRegression</b>", "<h2>Passport</h2>", "The passengers are invented.\nSo is the ship.", "survived"]
    {
        assert_eq!(html.contains(part), part != "survived", "{part}");
    }
    for nothing in ["<script", "http:", "https:", "src=", "url(", "javascript"] {
        assert!(!html.contains(nothing), "{nothing}");
    }
    for tag in ["table", "div", "details", "body", "html", "h2"] {
        let count = |text: &str| html.matches(text).count();
        let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
        assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
    }
}

/// A list of one estimator, whose hyperparameter is markup and moves the cursor: a pickle of protocol 0.
const HOSTILE: &[u8] = b"ccopyreg\n_reconstructor\n(csklearn.svm._classes\nSVC\nc__builtin__\nobject\nNtR\
    (dVkernel\nV<script>alert(1)</script>&\"\\u001b[2J\\u202e\nsb.";

#[test]
fn what_a_file_says_does_not_reach_the_terminal_or_the_page_raw() {
    let model = file("hostile.pkl", HOSTILE);
    let (text, _) = answer(&["inspect", &model]);
    assert!(text.contains("kernel='<script>alert(1)</script>&\"\\u{1b}[2J\\u{202e}'"), "{text}");
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
    let (html, _) = answer(&["inspect", "--format", "html", &model]);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;"), "{html}");
    assert!(!html.contains("<script") && html.chars().all(|character| character == '\n' || !character.is_control()));
}

#[test]
fn verify_says_yes() {
    let (text, status) = answer(&["verify", &example("passengers.skiff")]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("passengers.skiff: verified\n  digest: matches\n"), "{text}");
    assert!(text.contains("  recorded rows: 10\n    predict: matches\n    predict_proba: matches"), "{text}");
    let (text, status) = answer(&["verify", "--format", "json", &example("passengers.skiff")]);
    let json: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &json["verdict"], &json["digest"]), (0, &"verified".into(), &"whole".into()));
    assert_eq!(json["rows"]["count"], 10);
    assert_eq!(
        json["rows"]["methods"][0],
        serde_json::json!({"method": "predict", "outcome": "equal", "largest": 0.0})
    );
}

#[test]
fn verify_says_no_to_a_flipped_bit() {
    let mut bytes = fs::read(example("passengers.skiff")).expect("the example");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = file("flipped.skiff", &bytes);
    let (text, status) = answer(&["verify", &damaged]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains(": modified\n  digest: does not match"), "{text}");
    let (text, status) = answer(&["verify", "--format", "json", &damaged]);
    let json: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!((status, &json["verdict"], &json["rows"]), (1, &"differs".into(), &Json::Null));
}

#[test]
fn verify_says_what_it_cannot_tell() {
    let (text, status) = answer(&["verify", &example("passengers.joblib")]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains(
        "passengers.joblib: incomplete: not everything could be verified\n  digest: none: only .skiff files have one"
    ));
    assert!(text.contains("  recorded rows: none\n"), "{text}");
    let output = skiff(&["verify", &example("nowhere.skiff")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error[unreadable-file]: "));
}
