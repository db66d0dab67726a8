//! Error messages: each has what is wrong, where, and help.

use std::fs;
use std::process::Command;

use skiff_testing::command::example;
use skiff_testing::workspace;

/// Runs the command, which must fail, and returns its message, without the folders of this machine.
fn says(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_skiff")).args(arguments).output().expect("the command runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.stdout.is_empty(), "errors are no data");
    let text = String::from_utf8(output.stderr).expect("UTF-8");
    let temporary = std::env::temp_dir().display().to_string();
    text.replace(&format!("{}/", workspace("examples").display()), "").replace(&format!("{temporary}/"), "")
}

/// A file of that name and content, for this run alone.
fn file(name: &str, content: &[u8]) -> String {
    fs::write(file_path(name), content).expect("a file");
    file_path(name)
}

fn file_path(name: &str) -> String {
    std::env::temp_dir().join(format!("skiff-{}-{name}", std::process::id())).display().to_string()
}

#[test]
fn a_missing_column_is_named() {
    let data = file("no-petal.csv", b"sepal length (cm),sepal width (cm),petal length (cm)\n5.1,3.5,1.4\n");
    let text = says(&["predict", &example("iris-svc.joblib"), &data]);
    assert!(text.starts_with("error[wrong-data]: the column `petal width (cm)` is missing\n"), "{text}");
    assert!(text.contains("help: the data has `sepal length (cm)`, "), "{text}");
}

#[test]
fn an_answer_that_is_too_large_is_told_with_its_limit() {
    let names = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)";
    let rows = "5.1,3.5,1.4,0.2\n".repeat(20);
    let data = file("twenty.csv", format!("{names}\n{rows}").as_bytes());
    let text = says(&["predict", &example("iris-svc.joblib"), &data, "--limit-answer", "40"]);
    assert!(
        text.starts_with("error[limit]: the limit `answer` of 40 is exceeded: the result for 20 rows takes 80 bytes"),
        "{text}"
    );
    assert!(
        text.contains(
            "help: predict fewer rows at a time, or open the model with a higher limit: `--limit-answer BYTES`"
        ),
        "{text}"
    );
}

#[test]
fn a_truncated_file_is_told_where_it_ends() {
    let whole = fs::read(example("iris-svc.joblib")).expect("the example");
    let cut = file("cut.joblib", &whole[..1000]);
    let text = says(&["inspect", &cut]);
    assert!(text.starts_with("error[damaged-file]: "), "{text}");
    assert!(text.contains("cut.joblib, byte "), "{text}");
}

#[test]
fn what_is_no_model_is_told_apart_from_a_damaged_one() {
    let text = says(&["inspect", &file("letter.txt", b"Dear Sir or Madam,\n")]);
    assert!(text.starts_with("error[not-a-model]: not a model file: it is text\n"), "{text}");
    let text = says(&["inspect", &file("empty.pkl", b"")]);
    assert!(text.starts_with("error[not-a-model]: the file is empty"), "{text}");
    let text = says(&["inspect", &example("nowhere.joblib")]);
    assert!(text.starts_with("error[unreadable-file]: cannot read the file: "), "{text}");
}

#[test]
fn an_unknown_estimator_is_named() {
    // A pickle of `mypackage.models.OwnClassifier` with one attribute, protocol 0.
    let pickle =
        b"ccopyreg\n_reconstructor\n(cmypackage.models\nOwnClassifier\nc__builtin__\nobject\nNtR(dS'coef_'\nI1\nsb.";
    let text = says(&["predict", &file("own.pkl", pickle), &example("iris.csv")]);
    assert!(text.starts_with("error[unsupported-estimator]: `mypackage.models.OwnClassifier` "), "{text}");
    assert!(text.contains("help: "), "{text}");
}

