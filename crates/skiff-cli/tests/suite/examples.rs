//! The examples answer, through the command, what scikit-learn answered when it wrote them.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value as Json;
use skiff_testing::command::example;

#[test]
fn iris() {
    check("iris-svc.joblib", "iris.csv", "predict", &[]);
    check("iris-svc.joblib", "iris.csv", "decision_function", &[]);
}

#[test]
fn balance_scale() {
    let columns = ["--columns", "left-weight,left-distance,right-weight,right-distance"];
    for method in ["predict", "predict_proba", "apply"] {
        check("balance-scale-tree.pkl", "balance-scale.csv", method, &columns);
    }
}

#[test]
fn digits() {
    for data in ["digits.csv", "digits.npy"] {
        check("digits-forest.joblib", data, "predict", &[]);
        check("digits-forest.joblib", data, "predict_proba", &[]);
    }
}

#[test]
fn spam() {
    check("spam-filter.joblib", "messages.txt", "predict", &[]);
    check("spam-filter.joblib", "messages.txt", "predict_proba", &[]);
}

#[test]
fn passengers() {
    check("passengers.joblib", "passengers.csv", "predict", &[]);
    check("passengers.joblib", "passengers.csv", "predict_proba", &[]);
}

/// Each row of the command's CSV against the recorded row.
fn check(model: &str, data: &str, method: &str, more: &[&str]) {
    let (model_path, data) = (example(model), example(data));
    let output = skiff(&[&["predict", &model_path, &data, "--method", method], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("CSV");

    let expected =
        fs::read_to_string(example(&model.replace(".joblib", ".expected.json").replace(".pkl", ".expected.json")));
    let expected: Json = serde_json::from_str(&expected.expect("recorded answers")).expect("JSON");
    let expected = expected[method].as_array().expect("recorded answers");
    assert_eq!(found.len(), expected.len());
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        let cells = expected.as_array().cloned().unwrap_or_else(|| vec![expected.clone()]);
        assert_eq!(found.len(), cells.len(), "row {row}");
        for (found, expected) in found.iter().zip(&cells) {
            assert!(agrees(found, expected), "{method}, row {row}: expected {expected}, found {found}");
        }
    }
}

fn agrees(found: &str, expected: &Json) -> bool {
    match expected {
        Json::String(text) => found == text,
        Json::Number(number) => {
            let (expected, found) = (number.as_f64().expect("a number"), found.parse::<f64>().expect("a number"));
            (expected - found).abs() <= 1e-10 * expected.abs().max(1e-3)
        }
        other => panic!("a recorded answer is {other}"),
    }
}

fn skiff(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments).output().expect("the command runs")
}
