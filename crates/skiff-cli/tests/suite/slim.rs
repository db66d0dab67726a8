//! `skiff slim`: reports, and models that predict as before.

use std::fs;
use std::process::{Command, Output};

use skiff_testing::command::{self, Folder, example};

fn run(arguments: &[&str]) -> Output {
    command::run(Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments), b"")
}

fn out(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn size(path: &str) -> u64 {
    fs::metadata(path).expect("a file").len()
}

#[test]
fn predictions_stay_the_same() {
    let folder = Folder::new("slim-predictions");
    for (model, data) in [
        ("digits-forest.joblib", "digits.csv"),
        ("iris-svc.joblib", "iris.csv"),
        ("spam-filter.joblib", "messages.txt"),
        ("passengers.joblib", "passengers.csv"),
    ] {
        let (model, data) = (example(model), example(data));
        let before = out(&["predict", &model, &data]);
        for name in ["a.skiff", "b.skops", "c.pkl", "d.joblib.lz4"] {
            let slim = folder.file(name);
            out(&["slim", &model, &slim, "--force"]);
            assert_eq!(out(&["predict", &slim, &data]), before, "{model} as {name}");
        }
    }
}

#[test]
fn forests_are_a_third_of_what_joblib_makes_of_them() {
    let folder = Folder::new("slim-size");
    let (slim, xz) = (folder.file("slim.skiff"), folder.file("forest.joblib.xz"));
    out(&["slim", &example("digits-forest.joblib"), &slim]);
    out(&["convert", &example("digits-forest.joblib"), &xz]);
    assert!(size(&slim) * 2 < size(&xz), "{} and {}", size(&slim), size(&xz));
    // What is made smaller already stays as it is.
    let again = folder.file("again.skiff");
    let report = out(&["slim", &slim, &again, "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["trees_with_narrower_thresholds"], 0);
    assert_eq!((&report["before"]["bytes"], &report["after"]["bytes"]), (&size(&slim).into(), &size(&again).into()));
    assert_eq!(fs::read(&slim).expect("a file"), fs::read(&again).expect("a file"));
}

#[test]
fn wrong_options_are_named() {
    let folder = Folder::new("slim-errors");
    let model = example("iris-svc.joblib");
    let fails = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let file = folder.file("a.skiff");
    assert!(fails(&["slim", &model, "-"]).contains("the output must be a file"));
    assert!(fails(&["slim", &model, &file, "--compress", "xz"]).contains("xz"));
    assert!(fails(&["slim", &model, &model, "--force", "--protocol", "9"]).contains("protocol"));
    assert!(fails(&["slim", &model, &folder.file("a.txt")]).contains("extension"));
    assert!(!std::path::Path::new(&file).exists());
}

#[test]
fn changes_are_measured_before_anything_is_written() {
    let folder = Folder::new("slim-measured");
    let (forest, data) = (example("digits-forest.joblib"), example("digits.csv"));
    let file = folder.file("a.skiff");
    let arguments = ["slim", &forest, &file, "--prune-trees", "3"];
    let fails = |more: &[&str]| {
        let output = run(&[&arguments[..], more].concat());
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        assert!(!std::path::Path::new(&file).exists(), "{more:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(fails(&[]).contains("`--data`, or `--unmeasured`"));
    assert!(fails(&["--data", &data, "--max-label-change", "0"]).contains("nothing was written"));
    assert!(fails(&["--data", &data, "--max-depth", "400"]).contains("no tree becomes smaller"));
    assert!(fails(&["--data", &data, "--top-features", "4"]).contains("applies to linear models"));
    let output = run(&["slim", &forest, &file, "--prune-trees", "0"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("at least one tree"), "{output:?}");
    let report = out(&[&arguments[..], &["--data", &data, "--max-label-change", "1"]].concat());
    assert!(report.contains("other labels") && report.contains("RandomForestClassifier.estimators_"), "{report}");
    let before = out(&["predict", &forest, &data]);
    let after = out(&["predict", &file, &data]);
    let differ = before.lines().zip(after.lines()).filter(|(before, after)| before != after).count();
    assert!(differ > 0 && differ * 4 < before.lines().count(), "{differ} of {}", before.lines().count());
    // Without rows, if that is what is asked for.
    out(&[&arguments[..], &["--unmeasured", "--force"]].concat());
    // The rows that the file records.
    let report = out(&["slim", &example("passengers.skiff"), &folder.file("b.skiff"), "--float16", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert!(report["measured"]["rows"].as_u64().is_some_and(|rows| rows > 5), "{report}");
    assert!(report["measured"]["greatest_difference"].as_f64().is_some_and(|greatest| greatest > 0.0), "{report}");
}
