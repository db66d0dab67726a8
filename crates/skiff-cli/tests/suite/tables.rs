//! How tables are read: columns are what the model was fitted on, in a file as in a pipe, whatever block a row is in.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use skiff_testing::command::{self, Folder, example};

/// Standard output and standard error of a run that ends with `status`.
fn run(status: i32, arguments: &[&str], input: &str) -> (String, String) {
    let output = command::run(Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments), input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {out}{error}");
    (out, error)
}

/// Standard output of a run that succeeds.
fn skiff(arguments: &[&str], input: &str) -> String {
    run(0, arguments, input).0
}

/// A model of this folder.
fn model(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    path.display().to_string()
}

/// A file of rows in a folder.
fn file(folder: &Folder, name: &str, content: impl AsRef<[u8]>) -> String {
    fs::write(folder.path().join(name), content).expect("a file");
    folder.file(name)
}

/// The answers to `rows` as a file, which are also those to them in a pipe, with a name and without.
fn answers(folder: &Folder, model: &str, method: &str, name: &str, rows: &str) -> String {
    let format = name.rsplit('.').next().expect("an extension");
    let from_file = skiff(&["predict", model, &file(folder, name, rows), "-m", method], "");
    let from_pipe = skiff(&["predict", model, "-", "--data-format", format, "-m", method], rows);
    assert_eq!(from_file, from_pipe);
    if cfg!(unix) {
        let from_name = skiff(&["predict", model, "/dev/stdin", "--data-format", format, "-m", method], rows);
        assert_eq!(from_file, from_name);
    }
    from_file
}

#[test]
fn digits_are_text_for_an_encoder_that_was_fitted_on_text() {
    let (folder, model) = (Folder::new("zip"), model("zip-codes.pkl"));
    let alone = answers(&folder, &model, "transform", "alone.csv", "zip,n\n01234,1\n");
    let row = alone.lines().nth(1).expect("a row");
    assert_eq!(row, "1.0,0.0,0.0,1.0");
    let among = answers(&folder, &model, "transform", "among.csv", "zip,n\n01234,1\nA1,2\n");
    assert_eq!(among.lines().nth(1), Some(row), "a letter in another row changes nothing");
    let json = answers(&folder, &model, "transform", "rows.jsonl", "{\"zip\":\"01234\",\"n\":1}\n");
    assert_eq!(json.lines().nth(1), Some(row));
    let (_, error) =
        run(2, &["predict", &model, "-", "--data-format", "jsonl", "-m", "transform"], "{\"zip\":1234,\"n\":1}");
    let expected = "error[wrong-data]: column `zip`: expected text, since the encoder of this column was fitted on text, \
                    found `1234`\n  --> standard input, line 1\n";
    assert_eq!(error, expected);
}

#[test]
fn a_cell_that_is_not_a_number_is_told_with_line_and_column() {
    let (folder, model) = (Folder::new("letters"), model("bool-and-missing.pkl"));
    let mut rows = "b,n\n".to_owned();
    for row in 0..40_000 {
        let _ = writeln!(rows, "True,{row}");
    }
    rows += "True,abc\n";
    for data in [&*file(&folder, "rows.csv", &rows), "-"] {
        let (_, error) = run(2, &["predict", &model, data], &rows);
        let what = "column `n`: expected a number, since the model converts this column to numbers, found `abc`";
        assert!(error.starts_with(&format!("error[wrong-data]: {what}\n")), "{error}");
        assert!(error.ends_with(", line 40002\n"), "{error}");
    }
}

#[test]
fn bools_beside_a_missing_cell_stay_bools() {
    let (folder, model) = (Folder::new("bools"), model("bool-and-missing.pkl"));
    let rows = "b,n\nTrue,1\n,2\nFalse,3\nTrue,4\n";
    let all = answers(&folder, &model, "predict_proba", "rows.csv", rows);
    let expected =
        [0.798_746_369_063_403_5, 0.535_961_729_339_407_4, 0.464_034_440_696_393_1, 0.201_209_665_007_472_73];
    for (line, expected) in all.lines().skip(1).zip(expected) {
        let found: f64 = line.split(',').next().and_then(|cell| cell.parse().ok()).expect("a number");
        assert!((found - expected).abs() < 1e-12, "{all}");
    }
    assert_eq!(all.lines().count(), 5);
    // Each row alone is answered as among others, although pandas would read other dtypes.
    for (row, answer) in rows.lines().zip(all.lines()).skip(1) {
        let alone = answers(&folder, &model, "predict_proba", "alone.csv", &format!("b,n\n{row}\n"));
        assert_eq!(alone.lines().nth(1), Some(answer), "{row}");
    }
}

