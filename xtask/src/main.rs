//! `cargo xtask …`: the project's automation. `test` runs all tests; the README describes the others.

mod cases;
mod embed;
mod fuzz;
mod instructions;
mod peers;
mod versions;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// A task: its name, what it does, and how.
type Task = (&'static str, &'static str, fn(&[String]) -> Result<(), String>);

/// Every task, once.
const TASKS: &[Task] = &[
    ("test", "format, lints, Rust tests, the Python tests against a real scikit-learn, two minutes of mutations", test),
    ("rust", "format, lints and Rust tests: what needs no Python", rust),
    ("python", "the Python tests against a real scikit-learn", python),
    ("fuzz", "libFuzzer, for a minute for each target: [TARGET...] [--seconds N]; fuzz/README.md", fuzz::fuzz),
    (
        "mutate",
        "mutations of real models, judged and then loaded by the real loaders: attacks/mutate/README.md",
        mutate,
    ),
    (
        "cases",
        "recorded cases: list [WORD...], extract WORD... OUT, regenerate [--only MODULE] [--cases WORD] VERSION...",
        cases::cases,
    ),
    ("supported", "update the table of supported estimators, docs/supported.md", supported),
    (
        "pipelines",
        "randomly drawn, nested estimators, compared with scikit-learn: [--version VERSION] [--seconds N] [--seed S]; \
         python/tests/pipelines/README.md",
        pipelines,
    ),
    (
        "versions",
        "recorded models of other versions, converted for one and loaded there: TARGET FROM... (docs/migrations.md)",
        versions::versions,
    ),
    (
        "peers",
        "exported models in other runtimes, compared with scikit-learn: onnx, pmml, c or python [FAMILY...] (docs/onnx.md); the \
         server's page in Chromium: page; model folders of MLflow: mlflow; models in \
         clusters of Spark and of Ray: spark, ray (docs/scale.md); an image, unpacked and run: image (docs/image.md); models in an OCI registry and in Azure: registry; artifacts of W&B: wandb (docs/registry.md); models trained \
         again in fresh environments: rebuild (docs/rebuild.md); the server by its OpenAPI document: schemathesis, and next to Triton: triton (docs/serve.md)",
        peers::peers,
    ),
    (
        "embed",
        "a library for another language, built as its users get it, and tried there with all recorded cases: java (docs/java.md), node (docs/node.md)",
        embed::embed,
    ),
    (
        "bench",
        "benchmarks of predictions, compared with scikit-learn, onnxruntime, oneDAL, treelite and others: [WORKLOAD...] \
         (docs/benchmarks.md)",
        bench,
    ),
    (
        "instructions",
        "how many instructions predictions take, compared with the counts in benches/instructions.tsv: [--update]",
        instructions::instructions,
    ),
    ("bench-cold", "benchmarks of fresh processes, compared with Python and scikit-learn: [CASE...]", bench_cold),
    ("bench-serve", "benchmarks of the server, compared with FastAPI, MLServer and MLflow: [MODEL...]", bench_serve),
    (
        "bench-persistence",
        "benchmarks of dumping and loading, compared with joblib, pickle and skops",
        bench_persistence,
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let name = arguments.first().map_or("help", String::as_str);
    let Some((_, _, task)) = TASKS.iter().find(|(known, ..)| *known == name) else {
        println!("cargo xtask TASK\n");
        for (name, what, _) in TASKS {
            println!("  {name:18}{what}");
        }
        return if name == "help" { ExitCode::SUCCESS } else { ExitCode::from(2) };
    };
    match task(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("xtask {name}: {what}");
            ExitCode::FAILURE
        }
    }
}

/// A step of a task, with its name in the summary.
type Step<'a> = (&'static str, &'a dyn Fn() -> Result<(), String>);

fn test(arguments: &[String]) -> Result<(), String> {
    // So many, not so long: the same ones in each run.
    let mutations = ["--count", "80000", "--seed", "9"].map(str::to_owned);
    let rest: [Step<'_>; 2] = [("Python tests", &|| python(arguments)), ("mutations", &|| mutate(&mutations))];
    in_steps(&[&RUST[..], &rest].concat())
}

fn rust(_: &[String]) -> Result<(), String> {
    in_steps(&RUST)
}

/// The command with all that it can be built with.
const FULL: [&str; 2] = ["--features", "skiff-cli/full"];

const RUST: [Step<'static>; 4] = [
    ("format", &|| run(cargo(&["fmt", "--all", "--check"]))),
    ("lints", &|| {
        run(cargo(&[&["clippy", "--workspace", "--all-targets"], &FULL[..], &["--", "--deny", "warnings"]].concat()))
    }),
    ("Rust tests", &|| run(cargo(&[&["test", "--workspace", "--no-fail-fast"], &FULL[..]].concat()))),
    ("recorded cases without SIMD", &|| {
        // With the same features, so that nothing is built again.
        let mut command = cargo(&[&["test", "--workspace", "--test", "suite"], &FULL[..], &["fixtures::"]].concat());
        command.env("SKIFF_SIMD", "off");
        run(command)
    }),
];

/// Runs each step, up to the first that fails, and reports at the end which passed and how long they took.
fn in_steps(steps: &[Step<'_>]) -> Result<(), String> {
    let start = Instant::now();
    let mut passed = Vec::new();
    let outcome = steps.iter().try_for_each(|(name, step)| {
        let start = Instant::now();
        step().map_err(|what| format!("{name}: {what}"))?;
        passed.push(format!("{name} ({})", in_minutes(start.elapsed())));
        Ok(())
    });
    let passed = if passed.is_empty() { "nothing".to_owned() } else { passed.join(", ") };
    eprintln!("passed in {}: {passed}", in_minutes(start.elapsed()));
    outcome
}

/// `4:07 min`.
fn in_minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

/// Makes a virtual environment under `target/`, builds the command and the wheel, and runs pytest. Further arguments go to pytest.
fn python(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    let command = ["build", "--release", "--package", "skiff-cli", "--example", "rewrite", "--package", "skiff-pickle"];
    run(cargo(&[&command[..], &FULL, &["--bins"]].concat()))?;
    wheel(&python, "release")?;
    let mut command = Command::new(python);
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "python/tests"]);
    // On all cores. `-n 0`, behind it, runs all in one process.
    command.args(["-n", "auto", "--dist", "worksteal"]).args(arguments);
    // One thread each: results of BLAS depend on their number.
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)
}

