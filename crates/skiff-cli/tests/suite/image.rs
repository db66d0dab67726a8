//! `skiff image`: images whose parts are what their digests say, manifests and units.
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// A folder with a model, and a program that is linked statically, as far as its headers say.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("skiff-cli-image-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/iris-svc.joblib");
        fs::copy(model, folder.join("iris-svc.joblib")).unwrap();
        let mut program = vec![0; 5000];
        program[..6].copy_from_slice(b"\x7fELF\x02\x01");
        program[18] = 62;
        fs::write(folder.join("static"), program).unwrap();
        Self(folder)
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command.arg("image").args(words).current_dir(&self.0).output().unwrap()
    }

    fn ok(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn error(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert_eq!(done.status.code(), Some(2), "{words:?}");
        String::from_utf8(done.stderr).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The files of an archive: mode, and content.
fn unpacked(archive: impl Read) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let (path, mode) = (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap());
        assert_eq!((entry.header().mtime().unwrap(), entry.header().uid().unwrap()), (0, 0));
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert!(files.insert(path, (mode, content)).is_none());
    }
    files
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_part_of_an_image_is_what_its_digest_says() {
    let folder = Folder::new("parts");
    let printed = folder.ok(&["iris-svc.joblib", "-o", "image.tar", "--binary", "static", "--tag", "iris:1"]);
    folder.ok(&["iris-svc.joblib", "-o", "again.tar", "--binary", "static", "--tag", "iris:1"]);
    let image = fs::read(folder.0.join("image.tar")).unwrap();
    assert_eq!(image, fs::read(folder.0.join("again.tar")).unwrap(), "the same bytes each time");

    let files = unpacked(&image[..]);
    let blobs = files.iter().filter_map(|(path, (_, content))| Some((path.strip_prefix("blobs/sha256/")?, content)));
    let blobs: BTreeMap<&str, &Vec<u8>> = blobs.collect();
    assert_eq!(blobs.len(), 4);
    for (name, content) in &blobs {
        assert_eq!(**name, sha256(content));
    }
    let blob = |descriptor: &Json| {
        let content = blobs[descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap()];
        assert_eq!(descriptor["size"].as_u64().unwrap(), content.len() as u64);
        content
    };
    let json = |bytes: &[u8]| -> Json { serde_json::from_slice(bytes).unwrap() };
    let index = json(&files["index.json"].1);
    let named = &index["manifests"][0];
    assert!(printed.ends_with(&format!(": {}\n", named["digest"].as_str().unwrap())), "{printed}");
    assert_eq!(named["annotations"]["org.opencontainers.image.ref.name"], "iris:1");
    assert_eq!(named["platform"]["architecture"], "amd64");
    let manifest = json(blob(named));
    let config = json(blob(&manifest["config"]));
    let [program, model] = [0, 1].map(|place| blob(&manifest["layers"][place]));
    let mut plain = Vec::new();
    GzDecoder::new(&program[..]).read_to_end(&mut plain).unwrap();
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", sha256(&plain)));
    assert_eq!(config["rootfs"]["diff_ids"][1], format!("sha256:{}", sha256(model)));

    let program = unpacked(&plain[..]);
    assert_eq!(program.keys().collect::<Vec<_>>(), ["skiff"]);
    assert_eq!(program["skiff"], (0o755, fs::read(folder.0.join("static")).unwrap()));
    let model = unpacked(&model[..]);
    let content = fs::read(folder.0.join("iris-svc.joblib")).unwrap();
    assert_eq!(model["models/iris-svc.joblib"], (0o444, content.clone()));
    assert_eq!(config["config"]["User"], "65532:65532");
    let entry: Vec<_> =
        config["config"]["Entrypoint"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(entry, ["/skiff", "serve", "iris-svc=/models/iris-svc.joblib", "--http", "0.0.0.0:8080"]);
    let labels = &config["config"]["Labels"];
    assert_eq!(labels["skiff.model.sha256"], sha256(&content));
    assert_eq!(labels["skiff.model.estimator"], "sklearn.svm._classes.SVC");
    assert_eq!(labels["skiff.health"], "GET :8080/v2/health/ready");
}

#[test]
fn a_program_that_needs_a_linker_is_refused() {
    let folder = Folder::new("dynamic");
    // This command, as tests build it, and no program at all.
    if cfg!(target_os = "linux") {
        let error = folder.error(&["iris-svc.joblib", "-o", "image.tar"]);
        assert!(error.contains("linked dynamically") && error.contains("crt-static"), "{error}");
    }
    let error = folder.error(&["iris-svc.joblib", "-o", "image.tar", "--binary", "iris-svc.joblib"]);
    assert!(error.contains("no executable of 64-bit Linux"), "{error}");
    assert!(!folder.0.join("image.tar").exists());
    fs::write(folder.0.join("image.tar"), "mine").unwrap();
    assert!(folder.error(&["iris-svc.joblib", "-o", "image.tar", "--binary", "static"]).contains("file-exists"));
}

#[test]
fn manifests_and_units() {
    let folder = Folder::new("units");
    folder.ok(&[
        "iris-svc.joblib",
        "--format",
        "kubernetes",
        "--tag",
        "example.org/iris:1",
        "-o",
        "iris.yaml",
        "--name",
        "Iris_1",
    ]);
    let yaml = fs::read_to_string(folder.0.join("iris.yaml")).unwrap();
    for line in ["  name: \"iris-1\"", "        image: \"example.org/iris:1\"", "            path: /v2/health/ready"] {
        assert!(yaml.lines().any(|found| found == line), "{line}");
    }
    folder.ok(&[
        "iris-svc.joblib",
        "--format",
        "systemd",
        "-o",
        "iris.service",
        "--binary",
        "/usr/bin/skiff",
        "--port",
        "9000",
    ]);
    let unit = fs::read_to_string(folder.0.join("iris.service")).unwrap();
    let model = folder.0.join("iris-svc.joblib").display().to_string();
    let start = format!("ExecStart=\"/usr/bin/skiff\" serve \"iris-svc={model}\" --http 0.0.0.0:9000");
    assert!(unit.lines().any(|line| line == start), "{unit}");
    for words in [
        &["iris-svc.joblib", "-o", "x", "--format", "kubernetes"][..],
        &["iris-svc.joblib", "-o", "x", "--format", "kubernetes", "--tag", "a\"b"],
        &["iris-svc.joblib", "-o", "x", "--binary", "static", "--name", "../x"],
        &["static", "-o", "x", "--binary", "static"],
    ] {
        folder.error(words);
        assert!(!folder.0.join("x").exists());
    }
}