#[test]
fn null_in_a_text_column_is_missing_in_every_block() {
    let (folder, model) = (Folder::new("nulls"), model("text-and-missing.pkl"));
    let both = answers(&folder, &model, "transform", "rows.jsonl", "{\"b\":\"x\"}\n{\"b\":null}\n{}\n");
    assert_eq!(both.lines().skip(1).collect::<Vec<_>>(), ["1.0,0.0,0.0", "0.0,0.0,1.0", "0.0,0.0,1.0"]);
    let alone = answers(&folder, &model, "transform", "alone.jsonl", "{\"b\":null}\n");
    assert_eq!(alone.lines().nth(1), Some("0.0,0.0,1.0"));
    let array = answers(&folder, &model, "transform", "rows.json", "[{\"b\":\"x\"},\n {\"b\":null}]\n");
    assert_eq!(array.lines().nth(2), Some("0.0,0.0,1.0"));
    let csv = answers(&folder, &model, "transform", "rows.csv", "b,c\nx,\nNA,\n");
    assert_eq!(csv.lines().skip(1).collect::<Vec<_>>(), ["1.0,0.0,0.0", "0.0,0.0,1.0"]);
}

#[test]
fn the_user_says_what_a_column_is() {
    let model = model("zip-codes.pkl");
    let arguments = ["predict", &model, "-", "-m", "transform", "--data-format", "jsonl", "--dtype", "zip=str"];
    let text = skiff(&arguments, "{\"zip\":1234,\"n\":1}\n");
    assert_eq!(text.lines().count(), 2);
    let (_, error) = run(2, &["predict", &model, "-", "-m", "transform", "--dtype", "zap=str"], "zip,n\n1,2\n");
    assert!(error.starts_with("error[wrong-data]: `--dtype`: `zap` is not a column that the model takes\n"), "{error}");
    let (_, error) = run(2, &["predict", &model, "-", "-m", "transform", "--dtype", "n=int"], "zip,n\n1,2.5\n");
    assert!(error.contains("column `n`: expected an integer, and none missing, found `2.5`"), "{error}");
    let (_, error) = run(2, &["predict", &model, "-", "-m", "transform", "--dtype", "n=datetime"], "zip,n\n1,May 5\n");
    assert!(error.contains("column `n`: expected a date such as 2024-05-31, found `May 5`"), "{error}");
}

#[test]
fn spaces_around_names_are_no_part_of_them() {
    let (folder, model) = (Folder::new("spaces"), model("zip-codes.pkl"));
    let expected = answers(&folder, &model, "transform", "plain.csv", "zip,n\n01234,1\n");
    assert_eq!(answers(&folder, &model, "transform", "spaced.csv", "zip , n\n01234,1\n"), expected);
}

#[test]
fn tables_in_another_form_are_told() {
    let (folder, model) = (Folder::new("forms"), model("zip-codes.pkl"));
    let says = |data: &str| run(2, &["predict", &model, data, "-m", "transform"], "").1;
    let error = says(&file(&folder, "columns.json", "{\"zip\":{\"0\":\"01234\"},\"n\":{\"0\":1}}"));
    assert!(error.starts_with("error[wrong-data]: expected an array of rows, found an object of columns\n"), "{error}");
    let error = says(&file(&folder, "semicolons.csv", "zip;n\n01234;1\n"));
    assert!(
        error.contains("help: the data has one column, `zip;n`: `--delimiter CHARACTER` sets the delimiter"),
        "{error}"
    );
    let error = says(&file(&folder, "long.jsonl", format!("{{\"zip\":[{}],\"n\":1}}\n", "1,".repeat(100) + "1")));
    assert!(error.contains("1,1,1…`\n"), "{error}");
    let error = says(&file(&folder, "rows.dat", "zip,n\n"));
    assert!(error.contains("help: `--data-format FORMAT` selects the format"), "{error}");
}

#[test]
fn csv_has_many_dialects() {
    let iris = example("iris-svc.joblib");
    let names = "sepal length (cm);sepal width (cm);petal length (cm);petal width (cm)";
    let rows = format!("{names}\n5,1;3,5;1,4;0,2\n");
    let text = skiff(&["predict", &iris, "-", "--delimiter", ";", "--decimal", ","], &rows);
    assert_eq!(text, "prediction\nsetosa\n");
    let columns = names.replace(';', ",");
    let arguments = ["predict", &iris, "-", "--no-header", "--columns", &columns];
    assert_eq!(skiff(&arguments, "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"), "prediction\nsetosa\nvirginica\n");
    let (_, error) = run(2, &arguments, "5.1,3.5,1.4\n");
    assert!(error.contains("`--columns` names 4 columns, the data has 3"), "{error}");
    let (_, error) = run(2, &["predict", &iris, "-"], &format!("{columns}\n1,2,3,4\n1,2,3,4,5\n"));
    assert!(error.contains("expected 4 cells in a row, found 5\n  --> standard input, line 3\n"), "{error}");
}

