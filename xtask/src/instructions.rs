//! `cargo xtask instructions`: how many instructions predictions take, counted by valgrind's callgrind and compared with
//! the counts in the tree. Unlike times, they are the same on a busy machine. AVX-512 is not counted: valgrind does not
//! know it, so that the kernels take AVX2.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{cargo, root, run, run_in};

/// What is counted: a model's file, or a recorded case; the method; and the rows, a file or how many features they have.
const WORKLOADS: &[(&str, Model, &str, Rows)] = &[
    ("random forest", Model::File("examples/digits-forest.joblib"), "predict_proba", Rows::Made(64)),
    ("scaler and SVC", Model::File("examples/iris-svc.joblib"), "predict", Rows::Made(4)),
    ("TF-IDF", Model::File("examples/spam-filter.joblib"), "predict", Rows::File("examples/messages.txt")),
    ("LightGBM", Model::File("fixtures/boosting/lightgbm-4.7.0-classifier.joblib"), "predict_proba", Rows::Made(3)),
    ("histogram boosting", Model::Case("ensemble/hist_multiclass"), "predict_proba", Rows::Made(4)),
    ("gradient boosting", Model::Case("ensemble/gradient_boosting_regressor"), "predict", Rows::Made(4)),
    (
        "logistic regression",
        Model::Case("linear_model/logistic_regression_multinomial"),
        "predict_proba",
        Rows::Made(4),
    ),
    ("k-d tree", Model::Case("neighbors/knn_auto"), "predict", Rows::Made(3)),
    ("Gaussian process", Model::Case("gaussian_process/gpr_rbf"), "predict", Rows::Made(3)),
    ("KNNImputer", Model::Case("impute/knn"), "transform", Rows::Made(4)),
];

enum Model {
    /// In the tree.
    File(&'static str),
    /// A recorded case of the version below.
    Case(&'static str),
}

enum Rows {
    File(&'static str),
    Made(usize),
}

/// The scikit-learn of the recorded cases.
const VERSION: &str = "1.9.1";

/// How many rows are predicted at once: one, and a batch.
const ROWS: [usize; 2] = [1, 200];

/// By how much a count may differ from that in the tree: allocations are not the same in every run.
const TOLERANCE: f64 = 0.02;

/// Counts, and compares with `benches/instructions.tsv`, or writes it again with `--update`.
pub fn instructions(arguments: &[String]) -> Result<(), String> {
    let update = match arguments {
        [] => false,
        [option] if option == "--update" => true,
        _ => return Err("expected no argument, or --update".to_owned()),
    };
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return Err("valgrind is not installed: Debian's package is called `valgrind`".to_owned());
    }
    run(cargo(&["build", "--release", "--package", "skiff-bench"]))?;
    let table = root().join("benches/instructions.tsv");
    let known = fs::read_to_string(&table).unwrap_or_default();
    let mut lines = String::from("model\trows\tinstructions\n");
    let mut more = Vec::new();
    for (name, model, method, rows) in WORKLOADS {
        let model = file_of(model)?;
        for count in ROWS {
            let instructions = counted(&model, method, rows, count)?;
            let known = known.lines().find_map(|line| line.strip_prefix(&format!("{name}\t{count}\t"))?.parse().ok());
            let change = known.map(|known: f64| instructions as f64 / known - 1.0);
            let shown = change.map_or("new".to_owned(), |change| format!("{:+.1} %", change * 100.0));
            println!("{name}, {count} rows: {instructions} instructions, {shown}");
            lines += &format!("{name}\t{count}\t{instructions}\n");
            if change.is_none_or(|change| change > TOLERANCE) {
                more.push(format!("{name}, {count} rows"));
            }
        }
    }
    if update {
        return fs::write(&table, lines).map_err(|error| format!("{}: {error}", table.display()));
    }
    match more.is_empty() {
        true => Ok(()),
        false => Err(format!("more instructions than in {}: {}", table.display(), more.join("; "))),
    }
}

/// A model's file; that of a recorded case is extracted first.
fn file_of(model: &Model) -> Result<PathBuf, String> {
    let case = match model {
        Model::File(path) => return Ok(root().join(path)),
        Model::Case(case) => format!("{VERSION}/{case}"),
    };
    let folder = root().join("target/instructions");
    let path = folder.join(&case).join("model.joblib");
    if !path.exists() {
        let mut python = Command::new(std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned()));
        python.args(["-m", "generate.archive", "extract", &case]).arg(&folder);
        run_in(&root().join("fixtures"), python)?;
    }
    Ok(path)
}

/// The instructions of one call with so many rows, after one that has made whatever is made once.
fn counted(model: &Path, method: &str, rows: &Rows, count: usize) -> Result<u64, String> {
    let failed = |error: std::io::Error| format!("valgrind: {error}");
    let rows = match rows {
        Rows::File(path) => root().join(path).display().to_string(),
        Rows::Made(features) => format!("made:{count}x{features}"),
    };
    let of_calls = |calls: usize| {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counted_once*"]);
        command.arg(root().join("target/release/skiff-bench")).arg(model).args([&rows, method, "1"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let lines = format!("once {count}\n").repeat(calls);
        child.stdin.take().expect("it is piped").write_all(lines.as_bytes()).map_err(failed)?;
        let output = child.wait_with_output().map_err(failed)?;
        let text = String::from_utf8_lossy(&output.stderr);
        let collected = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse::<u64>().ok());
        collected.filter(|_| output.status.success()).ok_or_else(|| format!("valgrind: {}\n{text}", output.status))
    };
    Ok(of_calls(2)?.saturating_sub(of_calls(1)?))
}
