//! C programs against the header and the library: the example, and every function with what it must refuse.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use skiff::table::Column;
use skiff::value::{Columns, Precision, Value};
use skiff::{Answer, Scalar, Table};
use skiff_testing::{Case, workspace};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program that a C file becomes, linked with the shared library of this build.
fn program(source: &str) -> Option<PathBuf> {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if !cfg!(target_os = "linux") || Command::new(&compiler).arg("--version").output().is_err() {
        eprintln!("not run: there is no C compiler `{compiler}`, or this is not Linux");
        return None;
    }
    // Next to this test's own program.
    let libraries = env::current_exe().unwrap().parent().unwrap().to_owned();
    assert!(libraries.join("libskiff_c.so").exists(), "no library in {}", libraries.display());
    let name = Path::new(source).file_stem().unwrap().to_str().unwrap();
    // Tests run at the same time, and each has a program of its own.
    let own = std::thread::current().name().unwrap_or_default().to_owned();
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{own}"));
    let mut command = Command::new(compiler);
    command
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .arg(here(source))
        .arg("-I")
        .arg(here("include"));
    command.arg("-L").arg(&libraries).arg(format!("-Wl,-rpath,{}", libraries.display())).args([
        "-lskiff_c",
        "-lm",
        "-o",
    ]);
    assert!(command.arg(&program).status().unwrap().success(), "{source} does not compile");
    Some(program)
}

/// Standard output of a run that must succeed.
fn output(program: &Path, arguments: &[PathBuf]) -> String {
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

fn example(name: &str) -> PathBuf {
    workspace("examples").join(name)
}

/// What `tests/calls.c` opens: examples, and a recorded model whose `predict` has `return_std`.
fn models() -> Vec<PathBuf> {
    let names = ["iris-svc.joblib", "spam-filter.joblib", "passengers.joblib", "digits-forest.joblib"];
    let case = Case::all().iter().find(|case| case.sklearn == "1.9.1" && case.name.ends_with("gpr")).unwrap();
    let own = std::thread::current().name().unwrap_or_default().to_owned();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("models-{own}"));
    fs::create_dir_all(&folder).unwrap();
    names.map(example).into_iter().chain([case.model.write_to(&folder)]).collect()
}

fn floats(answer: &Answer) -> Vec<f64> {
    match answer.value() {
        Some(Value::Floats(matrix, _)) => matrix.data.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_header_is_that_of_the_source() {
    let config = cbindgen::Config::from_file(here("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_crate(here("")).with_config(config).generate().unwrap();
    let mut written = Vec::new();
    bindings.write(&mut written);
    let path = here("include/skiff.h");
    if env::var_os("SKIFF_UPDATE").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let committed = fs::read(&path).unwrap_or_default();
    assert!(committed == written, "include/skiff.h is older than the source: run with SKIFF_UPDATE=1");
}

#[test]
fn the_example_predicts() {
    let Some(program) = program("examples/predict.c") else { return };
    assert_eq!(output(&program, &[example("iris-svc.joblib")]), "setosa\nvirginica\n");
    let done = Command::new(program).arg(example("iris.csv")).output().unwrap();
    assert_eq!((done.status.code(), done.stdout.len()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&done.stderr).starts_with("not-a-model: "));
}

#[test]
fn every_function_answers_as_the_library_does() {
    let Some(program) = program("tests/calls.c") else { return };
    let paths = models();
    let found = output(&program, &paths);
    let rows = [5.1, 3.5, 1.4, 0.2, 6.7, 3.0, 5.2, 2.3];
    let scores =
        skiff::open(&paths[0]).unwrap().decision_function(&Table::from_rows(2, 4, &rows[..]).unwrap()).unwrap();
    let floats_of = |cells: [f64; 2]| Column::Floats(cells.to_vec().into(), Precision::Double);
    let texts = |cells: [&str; 2]| Column::Objects(cells.iter().map(|&cell| Scalar::Str(cell.to_owned())).collect());
    let columns = vec![
        floats_of([3.0, 1.0]),
        texts(["male", "female"]),
        floats_of([22.0, f64::NAN]),
        floats_of([7.25, 71.0]),
        texts(["S", "C"]),
        floats_of([1.0, 0.0]),
    ];
    let names = ["rank", "sex", "age", "fare", "port", "alone"].map(str::to_owned);
    let frame = Table::Columns(Columns::new(2, Some(names.into()), columns).unwrap());
    let shares = skiff::open(&paths[2]).unwrap().predict_proba(&frame).unwrap();
    let (numbers, labels): (Vec<_>, Vec<_>) = found.lines().partition(|line| line.parse::<f64>().is_ok());
    let expected: Vec<f64> = [floats(&scores), floats(&shares)].concat();
    assert_eq!(numbers.iter().map(|line| line.parse::<f64>().unwrap()).collect::<Vec<_>>(), expected);
    assert_eq!(labels, ["spam ham"]);
}

/// Whatever a program frees is freed, as valgrind sees it. What stays is the table of scikit-learn's classes, of which
/// each is read once.
#[test]
fn nothing_leaks_and_no_memory_is_misread() {
    let Some(program) = program("tests/calls.c") else { return };
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
    command.arg("--error-exitcode=9").arg(program);
    command.args(models());
    match command.output() {
        Err(error) => eprintln!("not run: valgrind: {error}"),
        Ok(done) => assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr)),
    }
}
