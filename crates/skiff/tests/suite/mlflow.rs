//! The model folders of MLflow: recorded ones of MLflow 3.17 with scikit-learn 1.9, and what others may put into them.

use std::fs;
use std::path::{Path, PathBuf};

use skiff::mlflow::{MlflowModel, MlflowOptions};
use skiff::value::Value;
use skiff::{ConvertOptions, File, Method, Options, Rating, Table};
use skiff_testing::workspace;

const ROWS: [f64; 12] = [5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3, 5.9, 3.0, 4.2, 1.5];
/// What scikit-learn predicts for them.
const LABELS: [i64; 3] = [0, 2, 1];

fn recorded(name: &str) -> PathBuf {
    workspace("crates/skiff/tests/data/mlflow").join(name)
}

/// An empty folder of this run.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("skiff-mlflow-{}-{name}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The recorded folder with a pickle, with another `MLmodel`.
fn with(name: &str, mlmodel: &str) -> PathBuf {
    let folder = folder(name);
    fs::copy(recorded("pickle/model.pkl"), folder.join("model.pkl")).expect("a copy");
    fs::write(folder.join("MLmodel"), mlmodel).expect("a file");
    folder
}

fn labels(path: &Path) -> Vec<i64> {
    let model = skiff::open(path).expect("a model");
    let names: Vec<String> = model.feature_names_in().expect("names").to_vec();
    let column = |col: usize| ROWS.iter().skip(col).step_by(4).copied().collect::<Vec<_>>();
    let columns = (0..4).map(|col| skiff::table::Column::Floats(column(col).into(), skiff::value::Precision::Double));
    let table = skiff::value::Columns::named(names, columns.collect()).expect("columns");
    let answer = model.predict(&Table::Columns(table)).expect("labels");
    match answer.value() {
        Some(Value::Labels(labels)) => {
            let label = |&code: &u32| labels.classes[0].get(code as usize).and_then(|label| label.as_i64());
            labels.codes.iter().map(label).collect::<Option<_>>().expect("integers")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn recorded_folders_predict_and_say_their_signature() {
    for name in ["pickle", "skops"] {
        assert_eq!(labels(&recorded(name)), LABELS, "{name}");
        let file = File::open(recorded(name), &Options::default()).expect("a file");
        let inspection = file.inspect();
        let mlflow = inspection.mlflow.expect("MLflow's");
        assert_eq!(mlflow.flavors(), ["python_function", "sklearn"]);
        let summary = mlflow.summary();
        let of = |name: &str| summary.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        assert_eq!(
            of("inputs"),
            Some(
                "sepal length (cm): double, sepal width (cm): double, petal length (cm): double, petal width (cm): double"
            )
        );
        assert_eq!(of("outputs"), Some("int64 (-1)"));
        assert_eq!((of("MLflow"), of("ignored")), (Some("3.17.2"), None));
        for file in skiff::files_in(&recorded(name)).0 {
            let verdict = skiff::scan(&file, &Options::default()).expect("a verdict");
            assert_eq!(verdict.rating == Rating::Model, verdict.is_model_file, "{}: {verdict:?}", file.display());
        }
    }
}

#[test]
fn folders_of_mlflow_1_and_of_the_function_flavor_alone_are_opened() {
    let first = "flavors:\n  python_function:\n    data: model.pkl\n    env: conda.yaml\n    loader_module: mlflow.sklearn\n    \
                 python_version: 3.6.9\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: cloudpickle\n    \
                 sklearn_version: 0.20.3\nutc_time_created: '2019-11-29 11:50:13.708102'\n";
    assert_eq!(labels(&with("first", first)), LABELS);
    for key in ["model_path", "data"] {
        let mlmodel = format!("flavors:\n  python_function: {{loader_module: mlflow.sklearn, {key}: model.pkl}}\n");
        assert_eq!(labels(&with(key, &mlmodel)), LABELS);
    }
}

#[test]
fn what_a_folder_says_is_trusted_is_not() {
    // `posix.system` called with a command, and a list that allows it.
    let pickle = b"cposix\nsystem\n(S'true'\ntR.";
    let trusting = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: skops\n    \
                    skops_trusted_types: [posix.system, os.system]\n";
    let folder = with("trusting", trusting);
    assert_eq!(labels(&folder), LABELS);
    let summary = MlflowModel::in_folder(&folder).expect("YAML").expect("MLflow's").summary();
    assert!(summary.contains(&("ignored".to_owned(), "its list of trusted types".to_owned())), "{summary:?}");
    fs::write(folder.join("model.pkl"), pickle).expect("a file");
    assert_eq!(skiff::open(&folder).expect_err("an attack").code(), "dangerous-file");
}

#[test]
fn code_and_loaders_of_others_are_found_by_the_scan_and_not_run() {
    let own = "flavors:\n  python_function: {loader_module: my_loader, code: code, model_path: model.pkl}\n  \
               sklearn: {pickled_model: model.pkl, code: code}\n";
    let folder = with("code", own);
    assert_eq!(labels(&folder), LABELS);
    let verdict = skiff::scan(folder.join("MLmodel"), &Options::default()).expect("a verdict");
    assert_eq!(verdict.rating, Rating::Dangerous);
    let names: Vec<_> = verdict.findings.iter().filter_map(|finding| finding.name.as_deref()).collect();
    assert_eq!(names, ["code", "my_loader"]);
}

#[test]
fn folders_that_are_none_of_ours_are_refused_with_what_they_are() {
    let function = "flavors:\n  python_function: {loader_module: mlflow.pyfunc.model, python_model: model.pkl}\n";
    let long = format!("# {}\n", "x".repeat(1 << 20));
    for (name, mlmodel, code, what) in [
        ("function", function, "unsupported-format", "expected the MLflow flavor `sklearn`, found `python_function`"),
        ("none", "mlflow_version: 3.0.0\n", "unsupported-format", "expected the MLflow flavor `sklearn`, found none"),
        (
            "up",
            "flavors: {sklearn: {pickled_model: ../model.pkl}}\n",
            "damaged-file",
            "names a model outside of its folder",
        ),
        (
            "root",
            "flavors: {sklearn: {pickled_model: /etc/passwd}}\n",
            "damaged-file",
            "names a model outside of its folder",
        ),
        ("empty", "flavors: {sklearn: {pickled_model: ''}}\n", "damaged-file", "names a model outside of its folder"),
        ("alias", "a: &a 1\nflavors: *a\n", "damaged-file", "`MLmodel` is damaged: an alias in line 2"),
        ("latin", "\u{1}", "damaged-file", "`MLmodel` is damaged: "),
        ("long", &long, "damaged-file", "expected at most 1048576 bytes"),
        ("gone", "flavors: {sklearn: {pickled_model: other.pkl}}\n", "unreadable-file", ""),
    ] {
        let folder = with(name, mlmodel);
        let error = skiff::open(&folder).expect_err("no model");
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.message().contains(what), "{name}: {error}");
        assert!(error.file().is_some_and(|file| file.starts_with(&folder)), "{name}: {error}");
        let verdict = skiff::scan(folder.join("MLmodel"), &Options::default()).expect("a verdict");
        assert_eq!(verdict.rating == Rating::Model, name == "gone", "{name}: {verdict:?}");
    }
    let bytes = with("bytes", "");
    fs::write(bytes.join("MLmodel"), [0xff, 0xfe, 0x00]).expect("a file");
    assert_eq!(skiff::open(&bytes).expect_err("no text").code(), "damaged-file");
    // A folder without `MLmodel` is what it was: no file.
    assert_eq!(skiff::open(folder("plain")).expect_err("a folder").code(), "unreadable-file");
}

/// Nothing that a folder says makes reading it panic.
#[test]
fn damaged_mlmodels_are_refused_or_read() {
    let text = fs::read(recorded("pickle/MLmodel")).expect("a file");
    let folder = with("damaged", "");
    for place in (0..text.len()).step_by(3) {
        for byte in [b'\'', b'*', b'[', b'\n', b'\t', 0xff] {
            let mut changed = text.clone();
            changed[place] = byte;
            fs::write(folder.join("MLmodel"), &changed).expect("a file");
            if let Ok(Some(mlflow)) = MlflowModel::in_folder(&folder) {
                mlflow.summary();
            }
        }
    }
}

#[test]
fn folders_that_are_written_open_again() {
    for name in ["pickle", "skops"] {
        let folder = folder(&format!("written-{name}"));
        let file = File::open(recorded(name), &Options::default()).expect("a file");
        let options = MlflowOptions {
            signature: vec![("inputs".to_owned(), "[{\"type\": \"it's\"}]".to_owned())],
            ..MlflowOptions::default()
        };
        file.save_mlflow(&folder, &options, &ConvertOptions::default()).expect("a folder");
        assert_eq!(labels(&folder), LABELS);
        let read = MlflowModel::in_folder(&folder).expect("YAML").expect("MLflow's");
        assert_eq!(read.signature("inputs"), Some("[{\"type\": \"it's\"}]"));
        assert_eq!(read.flavors(), ["python_function"]);
        let verdict = skiff::scan(folder.join("MLmodel"), &Options::default()).expect("a verdict");
        assert_eq!(verdict.rating, Rating::Model);
    }
    let file = File::open(recorded("pickle"), &Options::default()).expect("a file");
    let transform = MlflowOptions { method: Method::Transform, ..MlflowOptions::default() };
    let refused = file.save_mlflow(folder("refused"), &transform, &ConvertOptions::default());
    assert_eq!(refused.expect_err("an SVC").code(), "no-such-method");
}
