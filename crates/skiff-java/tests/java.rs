//! The classes in Java: their example, what they take and refuse, and recorded cases.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../../skiff-embed/tests/recorded/mod.rs"]
mod recorded;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiff::Identity;
use skiff_testing::workspace;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder of a test's own, as tests run at the same time.
fn own_folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(std::thread::current().name().unwrap_or_default());
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A class with a `main`, compiled with skiff's; `None` without a JDK.
fn java(source: &str) -> Option<Command> {
    let is_there = Command::new("javac").arg("-version").output().is_ok();
    assert!(is_there || env::var_os("SKIFF_JAVA").is_none(), "there is no `javac`");
    if !is_there || !cfg!(target_os = "linux") {
        eprintln!("not run: there is no `javac`, or this is not Linux");
        return None;
    }
    let classes = own_folder().join("classes");
    let mut compile = Command::new("javac");
    compile.args(["--release", "11", "-Xlint:all", "-Werror", "-d"]).arg(&classes).arg(here(source));
    compile.args(fs::read_dir(here("java/io/github/skiffml")).unwrap().map(|entry| entry.unwrap().path()));
    output(compile);
    let mut command = Command::new("java");
    // The library is next to this test's own program. Calls of JNI are checked.
    let libraries = env::current_exe().unwrap().parent().unwrap().to_owned();
    command.arg(format!("-Djava.library.path={}", libraries.display()));
    command.args(["-Xcheck:jni", "-cp"]).arg(&classes);
    command.arg(Path::new(source).file_stem().unwrap());
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
    let Some(mut command) = java("java/Example.java") else { return };
    command.arg(workspace("examples").join("iris-svc.joblib"));
    assert_eq!(output(command), "[predict, decision_function]\nsetosa\nvirginica\n[2, 3]\n");
}

#[test]
fn what_the_classes_take_return_and_refuse() {
    let Some(mut command) = java("tests/java/Calls.java") else { return };
    let folder = own_folder();
    let (encrypted, key) = (folder.join("iris-svc.joblib.age"), folder.join("key.txt"));
    let identity = Identity::generate();
    fs::write(&key, identity.to_text().as_bytes()).unwrap();
    let recipients = identity.recipients().unwrap();
    skiff::encryption::encrypt(workspace("examples").join("iris-svc.joblib"), &encrypted, &recipients).unwrap();
    command.arg(workspace("examples")).arg(encrypted).arg(key);
    // The heap does not grow, so that what grows is a leak.
    command.env("JDK_JAVA_OPTIONS", "-Xms64m -Xmx64m -XX:+AlwaysPreTouch");
    let written = output(command);
    assert!(!written.contains("WARNING"), "a call of JNI is wrong: {written}");
    print!("{written}");
}

#[test]
fn recorded_cases_have_the_answers_of_the_library() {
    // All of the newest scikit-learn, or what SKIFF_CASES says.
    let everything = env::var_os("SKIFF_CASES").is_some();
    let questions = recorded::write(&own_folder(), |case| everything || case.sklearn == "1.9.1");
    assert!(questions.len() > if everything { 0 } else { 1000 }, "only {} calls", questions.len());
    let Some(mut command) = java("tests/java/Recorded.java") else { return };
    let answers = own_folder().join("answers");
    command.arg(&questions.path).arg(&answers);
    output(command);
    questions.check(&fs::read(answers).unwrap());
    println!("{} calls", questions.len());
}
