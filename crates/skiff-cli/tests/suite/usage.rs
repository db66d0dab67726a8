//! The command line itself: help, suggestions, completions, manual pages, arguments of methods.

use std::fs;
use std::process::Command;

use skiff_testing::command::{Folder, example};

/// Exit status, standard output and standard error.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments).output().expect("the command runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn prints(arguments: &[&str]) -> String {
    let (status, out, error) = run(arguments);
    assert_eq!((status, error.as_str()), (0, ""), "{arguments:?}");
    out
}

fn says(arguments: &[&str]) -> String {
    let (status, out, error) = run(arguments);
    assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}");
    error
}

#[test]
fn a_commands_own_options_come_first() {
    for (command, own) in [
        ("predict", "--method"),
        ("inspect", "--format"),
        ("plan", "--method"),
        ("scan", "--strict"),
        ("verify", "--format"),
        ("convert", "--compress"),
        ("export", "--method"),
        ("decrypt", "--output"),
    ] {
        let help = prints(&[command, "--help"]);
        let at = |text: &str| help.find(text).unwrap_or_else(|| panic!("{command}: no {text} in {help}"));
        assert!(at("\nOptions:") < at(own), "{command}: {help}");
        for heading in ["\nOpening the model:", "\nLimits:", "\nReading the data:", "\nSignature:"] {
            assert!(help.find(heading).is_none_or(|heading| at(own) < heading), "{command}: {help}");
        }
    }
}

#[test]
fn names_that_are_nearly_right_are_suggested() {
    let iris = example("iris-svc.joblib");
    let error = says(&["predict", &iris, "rows.csv", "-m", "predict_prob"]);
    assert!(error.contains("did you mean `predict_proba`?"), "{error}");
    let error = says(&["supported", "LogisticRegresion"]);
    assert_eq!(
        error,
        "error[usage]: `LogisticRegresion` is not a supported estimator; did you mean `LogisticRegression`?\n"
    );
    let error = says(&["supported", "Xyz"]);
    assert!(error.contains("`skiff supported` lists those that are"), "{error}");
    let error = says(&["predict", &example("passengers.joblib"), &example("iris.csv"), "--at", "model"]);
    assert!(error.contains("help: the estimators in the file:\n  --at \"\"  sklearn.pipeline.Pipeline\n"), "{error}");
    let folder = Folder::new("misspelt");
    let rows = folder.file("rows.csv");
    fs::write(&rows, "sepal length (cm),sepal width (cm),petal length (cm),petal_width (cm)\n1,2,3,4\n")
        .expect("a file");
    let error = says(&["predict", &iris, &rows]);
    assert!(error.contains("the column `petal width (cm)` is missing; did you mean `petal_width (cm)`?"), "{error}");
    let error = says(&["predikt"]);
    assert!(error.contains("predict"), "{error}");
}

#[test]
fn the_version_is_told() {
    let expected = format!("skiff {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!((prints(&["version"]), prints(&["--version"])), (expected.clone(), expected));
}

#[test]
fn completions_and_manual_pages_are_made_of_the_same_definitions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = prints(&["completions", shell]);
        assert!(script.contains("data-format") && script.contains("predict"), "{shell}");
    }
    assert!(prints(&["man"]).contains("skiff"));
    let folder = Folder::new("man");
    prints(&["man", &folder.path().display().to_string()]);
    let page = fs::read_to_string(folder.path().join("skiff-predict.1")).expect("a page");
    assert!(page.contains("delimiter"), "{page}");
}

#[test]
fn arguments_of_methods_are_typed() {
    let folder = Folder::new("arguments");
    let rows = folder.file("rows.csv");
    fs::write(&rows, "a,b,c\n1,2,3\n").expect("a file");
    let knn = folder.model("1.9.1/neighbors/knn_kd_tree");
    let kneighbors = |param: &str| run(&["predict", &knn, &rows, "-m", "kneighbors", "--param", param]);
    let width = |param: &str| kneighbors(param).1.lines().next().map(|header| header.split(',').count());
    assert_eq!(width("return_distance=true").map(|columns| columns / 2), width("return_distance=FALSE"));
    let (status, _, error) = kneighbors("return_distance=no");
    let what = "the argument `return_distance` of `KNeighborsClassifier.kneighbors`: expected `True` or `False`, found";
    assert!(status == 2 && error.starts_with(&format!("error[wrong-argument]: {what}")), "{error}");
    let (status, _, error) = kneighbors("return_std=true");
    let what =
        "`KNeighborsClassifier.kneighbors` has no argument `return_std`: it takes `n_neighbors`, `return_distance`";
    assert!(status == 2 && error.starts_with(&format!("error[wrong-argument]: {what}")), "{error}");
}

#[test]
fn model_and_data_in_the_wrong_order_are_told() {
    let (model, data) = (example("iris-svc.joblib"), example("iris.csv"));
    let error = says(&["predict", &data, &model]);
    let what = format!("`{data}` is not a model file, but `{model}` is one: the model comes first");
    assert_eq!(error, format!("error[not-a-model]: {what}\nhelp: skiff predict {model} {data}\n"));
}

#[test]
fn the_number_of_threads_can_be_limited() {
    let (model, data) = (example("iris-svc.joblib"), example("iris.csv"));
    let expected = prints(&["predict", &model, &data]);
    assert_eq!(prints(&["predict", &model, &data, "--threads", "1"]), expected);
    assert!(says(&["predict", &model, &data, "--threads", "0"]).contains("--threads <COUNT>"));
    let with_variable = |count: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command.args(["predict", &model, &data]).env("SKIFF_NUM_THREADS", count).output().expect("the command runs")
    };
    assert_eq!(String::from_utf8_lossy(&with_variable("2").stdout), expected);
    assert_eq!(with_variable("many").status.code(), Some(2));
}

#[test]
fn an_unchecked_signature_is_told() {
    let folder = Folder::new("unchecked");
    let model = folder.file("model.joblib");
    fs::copy(example("iris-svc.joblib"), &model).expect("the example");
    fs::write(folder.file("model.joblib.sig"), "not looked at").expect("a file");
    let (_, out, _) = run(&["verify", &model]);
    let signature = folder.file("model.joblib.sig");
    assert!(
        out.contains(&format!("  signature: `{signature}` was not checked; pass a key to verify it: `--key FILE`")),
        "{out}"
    );
    let (_, out, _) = run(&["verify", &model, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["unchecked_signature"], signature.as_str());
}

#[test]
fn wrong_arguments_are_json_where_errors_are() {
    for arguments in [&["predict", "--errors", "json", "m", "--metod", "x"][..], &["--errors=json", "predict", "m"]] {
        let error = says(arguments);
        let json: serde_json::Value = serde_json::from_str(&error).expect("JSON");
        assert_eq!(json["code"], "usage", "{error}");
        let message = json["message"].as_str().expect("a message");
        assert!(!message.contains('\n') && !message.starts_with("error"), "{message}");
    }
    assert!(prints(&["predict", "--errors", "json", "--help"]).starts_with("Predict for "));
}

#[test]
fn counts_of_nothing_are_refused() {
    for count in ["0", "-1", "many"] {
        let error = says(&["version", &format!("--threads={count}")]);
        assert!(error.contains("expected a whole number, 1 or more"), "{error}");
    }
}
