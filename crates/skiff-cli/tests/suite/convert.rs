//! `skiff convert`: files, standard input and output, and errors.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use skiff_testing::command::{self, Folder, example};

const MODEL: &str = "iris-svc.joblib";

fn run(arguments: &[&str], input: &[u8]) -> Output {
    command::run(Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments), input)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn converts(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = run(&[&["convert"], arguments].concat(), input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    output.stdout
}

fn fails(arguments: &[&str]) -> String {
    let output = run(&[&["convert"], arguments].concat(), b"");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "errors are no data");
    text(&output.stderr)
}

#[test]
fn standard_input_and_output_are_files_too() {
    let folder = Folder::new("convert-pipes");
    let (stored, packed) = (folder.file("a.skops"), folder.file("b.skops"));
    converts(&[&example(MODEL), &stored], b"");
    let expected = fs::read(&stored).expect("a file");
    assert_eq!(converts(&["-", "-", "--to", "skops"], &fs::read(example(MODEL)).expect("the example")), expected);
    assert_eq!(converts(&[&example(MODEL), "-", "--to", ".skops"], b""), expected);
    converts(&["-", &packed, "--compress", "deflate:9"], &expected);
    assert!(fs::read(&packed).expect("a file").len() * 3 < expected.len());
    let json = converts(&[&packed, "-", "--to", "json"], b"");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["model"]["class"], "sklearn.svm._classes.SVC");
    assert_eq!(json["model"]["parameters"]["kernel"], "rbf");
    assert!(converts(&[&example(MODEL), "-", "--to", "pkl.gz"], b"").starts_with(&[0x1f, 0x8b]));
}

#[test]
fn predictions_stay_the_same() {
    let folder = Folder::new("convert-predictions");
    let data = example("iris.csv");
    let answer = |model: &str| {
        let output = run(&["predict", model, &data], b"");
        assert!(output.status.success(), "{}", text(&output.stderr));
        output.stdout
    };
    let before = answer(&example(MODEL));
    let mut here = example(MODEL);
    for name in ["a.skops", "b.skiff", "c.pkl", "d.joblib.xz", "e.skops"] {
        let next = folder.file(name);
        converts(&[&here, &next], b"");
        assert_eq!(answer(&next), before, "{name}");
        here = next;
    }
}

#[test]
fn what_cannot_be_is_told() {
    let folder = Folder::new("convert-errors");
    let (model, out) = (example(MODEL), folder.file("out.pkl"));
    for (arguments, expected) in [
        (&[&*model, "-"][..], "error[usage]: `--to FORMAT` is required for standard output\n"),
        (
            &[&model, &out, "--to", "skops"],
            "error[usage]: `--to` is only for standard output, or `--to mlflow`: a file's extension selects the format\n",
        ),
        (
            &[&model, "-", "--to", "onnx"],
            "error[unsupported-target]: expected an output file with the extension `.skiff`, `.pkl`, `.joblib`, `.skops`, `.json`, found `-.onnx`\n",
        ),
        (
            &[&model, "-", "--to", "skops", "--protocol", "4"],
            "error[unsupported-target]: a `.skops` has no pickle protocol\n",
        ),
        (
            &[&model, &out, "--compress", "zlib"],
            "error[unsupported-target]: `pickle.load` does not read compressed files: name it `.pkl.gz`, or write a `.joblib`\n",
        ),
        (
            &[&model, "-", "--to", "skiff", "--compress", "xz"],
            "error[unsupported-target]: a `.skiff` can be compressed with zstd, not with xz\n",
        ),
    ] {
        assert_eq!(fails(arguments), expected);
    }
    assert!(!Path::new(&out).exists());
    for compress in ["deflate:10", "zstd:23", "zip"] {
        let said = fails(&[&model, "-", "--to", "skops", "--compress", compress]);
        assert!(said.contains("--compress <CODEC[:LEVEL]>"), "{said}");
    }
    // `{'a': [{None: 1}]}`, protocol 0.
    let bad = folder.file("bad.pkl");
    fs::write(&bad, b"(dVa\n(l(dNI1\nsas.").expect("a file");
    let said = fails(&[&bad, "-", "--to", "skops"]);
    let place = format!("  --> {bad}, [\"a\"][0]\n");
    let expected =
        "error[unsupported-value]: skops cannot hold this model: it cannot represent a dict with `None` as a key\n";
    assert_eq!(said, format!("{expected}{place}"));
}

#[test]
fn the_help_names_every_kind_of_file() {
    let help = text(&run(&["convert", "--help"], b"").stdout);
    for extension in [".skiff", ".pkl", ".pickle", ".joblib", ".skops", ".json", "zstd", "deflate", "lz4"] {
        assert!(help.contains(extension), "{extension}: {help}");
    }
}

#[test]
fn a_model_is_given_to_another_scikit_learn() {
    let folder = Folder::new("convert-for");
    let (old, back) = (folder.file("old.joblib"), folder.file("back.joblib"));
    let output = run(&["convert", &example(MODEL), &old, "--for", "scikit-learn==0.24.2"], b"");
    assert!(output.status.success() && text(&output.stderr).starts_with("note: "), "{}", text(&output.stderr));
    let json = |model: &str| -> serde_json::Value {
        serde_json::from_slice(&converts(&[model, "-", "--to", "json"], b"")).expect("JSON")
    };
    assert_eq!(json(&old)["model"]["version"], "0.24.2");
    converts(&[&old, &back, "--for", "1.9.1"], b"");
    assert_eq!(json(&back)["model"]["version"], "1.9.1");
    // 0.24 keeps no names of columns.
    let columns = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)";
    let answer = |model: &str| run(&["predict", model, &example("iris.csv"), "--columns", columns], b"").stdout;
    assert!(!answer(&old).is_empty());
    assert_eq!(answer(&old), answer(&example(MODEL)));
    assert_eq!(answer(&back), answer(&example(MODEL)));
    let error = fails(&[&example(MODEL), &folder.file("no.joblib"), "--for", "numpy==2.0"]);
    assert!(error.contains("numpy"), "{error}");
}
