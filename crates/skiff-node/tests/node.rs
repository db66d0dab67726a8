//! The npm package in Node.js: its example, what it takes and refuses, and recorded cases.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../../skiff-embed/tests/recorded/mod.rs"]
mod recorded;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiff::{Identity, Method};
use skiff_testing::workspace;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Node.js with the package in a `node_modules` of its own; `None` without Node.js.
fn node(script: &Path) -> Option<Command> {
    let program = env::var("NODE").unwrap_or_else(|_| "node".to_owned());
    let is_there = Command::new(&program).arg("--version").output().is_ok();
    assert!(is_there || env::var_os("SKIFF_NODE").is_none(), "there is no `{program}`");
    if !is_there || !cfg!(target_os = "linux") {
        eprintln!("not run: there is no `{program}`, or this is not Linux");
        return None;
    }
    // Tests run at the same time, and each has a package of its own.
    let own = std::thread::current().name().unwrap_or_default().to_owned();
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join(own).join("node_modules");
    let package = modules.join("skiff-node");
    fs::create_dir_all(&package).unwrap();
    for file in ["index.js", "index.d.ts", "rows.js", "package.json"] {
        fs::copy(here("npm").join(file), package.join(file)).unwrap();
    }
    // The library is next to this test's own program.
    let library = env::current_exe().unwrap().parent().unwrap().join("libskiff_node.so");
    fs::copy(&library, package.join("skiff.node")).unwrap_or_else(|error| panic!("{}: {error}", library.display()));
    let mut command = Command::new(program);
    command.env("NODE_PATH", modules).arg("--expose-gc").arg(script);
    Some(command)
}

/// Standard output of a run that must succeed.
fn output(mut command: Command) -> String {
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn the_example_predicts() {
    let Some(mut command) = node(&here("npm/example.js")) else { return };
    command.arg(workspace("examples").join("iris-svc.joblib"));
    let expected =
        "[ 'setosa', 'versicolor', 'virginica' ]\n[ 'setosa', 'virginica' ]\nfloat64 [ 2, 3 ] 6\nvirginica\n";
    assert_eq!(output(command), expected);
}

#[test]
fn what_the_package_takes_returns_and_refuses() {
    let Some(mut command) = node(&here("tests/calls.js")) else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (encrypted, key) = (folder.join("iris-svc.joblib.age"), folder.join("key.txt"));
    let identity = Identity::generate();
    fs::write(&key, identity.to_text().as_bytes()).unwrap();
    let recipients = identity.recipients().unwrap();
    skiff::encryption::encrypt(workspace("examples").join("iris-svc.joblib"), &encrypted, &recipients).unwrap();
    command.arg(workspace("examples")).arg(encrypted).arg(key);
    print!("{}", output(command));
}

#[test]
fn recorded_cases_have_the_answers_of_the_library() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded");
    // All of the newest scikit-learn, or what SKIFF_CASES says.
    let everything = env::var_os("SKIFF_CASES").is_some();
    let questions = recorded::write(&folder, |case| everything || case.sklearn == "1.9.1");
    assert!(questions.len() > if everything { 0 } else { 1000 }, "only {} calls", questions.len());
    let Some(mut command) = node(&here("tests/recorded.js")) else { return };
    let answers = folder.join("answers");
    command.arg(&questions.path).arg(&answers);
    output(command);
    questions.check(&fs::read(answers).unwrap());
    println!("{} calls", questions.len());
}

#[test]
fn the_types_list_every_method() {
    let types = fs::read_to_string(here("npm/index.d.ts")).unwrap();
    let list = types.split_once("export type MethodName =").and_then(|(_, rest)| rest.split_once(';')).unwrap().0;
    let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(names, Method::ALL.iter().map(|method| method.name()).collect::<Vec<_>>());
}

#[test]
fn the_package_has_the_version_of_the_crate() {
    let package = fs::read_to_string(here("npm/package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}