#[test]
fn lines_are_counted_as_editors_count_them() {
    let iris = example("iris-svc.joblib");
    let names = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),note";
    for end in ["\n", "\r\n"] {
        let rows = [names, "1,2,3,4,\"a", "b\"", "", "1,2,,4,"].join(end);
        let (_, error) = run(2, &["predict", &iris, "-"], &rows);
        assert!(error.contains("--> standard input, line 5, column `petal length (cm)`\n"), "{error}");
    }
    let jsonl = "[1,2,3,4]\n\n[1,2,null,4]\n";
    let (_, error) = run(2, &["predict", &iris, "-", "--data-format", "jsonl"], jsonl);
    assert!(error.contains("--> standard input, line 3, column `2`\n"), "{error}");
    let (_, error) = run(2, &["predict", &iris, "-", "--data-format", "jsonl"], "[1,2,3,4]\n[1,2,\n");
    assert!(error.contains("--> standard input, line 2\n"), "{error}");
}

#[test]
fn gzip_is_read_from_files_and_pipes() {
    let (folder, iris) = (Folder::new("gzip"), example("iris-svc.joblib"));
    let expected = skiff(&["predict", &iris, &example("iris.csv")], "");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&fs::read(example("iris.csv")).expect("the example")).expect("memory");
    let packed = encoder.finish().expect("memory");
    assert_eq!(skiff(&["predict", &iris, &file(&folder, "iris.csv.gz", &packed)], ""), expected);
    let output = command::run(Command::new(env!("CARGO_BIN_EXE_skiff")).args(["predict", &iris, "-"]), packed);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn columns_that_do_not_fit_are_told_with_what_to_do() {
    let (folder, iris) = (Folder::new("misfits"), example("iris-svc.joblib"));
    let five = file(&folder, "five.csv", "5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n");
    let (_, error) = run(2, &["predict", &iris, &five], "");
    assert!(error.contains("help: the first line is `5.1,3.5,1.4,0.2,setosa`: `--no-header` is for"), "{error}");
    let (_, error) = run(2, &["predict", &iris, &five, "--no-header"], "");
    let help = "help: select 4 of them, in the model's order, by `--columns`; the data has `0`, `1`, `2`, `3`, `4`\n";
    assert!(error.ends_with(help), "{error}");
    assert_eq!(skiff(&["predict", &iris, &five, "--no-header", "--columns", "0,1,2,3"], "").lines().count(), 3);
}

#[test]
fn objects_do_not_lose_one_of_two_columns_with_the_same_name() {
    let iris = example("iris-svc.joblib");
    let names = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm),prediction";
    let rows = format!("{names}\n5.1,3.5,1.4,0.2,before\n");
    let arguments = ["predict", &iris, "-", "--keep", "prediction"];
    assert_eq!(skiff(&arguments, &rows), "prediction,prediction\nbefore,setosa\n");
    let (_, error) = run(2, &[&arguments[..], &["--format", "jsonl"]].concat(), &rows);
    assert!(error.starts_with("error[usage]: two columns of the output are called `prediction`"), "{error}");
}

#[test]
fn answers_go_where_they_are_asked_to() {
    let iris = example("iris-svc.joblib");
    let rows = "[5.1,3.5,1.4,0.2]";
    let arguments = ["predict", &iris, "-", "--data-format", "jsonl"];
    assert_eq!(skiff(&[&arguments[..], &["--format", "jsonl"]].concat(), rows), "{\"prediction\":\"setosa\"}\n");
    assert_eq!(skiff(&[&arguments[..], &["-o", "-"]].concat(), rows), "prediction\nsetosa\n");
    let (_, error) = run(2, &[&arguments[..], &["--format", "npy"]].concat(), rows);
    assert!(error.contains("a .npy array needs an output file"), "{error}");
}

#[test]
fn the_model_may_come_in_a_pipe() {
    let bytes = fs::read(example("iris-svc.joblib")).expect("the example");
    let pipe = |arguments: &[&str]| {
        let output = command::run(Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments), bytes.clone());
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (status, text) = pipe(&["predict", "-", &example("iris.csv")]);
    assert_eq!((status, text.lines().count()), (Some(0), 151));
    for command in ["inspect", "plan", "scan"] {
        assert_eq!(pipe(&[command, "-"]).0, Some(0), "{command}");
    }
    assert!(pipe(&["inspect", "-"]).1.starts_with("standard input: joblib, "));
    // A joblib file has no digest: not all can be checked.
    assert_eq!(pipe(&["verify", "-"]).0, Some(2));
    let (_, error) = run(2, &["predict", "-", "-"], "");
    assert!(error.contains("standard input cannot be both the model and the data"), "{error}");
}

#[test]
fn columns_that_are_passed_through_keep_the_type_of_the_whole_column() {
    let folder = Folder::new("passed-through");
    let pipeline = model("passthrough.pkl");
    let mut rows = "n,m\n".to_owned();
    for row in 0..20_000 {
        let _ = writeln!(rows, "{row},{row}");
    }
    let whole = answers(&folder, &pipeline, "transform", "whole.csv", &rows);
    assert_eq!(whole.lines().nth(2), Some("1,1"));
    rows += "0.5,1\n";
    let broken = answers(&folder, &pipeline, "transform", "broken.csv", &rows);
    assert_eq!(broken.lines().nth(2), Some("1.0,1.0"), "a fraction in the last row makes floats of all");
}
