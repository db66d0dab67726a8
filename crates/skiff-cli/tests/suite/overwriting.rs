//! Files that are there already are not lost.

use std::fs;
use std::process::Command;

use skiff_testing::command::{Folder, example};

/// A folder with a model, rows and a key.
struct Files(Folder);

impl Files {
    fn new(name: &str) -> Self {
        let files = Self(Folder::new(&format!("overwriting-{name}")));
        fs::copy(example("iris-svc.joblib"), files.0.file("model.joblib")).expect("the example");
        fs::copy(example("iris.csv"), files.0.file("rows.csv")).expect("the example");
        files
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.file(name)).expect("a file")
    }

    /// Exit status and standard error of a run in the folder; the words are the arguments.
    fn run(&self, words: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command.args(words.split_whitespace()).current_dir(self.0.path()).env("SECRET", "correct horse");
        let output = command.output().expect("the command runs");
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn refuses(&self, words: &str, what: &str) {
        let (status, error) = self.run(words);
        assert_eq!(
            (status, error),
            (2, format!("error[file-exists]: {what}\nhelp: `--force` overwrites it\n")),
            "{words}"
        );
    }

    fn does(&self, words: &str) {
        assert_eq!(self.run(words), (0, String::new()), "{words}");
    }
}

#[test]
fn predictions_do_not_replace_the_data_or_the_model() {
    let files = Files::new("predict");
    let before = files.read("rows.csv");
    files.refuses("predict model.joblib rows.csv -o rows.csv", "the output `rows.csv` is the input `rows.csv`");
    files.refuses("predict model.joblib rows.csv -o ./rows.csv", "the output `./rows.csv` is the input `rows.csv`");
    let model = "the output `model.joblib` is the input `model.joblib`";
    files.refuses("predict model.joblib rows.csv -o model.joblib --format csv", model);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("rows.csv", files.0.path().join("link.csv")).expect("a link");
        fs::hard_link(files.0.file("rows.csv"), files.0.file("hard.csv")).expect("a link");
        files.refuses("predict model.joblib rows.csv -o link.csv", "the output `link.csv` is the input `rows.csv`");
        files.refuses("predict model.joblib rows.csv -o hard.csv", "the output `hard.csv` is the input `rows.csv`");
    }
    assert_eq!(files.read("rows.csv"), before);
    // Another file is replaced, as a shell would.
    files.does("predict model.joblib rows.csv -o out.csv");
    files.does("predict model.joblib rows.csv -o out.csv");
    files.does("predict model.joblib rows.csv -o rows.csv --force");
    assert_eq!(files.read("rows.csv"), files.read("out.csv"));
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let files = Files::new("unwritable");
    for (words, code) in [
        ("predict model.joblib rows.csv -o no/where.csv", "error[unwritable-output]: cannot write the output: "),
        ("export model.joblib no/where.onnx", "error[unwritable-file]: cannot write the file: "),
        (
            "encrypt model.joblib --passphrase-env SECRET -o no/where.age",
            "error[unwritable-file]: cannot write the file: ",
        ),
    ] {
        let (status, error) = files.run(words);
        assert_eq!(status, 2, "{words}");
        assert!(error.starts_with(code) && error.contains("\n  --> no/where."), "{error}");
    }
}

/// A device that is replaced by a file is lost to the whole machine. A link to it protects the machine from this test.
#[cfg(unix)]
#[test]
fn devices_and_pipes_are_written_to() {
    use std::os::unix::fs::FileTypeExt;

    let files = Files::new("devices");
    std::os::unix::fs::symlink("/dev/null", files.0.path().join("null")).expect("a link");
    files.does("predict model.joblib rows.csv -o null");
    files.does("predict model.joblib rows.csv -o null --format npy");
    files.does("encrypt model.joblib --passphrase-env SECRET -o null");
    assert!(fs::metadata("/dev/null").expect("the device").file_type().is_char_device());
    let pipe = files.0.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let reader = std::thread::spawn(move || fs::read(pipe).expect("what is written"));
    files.does("predict model.joblib rows.csv -o pipe");
    files.does("predict model.joblib rows.csv -o file.csv");
    assert_eq!(reader.join().expect("no panic"), files.read("file.csv"));
}

#[test]
fn conversions_do_not_replace_files() {
    let files = Files::new("convert");
    files.does("convert model.joblib other.skops");
    files.refuses("convert model.joblib other.skops", "`other.skops` exists");
    files.refuses("convert model.joblib model.joblib", "`model.joblib` exists");
    files.does("convert model.joblib other.skops --force");
}

#[test]
fn signatures_are_not_replaced() {
    let files = Files::new("sign");
    files.does("keygen key.pem");
    assert_eq!(files.run("sign model.joblib --key key.pem").0, 0);
    files.refuses("sign model.joblib --key key.pem", "`model.joblib.sig` exists");
    assert_eq!(files.run("sign model.joblib --key key.pem --force").0, 0);
}

#[test]
fn encrypted_and_plain_files_are_not_replaced() {
    let files = Files::new("encrypt");
    let plain = files.read("model.joblib");
    files.does("encrypt model.joblib --passphrase-env SECRET");
    files.refuses("encrypt model.joblib --passphrase-env SECRET", "`model.joblib.age` exists");
    files.refuses("decrypt model.joblib.age --passphrase-env SECRET", "`model.joblib` exists");
    files.does("decrypt model.joblib.age --passphrase-env SECRET --force");
    assert_eq!(files.read("model.joblib"), plain);
}
