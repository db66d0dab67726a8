//! `skiff convert`: files, standard input and output, and what it says when something cannot be.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").to_owned()
}

fn example() -> String {
    root().join("examples").join("iris-svc.joblib").display().to_string()
}

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("skiff-convert-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_skiff"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A command that fails early does not read.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a writer");
    output
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
    let folder = Folder::new("pipes");
    let (stored, packed) = (folder.path("a.skops"), folder.path("b.skops"));
    converts(&[&example(), &stored], b"");
    let expected = fs::read(&stored).expect("a file");
    assert_eq!(converts(&["-", "-", "--to", "skops"], &fs::read(example()).expect("the example")), expected);
    assert_eq!(converts(&[&example(), "-", "--to", ".skops"], b""), expected);
    converts(&["-", &packed, "--compress", "deflate:9"], &expected);
    assert!(fs::read(&packed).expect("a file").len() * 3 < expected.len());
    let json = converts(&[&packed, "-", "--to", "json"], b"");
    let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["model"]["class"], "sklearn.svm._classes.SVC");
    assert_eq!(json["model"]["parameters"]["kernel"], "rbf");
    assert!(converts(&[&example(), "-", "--to", "pkl.gz"], b"").starts_with(&[0x1f, 0x8b]));
}

#[test]
fn predictions_stay_the_same() {
    let folder = Folder::new("predictions");
    let data = root().join("examples").join("iris.csv").display().to_string();
    let answer = |model: &str| {
        let output = run(&["predict", model, &data], b"");
        assert!(output.status.success(), "{}", text(&output.stderr));
        output.stdout
    };
    let before = answer(&example());
    let mut here = example();
    for name in ["a.skops", "b.skiff", "c.pkl", "d.joblib.xz", "e.skops"] {
        let next = folder.path(name);
        converts(&[&here, &next], b"");
        assert_eq!(answer(&next), before, "{name}");
        here = next;
    }
}

#[test]
fn what_cannot_be_is_told() {
    let folder = Folder::new("errors");
    let (model, out) = (example(), folder.path("out.pkl"));
    for (arguments, expected) in [
        (&[&*model, "-"][..], "error[usage]: standard output has no name: `--to` says as what to write\n"),
        (
            &[&model, &out, "--to", "skops"],
            "error[usage]: `--to` is for standard output: a file's own name says what it is\n",
        ),
        (
            &[&model, "-", "--to", "onnx"],
            "error[unsupported-target]: expected a file to write that ends in `.skiff`, `.pkl`, `.joblib`, `.skops`, `.json`, found `-.onnx`\n",
        ),
        (
            &[&model, "-", "--to", "skops", "--protocol", "4"],
            "error[unsupported-target]: a `.skops` has no pickle protocol to choose\n",
        ),
        (
            &[&model, &out, "--compress", "zlib"],
            "error[unsupported-target]: `pickle.load` reads no compressed file: name it `.pkl.gz`, or write a `.joblib`\n",
        ),
        (
            &[&model, "-", "--to", "skiff", "--compress", "xz"],
            "error[unsupported-target]: a `.skiff` is compressed by zstd, not by xz\n",
        ),
    ] {
        assert_eq!(fails(arguments), expected);
    }
    assert!(!PathBuf::from(&out).exists());
    for compress in ["deflate:10", "zstd:23", "zip"] {
        let said = fails(&[&model, "-", "--to", "skops", "--compress", compress]);
        assert!(said.contains("--compress <CODEC[:LEVEL]>"), "{said}");
    }
    // `{'a': [{None: 1}]}`, protocol 0.
    let bad = folder.path("bad.pkl");
    fs::write(&bad, b"(dVa\n(l(dNI1\nsas.").expect("a file");
    let said = fails(&[&bad, "-", "--to", "skops"]);
    let place = format!("  --> {bad}, [\"a\"][0]\n");
    let expected = "error[unsupported-value]: skops cannot hold this model: it has no dict with `None` as a key\n";
    assert_eq!(said, format!("{expected}{place}"));
}

#[test]
fn the_help_names_every_kind_of_file() {
    let help = text(&run(&["convert", "--help"], b"").stdout);
    for extension in [".skiff", ".pkl", ".pickle", ".joblib", ".skops", ".json", "zstd", "deflate", "lz4"] {
        assert!(help.contains(extension), "{extension}: {help}");
    }
}