/// Builds the Python package with a Cargo profile, and installs it in the environment, without using a package index.
fn wheel(python: &Path, profile: &str) -> Result<(), String> {
    let mut command = Command::new(python);
    command.args([
        "-m",
        "maturin",
        "build",
        "--quiet",
        "--profile",
        profile,
        "--out",
        "target/wheels",
        "--interpreter",
    ]);
    command.arg(python);
    run(command)?;
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", "--no-index"]);
    command.args(["--find-links", "target/wheels", "skiff-ml"]);
    run(command)
}

/// Builds the Python package and tries mutations of real models with it. Arguments go to `attacks/mutate`.
fn mutate(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    wheel(&python, "release")?;
    let mut command = Command::new(python);
    command.args(["-B", "attacks/mutate"]).args(arguments);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    run(command)
}

/// Builds the Python package, for exports also the command, and asks about estimators drawn at random. Arguments go to
/// `python/tests/pipelines`.
fn pipelines(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    if arguments.iter().any(|argument| argument.starts_with("--export")) {
        run(cargo(&[&["build", "--release", "--package", "skiff-cli"], &FULL[..]].concat()))?;
    }
    wheel(&python, "release")?;
    // Draws models with another version, and asks them again in the version that they are converted for.
    let values = arguments.windows(2).filter(|pair| pair[0] == "--version" || pair[0] == "--for");
    let mut needed: Vec<&str> = values.map(|pair| pair[1].as_str()).filter(|version| *version != "none").collect();
    if !needed.is_empty() && !arguments.iter().any(|argument| argument == "--for") {
        needed.extend(if needed[0] == "1.9.1" { &["1.5.2", "1.0.2", "0.24.2", "0.20.4"][..] } else { &["1.9.1"] });
    }
    for version in needed {
        cases::environment(version)?;
    }
    run(drawing(&python, arguments))
}

fn drawing(python: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(python);
    command.args(["-B", "python/tests/pipelines"]).args(arguments);
    command.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
    command
}

/// Runs the recorded cases, keeps what they say of each class, and writes the table of it.
fn supported(_: &[String]) -> Result<(), String> {
    let mut command = cargo(&[&["test", "--workspace"][..], &FULL, &["--test", "suite", "what_is_tested"]].concat());
    command.env("SKIFF_UPDATE", "1");
    run(command)?;
    let mut command = cargo(&[&["test", "--workspace"][..], &FULL, &["--test", "suite", "supported::"]].concat());
    command.env("SKIFF_UPDATE", "1");
    run(command)
}

fn bench(arguments: &[String]) -> Result<(), String> {
    let python = environment_of("target/rivals", "benches/requirements.txt")?;
    run(cargo(&["build", "--profile", "dist", "--package", "skiff-bench"]))?;
    wheel(&python, "dist")?;
    let mut command = Command::new(python);
    command.arg("benches/predictions.py").args(arguments);
    run(command)
}

fn bench_cold(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    run(cargo(&["build", "--profile", "dist", "--package", "skiff-cli"]))?;
    let mut command = Command::new(python);
    command.arg("benches/cold.py").args(arguments);
    run(command)
}

fn bench_serve(arguments: &[String]) -> Result<(), String> {
    // Next to each other: the benchmark finds one from the other.
    environment_of("target/rivals-serve/mlserver", "benches/requirements-mlserver.txt")?;
    let python = environment_of("target/rivals-serve/others", "benches/requirements-serve.txt")?;
    run(cargo(&["build", "--profile", "dist", "--package", "skiff-cli"]))?;
    let mut command = Command::new(python);
    command.arg("benches/serving.py").args(arguments);
    run(command)
}

fn bench_persistence(arguments: &[String]) -> Result<(), String> {
    let python = environment()?;
    run(cargo(&["build", "--profile", "dist", "--package", "skiff-cli"]))?;
    wheel(&python, "dist")?;
    let mut command = Command::new(python);
    command.arg("benches/persistence.py").args(arguments);
    run(command)
}

/// The Python of `target/python`, with the requirements of the tests; created on first use.
fn environment() -> Result<PathBuf, String> {
    environment_of("target/python", "python/tests/requirements.txt")
}

/// The Python of a virtual environment with these requirements; created on first use.
fn environment_of(folder: &str, requirements: &str) -> Result<PathBuf, String> {
    let folder = root().join(folder);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if !python.exists() {
        let system = env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let mut command = Command::new(system);
        command.args(["-m", "venv"]).arg(&folder);
        run(command)?;
    }
    let mut command = Command::new(&python);
    command.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-r", requirements]);
    run(command)?;
    Ok(python)
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    command.args(arguments);
    command
}

/// Runs a command in the workspace's root, and prints it.
fn run(command: Command) -> Result<(), String> {
    run_in(root(), command)
}

fn run_in(folder: &Path, mut command: Command) -> Result<(), String> {
    eprintln!("→ {command:?}");
    let status = command.current_dir(folder).status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}