#[test]
fn a_foreign_attribute_is_named() {
    let whole = fs::read(example("iris-svc.joblib")).expect("the example");
    let at = whole.windows(10).position(|bytes| bytes == b"cache_size").expect("the attribute");
    let mut changed = whole;
    changed[at..at + 10].copy_from_slice(b"cache_sizf");
    let text = says(&["predict", &file("foreign.joblib", &changed), &example("iris.csv")]);
    assert!(text.starts_with("error[unknown-attribute]: unknown attribute of `sklearn.svm._classes.SVC`"), "{text}");
    assert!(text.contains("cache_sizf"), "{text}");
    assert!(text.contains("itself is not known to set it: a tool or a subclass has set it"), "{text}");
    let mut newer = fs::read(example("iris-svc.joblib")).expect("the example");
    let version = newer.windows(5).position(|bytes| bytes == b"1.9.1").expect("the version");
    newer[version..version + 5].copy_from_slice(b"2.9.1");
    newer[at..at + 10].copy_from_slice(b"cache_sizf");
    let text = says(&["predict", &file("newer.joblib", &newer), &example("iris.csv")]);
    assert!(
        text.contains("the file was written by scikit-learn 2.9.1, which is newer than this skiff knows"),
        "{text}"
    );
}

#[test]
fn a_limit_is_never_called_damage_and_says_how_it_is_raised() {
    for (flag, most) in [("--limit-nodes", "10"), ("--limit-memo", "3"), ("--limit-array", "8")] {
        let text = says(&["inspect", &example("iris-svc.joblib"), flag, most]);
        assert!(text.starts_with("error[limit]: the limit `"), "{flag}: {text}");
        assert!(text.contains(&format!("`{flag} N`")) && !text.contains("damaged"), "{flag}: {text}");
    }
}

#[test]
fn errors_can_be_read_by_programs() {
    let text = says(&["--errors", "json", "inspect", &file("letter2.txt", b"Dear Sir or Madam,\n")]);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(json["code"], "not-a-model");
}

#[test]
fn a_row_that_cannot_be_answered_is_counted_over_all_batches() {
    let mut rows = String::from("sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n");
    rows += &"1,2,3,4\n".repeat(20_000);
    rows += "1,2,,4\n";
    let text = says(&[
        "predict",
        &example("iris-svc.joblib"),
        &file("gap.csv", rows.as_bytes()),
        "-o",
        &file("gap-out.csv", b"old"),
    ]);
    assert!(text.starts_with("error[not-finite]: input X contains NaN, which `SVC` does not accept\n"), "{text}");
    assert!(text.contains("gap.csv, line 20002, column `petal length (cm)`\n"), "{text}");
    // What was there before is there still.
    assert_eq!(fs::read(file_path("gap-out.csv")).expect("the old output"), b"old");
}

#[test]
fn a_method_that_is_not_there_is_told_before_data_is_read() {
    let text = says(&["predict", &example("iris-svc.joblib"), "nowhere.csv", "--method", "predict_proba"]);
    let expected = "error[no-such-method]: `SVC` has no method `predict_proba`\n\
                    help: it has `predict`, `decision_function`\n";
    assert_eq!(text, expected);
    assert_eq!(says(&["plan", &example("iris-svc.joblib"), "--method", "transform"]).lines().count(), 2);
}

