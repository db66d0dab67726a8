//! Models and images in OCI registries: passwords, limits of time, and what every command says.
#![cfg(feature = "registry")]
#![expect(clippy::unwrap_used, reason = "a panic is how tests fail")]

#[path = "../../../skiff-registry/tests/suite/common/oci_server.rs"]
mod oci_server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use oci_server::{Reply, Server};
use serde_json::Value as Json;

/// A folder with a model, and a registry.
struct Folder(PathBuf, Server);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("skiff-cli-oci-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
        for file in ["iris-svc.joblib", "iris.csv"] {
            fs::copy(examples.join(file), folder.join(file)).unwrap();
        }
        Self(folder, Server::new())
    }

    /// `oci://…/iris`, and what follows.
    fn iris(&self, selector: &str) -> String {
        format!("{}/iris{selector}", self.1.url())
    }

    /// Pushes the model as the next version.
    fn push(&self) {
        self.ok(&["registry", "push", "iris-svc.joblib", &self.iris(""), "--alias", "production", "--single-writer"]);
    }

    fn run(&self, words: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_skiff"));
        command.args(words).current_dir(&self.0).env("HOME", &self.0).env("SKIFF_AUTHOR", "ada");
        for variable in ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "SKIFF_CACHE"] {
            command.env_remove(variable);
        }
        command.env_remove("SKIFF_REGISTRY_KEY").envs(variables.iter().copied()).output().unwrap()
    }

    fn ok(&self, words: &[&str]) -> String {
        let done = self.run(words, &[]);
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// The code and text of an error.
    fn error(&self, words: &[&str], variables: &[(&str, &str)]) -> (String, String) {
        let done = self.run(&[&["--errors", "json"], words].concat(), variables);
        assert_eq!(done.status.code(), Some(2), "{words:?}");
        let text = String::from_utf8(done.stderr).unwrap();
        let json: Json = serde_json::from_str(&text).unwrap();
        (json["code"].as_str().unwrap().to_owned(), text)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn every_command_takes_a_version() {
    let folder = Folder::new("versions");
    let (code, text) = folder.error(&["registry", "push", "iris-svc.joblib", &folder.iris("")], &[]);
    assert!(code == "many-writers" && text.contains("--single-writer"), "{text}");
    folder.push();
    folder.ok(&["convert", "iris-svc.joblib", "iris.skiff"]);
    let public = folder.ok(&["keygen", "key.pem"]);
    fs::write(folder.0.join("key.pub.pem"), public).unwrap();
    folder.ok(&["sign", "iris.skiff", "--key", "key.pem"]);
    folder.ok(&["registry", "push", "iris.skiff", &folder.iris(""), "--parent", "iris:1", "--single-writer"]);
    let expected = folder.ok(&["predict", "iris-svc.joblib", "iris.csv"]);
    for selector in ["@production", ":1", ":2"] {
        assert_eq!(folder.ok(&["predict", &folder.iris(selector), "iris.csv"]), expected);
    }
    assert!(folder.ok(&["inspect", &folder.iris("@production")]).starts_with("oci://"));
    let required = ["--require-signature", "key.pub.pem"];
    folder.ok(&[&["predict", &folder.iris(":2"), "iris.csv"][..], &required].concat());
    let unsigned = folder.error(&[&["predict", &folder.iris(":1"), "iris.csv"][..], &required].concat(), &[]);
    assert_eq!(unsigned.0, "unsigned-model");

    let alias = |version| folder.ok(&["registry", "alias", &folder.iris(""), "production", version, "--single-writer"]);
    alias("2");
    folder.ok(&["registry", "rollback", &folder.iris(""), "production", "--single-writer", "--why", "wrong labels"]);
    let log = folder.ok(&["registry", "log", &folder.iris("")]);
    assert!(log.lines().count() == 3 && log.trim_end().ends_with("(rollback)  wrong labels"), "{log}");
    assert_eq!(folder.ok(&["registry", "list", &folder.1.url()]), "iris:2  2 versions  @production :1\n");
    assert!(folder.ok(&["registry", "lineage", &folder.iris(":2")]).contains("\n  from iris:1"));
    assert!(folder.ok(&["registry", "verify", &folder.1.url()]).ends_with(" 0 problems\n"));
    folder.ok(&["registry", "pull", &folder.iris(":2"), "out.skiff"]);
    for (out, file) in [("out.skiff", "iris.skiff"), ("out.skiff.sig", "iris.skiff.sig")] {
        assert_eq!(fs::read(folder.0.join(out)).unwrap(), fs::read(folder.0.join(file)).unwrap());
    }
    for words in [["registry", "gc", &folder.1.url()], ["registry", "init", &folder.1.url()]] {
        assert_eq!(folder.error(&words, &[]).0, "not-in-this-store");
    }

    // A swapped blob is found before the model is opened.
    let _ = fs::remove_dir_all(folder.0.join(".cache"));
    folder.1.objects(|objects| {
        let blobs = objects.iter_mut().filter(|(name, _)| name.contains("/blobs/"));
        blobs.for_each(|(_, bytes)| {
            if let Some(first) = bytes.first_mut().filter(|first| **first != b'{') {
                *first ^= 1;
            }
        });
    });
    for words in [["predict", &folder.iris(":1"), "iris.csv"], ["verify", &folder.iris(":2"), "--errors=text"]] {
        let done = folder.run(&words, &[]);
        let text = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && text.contains("digest mismatch"), "{text}");
    }
}

#[test]
fn passwords_come_from_the_environment_and_from_dockers_settings() {
    let folder = Folder::new("passwords");
    folder.push();
    // `ada:secret`
    let basic = "Basic YWRhOnNlY3JldA==";
    let realm = format!("http://127.0.0.1:{}/token", folder.1.port);
    folder.1.set_fault(move |request| {
        let is = |value: &str| request.authorization.as_deref() == Some(value);
        match request.path.starts_with("/token") {
            true if is(basic) => Some(Reply::new(200, r#"{"access_token": "token"}"#)),
            true => Some(Reply::new(401, r#"{"errors": [{"code": "DENIED", "message": "wrong password"}]}"#)),
            false if is("Bearer token") => None,
            false => {
                Some(Reply::new(401, "").with("WWW-Authenticate", format!("Bearer realm=\"{realm}\",service=\"x\"")))
            }
        }
    });
    let (pull, out) = (folder.iris("@production"), ["out", "--force"]);
    let words = [&["registry", "pull", &pull][..], &out].concat();
    let (code, text) = folder.error(&words, &[]);
    assert!(code == "access-denied" && text.contains("wrong password") && text.contains("docker login"), "{text}");
    let variables = |password| [("SKIFF_OCI_USER", "ada"), ("SKIFF_OCI_PASSWORD", password)];
    assert!(folder.run(&words, &variables("secret")).status.success());
    assert_eq!(folder.error(&words, &variables("guess")).0, "access-denied");

    // The password of another registry is not sent to this one.
    let settings = |host: &str| format!(r#"{{"auths": {{"{host}": {{"auth": "YWRhOnNlY3JldA=="}}}}}}"#);
    fs::create_dir_all(folder.0.join(".docker")).unwrap();
    fs::write(folder.0.join(".docker/config.json"), settings("example.org")).unwrap();
    folder.1.requests();
    assert_eq!(folder.error(&words, &[]).0, "access-denied");
    assert!(folder.1.requests().iter().all(|request| request.authorization.is_none()));
    fs::write(folder.0.join(".docker/config.json"), settings(&format!("127.0.0.1:{}", folder.1.port))).unwrap();
    folder.ok(&words);
}

#[test]
fn a_slow_registry_is_given_up() {
    let folder = Folder::new("slow");
    folder.push();
    folder.1.set_fault(|_| Some(Reply { pause: Duration::from_secs(60), ..Reply::new(200, "") }));
    let words = ["predict", &folder.iris(":1"), "iris.csv"];
    let (code, text) = folder.error(&words, &[("SKIFF_OCI_TIMEOUT", "1")]);
    assert!(code == "store-failed" && text.contains("did not answer in time"), "{text}");
    folder.1.clear_fault();
    folder.ok(&words);
}

#[test]
fn an_image_is_pushed() {
    let folder = Folder::new("image");
    let mut program = vec![0; 5000];
    program[..6].copy_from_slice(b"\x7fELF\x02\x01");
    program[18] = 62;
    fs::write(folder.0.join("static"), program).unwrap();
    let target = folder.iris(":1");
    let image = ["image", "iris-svc.joblib", "--binary", "static", "-o"];
    let pushed = folder.ok(&[&image[..], &[&target]].concat());
    let file = folder.ok(&[&image[..], &["image.tar"]].concat());
    let digest = |line: &str| line.trim_end().rsplit_once(' ').unwrap().1.to_owned();
    assert_eq!(digest(&pushed), digest(&file), "the same image in a file");
    let manifest: Json =
        folder.1.objects(|objects| serde_json::from_slice(&objects["models/iris/manifests/1"]).unwrap());
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 2);
    for layer in manifest["layers"].as_array().unwrap() {
        let name = format!("models/iris/blobs/{}", layer["digest"].as_str().unwrap());
        let size = folder.1.objects(|objects| objects[&name].len());
        assert_eq!(layer["size"], size);
    }
    // The same again is there already; another one is not put in its place.
    folder.ok(&[&image[..], &[&target]].concat());
    let other = [&image[..], &[&target, "--port", "9000"]].concat();
    assert_eq!(folder.error(&other, &[]).0, "file-exists");
    folder.ok(&[&other[..], &["--force"]].concat());
    for wrong in ["oci://127.0.0.1:1/iris", "oci://iris", "oci://127.0.0.1:1/Iris:1"] {
        folder.error(&[&image[..], &[wrong]].concat(), &[]);
    }
    let (_, text) = folder.error(&[&image[..], &[&target, "--format", "systemd"]].concat(), &[]);
    assert!(text.contains("only images"), "{text}");
}
