//! `skiff registry import` of artifacts that were downloaded from W&B.
#![cfg(feature = "registry")]
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What `Artifact.manifest.to_manifest_json()` of wandb 0.31 returns for `examples/iris-svc.joblib`.
const MANIFEST: &str = r#"{"version": 1, "storagePolicy": "wandb-storage-policy-v1",
    "storagePolicyConfig": {"storageLayout": "V2"},
    "contents": {"iris-svc.joblib": {"digest": "i3gvuXGiZBGu/ellIDZ6bg==", "size": 6227}}}"#;
/// Where W&B's cache has this file.
const CACHED: &str = "cache/artifacts/obj/md5/8b/782fb971a26411aefde96520367a6e";

/// A folder with a registry, and one of artifacts.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("skiff-cli-wandb-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("artifacts")).unwrap();
        let folder = Self(folder);
        assert!(folder.run(&["init", "models"]).status.success());
        folder
    }

    /// A version with these files; the model is that of the examples.
    fn artifact(&self, name: &str, files: &[(&str, &[u8])]) {
        let folder = self.0.join("artifacts").join(name);
        fs::create_dir_all(&folder).unwrap();
        for (name, content) in files {
            fs::write(folder.join(name), content).unwrap();
        }
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command.arg("registry").args(words).current_dir(&self.0).env("SKIFF_AUTHOR", "ada");
        command.env("WANDB_CACHE_DIR", self.0.join("cache")).env_remove("SKIFF_REGISTRY_KEY").output().unwrap()
    }

    /// Status, output and messages of an import.
    fn import(&self) -> (Option<i32>, String, String) {
        let done = self.run(&["import", "artifacts", "models"]);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code(), text(done.stdout), text(done.stderr))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn model() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/iris-svc.joblib")).unwrap()
}

#[test]
fn versions_and_aliases_are_kept() {
    let folder = Folder::new("kept");
    let manifest = ("wandb_manifest.json", MANIFEST.as_bytes());
    folder.artifact("iris:v0", &[("iris-svc.joblib", &model()), manifest]);
    // Of this one only the cache has the file, of the next there is no manifest.
    folder.artifact("iris:v1", &[manifest]);
    let cached = folder.0.join(CACHED);
    fs::create_dir_all(cached.parent().unwrap()).unwrap();
    fs::write(&cached, model()).unwrap();
    folder.artifact("iris:v10", &[("model.joblib", &model()), ("README.md", b"an SVC")]);
    let aliases = r#"{"iris": {"latest": "v10", "production": "v1", "v1": "v1"}}"#;
    fs::write(folder.0.join("artifacts/aliases.json"), aliases).unwrap();
    let (status, said, messages) = folder.import();
    assert_eq!(status, Some(0), "{messages}");
    for line in ["iris:1  W&B's version v0\n", "iris:2  W&B's version v1\n", "iris:3  W&B's version v10\n"] {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.contains("iris@production  - -> 2  ada") && said.contains("iris@latest  - -> 3"), "{said}");
    let shown = String::from_utf8(folder.run(&["show", "models/iris:2"]).stdout).unwrap();
    assert!(shown.contains("file: iris-svc.joblib, 6227 bytes") && shown.contains("version v1 of `iris` in W&B."));
    assert_eq!(folder.import(), (Some(0), String::new(), String::new()), "it is there already");
}

#[test]
fn what_is_wrong_is_left_out_and_reported() {
    let folder = Folder::new("wrong");
    let mut modified = model();
    *modified.last_mut().unwrap() ^= 1;
    let contents = |entry: &str| format!(r#"{{"version": 1, "contents": {entry}}}"#);
    let file = r#""digest": "i3gvuXGiZBGu/ellIDZ6bg==", "size": 6227"#;
    let cases = [
        (modified, MANIFEST.to_owned(), "digest mismatch"),
        (model(), MANIFEST.replace("6227", "6226"), "another size"),
        (model(), contents(&format!(r#"{{"../../iris-svc.joblib": {{{file}}}}}"#)), "leaves the artifact's folder"),
        (model(), contents(&format!(r#"{{"absent.joblib": {{{file}}}}}"#)), "neither in the folder nor"),
        (model(), contents(&format!(r#"{{"m": {{{file}, "ref": "s3://bucket/m"}}}}"#)), "`s3://bucket/m`"),
        (model(), contents(&format!(r#"{{"m": {{{file}, "extra": {{"alg": "xxh128"}}}}}}"#)), "`xxh128`"),
        (model(), contents(r#"{"iris-svc.joblib": {"digest": "../..", "size": 1}}"#), "no MD5"),
        (model(), r#"{"version": 2}"#.to_owned(), "version 1, found 2"),
        (model(), "{".to_owned(), "cannot be read"),
    ];
    for (number, (model, manifest, _)) in cases.iter().enumerate() {
        let files = [("iris-svc.joblib", &model[..]), ("wandb_manifest.json", manifest.as_bytes())];
        folder.artifact(&format!("iris:v{number}"), &files);
    }
    folder.artifact("data:v0", &[("a.csv", b"1"), ("b.csv", b"2")]);
    let (status, said, messages) = folder.import();
    assert_eq!((status, said.as_str()), (Some(1), ""), "{messages}");
    for (number, (_, _, why)) in cases.iter().enumerate() {
        let about = format!("version v{number} of `iris` is left out");
        let line = messages.lines().find(|line| line.contains(&about)).unwrap_or_default();
        assert!(line.contains(why), "{number}: {messages}");
    }
    assert!(messages.contains("version v0 of `data` is left out: ") && messages.contains("found 0"), "{messages}");
    fs::write(folder.0.join("artifacts/aliases.json"), "[]").unwrap();
    assert_eq!(folder.import().0, Some(2));
}
