//! `cargo xtask fuzz [TARGET…] [--seconds N]`: builds the fuzzers of `fuzz/` with any stable compiler and runs them.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use super::{cargo, root, run};

/// The default for each target.
const SECONDS: &str = "60";

pub fn fuzz(arguments: &[String]) -> Result<(), String> {
    if !can_build() {
        eprintln!("the fuzzers are not built: libFuzzer is built here on Linux only, with a C++ compiler (`c++`)");
        return Ok(());
    }
    let (seconds, targets) = parse(arguments)?;
    build(&targets)?;
    run(cargo(&["run", "--quiet", "--package", "skiff-fuzz", "--bin", "seeds", "--", "target/fuzz/seeds"]))?;
    // Each fuzzer has a core of its own.
    let waiting = Mutex::new(targets.iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(target) = { waiting.lock().expect("no panic while it is held").next() } {
                    if let Err(what) = run_target(target, &seconds) {
                        failures.lock().expect("no panic while it is held").push(what);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic while it is held");
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn can_build() -> bool {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    cfg!(target_os = "linux") && Command::new(compiler).arg("--version").output().is_ok_and(|out| out.status.success())
}

/// The seconds for each target, and the targets: all of them, where none is named.
fn parse(arguments: &[String]) -> Result<(String, Vec<String>), String> {
    let all = targets()?;
    let (mut seconds, mut wanted) = (SECONDS.to_owned(), Vec::new());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            let number = arguments.next().filter(|number| number.parse::<u32>().is_ok());
            number.ok_or("expected a number behind `--seconds`")?.clone_into(&mut seconds);
        } else if all.contains(argument) {
            wanted.push(argument.clone());
        } else {
            return Err(format!("expected one of {}, found `{argument}`", all.join(", ")));
        }
    }
    Ok((seconds, if wanted.is_empty() { all } else { wanted }))
}

/// The binaries in `fuzz/fuzz_targets`.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let stem = |path: PathBuf| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let mut targets: Vec<_> = entries.filter_map(|entry| stem(entry.ok()?.path())).collect();
    targets.sort();
    Ok(targets)
}

/// Builds next to the tests' build: of our own crates `fuzz/rustc.sh` makes instrumented ones, and what they
/// depend on is there already.
fn build(targets: &[String]) -> Result<(), String> {
    let mut command = cargo(&["build", "--package", "skiff-fuzz", "--features", "libfuzzer"]);
    for target in targets {
        command.args(["--bin", target]);
    }
    command.env("RUSTC_WORKSPACE_WRAPPER", root().join("fuzz/rustc.sh"));
    run(command)
}

fn run_target(target: &str, seconds: &str) -> Result<(), String> {
    let folder = root().join("target/fuzz");
    let (corpus, found) = (folder.join("corpus").join(target), folder.join("found"));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut command = Command::new(root().join("target/debug").join(target));
    command.arg(corpus).arg(folder.join("seeds").join(target));
    command.arg(format!("-max_total_time={seconds}"));
    // Bounds for one input; the targets themselves hold memory to a multiple of its size.
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"]);
    command.arg(format!("-artifact_prefix={}/{target}-", found.display()));
    let output = command.output().map_err(|error| format!("{target}: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    let path = folder.join(format!("{target}.log"));
    fs::write(&path, &*log).map_err(|error| format!("{}: {error}", path.display()))?;
    if output.status.success() {
        eprintln!("  {target:12}{}", summary(&log));
        return Ok(());
    }
    Err(format!("{target}: {}\n{}", output.status, what_was_found(&log, &path, target)))
}

/// How many inputs were tried, and how much of the code they reached.
fn summary(log: &str) -> String {
    let count = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let reached = log.lines().rev().find_map(|line| line.split_once("cov: ")?.1.split(' ').next());
    format!("{} inputs, {} edges reached", count.unwrap_or("?").trim(), reached.unwrap_or("?"))
}

fn what_was_found(log: &str, path: &Path, target: &str) -> String {
    let telling =
        |line: &&str| ["panicked at", "ERROR", "SUMMARY", "Test unit written"].iter().any(|it| line.contains(it));
    let lines: Vec<_> = log.lines().skip_while(|line| !telling(line)).take(12).collect();
    format!(
        "{}\nThe whole log is {}. Mend it, and keep the input as fuzz/regressions/{target}/WHAT-IT-WAS.",
        lines.join("\n"),
        path.display()
    )
}