/// What a terminal obeys must not reach it from a file or its name.
#[cfg(unix)]
#[test]
fn control_characters_are_escaped() {
    let svc = example("iris-svc.joblib");
    let rows = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n1,2,3,\u{1b}[31mred\n";
    let text = says(&["predict", &svc, &file("escape.csv", rows.as_bytes())]);
    assert!(text.contains("found `\\u{1b}[31mred`\n"), "{text}");
    let text = says(&["predict", &svc, &file("escaped-name.csv", b"\x1b[2Ja,b\n1,2\n")]);
    assert!(text.contains("the data has `\\u{1b}[2Ja`, `b`\n"), "{text}");
    assert!(says(&["predict", &svc, "no\nwhere.csv"]).contains("  --> no\\nwhere.csv\n"));
    let folder = skiff_testing::command::Folder::new("escapes");
    fs::copy(&svc, folder.file("a\u{1b}[1m.joblib")).expect("a copy");
    let output = Command::new(env!("CARGO_BIN_EXE_skiff")).arg("scan").arg(folder.path()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("model ") && text.ends_with("a\\u{1b}[1m.joblib\n"), "{text}");
}

#[test]
fn data_that_cannot_be_read_is_told_apart_from_wrong_data() {
    let svc = example("iris-svc.joblib");
    let text = says(&["predict", &svc, "nowhere"]);
    assert!(text.starts_with("error[unreadable-file]: cannot read the data: "), "{text}");
    let text = says(&["predict", &svc, &workspace("examples").display().to_string()]);
    assert!(text.starts_with("error[unreadable-file]: ") && text.contains(" folder"), "{text}");
    let text = says(&["predict", &svc, &file("empty.npy", b"")]);
    assert!(text.starts_with("error[wrong-data]: expected a .npy or .npz file\n"), "{text}");
    let text = says(&["predict", &svc, &file("empty.txt", b"")]);
    assert!(text.starts_with("error[wrong-data]: the data is empty\n"), "{text}");
    let text = says(&["predict", &svc, &file("utf-16.csv", b"\xff\xfea\0\n\0")]);
    assert!(text.starts_with("error[wrong-data]: expected UTF-8 text, found UTF-16\n"), "{text}");
    let text = says(&["predict", &svc, &file("latin.csv", b"a,Z\xfcrich\n")]);
    assert!(text.contains("latin.csv, line 1\nhelp: convert it first"), "{text}");
}

/// Opening a pipe without a writer blocks forever, and a device may be endless.
#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_at_once() {
    let folder = skiff_testing::command::Folder::new("pipes");
    let pipe = folder.file("pipe.pkl");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    for path in [&*pipe, "/dev/zero"] {
        for arguments in [&["scan", path][..], &["inspect", path], &["verify", path], &["convert", path, "x.pkl"]] {
            let text = says(arguments);
            assert!(text.contains("a pipe, a socket or a device, not a regular file"), "{arguments:?}: {text}");
        }
        let text = says(&["verify", path, "--key", path]);
        assert!(text.contains("not a regular file"), "{text}");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_skiff")).args(["scan"]).arg(folder.path()).output().expect("it runs");
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]), "a folder's pipes are left out");
    // What a shell hands over open is read.
    let command = format!("exec {} scan <(cat {})", env!("CARGO_BIN_EXE_skiff"), example("iris-svc.joblib"));
    let output = Command::new("bash").args(["-c", &command]).output().expect("bash runs");
    assert!(output.stdout.starts_with(b"model "), "{output:?}");
}

/// A folder is not clean because of the first bytes of what is in it.
#[test]
fn a_pickle_behind_a_magic_number_is_not_passed_over() {
    for name in ["magic.gguf", "magic.safetensors", "magic.tflite", "magic.cbm", "broken-magic.gguf"] {
        let folder = skiff_testing::command::Folder::new(&format!("behind-{name}"));
        fs::copy(workspace("attacks").join(name), folder.file(name)).expect("a copy");
        let output =
            Command::new(env!("CARGO_BIN_EXE_skiff")).arg("scan").arg(folder.path()).output().expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

/// What cannot be served has the error of its file, as it has in the other commands.
#[test]
fn what_cannot_be_served_is_reported_with_its_code() {
    let text = says(&["serve", &file_path("none.joblib"), "--http", "127.0.0.1:0"]);
    assert!(text.starts_with("error[unreadable-file]: No such file"), "{text}");
    let other = file("serve.txt", b"text\n");
    let text = says(&["serve", &other, "--http", "127.0.0.1:0"]);
    assert!(text.starts_with("error[not-a-model]: not a model file"), "{text}");
    let dangerous = file("serve.pkl", b"cposix\nsystem\n(S'true'\ntR.");
    let text = says(&["serve", &dangerous, "--http", "127.0.0.1:0"]);
    assert!(text.starts_with("error[dangerous-file]: "), "{text}");
}
