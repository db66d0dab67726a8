//! `skiff registry`, and models in registries in place of files.
#![cfg(feature = "registry")]
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

/// A folder with a model, keys and a registry.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("skiff-cli-registry-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let folder = Self(folder);
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        for file in ["iris-svc.joblib", "iris.csv"] {
            fs::copy(examples.join(file), folder.0.join(file)).unwrap();
        }
        folder.ok(&["registry", "init", "models"]);
        folder
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command.args(words).current_dir(&self.0).env("SKIFF_CACHE", self.0.join("cache")).env("SKIFF_AUTHOR", "ada");
        command.env_remove("SKIFF_REGISTRY_KEY").output().unwrap()
    }

    /// Standard output of a command that succeeds.
    fn ok(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// The code and the text of an error.
    fn error(&self, words: &[&str]) -> (String, String) {
        let done = self.run(&[words, &["--errors", "json"]].concat());
        assert_eq!(done.status.code(), Some(2), "{words:?}");
        let json: Json = serde_json::from_slice(&done.stderr).unwrap();
        (json["code"].as_str().unwrap().to_owned(), json.to_string())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_life_of_a_model() {
    let folder = Folder::new("life");
    let public = folder.ok(&["keygen", "key.pem"]);
    fs::write(folder.0.join("key.pub.pem"), public).unwrap();
    folder.ok(&["sign", "iris-svc.joblib", "--key", "key.pem"]);
    let pushed =
        folder.ok(&["registry", "push", "iris-svc.joblib", "models/iris", "--alias", "production", "--why", "first"]);
    assert!(
        pushed.starts_with("models/iris:1  sha256:") && pushed.contains("iris@production  - -> 1  ada"),
        "{pushed}"
    );
    folder.ok(&["convert", "iris-svc.joblib", "iris.skiff"]);
    folder.ok(&["registry", "push", "iris.skiff", "models/iris", "--parent", "iris:1", "--why", "columns"]);
    folder.ok(&["registry", "alias", "models/iris", "production", "2", "--expect", "1", "--why", "smaller"]);

    // Every command that takes a model takes an address.
    let expected = folder.ok(&["predict", "iris-svc.joblib", "iris.csv"]);
    for address in ["models/iris@production", "models/iris:1", "./models/iris:2"] {
        assert_eq!(folder.ok(&["predict", address, "iris.csv"]), expected);
    }
    assert!(folder.ok(&["inspect", "models/iris@production"]).starts_with("models/iris@production: "));
    assert!(folder.ok(&["plan", "models/iris:1"]).contains("predict"));
    assert!(folder.ok(&["scan", "models/iris:1"]).starts_with("model "));
    folder.ok(&["convert", "models/iris:1", "again.skops"]);
    folder.ok(&["verify", "models/iris:2"]);
    assert!(folder.ok(&["verify", "models/iris:1", "--key", "key.pub.pem"]).contains("signature: by the key"));

    // Signatures, where they are required.
    let required = ["--require-signature", "key.pub.pem"];
    folder.ok(&[&["predict", "models/iris:1", "iris.csv"][..], &required].concat());
    let (code, text) = folder.error(&[&["predict", "models/iris:2", "iris.csv"][..], &required].concat());
    assert!(code == "unsigned-model" && text.contains("models/iris:2"), "{text}");
    assert_eq!(
        folder.error(&[&["registry", "push", "iris.skiff", "models/iris"][..], &required].concat()).0,
        "unsigned-model"
    );
    let other = folder.ok(&["keygen", "other.pem"]);
    fs::write(folder.0.join("other.pub.pem"), other).unwrap();
    let by_other = ["predict", "models/iris:1", "iris.csv", "--require-signature", "other.pub.pem"];
    assert_eq!(folder.error(&by_other).0, "wrong-signature");

    // Back, and what happened.
    folder.ok(&["registry", "rollback", "models/iris", "production", "--why", "wrong labels"]);
    let log = folder.ok(&["registry", "log", "models/iris"]);
    let lines: Vec<_> = log.lines().collect();
    assert!(lines.len() == 3 && lines[2].contains("2 -> 1") && lines[2].ends_with("(rollback)  wrong labels"), "{log}");
    assert_eq!(folder.ok(&["registry", "log", "models/iris", "production", "--at", "9999-01-01"]), "iris:1\n");
    assert_eq!(folder.ok(&["registry", "log", "models/iris", "production", "--at", "1999-01-01"]), "none\n");
    assert_eq!(folder.ok(&["registry", "list", "models"]), "iris:2  2 versions  @production :1\n");
    let shown: Json =
        serde_json::from_str(&folder.ok(&["registry", "show", "models/iris:2", "--format", "json"])).unwrap();
    assert_eq!(shown["description"]["estimators"][0], "sklearn.svm._classes.SVC");
    assert_eq!((&shown["parents"][0]["version"], &shown["why"]), (&Json::from(1), &Json::from("columns")));
    let diff = folder.ok(&["registry", "diff", "models/iris:1", ":2"]);
    assert!(diff.contains("file.name: \"iris-svc.joblib\" -> \"iris.skiff\""), "{diff}");
    let lineage = folder.ok(&["registry", "lineage", "models/iris:2"]);
    assert!(lineage.starts_with("iris:2") && lineage.contains("\n  from iris:1"), "{lineage}");
    assert!(folder.ok(&["registry", "lineage", "models/iris:1"]).contains("made from it: iris:2  iris.skiff"));
    assert!(folder.ok(&["registry", "gc", "models"]).starts_with("0 blobs, 0 bytes removed"));
    assert!(folder.ok(&["registry", "verify", "models"]).ends_with(" 0 problems\n"));

    // The file and its signature, as they were.
    folder.ok(&["registry", "pull", "models/iris@production", "out.joblib"]);
    for (out, file) in [("out.joblib", "iris-svc.joblib"), ("out.joblib.sig", "iris-svc.joblib.sig")] {
        assert_eq!(fs::read(folder.0.join(out)).unwrap(), fs::read(folder.0.join(file)).unwrap());
    }
    assert_eq!(folder.error(&["registry", "pull", "models/iris@production", "out.joblib"]).0, "file-exists");
}

#[test]
fn a_swapped_blob_is_found_by_every_command() {
    let folder = Folder::new("swapped");
    folder.ok(&["registry", "push", "iris-svc.joblib", "models/iris"]);
    let blobs = folder.0.join("models/blobs/sha256");
    let inner = fs::read_dir(blobs).unwrap().next().unwrap().unwrap().path();
    let blob = fs::read_dir(inner).unwrap().next().unwrap().unwrap().path();
    folder.ok(&["predict", "models/iris:1", "iris.csv"]);
    fs::write(blob, "another model").unwrap();
    // The cache has the model, with its digest.
    folder.ok(&["predict", "models/iris:1", "iris.csv"]);
    fs::remove_dir_all(folder.0.join("cache")).unwrap();
    for words in [
        &["predict", "models/iris:1", "iris.csv"][..],
        &["inspect", "models/iris:1"],
        &["registry", "pull", "models/iris:1", "out"],
    ] {
        let (code, text) = folder.error(words);
        assert!(["wrong-digest-of-blob", "store-failed"].contains(&&*code), "{text}");
    }
    assert!(!folder.0.join("out").exists());
    assert_eq!(folder.run(&["registry", "verify", "models"]).status.code(), Some(1));
}

#[test]
fn what_is_wrong_is_said() {
    let folder = Folder::new("wrong");
    for (words, code, text) in [
        (&["registry", "list", "nowhere"][..], "no-registry", "skiff registry init nowhere"),
        (&["registry", "init", "models"], "registry-exists", "models"),
        (&["registry", "show", "models/none"], "not-in-registry", "no model `none`"),
        (&["registry", "show", "models"], "wrong-address", "URL/NAME@ALIAS"),
        (&["registry", "push", "iris.csv", "models/iris"], "not-a-model", "--as-is"),
        (&["registry", "push", "iris-svc.joblib", "models/iris:1"], "usage", "the version is assigned"),
        (&["registry", "push", "iris-svc.joblib", "models/iris", "--parent", "iris:7"], "not-in-registry", "iris:7"),
        (&["registry", "log", "models/none"], "not-in-registry", "none"),
        (&["predict", "s3://bucket/churn", "iris.csv"], "wrong-address", "no version"),
        (&["registry", "list", "http://example.org/x"], "wrong-address", "expected a folder, `s3://`"),
    ] {
        let (found, message) = folder.error(words);
        assert!(found == code && message.contains(text), "{words:?}: {message}");
    }
    // A file that happens to be named like an address is a file.
    fs::create_dir_all(folder.0.join("plain")).unwrap();
    fs::copy(folder.0.join("iris-svc.joblib"), folder.0.join("plain/iris@production")).unwrap();
    folder.ok(&["predict", "plain/iris@production", "iris.csv"]);
    folder.ok(&["registry", "push", "iris.csv", "models/table", "--as-is"]);
}

#[test]
fn a_file_that_runs_code_is_not_pushed() {
    let folder = Folder::new("dangerous");
    // `os.system("true")`, by protocol 0.
    fs::write(folder.0.join("bad.pkl"), b"cos\nsystem\n(S'true'\ntR.").unwrap();
    let (code, text) = folder.error(&["registry", "push", "bad.pkl", "models/bad"]);
    assert!(code == "dangerous-file" && text.contains("skiff scan"), "{text}");
}
