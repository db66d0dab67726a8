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
